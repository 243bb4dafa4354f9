"""The demo cloud as a seller: only from grants, never more than they hold, each unit and each fen accounted for."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from tests.cloud.evening import ANNA, Evening, connected
from tests.cloud.store_stub import PRICE, SESSION
from tihuo.cloud import down, up
from tihuo.cloud.fields import LineQuantity, Refund, Window, from_millis
from tihuo.demo.cloud import CannotSell, Shopper, Wish

HOUR = 3_600_000


def refusal(evening: Evening, *lines: tuple[str, int], who: Shopper = ANNA, session: str = SESSION) -> str:
    before = (evening.cloud.orders(), evening.cloud.grants())
    with pytest.raises(CannotSell) as caught:
        evening.cloud.buy(who, Wish(session, lines))
    assert (evening.cloud.orders(), evening.cloud.grants()) == before
    return caught.value.code


def fates(evening: Evening, kind: type) -> list[object]:
    return [fate for fate in evening.store.fates if isinstance(fate, kind)]


def test_nothing_is_sold_that_no_grant_covers() -> None:
    evening = connected()
    assert refusal(evening, ("B", 6)) == "sold_out"
    evening.buy("B", 5)
    assert refusal(evening, ("A", 1), ("B", 1)) == "sold_out"
    assert refusal(evening, ("NOPE", 1)) == "unknown_sku"
    assert refusal(evening, ("A", 1), session="LIVE-2") == "no_session"


def test_a_grant_that_has_not_arrived_does_not_exist() -> None:
    evening = connected()
    evening.store.grant("B", 100)
    assert refusal(evening, ("B", 6)) == "sold_out"
    evening.settle()
    evening.buy("B", 105)


def test_an_order_may_draw_on_several_grants() -> None:
    evening = connected()
    evening.store.grant("B", 3)
    evening.settle()
    order_id = evening.buy("B", 7)
    assert [(line.grant_id, line.quantity) for line in evening.cloud.order(order_id).lines] == [("G2", 5), ("G3", 2)]
    evening.settle()
    evening.check()


def test_forty_shoppers_at_once_get_no_more_than_there_is() -> None:
    evening = connected()
    sold: list[str] = []

    def shop(n: int) -> None:
        for _ in range(3):
            try:
                sold.append(evening.buy("A", 1, Shopper(f"wx-{n}", "somebody")))
            except CannotSell as no:
                assert no.code == "sold_out"  # noqa: PT017

    shoppers = [threading.Thread(target=shop, args=(n,)) for n in range(40)]
    for shopper in shoppers:
        shopper.start()
    for shopper in shoppers:
        shopper.join()
    assert len(sold) == len(set(sold)) == 30
    evening.settle()
    evening.check()


def test_selling_ends_when_the_clouds_own_clock_says_so() -> None:
    evening = connected()
    evening.buy("A", 4)
    evening.settle()
    evening.store.clock_ms += 5 * HOUR
    assert refusal(evening, ("A", 1)) == "too_late"
    evening.settle()
    evening.turn()
    assert {(fate.grant_id, fate.sold) for fate in fates(evening, down.GrantClosed)} == {("G1", 4), ("G2", 0)}  # type: ignore[attr-defined]
    assert refusal(evening, ("A", 1)) == "sold_out"


def test_a_closed_session_gives_its_grants_back_after_its_last_order() -> None:
    evening = connected()
    evening.buy("A", 4)
    evening.store.close_session()
    evening.settle()
    evening.turn(3)
    closed = fates(evening, down.GrantClosed)
    assert {(fate.grant_id, fate.sold, fate.through_seq) for fate in closed} == {("G1", 4, 1), ("G2", 0, 2)}  # type: ignore[attr-defined]
    assert refusal(evening, ("A", 1)) == "no_session"
    assert evening.cloud.offers() == []


def test_a_limit_holds_over_all_orders_of_one_person() -> None:
    evening = Evening()
    evening.store.open_session({"A": 30}, limit=3)
    evening.connect()
    evening.settle()
    evening.buy("A", 2)
    assert refusal(evening, ("A", 2)) == "over_limit"
    assert refusal(evening, ("A", 1), ("A", 1)) == "over_limit"
    evening.buy("A", 1)
    evening.buy("A", 3, Shopper("wx-ben", "本"))


def test_rights_asked_for_come_back_as_far_as_they_are_unsold() -> None:
    evening = connected()
    evening.buy("B", 3)
    evening.store.say(up.GrantRevokeRequested("G2", 10))
    evening.settle()
    evening.turn(2)
    assert fates(evening, down.GrantReturned) == [down.GrantReturned("G2", 2)]
    assert refusal(evening, ("B", 1)) == "sold_out"
    evening.store.say(up.GrantRevokeRequested("G2", 1))
    evening.settle()
    evening.turn(2)
    assert fates(evening, down.GrantClosed) == [down.GrantClosed("G2", 3, 2)]
    evening.settle()
    evening.check()


def test_a_channel_sells_only_from_its_own_grants_and_from_those_that_are_for_any() -> None:
    evening = connected()
    until = from_millis(evening.store.clock_ms + HOUR)
    evening.store.granted |= {"G3": 4}
    evening.store.say(up.GrantIssued("G3", SESSION, "B", 4, PRICE, None, until, "douyin"))
    evening.settle()
    assert refusal(evening, ("B", 6)) == "sold_out"  # five in the grant that is for any
    order = evening.cloud.buy(ANNA, Wish(SESSION, [("B", 9)], channel="douyin"))
    assert [(line.grant_id, line.quantity) for line in order.lines] == [("G3", 4), ("G2", 5)]
    evening.settle()
    evening.check()


def test_the_cloud_may_give_back_on_its_own() -> None:
    evening = connected()
    assert evening.cloud.give_back("G2", 2) == 2
    assert evening.cloud.give_back("G2", 9) == 3
    assert evening.cloud.give_back("G2", 1) == 0
    evening.settle()
    assert evening.store.granted["G2"] == 0
    assert refusal(evening, ("B", 1)) == "sold_out"


def test_a_refused_order_is_paid_back_once_however_often_it_is_said() -> None:
    evening = connected()
    evening.store.granted["G1"] = 0  # the store knows better than its own grant
    order_id = evening.buy("A", 2)
    evening.settle()
    lines = (LineQuantity("l1", 2),)
    evening.store.say(up.OrderRefused(order_id, "sold_out", lines, Refund(f"refuse-{order_id}", 2 * PRICE)))
    evening.settle()
    evening.turn(20)
    order = evening.cloud.order(order_id)
    assert (order.state, order.reason) == ("refused", "sold_out")
    assert [(refund.amount_fen, refund.state) for refund in order.refunds] == [(2 * PRICE, "succeeded")]
    assert len(fates(evening, down.RefundSettled)) == 1
    figures = evening.cloud.figures()
    assert (figures.sold, figures.not_taken, figures.refunded_fen) == (2, 2, 2 * PRICE)


def test_units_and_money_of_a_whole_evening_add_up() -> None:
    evening = connected()
    taken, short, dropped = evening.buy("A", 3), evening.buy("A", 2), evening.buy("B", 2)
    evening.settle()
    store = evening.store
    parcels = (up.Parcel("P1", "ambient", "A07"),)
    store.say(up.OrderReady(taken, parcels))
    store.hand_over(taken, {"l1": 2}, complete=False)
    store.hand_over(taken, {"l1": 1})
    store.say(up.OrderShort(short, (up.ShortLine("l1", 1, "damaged"),), Refund("short-1", PRICE)))
    store.hand_over(short, {"l1": 1})
    evening.cloud.cancel(dropped)
    evening.cloud.cancel(dropped)
    evening.settle()
    assert len(fates(evening, down.OrderCancelled)) == 1
    store.say(up.OrderCancelled(dropped, (LineQuantity("l1", 2),), "customer", from_millis(store.clock_ms)))
    evening.settle()
    evening.turn(20)
    states = [evening.cloud.order(order_id).state for order_id in (taken, short, dropped)]
    assert states == ["handed_over", "handed_over", "cancelled"]
    assert evening.cloud.order(taken).parcels == (("P1", "ambient", "A07"),)
    figures = evening.cloud.figures()
    assert figures.balanced, figures.oddities
    assert (figures.sold, figures.handed_over, figures.short, figures.cancelled, figures.waiting) == (7, 4, 1, 2, 0)
    assert (figures.paid_fen, figures.refund_due_fen, figures.refunded_fen) == (7 * PRICE, 3 * PRICE, 3 * PRICE)


def test_a_handover_that_was_undone_is_open_again() -> None:
    evening = connected()
    order_id = evening.buy("A", 2)
    evening.settle()
    evening.store.hand_over(order_id, {"l1": 2})
    undone = up.OrderHandoverUndone(order_id, (LineQuantity("l1", 2),), "wrong person", from_millis(0))
    evening.store.say(undone)
    evening.settle()
    assert evening.cloud.order(order_id).state == "ready"
    assert evening.cloud.figures().waiting == 2


@pytest.mark.parametrize(
    ("nonsense", "complaint"),
    [
        (lambda o: up.OrderHandedOver(o, (LineQuantity("l1", 3),), from_millis(0), "kiosk", True), "does not fit"),
        (lambda o: up.OrderAccepted(o, up.Pickup("another", "1")), "another code"),
        (lambda o: up.OrderShort(o, (up.ShortLine("l1", 1),), Refund("r", 1)), "short by 990"),
        (lambda o: up.OrderCancelled(o, (), "", from_millis(0), Refund("r", 99_999)), "gets 99999 back"),
        (lambda o: up.OrderRefused(o, "sold_out", (), None), "refused while accepted"),
    ],
)
def test_a_store_that_does_not_add_up_is_found_out(nonsense: object, complaint: str) -> None:
    evening = connected()
    order_id = evening.buy("A", 2)
    evening.settle()
    assert evening.cloud.figures().balanced
    evening.store.say(nonsense(order_id))  # type: ignore[operator]
    evening.settle()
    assert any(complaint in oddity for oddity in evening.cloud.figures().oddities), evening.cloud.figures().oddities


def test_a_reminder_and_a_ticket_are_taken_in() -> None:
    evening = connected()
    order_id = evening.buy()
    evening.settle()
    evening.store.say(up.ReminderDue(order_id, None, from_millis(0)))
    evening.store.say(up.TicketOpened("T1", None, order_id, "done", "refunded", Refund("ticket-T1", 100)))
    evening.store.say(up.AnnouncementPrepared(SESSION, "wecom", "今晚八点"))
    evening.settle()
    evening.turn(20)
    evening.store.say(up.TicketUpdated("T1", None, order_id, "done", "refunded", Refund("ticket-T1", 100)))
    evening.settle()
    evening.turn(20)
    assert fates(evening, down.ReminderSent) == [down.ReminderSent(order_id, "sent")]
    assert [fate.refund_id for fate in fates(evening, down.RefundSettled)] == ["ticket-T1"]  # type: ignore[attr-defined]
    assert evening.cloud.figures().refunded_fen == 100
    assert evening.store.complaints == []


def test_what_the_cloud_knew_it_knows_after_a_restart(tmp_path: Path) -> None:
    evening = Evening()
    evening.store.open_session({"A": 5})
    evening.cloud = evening.new_cloud(tmp_path)
    evening.connect()
    evening.settle()
    order_id = evening.buy("A", 2)
    evening.settle()
    evening.cloud.stop()

    evening.cloud = evening.new_cloud(tmp_path)
    evening.connect()
    assert evening.cloud.order(order_id).state == "accepted"
    assert evening.buy("A", 3) != order_id
    evening.settle()
    evening.check()
    assert refusal(evening, ("A", 1)) == "sold_out"


def test_customers_of_many_moods_choose_windows_agree_or_not_and_are_told_or_not() -> None:
    evening = Evening()
    evening.store.open_session({"A": 50})
    evening.cloud = evening.new_cloud(moods=random.Random(3))
    evening.connect()
    evening.settle()
    offered = tuple(up.PickupWindow(from_millis(n * 1000), from_millis(n * 1000 + 1000), 2) for n in range(3))
    evening.store.say(up.WindowsChanged(SESSION, offered))
    evening.settle()
    assert evening.cloud.windows(SESSION) == [(0, 1000, 2), (1000, 2000, 2), (2000, 3000, 2)]
    orders = [evening.buy("A", 1) for _ in range(12)]
    evening.settle()
    windows = [evening.cloud.order(order).window for order in orders]
    assert None in windows and all(windows.count(window) <= 2 for window in set(windows) - {None})
    agreed = {fate.order_id: fate.count for fate in fates(evening, down.ReminderCredits)}  # type: ignore[attr-defined]
    assert set(agreed) == set(orders) and set(agreed.values()) == {0, 1}
    for order in orders:
        evening.store.say(up.ReminderDue(order, None, from_millis(0)))
    evening.store.say(up.ReminderDue(orders[0], None, from_millis(0), (), from_millis(1)))  # long ago
    evening.settle()
    evening.turn(20)
    told = evening.cloud.reminders()
    assert {state for order, state in told[:-1] if not agreed[order]} == {"no_consent"}
    assert {state for order, state in told[:-1] if agreed[order]} == {"sent", "failed"}
    assert told[-1] == (orders[0], "failed")
    evening.cloud.choose_window(orders[0], (5000, 6000), 5500)
    evening.store.say(up.OrderWindowChanged(orders[0], Window(from_millis(5000), from_millis(6000))))
    evening.settle()
    evening.turn(20)
    assert evening.cloud.order(orders[0]).window == (5000, 6000)
    assert len(fates(evening, down.OrderWindowChosen)) == 1
    evening.store.say(up.OrderUncollected(orders[0], (LineQuantity("l1", 1),), "", from_millis(0)))
    evening.store.say(up.OrderUncollected(orders[0], (LineQuantity("l1", 1),), "", from_millis(0), 3, from_millis(9)))
    evening.settle()
    assert evening.cloud.order(orders[0]).state == "uncollected"
    assert evening.cloud.order(orders[0]).lines[0].uncollected == 1
    assert evening.cloud.figures().balanced
