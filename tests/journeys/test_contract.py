"""The rarer words of the contract on a real line: complaints, second orders, answers that were lost."""

from __future__ import annotations

import hashlib

import pytest

from tests.cloud.witness import Witness
from tests.journeys.house import House
from tihuo.boards import tickets, tonight
from tihuo.cloud import parked
from tihuo.demo.cloud import Mischief
from tihuo.shop import events
from tihuo.stages import caring

pytestmark = pytest.mark.broker

PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * 400


def test_a_customer_complains_and_reads_what_became_of_it(house: House) -> None:
    order = house.buy(tudou=2)
    house.wait_for_state(order, "accepted")
    line = house.cloud.order(order).lines[0].line_id
    wish = house.cloud.request_aftersales(order, {line: 1}, "有一袋烂了", photos={"a.jpg": PICTURE})
    house.wait("there is a ticket", lambda: house.cloud.tickets().get(wish) == ("open", ""))
    house.wait("its photograph is whole", lambda: house.read(tickets.tickets, "")[0].photos[0].size == len(PICTURE))
    assert hashlib.sha256(house.read(tickets.photo, 1)).digest() == hashlib.sha256(PICTURE).digest()
    assert [decision.what for decision in house.read(tonight.decisions)] == ["ticket"]
    house.do(caring.move_ticket, 1, "in_progress")
    house.do(caring.move_ticket, 1, "done", "换了一袋")
    house.wait("she reads it", lambda: house.cloud.tickets()[wish] == ("done", "换了一袋"))
    greedy = house.cloud.request_aftersales(order, {line: 99}, "全都烂了")
    house.wait("that is refused", lambda: [row[1] for row in house.cloud.rejections()] == ["more_than_bought"])
    assert greedy not in house.cloud.tickets()
    assert house.cloud.figures().oddities == ()


def test_a_second_order_under_a_taken_number_ends_nothing(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.cloud.repeat_last_order_otherwise(note="两袋")
    house.cloud.repeat_last_order_otherwise(paid_fen=7, payment={"provider": "demo", "transaction_id": "another"})
    house.wait("both are kept", lambda: len(house.read(tonight.parked_messages)) == 2)
    house.wait("the second payment went back", lambda: house.cloud.figures().refunded_fen == 7)
    house.wait("the shop heard of it", lambda: house.journal(events.RefundSettled))
    assert house.state(order) == "accepted"
    refused = house.journal(events.OrderRefused)
    assert [(event.reason, event.refund and event.refund.amount_fen) for event in refused] == [
        ("duplicate", None), ("duplicate", 7),
    ]  # fmt: skip
    house.sort()
    house.wait_for_state(order, "ready")
    assert house.cloud.figures().oddities == ()
    assert house.imbalances() == {}


def test_an_order_that_cannot_be_read_is_paid_back(house: House, witness: Witness) -> None:
    witness.garbage = True
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.cloud.repeat_last_order_otherwise(order_id="D-unread", note=7)
    house.wait("it is kept", lambda: [row.reason for row in house.read(tonight.parked_messages)] == ["malformed_data"])
    house.wait("all is acknowledged", lambda: not house.cloud.unacknowledged())
    assert house.cloud.rejections() == [], "its refusal is the answer"
    assert [event.reason for event in house.journal(events.OrderRefused)] == ["malformed"]


def test_an_answer_that_was_lost_is_given_again(house: House, witness: Witness) -> None:
    witness.garbage = True
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.cloud.misbehave(incoming=Mischief(drop=1.0))
    garbage = house.cloud.send_garbage("unknown_type")
    house.wait("it is answered", lambda: witness.has_heard(b"stream.rejected"))
    assert house.cloud.rejections() == [], "which the cloud never heard"
    house.cloud.misbehave()
    house.cloud.go_away()
    house.cloud.come_back()
    house.wait("the cloud hears why", lambda: [row[0] for row in house.cloud.rejections()] == [garbage])
    house.do(parked.dismiss, 1)
    assert house.read(parked.rejections) == []
