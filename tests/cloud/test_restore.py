"""恢复: a restored box waits until it knows again what the cloud saw of it, and then works as if nothing had been."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.pair import Heard, Pair, nothing
from tests.conftest import Make
from tests.little_shop import HOUR, ITEMS, WINDOW, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.cloud import messages, recovery, stream
from tihuo.shop import events
from tihuo.shop.words import Refusal
from tihuo.stages import aftercare, caring, handing_over, preparing, restoring, scheduling, selling, sorting, undoing
from tihuo.timetable import Timetable

pytestmark = pytest.mark.slow


@pytest.fixture
def pair(make_shop: Make, tmp_path: Path) -> Iterator[Pair]:
    both = Pair(tmp_path, make_shop())
    both.settle()
    yield both
    both.close()


class Dead(Exception):
    """The box's process ends here."""


def rights(shop: LittleShop) -> list[tuple[object, ...]]:
    return shop.sql(
        "SELECT session_id, sku_id, free, granted, ordered, quarantine, handed_over, void FROM session_item "
        "ORDER BY 1, 2"
    )


def test_the_sale_goes_on_where_it_was_and_nothing_is_oversold(pair: Pair) -> None:
    pair.bought("lin", RICE=2)
    backup = pair.back_up()
    for number in range(10):
        pair.bought(f"c{number}", RICE=1, BUNS=1)
    was = rights(pair.shop)
    pair.put_back(backup)
    pair.settle()
    assert pair.disagreements() == []
    assert rights(pair.shop) == was
    assert pair.recounts() == [("unread", "", 0, 0)]
    while any(offer.sku == "RICE" and offer.left for offer in pair.cloud.offers()):
        pair.bought("zhao", RICE=1)
    assert pair.shop.item("RICE") == {"minted": 20, "ordered": 20}
    assert pair.disagreements() == []


def test_units_that_left_over_the_counter_are_looked_for_and_not_sold_again(pair: Pair) -> None:
    backup = pair.back_up()
    pair.shop.do(selling.sell_walk_in, "s1", "RICE", 3)
    pair.turn(10)  # the picture of the stock is on its way
    free = pair.shop.item("RICE")["free"]
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.item("RICE")["free"] == free
    assert pair.shop.item("RICE")["quarantine"] == 3
    assert ("missing", "RICE", 3, 0) in pair.recounts()
    assert pair.disagreements() == []


def test_a_replaced_book_that_can_be_read_tells_of_the_counter_and_of_goods_received(pair: Pair) -> None:
    backup = pair.back_up()
    pair.shop.do(selling.sell_walk_in, "s1", "RICE", 3)
    pair.shop.do(preparing.receive, "EGGS", 7)
    pair.turn(10)
    was = rights(pair.shop)
    pair.put_back(backup, blind=False)
    pair.settle()
    assert rights(pair.shop) == was
    assert pair.shop.value("SELECT on_hand FROM sku WHERE code = 'EGGS'") == 7
    assert pair.recounts() == [("received", "EGGS", 7, 7), ("walk_in", "RICE", 3, 3)]
    assert pair.disagreements() == []


def test_behind_the_fence_nothing_is_handed_over_sold_or_lent(pair: Pair) -> None:
    pair.bought("lin", RICE=1)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    code = pair.shop.code(pair.cloud.orders()[0].order_id)
    pair.put_back(pair.back_up())
    pair.line.connected = False
    parcel = pair.shop.parcels()[0][0]
    for stage, *args in (
        (handing_over.hand_over_by_code, code),
        (handing_over.hand_over_parcel, parcel),
        (undoing.undo_hand_over, parcel, "by mistake"),
        (undoing.put_right, parcel, 1),
        (caring.report_missing, parcel, {1: 1}, "exchange", "not there"),
        (caring.bring_back, 1, {1: 1}, "void", "broken"),
        (selling.sell_walk_in, "s1", "RICE", 1),
        (sorting.open_wave, "s1"),
        (aftercare.cancel, 1, "no"),
        (preparing.open_session, "s1"),
        (preparing.close_session, "s1"),
    ):
        with pytest.raises(Refusal, match="restoring"):
            pair.shop.do(stage, *args)
    visit = pair.shop.do(handing_over.check_in, "k1", code)
    assert pair.shop.value("SELECT outcome FROM visit WHERE id = ?", visit) == "restoring"
    pair.turn(600)
    assert pair.fence() is not None
    pair.line.connected = True
    pair.line.on_connected()
    pair.settle()
    assert pair.shop.do(handing_over.hand_over_by_code, code).units == 1


def test_what_was_missing_in_an_order_that_was_cancelled_since_is_not_looked_for_again(pair: Pair) -> None:
    pair.bought("lin", RICE=2)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    parcel, rice = pair.shop.parcels()[0][0], pair.shop.sku("RICE")
    pair.shop.do(caring.report_missing, parcel, {rice: 1}, "exchange", "not in the bag")
    pair.settle()
    backup = pair.back_up()
    pair.shop.do(aftercare.cancel, 1, "sorry")
    pair.settle()
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.value("SELECT state FROM shop_order") == "cancelled"
    assert pair.shop.sql("SELECT state, outcome FROM service_ticket") == [("done", "已随订单取消")]
    assert pair.shop.sql("SELECT * FROM missed_line") == []


def test_what_a_customer_said_in_the_shop_is_a_ticket_again(pair: Pair) -> None:
    order = pair.bought("lin", RICE=2)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    backup = pair.back_up()
    parcel, rice = pair.shop.parcels()[0][0], pair.shop.sku("RICE")
    missing = pair.shop.do(caring.report_missing, parcel, {rice: 1}, "exchange", "not in the bag")
    pair.shop.do(caring.move_ticket, missing[0], "in_progress")
    pair.settle()
    tickets = "SELECT ticket_id, request_id, kind, reason, state FROM service_ticket"
    was = pair.shop.sql(tickets)
    assert was == [("t1-1", "box-t1-1", "exchange", "not in the bag", "in_progress")]
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.sql(tickets) == was
    assert pair.shop.sql("SELECT quantity FROM ticket_line") == [(1,)]
    assert pair.cloud.tickets() == {"box-t1-1": ("in_progress", "")}
    assert pair.disagreements() == []
    assert order


def test_the_owner_may_go_on_while_the_cloud_is_away_and_what_it_knows_is_merged_later(pair: Pair) -> None:
    order = pair.bought("lin", RICE=1)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    backup = pair.back_up()
    pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order))
    pair.settle()
    pair.put_back(backup)
    pair.line.connected = False
    pair.shop.do(restoring.pass_fence, actor="mei")
    assert pair.shop.value("SELECT passed_by FROM fence") == "mei"
    assert pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order)).units == 1
    pair.line.connected = True
    pair.line.on_connected()
    pair.turn(100)
    assert pair.fence() is None
    assert ("contradiction", "", 1, 0) in pair.recounts(), "it was collected twice, and the owner must hear of it"
    assert pair.shop.read(imbalances) == {}


def test_a_merge_that_dies_after_every_commit_ends_the_same(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def die() -> None:
        fence = pair.fence()
        if fence is not None and fence.state in ("opening", "settling"):
            raise Dead

    backup, was = after_an_evening(pair)
    monkeypatch.setattr(recovery, "AT_ONCE", 1)
    pair.put_back(backup)
    lives = 0
    while pair.fence() is not None:
        with contextlib.suppress(Dead):
            pair.after_step = die
            pair.turn()
        pair.after_step = lambda: None
        pair.restart()
        lives += 1
        assert lives < 500
    pair.settle()
    assert lives > 10
    assert the_shelf(pair.shop) == was
    assert pair.disagreements() == []


def test_the_power_fails_at_each_commit_of_a_merge_and_every_copy_ends_the_same(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    backup, was = after_an_evening(pair)
    monkeypatch.setattr(recovery, "AT_ONCE", 4)
    pair.put_back(backup)
    copies: list[Path] = []

    def keep() -> None:
        copies.append(tmp_path / f"cut{len(copies)}.db")
        for end in ("", "-wal"):
            shutil.copyfile(f"{pair.shop.path}{end}", f"{copies[-1]}{end}")

    pair.after_step = keep
    while pair.fence() is not None:
        pair.turn()
    pair.after_step = lambda: None
    pair.settle()
    assert len(copies) > 5
    for cut in copies[:: max(1, len(copies) // 8)]:
        pair.shop.close()
        pair.shop = pair._again(cut)
        pair._connect()
        pair.settle()
        assert the_shelf(pair.shop) == was
        assert pair.disagreements() == []


def after_an_evening(pair: Pair) -> tuple[Path, list[object]]:
    """Something of everything happens after a backup."""
    first = pair.bought("lin", RICE=2, MILK=1)
    backup = pair.back_up()
    orders = [pair.bought(who, RICE=1, MILK=1) for who in ("zhao", "ou", "c1", "c2")]
    gone = pair.bought("c3", EGGS=2)
    pair.cloud.cancel(gone)
    pair.settle()
    pair.shop.do(preparing.close_session, "s1")
    wave = pair.shop.do(sorting.open_wave, "s1")
    parcel, sku, _ = pair.shop.open_units(wave)[0]
    pair.shop.do(sorting.short, parcel, sku, 1)
    for parcel, sku, units in pair.shop.open_units(wave):
        pair.shop.do(sorting.put, parcel, sku, units)
    pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(orders[0]))
    pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(orders[1]))
    undone = pair.shop.value("SELECT max(parcel_id) FROM handover_line")
    pair.shop.do(undoing.undo_hand_over, undone, "not hers")
    pair.settle()
    assert pair.cloud.order(first).state == "ready"
    return backup, the_shelf(pair.shop)


def the_shelf(shop: LittleShop) -> list[object]:
    return [
        shop.sql("SELECT no, order_id, state, refunds, refunded_fen FROM shop_order ORDER BY 1"),
        shop.sql("SELECT order_no, line_no, put, short, cancelled, handed_over, parcel_id FROM order_line ORDER BY 1"),
        shop.sql("SELECT id, customer_id, zone, slot, state FROM parcel ORDER BY 1"),
        shop.sql("SELECT order_no, line_no, parcel_id, quantity, at, undone_at FROM handover_line ORDER BY 1, 2, 5"),
        shop.sql("SELECT sku_id, granted, ordered, quarantine, handed_over FROM session_item ORDER BY 1"),
    ]


def test_orders_of_the_dark_hours_are_taken_and_no_number_is_used_twice(pair: Pair) -> None:
    first = pair.bought("lin", RICE=1)
    backup = pair.back_up()
    known = pair.bought("zhao", RICE=1)
    pair.line.connected = False
    unheard = pair.buy("ou", RICE=1)
    pair.put_back(backup)
    pair.settle()
    assert {pair.cloud.order(order).state for order in (first, known, unheard)} == {"accepted"}
    numbers = [row[0] for row in pair.shop.sql("SELECT no FROM shop_order ORDER BY no")]
    assert numbers[:2] == [1, 2]
    assert numbers[2] > 10_000
    assert pair.disagreements() == []


def test_what_was_never_acknowledged_is_said_again_and_counts_once(pair: Pair) -> None:
    order = pair.bought("lin", RICE=2)
    pair.shop.do(preparing.close_session, "s1")
    pair.line.connected = False
    pair.shop.sort()
    pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order))
    backup = pair.back_up()
    pair.put_back(backup)
    pair.settle()
    assert pair.cloud.order(order).state == "handed_over"
    pair.put_back(backup)
    pair.settle()
    assert pair.disagreements() == []


def test_a_session_that_the_backup_never_knew_comes_back(pair: Pair) -> None:
    backup = pair.back_up()
    pair.shop.do(preparing.keep_sku, preparing.NewSku(code="TOFU", product="豆腐", price_fen=500))
    pair.shop.do(preparing.receive, "TOFU", 9)
    pair.shop.plan("s2", preparing.NewItem(sku="TOFU", kind="on_hand", quantity=9, price_fen=500), *ITEMS[2:])
    pair.shop.do(preparing.open_session, "s2")
    pair.settle()
    order = pair.bought("lin", "s2", TOFU=2, MILK=1)
    free = pair.shop.item("TOFU", "s2")["free"]
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.do(sorting.open_wave, "s2")
    for parcel, sku, units in pair.shop.open_units():
        pair.shop.do(sorting.put, parcel, sku, units)
    pair.settle()
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.item("TOFU", "s2")["ordered"] == 2
    assert pair.shop.item("TOFU", "s2")["quarantine"] == free, "how many may be sold is for a person to say"
    assert {row[:2] for row in pair.recounts()} >= {("new_sku", "TOFU"), ("new_item", "TOFU"), ("minted", "TOFU")}
    assert pair.disagreements() == []
    assert pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order)).units == 3
    pair.settle()
    assert pair.disagreements() == []


def test_rights_that_came_home_and_were_lent_again_are_not_made_twice(pair: Pair) -> None:
    backup = pair.back_up()
    for _ in range(3):
        for grant in pair.cloud.grants():
            if grant.sku == "RICE":
                pair.cloud.give_back(grant.grant_id, 5)
        pair.settle()
        pair.bought("zhao", RICE=1)
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.item("RICE")["minted"] == 20
    assert pair.disagreements() == []


def test_a_restored_box_can_be_restored_again_to_any_day(pair: Pair) -> None:
    oldest = pair.back_up("oldest")
    pair.bought("lin", RICE=1)
    newer = pair.back_up("newer")
    pair.bought("zhao", RICE=1)
    pair.put_back(newer)
    pair.turn(2)
    pair.put_back(newer)
    pair.settle()
    pair.bought("ou", EGGS=1)
    middle = pair.back_up("middle")
    pair.bought("c1", EGGS=1)
    for backup in (oldest, middle, oldest):
        pair.put_back(backup, epoch=int(pair.shop.value("SELECT value FROM keep WHERE name = 'epoch'")) + 10)
        pair.settle()
        assert pair.disagreements() == []
        assert pair.shop.value("SELECT count(*) FROM shop_order") == 4
    assert pair.shop.item("RICE")["minted"] == 20


def test_a_backup_taken_behind_the_fence_goes_on_asking_from_where_the_fence_began(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, was = after_an_evening(pair)
    monkeypatch.setattr(recovery, "AT_ONCE", 3)
    pair.put_back(backup)
    half_ways: list[Path] = []

    def back_up() -> None:
        fence = pair.fence()
        if fence is not None and fence.state == "settling":
            half_ways.append(pair.back_up(f"half-way{len(half_ways)}"))

    pair.after_step = back_up
    while pair.fence() is not None:
        pair.turn()
    pair.after_step = lambda: None
    pair.settle()
    pair.put_back(half_ways[len(half_ways) // 2], epoch=5_000)
    pair.settle()
    assert the_shelf(pair.shop) == was
    assert pair.disagreements() == []


def test_a_file_that_slipped_back_is_noticed_by_what_the_cloud_knows(pair: Pair) -> None:
    order = pair.bought("lin", RICE=1)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    backup = pair.back_up()
    pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order))
    pair.settle()
    pair.slip_back(backup)
    pair.turn(3)
    pair.settle()
    assert pair.shop.value("SELECT why FROM fence") == "overtaken"
    with pytest.raises(Refusal, match="already_collected"):
        pair.shop.do(handing_over.hand_over_by_code, pair.shop.code(order))
    assert pair.disagreements() == []


def test_a_number_out_of_thin_air_raises_no_fence(pair: Pair) -> None:
    bogus = stream.Hello(pair.cloud._stream.epoch, 0, stream.Received(1, 10**9))
    envelope = messages.wrap(bogus, id="bogus", source="cloud", epoch=pair.cloud._stream.epoch, seq=0, at=0)
    for payload in messages.encode([envelope]):
        pair.line.on_down(payload, None)  # type: ignore[arg-type]
    pair.turn(5)
    assert pair.fence() is None


def test_a_cloud_that_lost_its_memory_too_says_so_and_the_owner_decides(pair: Pair) -> None:
    order = pair.bought("lin", RICE=1)
    backup = pair.back_up()
    pair.cloud.stop()
    pair.cloud = pair.new_cloud("empty")
    pair.put_back(backup)
    pair.turn(100)
    fence = pair.fence()
    assert fence is not None
    assert fence.trouble == "cloud_forgot"
    pair.shop.do(restoring.pass_fence, actor="mei")
    pair.settle()
    assert pair.shop.read(imbalances) == {}
    assert pair.shop.line(order, "RICE") == {"quantity": 1}


def test_a_cloud_that_knows_no_echo_says_so_and_the_owner_decides(pair: Pair) -> None:
    pair.bought("lin", RICE=1)
    backup = pair.back_up()
    pair.cloud.know_no_echo()
    pair.put_back(backup)
    pair.turn(100)
    fence = pair.fence()
    assert fence is not None
    assert fence.trouble == "cloud_cannot_tell"
    pair.shop.do(restoring.pass_fence, actor="mei")
    pair.settle()
    assert pair.fence() is None
    assert pair.disagreements() == []


def test_a_cancel_that_nobody_answered_waits_until_it_is_known_how_far_the_order_was(pair: Pair) -> None:
    order = pair.bought("lin", RICE=1)
    backup = pair.back_up()
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    pair.line.connected = False
    pair.cloud.cancel(order)
    pair.put_back(backup)
    pair.settle()
    assert pair.shop.line(order, "RICE") == {"quantity": 1, "put": 1}
    assert pair.cloud.order(order).state == "ready"
    assert [row[1] for row in pair.cloud.rejections()] == ["too_late"]
    assert pair.disagreements() == []


def test_paper_that_was_waiting_may_be_out_already_so_a_person_decides(pair: Pair) -> None:
    pair.bought("lin", RICE=1)
    pair.shop.do(preparing.close_session, "s1")
    pair.shop.sort()
    pair.settle()
    pair.put_back(pair.back_up())
    assert {row[0] for row in pair.shop.sql("SELECT state FROM print_job")} == {"doubtful"}


def test_what_is_learned_is_written_down_and_told_nobody(pair: Pair) -> None:
    backup, _ = after_an_evening(pair)
    pair.put_back(backup)
    pair.settle()
    learned = [event for event in pair.shop.events() if event.recovered]
    kinds = {type(event) for event in learned}
    assert kinds >= {events.OrderAccepted, events.OrderReady, events.OrderHandedOver, events.OrderShort}
    assert pair.shop.value("SELECT count(*) FROM journal WHERE up_seq IS NOT NULL AND data LIKE '%recovered%'") == 0
    assert [type(event) for event in pair.shop.events(events.Restored)] == [events.Restored]


def test_what_the_cloud_says_before_it_has_told_is_not_applied(pair: Pair) -> None:
    pair.bought("lin", RICE=1)
    backup = pair.back_up()
    order = pair.bought("zhao", RICE=2)
    code = pair.cloud.order(order).code
    pair.put_back(backup)
    _, heard = pair.shop.sql("SELECT epoch, seq FROM cursor WHERE name = 'down'")[0]
    pair.cloud._stream._sent = heard
    for payload in messages.encode(pair.cloud._stream._events(heard + 1)):
        pair.line.on_down(payload, Heard())  # type: ignore[arg-type]
    pair.shop.do(nothing)
    assert pair.shop.value("SELECT seq FROM cursor WHERE name = 'down'") == heard
    assert pair.shop.value("SELECT count(*) FROM shop_order") == 1
    pair.settle()
    assert pair.shop.code(order) == code
    assert pair.disagreements() == []


def test_windows_reminders_and_notices_are_known_again(pair: Pair) -> None:
    backup = pair.back_up()
    pair.shop.do(scheduling.add_windows, "s1", *WINDOW, 5, HOUR)
    for who in ("lin", "zhao"):
        pair.bought(who, RICE=1)
    pair.shop.sort()
    pair.shop.do(scheduling.choose, 1, WINDOW[0], WINDOW[0] + HOUR)
    pair.shop.do(scheduling.choose, 2, WINDOW[0] + 3 * HOUR, WINDOW[1])
    pair.shop.clock.now = WINDOW[0] - HOUR // 2
    turn_the_timetable(pair)
    pair.turn(10)
    pair.shop.clock.now = WINDOW[0] + 2 * HOUR
    turn_the_timetable(pair)
    pair.turn(10)
    asked = [event.order_id for event in pair.shop.events(events.ReminderDue)]
    told = [event.order_id for event in pair.shop.events(events.OrderUncollected)]
    assert (len(asked), len(told)) == (1, 1)
    spans = "SELECT order_id, window_from, window_to FROM shop_order ORDER BY order_id"
    windows, chosen = pair.shop.sql("SELECT * FROM pickup_window"), pair.shop.sql(spans)
    pair.put_back(backup)
    pair.shop.clock.now = WINDOW[0] + 2 * HOUR
    pair.settle()
    assert pair.shop.sql("SELECT * FROM pickup_window") == windows and pair.shop.sql(spans) == chosen
    assert [row[0] for row in pair.shop.sql("SELECT step FROM uncollected ORDER BY parcel_id")] == ["told", "window"]
    turn_the_timetable(pair)
    assert pair.shop.events(events.ReminderDue) == [] and pair.shop.events(events.OrderUncollected) == []
    pair.shop.clock.now = WINDOW[0] + 3 * HOUR - HOUR // 2
    turn_the_timetable(pair)
    assert len(pair.shop.events(events.ReminderDue)) == 1
    assert pair.disagreements() == []


def turn_the_timetable(pair: Pair) -> None:
    timetable = Timetable(pair.shop.writer, pair.shop.readers, pair.shop.clock.reading)
    for _ in range(3):
        timetable.step()
