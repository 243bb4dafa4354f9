"""Whatever the cloud says has its answer: taken, a repeat, or kept and refused by name; and the next one is heard."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.cloud.saying import EPOCH, Sayer
from tests.little_shop import LittleShop
from tihuo.shop import events


@pytest.fixture
def cloud(shop: LittleShop) -> Sayer:
    return Sayer(shop)


def still_hears(cloud: Sayer) -> None:
    """The next good order is taken, and the ledger balances."""
    name = f"good-{cloud.seq}"
    cloud.say("order.placed", cloud.order(name, "BUNS", customer={"id": name}))
    assert cloud.answers()[-1] == (name, "accepted", None)
    assert cloud.balanced()


def test_an_order_that_cannot_be_read_is_refused_and_its_money_goes_back(cloud: Sayer) -> None:
    heard = cloud.say("order.placed", cloud.order("o1", lines=[{"line_id": "l1", "sku": "RICE", "quantity": -2}]))
    assert cloud.answers() == [("o1", "malformed", ("o1-r1", 3990))]
    assert cloud.parked() == ["malformed_data"]
    assert heard.rejected == [], "one answer is enough"
    still_hears(cloud)


@pytest.mark.parametrize(
    ("changes", "refund"),
    [
        ({"paid_fen": -5}, None),
        ({"paid_fen": 10**12}, None),
        ({"paid_fen": None}, None),
        ({"customer": "lin"}, ("o1-r1", 3990)),
        ({"customer": None}, ("o1-r1", 3990)),
        ({"placed_at": "0001-01-01T00:00:00+14:00"}, ("o1-r1", 3990)),
        ({"window": {"from": "2026-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}}, ("o1-r1", 3990)),
        ({"payment": {"provider": "demo"}}, ("o1-r1", 3990)),
        ({"note": "x" * 501}, ("o1-r1", 3990)),
        ({"lines": []}, ("o1-r1", 3990)),
    ],
    ids=str,
)
def test_what_can_be_read_of_a_damaged_order_counts(cloud: Sayer, changes: dict[str, Any], refund: object) -> None:
    cloud.say("order.placed", cloud.order("o1", **changes))
    assert cloud.answers() == [("o1", "malformed", refund)]
    still_hears(cloud)


def test_two_lines_of_one_number_are_malformed(cloud: Sayer) -> None:
    order = cloud.order("o1")
    cloud.say("order.placed", order | {"lines": order["lines"] * 2})
    refused = cloud.shop.events(events.OrderRefused)[0]
    assert (refused.reason, len(refused.lines)) == ("malformed", 1)
    still_hears(cloud)


def test_an_order_without_a_readable_number_is_rejected(cloud: Sayer) -> None:
    heard = cloud.say("order.placed", cloud.order("o1", order_id=7))
    assert [answer.reason for answer in heard.rejected] == ["malformed_data"]
    assert cloud.answers() == []
    still_hears(cloud)


def test_a_damaged_order_said_again_changes_nothing(cloud: Sayer) -> None:
    for _ in range(2):
        cloud.say("order.placed", cloud.order("o1", note=3))
    assert (len(cloud.answers()), cloud.parked()) == (1, ["malformed_data"])


def test_the_same_order_again_is_a_repeat(cloud: Sayer) -> None:
    window = {"from": "2027-01-16T04:00:00Z", "to": "2027-01-16T08:00:00Z"}
    for order in (cloud.order("o1"), cloud.order("o2", window=window), cloud.order("o3", "EGGS", session_id="nope")):
        for _ in range(3):
            cloud.say("order.placed", order)
    assert [answer for _, answer, _ in cloud.answers()] == ["accepted", "accepted", "unknown_grant"]
    assert cloud.parked() == []
    still_hears(cloud)


@pytest.mark.parametrize(
    "changes",
    [
        {"paid_fen": 1},
        {"note": "please hurry"},
        {"customer": {"id": "zhao"}},
        {"lines": [{"line_id": "l1", "sku": "RICE", "quantity": 2, "unit_price_fen": 3990, "grant_id": "g1-1"}]},
        {"window": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}},
        {"placed_at": "2026-01-01T00:00:00Z"},
        {"lines": "two bags"},
    ],
    ids=str,
)
def test_another_order_under_a_taken_number_is_refused_and_the_first_stands(cloud: Sayer, changes: Any) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    before = cloud.shop.sql("SELECT * FROM shop_order"), cloud.shop.sql("SELECT * FROM order_line")
    for _ in range(2):
        cloud.say("order.placed", cloud.order("o1", **changes))
    assert cloud.answers() == [("o1", "accepted", None), ("o1", "duplicate", None)]
    assert cloud.parked() == ["duplicate"]
    assert cloud.shop.events(events.OrderRefused)[0].lines == ()
    assert (cloud.shop.sql("SELECT * FROM shop_order"), cloud.shop.sql("SELECT * FROM order_line")) == before
    still_hears(cloud)


@pytest.mark.parametrize("damage", [{}, {"note": 3}], ids=["whole", "damaged"])
def test_a_second_payment_under_a_taken_number_goes_back_once(cloud: Sayer, damage: dict[str, Any]) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    again = cloud.order("o1", paid_fen=77, payment={"provider": "demo", "transaction_id": "other"}, **damage)
    for _ in range(2):
        cloud.say("order.placed", again)
    first, (number, reason, refund) = cloud.answers()
    assert (first[1], number, reason) == ("accepted", "o1", "duplicate")
    assert refund is not None
    assert refund[0].startswith("o1-d")
    assert refund[1] == 77
    cloud.say("order.placed", again | {"note": "and again", "paid_fen": 78})
    assert cloud.answers()[-1][2] == (refund[0], 78), "one payment, one refund"
    still_hears(cloud)


def test_a_repeat_within_one_publish_is_seen(cloud: Sayer) -> None:
    one, other = cloud.order("o1"), cloud.order("o1", note="other")
    cloud.publish(json.dumps([cloud.envelope("order.placed", data) for data in (one, one, other)]).encode())
    assert [answer for _, answer, _ in cloud.answers()] == ["accepted", "duplicate"]
    still_hears(cloud)


def test_a_price_that_disagrees_is_paid_and_shown(cloud: Sayer) -> None:
    line = cloud.order("o1")["lines"][0] | {"unit_price_fen": 3000}
    heard = cloud.say("order.placed", cloud.order("o1", lines=[line], paid_fen=3000))
    assert (cloud.answers(), heard.rejected) == ([("o1", "accepted", None)], [])
    assert cloud.parked() == ["price_differs"]
    cloud.say("order.placed", cloud.order("o2", paid_fen=999_999))
    assert cloud.answers()[-1][1] == "accepted", "more than the lines cost is no fault"
    assert cloud.parked() == ["price_differs"]
    still_hears(cloud)


LINE = {"line_id": "l1", "sku": "RICE", "quantity": 1, "unit_price_fen": 3990, "grant_id": "g1-1"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE | {"grant_id": "g9-9"}, "unknown_grant"),
        (LINE | {"grant_id": None}, "unknown_grant"),
        (LINE | {"sku": "EGGS"}, "unknown_grant"),
        (LINE | {"sku": "GOLD"}, "unknown_sku"),
        (LINE | {"sku": "GOLD", "grant_id": "g9-9"}, "unknown_sku"),
        (LINE | {"quantity": 100_000}, "sold_out"),
        (LINE | {"quantity": 100_001}, "malformed"),
        (LINE | {"quantity": -1}, "malformed"),
        (LINE | {"quantity": 2**70}, "malformed"),
        ({"line_id": "l1", "sku": "MILK", "quantity": 5, "unit_price_fen": 1250, "grant_id": "g1-3"}, "over_limit"),
    ],
    ids=str,
)
def test_each_fault_of_a_line_has_its_name(cloud: Sayer, line: dict[str, Any], reason: str) -> None:
    cloud.say("order.placed", cloud.order("o1", lines=[line]))
    assert cloud.answers() == [("o1", reason, ("o1-r1", 3990))]
    still_hears(cloud)


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("order.cancelled", {"order_id": "o9", "reason": "", "cancelled_at": "2026-01-01T00:00:00Z"}, "unknown_order"),
        ("grant.returned", {"grant_id": "g9", "quantity": 1}, "unknown_grant"),
        ("grant.returned", {"grant_id": "g1-1", "quantity": 99_999}, "more_than_granted"),
        ("grant.returned", {"grant_id": "g1-1", "quantity": -1}, "malformed_data"),
        ("grant.closed", {"grant_id": "g9", "sold": 0, "through_seq": 0}, "unknown_grant"),
        ("reminder.sent", {"order_id": "o9", "state": "sent"}, "unknown_order"),
        ("reminder.sent", {"order_id": "o9", "state": "maybe"}, "malformed_data"),
        ("aftersales.photo", {"request_id": "r9", "name": "a", "part": 1, "parts": 1, "base64": ""}, "unknown_request"),
        ("aftersales.photo", {"request_id": "r9", "name": "a", "part": 1, "parts": 1, "base64": "?"}, "malformed_data"),
        ("refund.settled", {"refund_id": "x", "state": "succeeded", "settled_at": "0001-01-01T00:00:00Z"},
         "malformed_data"),
        ("weather.changed", {}, "unknown_type"),
        ("order.accepted", {}, "unknown_type"),
    ],
    ids=str,
)  # fmt: skip
def test_everything_else_that_cannot_be_done_is_kept_and_answered(
    cloud: Sayer, kind: str, data: dict[str, Any], reason: str
) -> None:
    heard = cloud.say(kind, data)
    assert [answer.reason for answer in heard.rejected] == [reason]
    assert cloud.parked() == [reason]
    still_hears(cloud)


def test_what_is_meant_for_another_store_is_not_ours(cloud: Sayer) -> None:
    heard = cloud.say("order.placed", cloud.order("o1"), subject="store/S02")
    assert [answer.reason for answer in heard.rejected] == ["wrong_store"]
    assert cloud.answers() == []
    still_hears(cloud)


def test_a_cloud_that_speaks_from_an_old_epoch_hears_where_we_stand(cloud: Sayer) -> None:
    old = Sayer(cloud.shop, EPOCH - 1)
    old.say("order.placed", old.order("o1"))
    told = old.say("grant.returned", {"grant_id": "g1-1", "quantity": 1}, id="returned-before")
    still_hears(cloud)
    assert told.received == (EPOCH - 1, 2)
    for kind, data, event_id in (
        ("order.placed", old.order("o1"), "a"),
        ("grant.returned", {"grant_id": "g1-1", "quantity": 1}, "returned-before"),
    ):
        heard = old.say(kind, data, id=event_id)
        assert (heard.rejected, heard.greet, heard.received) == ([], True, (EPOCH, 1)), "a repeat"
    heard = old.say("grant.returned", {"grant_id": "g1-1", "quantity": 1}, id="never-heard")
    assert [answer.reason for answer in heard.rejected] == ["old_epoch"]
    assert old.say("grant.returned", {"grant_id": "g1-1", "quantity": 1}, id="never-heard").rejected == []
    old.say("order.placed", old.order("o2"))
    assert cloud.answers()[-1] == ("o2", "accepted", None), "its own number makes an order one, in any epoch"
    assert cloud.parked() == ["old_epoch"]
    still_hears(cloud)


def test_one_wrong_epoch_does_not_shut_the_door(cloud: Sayer) -> None:
    still_hears(cloud)
    heard = cloud.say("grant.returned", {"grant_id": "g1-1", "quantity": 1}, epoch=2**53 - 1, seq=1, id="far")
    assert [answer.reason for answer in heard.rejected] == ["bad_epoch"]
    still_hears(cloud)
    heard = cloud.say("stream.hello", {"epoch": 2**53 - 1, "head": 9, "last_received": {"epoch": 0, "seq": 0}}, seq=0)
    assert heard.rejected == []
    still_hears(cloud)


def test_a_new_epoch_begins_at_one(cloud: Sayer) -> None:
    still_hears(cloud)
    later = Sayer(cloud.shop, EPOCH + 5)
    later.seq = 3
    heard = later.say("order.placed", later.order("o1"))
    assert (heard.resend_from, heard.received) == (1, (EPOCH, 1))
    later.seq = 0
    still_hears(later)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("stream.ack", {"epoch": 1, "seq": 2**53 - 1}),
        ("stream.hello", {"epoch": EPOCH, "head": 0, "last_received": {"epoch": 1, "seq": 10_000}}),
    ],
)
def test_a_cloud_that_claims_to_have_more_than_we_said_is_not_believed(cloud: Sayer, kind: str, data: Any) -> None:
    heard = cloud.say(kind, data, seq=0)
    assert [answer.reason for answer in heard.rejected] == ["never_said"]
    assert (heard.acked, heard.hello) == (None, None)
    assert cloud.shop.sql("SELECT * FROM cursor WHERE name = 'up'") == []
    still_hears(cloud)


def test_a_rejection_by_the_cloud_is_kept_once(cloud: Sayer) -> None:
    for _ in range(3):
        cloud.say("stream.rejected", {"id": "S01-1-4", "reason": "malformed_data", "detail": ""}, seq=0)
    assert cloud.parked() == ["rejected_by_cloud"]


def test_an_ordinary_event_outside_the_sequence_is_rejected(cloud: Sayer) -> None:
    heard = cloud.say("order.placed", cloud.order("o1"), seq=0)
    assert [answer.reason for answer in heard.rejected] == ["not_an_envelope"]
    still_hears(cloud)


def request(order_id: str = "o1", request_id: str = "r1", **changes: Any) -> dict[str, Any]:
    data = {
        "request_id": request_id,
        "order_id": order_id,
        "kind": "return",
        "lines": [{"line_id": "l1", "quantity": 1}],
        "reason": "the bag was open",
    }
    return data | changes


def test_a_request_becomes_a_ticket_once(cloud: Sayer) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    photo = {"name": "a.jpg", "media_type": "image/jpeg", "url": "https://example.org/a", "sha256": "0" * 64}
    for _ in range(2):
        assert cloud.say("aftersales.requested", request(photos=[photo])).rejected == []
    assert cloud.shop.events(events.TicketOpened) == [
        events.TicketOpened(ticket_id="t1-1", request_id="r1", order_id="o1")
    ]
    assert cloud.shop.sql("SELECT name, url FROM ticket_photo") == [("a.jpg", "https://example.org/a")]
    still_hears(cloud)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (request("o9"), "unknown_order"),
        (request("o2"), "refused_order"),
        (request("o3"), "cancelled"),
        (request(lines=[{"line_id": "l9", "quantity": 1}]), "unknown_line"),
        (request(lines=[{"line_id": "l1", "quantity": 2}]), "more_than_bought"),
        (request(lines=[{"line_id": "l1", "quantity": 1}] * 2), "more_than_bought"),
        (request(request_id="r0", reason="another"), "request_exists"),
    ],
    ids=str,
)
def test_a_request_that_fits_no_order_is_kept_and_answered(cloud: Sayer, data: dict[str, Any], reason: str) -> None:
    for name, more in (("o1", {}), ("o2", {"lines": [LINE | {"grant_id": "g9"}]}), ("o3", {})):
        cloud.say("order.placed", cloud.order(name, **more))
    cloud.say("order.cancelled", {"order_id": "o3", "reason": "", "cancelled_at": "2026-01-01T00:00:00Z"})
    cloud.say("aftersales.requested", request(request_id="r0", lines=[]))
    heard = cloud.say("aftersales.requested", data)
    assert [answer.reason for answer in heard.rejected] == [reason]
    assert len(cloud.shop.events(events.TicketOpened)) == 1
    still_hears(cloud)


def part_of(picture: bytes, part: int, parts: int, **changes: Any) -> dict[str, Any]:
    size = -(-len(picture) // parts)
    piece = picture[(part - 1) * size : part * size]
    data = {"request_id": "r1", "name": "a.jpg", "part": part, "parts": parts}
    return data | {"base64": base64.b64encode(piece).decode()} | changes


def test_a_photograph_is_put_together_from_its_parts_in_any_order(cloud: Sayer) -> None:
    picture = bytes(range(256)) * 300
    cloud.say("order.placed", cloud.order("o1"))
    cloud.say("aftersales.requested", request())
    for part in (3, 1, 1, 2):
        assert cloud.shop.events(events.PhotoKept) == []
        assert cloud.say("aftersales.photo", part_of(picture, part, 3)).rejected == []
    cloud.say("aftersales.photo", part_of(picture, 2, 3))
    digest = hashlib.sha256(picture).hexdigest()
    assert cloud.shop.events(events.PhotoKept) == [
        events.PhotoKept(ticket_id="t1-1", name="a.jpg", sha256=digest, size=len(picture))
    ]
    assert cloud.shop.sql("SELECT content, sha256 FROM ticket_photo") == [(picture, digest)]
    assert cloud.shop.sql("SELECT * FROM photo_part") == []


def test_parts_that_do_not_fit_and_too_many_of_them_are_refused(cloud: Sayer) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    cloud.say("aftersales.requested", request())
    cloud.say("aftersales.photo", part_of(b"abcdef", 1, 3))
    for data, reason in (
        (part_of(b"abcdef", 1, 4), "bad_photo"),
        (part_of(b"xyzuvw", 1, 3), "bad_photo"),
        (part_of(b"abcdef", 2, 3) | {"part": 5}, "bad_photo"),
    ):
        assert [answer.reason for answer in cloud.say("aftersales.photo", data).rejected] == [reason]
    big = base64.b64encode(b"x" * 40_000).decode()
    answers = [
        [answer.reason for answer in cloud.say("aftersales.photo", part_of(b"", n, 60, name="b", base64=big)).rejected]
        for n in range(1, 60)
    ]
    assert answers[:52] == [[]] * 52
    assert answers[53] == ["photo_too_large"]
    for n in range(7):
        assert cloud.say("aftersales.photo", part_of(b"x", 1, 1, name=f"c{n}")).rejected == []
    last = cloud.say("aftersales.photo", part_of(b"x", 1, 1, name="c9"))
    assert [answer.reason for answer in last.rejected] == ["too_many_photos"]
    still_hears(cloud)


def test_what_became_of_a_refund_and_of_a_reminder_is_kept(cloud: Sayer) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    cloud.say("reminder.sent", {"order_id": "o1", "state": "no_consent"})
    for state in ("failed", "succeeded", "failed"):
        cloud.say("refund.settled", {"refund_id": "o1-r1", "state": state, "settled_at": "2026-01-01T00:00:00Z"})
    own = {"refund_id": "the-cloud's", "state": "succeeded", "settled_at": "2026-01-01T00:00:00Z"}
    cloud.say("refund.settled", own)
    assert cloud.shop.events(events.ReminderSent) == [events.ReminderSent(order_id="o1", state="no_consent")]
    assert cloud.shop.sql("SELECT refund_id, order_no, state FROM refund_outcome ORDER BY refund_id") == [
        ("o1-r1", 1, "failed"), ("the-cloud's", None, "succeeded"),
    ]  # fmt: skip
    assert cloud.parked() == []


def test_when_she_comes_and_how_often_she_may_be_told_comes_from_the_cloud(cloud: Sayer) -> None:
    cloud.say("order.placed", cloud.order("o1"))
    window = {"from": "2027-01-16T04:00:00Z", "to": "2027-01-16T04:30:00Z"}
    cloud.say("order.window_chosen", {"order_id": "o1", "window": window, "at": "2027-01-16T04:10:00Z"})
    cloud.say("reminder.credits", {"order_id": "o1", "count": 2})
    cloud.say("reminder.credits", {"customer_id": "lin", "count": 0})
    [told] = cloud.shop.events(events.OrderWindowChanged)
    assert (told.window, told.at) == ((1_800_072_000_000, 1_800_073_800_000), 1_800_072_600_000)
    agreed = cloud.shop.sql("SELECT subject, count FROM reminder_credit ORDER BY subject")
    assert agreed == [("customer:lin", 0), ("order:o1", 2)]
    assert cloud.parked() == []
    nobody = cloud.say("reminder.credits", {"count": 2})
    assert [answer.reason for answer in nobody.rejected] == ["malformed_data"]
    backwards = {"from": window["to"], "to": window["from"]}
    late = cloud.say("order.window_chosen", {"order_id": "o1", "window": backwards})
    assert [answer.reason for answer in late.rejected] == ["bad_times"]
    still_hears(cloud)


@pytest.mark.parametrize("event_id", ["somebody-else", "S01-1-99999999999999999999", "S01-1-99"])
def test_a_memory_of_the_shop_that_nobody_asked_for_and_that_is_none_shuts_nothing(cloud: Sayer, event_id: str) -> None:
    none = {"epoch": 1, "seq": 0}
    said = {"id": event_id, "type": "order.accepted", "epoch": 1, "seq": 99, "data": 1}
    echo = {"to": 1, "after": none, "left": 0, "heard": none, "head": none, "events": [said]}
    cloud.say("stream.echo", echo, seq=0)
    still_hears(cloud)
