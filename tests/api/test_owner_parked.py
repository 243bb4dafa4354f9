"""The owner settles what the cloud said and the box could not follow, and what customers are not content with."""

from __future__ import annotations

import pytest

from tests.api.desk import OWNER, STAFF, Desk, code_of, words
from tests.api.desk import desk as desk
from tests.cloud.saying import Sayer
from tihuo.shop import events
from tihuo.shop.refunds import settle_refund
from tihuo.stages import caring

TAP = {"hx-request": "true"}
JPEG = b"\xff\xd8\xff\xe0 a photograph"
CANCEL = {"order_id": "o1", "reason": "customer", "cancelled_at": "2026-01-01T00:00:00Z"}


def tap(desk: Desk, path: str, wish: str = "wish-of-hers-1", **data: str):  # type: ignore[no-untyped-def]
    return desk.client(OWNER, "en").post(path, data={"once": wish, **data}, headers=TAP)


def test_a_parked_message_is_tried_again_and_says_why_it_still_does_not_work(desk: Desk) -> None:
    cloud = Sayer(desk.shop)
    cloud.say("order.cancelled", CANCEL)
    page = words(desk.client(OWNER, "en").get("/owner/parked").text)
    assert "There is no such order. order.cancelled" in page
    refused = tap(desk, "/owner/parked/1/replay")
    assert (refused.status_code, code_of(refused.text)) == (409, "unknown_order")
    cloud.say("order.placed", cloud.order("o1"))
    done = tap(desk, "/owner/parked/1/replay")
    assert "Everything was understood" in words(done.text)
    assert tap(desk, "/owner/parked/1/replay").status_code == 200, "the same tap twice"
    assert code_of(tap(desk, "/owner/parked/1/replay", "another-wish").text) == "message_settled"
    assert desk.shop.sql("SELECT actor FROM journal WHERE kind = 'message.settled'") == [(OWNER,)]
    assert desk.shop.value("SELECT state FROM shop_order") == "cancelled"


def test_what_is_no_event_can_only_be_seen_to(desk: Desk) -> None:
    Sayer(desk.shop).publish(b'{"half": ')
    page = desk.client(OWNER, "en").get("/owner/parked").text
    assert "Try again" not in page
    assert "Seen to it" in page
    assert code_of(tap(desk, "/owner/parked/1/replay").text) == "cannot_replay"
    assert "Everything was understood" in words(tap(desk, "/owner/parked/1/dismiss").text)


@pytest.mark.parametrize("reason", ["duplicate", "price_differs", "malformed_data", "unknown_type", "unknown_ticket"])
def test_every_reason_is_said_in_words(desk: Desk, reason: str) -> None:
    desk.shop.do(lambda work: work.sql("INSERT INTO parked(message_id, reason, detail, payload, at) "
                                       "VALUES ('m', ?, '', '', 0)", (reason,)) and None)  # fmt: skip
    page = words(desk.client(OWNER).get("/owner/parked").text).replace(f"({reason})", "")
    assert reason not in page


def test_a_ticket_goes_its_way_and_the_cloud_hears_of_it(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=2)
    desk.shop.do(caring.request_aftersales, "r1", "o1", "exchange", [("o1-1", 1)], "the bag was open")
    page = words(desk.client(OWNER, "en").get("/owner/aftercare").text)
    assert "Nothing went wrong" not in page
    assert "Wants another one new o1 · 林* 1001" in page
    assert "大米 5 kg 1 袋 the bag was open" in page
    assert "One customer is not content" in words(desk.client(OWNER, "en").get("/owner").text)
    path = "/owner/aftercare/tickets/1"
    assert code_of(tap(desk, path, "wish-of-hers-0", state="done", outcome="x").text) == "ticket_moved"
    assert "being looked into" in words(tap(desk, path, state="in_progress").text)
    assert code_of(tap(desk, path, "wish-of-hers-2", state="done", outcome=" ").text) == "no_outcome"
    done = words(tap(desk, path, "wish-of-hers-3", state="done", outcome="换了一袋").text)
    assert "done o1" in done
    assert "换了一袋" in done
    assert code_of(tap(desk, path, "wish-of-hers-4", state="in_progress").text) == "ticket_moved"
    assert code_of(tap(desk, "/owner/aftercare/tickets/9", "wish-of-hers-5", state="done").text) == "unknown_ticket"
    told = [(event.state, event.outcome) for event in desk.shop.events(events.TicketUpdated)]
    assert told == [("in_progress", ""), ("done", "换了一袋")]


def test_a_photograph_is_shown_and_anything_else_only_saved(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=2)
    photos = [("far.jpg", "https://example.org/far.jpg", "0" * 64), ("bad.jpg", "javascript:alert(1)", "0" * 64)]
    desk.shop.do(caring.request_aftersales, "r1", "o1", "return", [], "", photos)
    desk.shop.do(caring.keep_photo, "r1", "a.jpg", 1, 1, JPEG)
    desk.shop.do(caring.keep_photo, "r1", "b.jpg", 1, 1, b"<script>")
    desk.shop.do(caring.keep_photo, "r1", "c.jpg", 1, 2, b"half")
    owner = desk.client(OWNER, "en")
    page = owner.get("/owner/aftercare").text
    assert "javascript:" not in page
    assert 'href="https://example.org/far.jpg"' in page
    assert "c.jpg is still on its way" in words(page)
    shown, saved, half = (owner.get(f"/owner/aftercare/photos/{number}") for number in (3, 4, 5))
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")
    assert (saved.headers["content-type"], saved.headers["content-disposition"]) == (
        "application/octet-stream", "attachment",
    )  # fmt: skip
    assert half.status_code == 404


def test_refunds_that_failed_stand_on_top_until_they_succeed(desk: Desk) -> None:
    desk.shop.sell("o1", "lin", RICE=99)
    desk.shop.do(settle_refund, "o1-r1", "failed", 0)
    owner = desk.client(OWNER, "en")
    assert "Refunds that did not arrive" in owner.get("/owner/aftercare").text
    assert "One refund did not arrive" in words(owner.get("/owner").text)
    desk.shop.do(settle_refund, "o1-r1", "succeeded", 1)
    assert "Refunds that did not arrive" not in owner.get("/owner/aftercare").text


def test_staff_do_not_settle_what_is_the_owners(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    for path in ("/owner/parked/1/dismiss", "/owner/aftercare/tickets/1"):
        assert staff.post(path, data={"once": "wish-of-hers-1", "state": "done"}, headers=TAP).status_code == 403
