"""Parked messages: replayed or dismissed by a person, and answers that are said again until somebody does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.saying import EPOCH, Sayer
from tests.little_shop import LittleShop
from tihuo.boards import tonight
from tihuo.cloud import parked, stream
from tihuo.shop import events
from tihuo.shop.words import Refusal

CANCEL = {"order_id": "o1", "reason": "customer", "cancelled_at": "2026-01-01T00:00:00Z"}


@pytest.fixture
def cloud(shop: LittleShop) -> Sayer:
    return Sayer(shop)


def last(cloud: Sayer) -> tonight.ParkedRow:
    row: tonight.ParkedRow = cloud.shop.read(tonight.parked_messages)[0]
    return row


def refused(cloud: Sayer, what: Any, number: int) -> str:
    with pytest.raises(Refusal) as refusal:
        cloud.shop.do(what, number, actor="周宁")
    return refusal.value.code


def test_a_message_that_came_too_early_does_its_work_when_it_is_replayed(cloud: Sayer) -> None:
    cloud.say("order.cancelled", CANCEL)
    row = last(cloud)
    assert (row.reason, row.kind, row.can_replay) == ("unknown_order", "order.cancelled", True)
    assert refused(cloud, parked.replay, row.parked_id) == "unknown_order"
    assert cloud.parked() == ["unknown_order"], "it stays until it works"
    cloud.say("order.placed", cloud.order("o1"))
    cloud.shop.do(parked.replay, row.parked_id, actor="周宁")
    assert cloud.shop.value("SELECT state FROM shop_order") == "cancelled"
    assert cloud.parked() == []
    [settled] = cloud.shop.events(events.MessageSettled)
    assert (settled.how, settled.message_id) == ("replayed", row.message_id)
    assert cloud.shop.sql("SELECT settled_by, settled_how FROM parked") == [("周宁", "replayed")]
    assert refused(cloud, parked.replay, row.parked_id) == "message_settled"
    assert cloud.balanced()


def test_a_message_that_worked_in_the_meantime_is_not_done_twice(cloud: Sayer) -> None:
    give = {"grant_id": "g1-1", "quantity": 2}
    cloud.say("grant.returned", give | {"quantity": 99}, id="early")
    cloud.say("grant.returned", give, id="early")
    cloud.shop.do(parked.replay, last(cloud).parked_id)
    assert cloud.shop.value("SELECT returned FROM stock_grant WHERE id = 'g1-1'") == 2
    assert cloud.parked() == []


@pytest.mark.parametrize("kind", ["unread", "duplicate", "price"])
def test_an_order_is_never_replayed_because_it_was_answered(cloud: Sayer, kind: str) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    line = cloud.order("o1")["lines"][0] | {"unit_price_fen": 1}
    orders = {
        "unread": cloud.order("o2", order_id=7),
        "duplicate": cloud.order("o1", note="another"),
        "price": cloud.order("o3", lines=[line]),
    }
    cloud.say("order.placed", orders[kind])
    row = last(cloud)
    assert not row.can_replay
    assert refused(cloud, parked.replay, row.parked_id) == "cannot_replay"
    cloud.shop.do(parked.dismiss, row.parked_id, actor="周宁")
    assert cloud.parked() == []
    assert [event.how for event in cloud.shop.events(events.MessageSettled)] == ["dismissed"]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"specversion": "1.0", ',
        b'{"hello": "shop"}',
        b'{"specversion": "1.0", "id": "big", "epoch": 1, "seq": 1, "data": "' + b"x" * 70_000 + b'"}',
        b'{"specversion": "1.0", "id": "e", "source": "c", "type": "stream.ack", "epoch": 1, "seq": 0, "data": {}}',
    ],
    ids=["not_json", "no_envelope", "cut", "control"],
)
def test_what_is_no_whole_event_can_only_be_dismissed(cloud: Sayer, payload: bytes) -> None:
    cloud.publish(payload)
    row = last(cloud)
    assert not row.can_replay
    assert refused(cloud, parked.replay, row.parked_id) == "cannot_replay"
    cloud.shop.do(parked.dismiss, row.parked_id)
    assert cloud.parked() == []


def test_what_is_still_not_understood_says_why(cloud: Sayer) -> None:
    cloud.say("weather.changed", {})
    assert last(cloud).can_replay, "a later release may know it"
    assert refused(cloud, parked.replay, last(cloud).parked_id) == "still_not_understood"
    assert refused(cloud, parked.replay, 99) == "unknown_message"


def test_answers_are_said_again_until_somebody_settles_the_message(cloud: Sayer) -> None:
    cloud.say("weather.changed", {})
    cloud.say("order.cancelled", CANCEL)
    cloud.publish(b"nothing")
    cloud.say("order.placed", cloud.order("o1", note=3))
    answers = [stream.Rejected(f"c{EPOCH}-1", "unknown_type", "weather.changed"),
               stream.Rejected(f"c{EPOCH}-2", "unknown_order", '{"order":"o1"}')]  # fmt: skip
    assert cloud.shop.read(parked.rejections) == answers
    cloud.shop.do(parked.dismiss, 1)
    assert cloud.shop.read(parked.rejections) == answers[1:]
    Sayer(cloud.shop, EPOCH + 1).say("order.placed", cloud.order("o2"))
    assert cloud.shop.read(parked.rejections) == [], "a cloud that began anew says what it still wants"
