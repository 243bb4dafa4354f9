"""What is long settled is forgotten, by what came after it and never by time; history and whatever is open stay."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUR, HOUSE, WINDOW, LittleShop
from tihuo import timetable
from tihuo.boards import balance
from tihuo.cloud.inbound import park_payload
from tihuo.ledger.journal import last_entry
from tihuo.shop import paper
from tihuo.shop.events import GoodsReceived
from tihuo.shop.work import Work
from tihuo.stages import delegating, forgetting, handing_over, overdue, queueing, reminding, scheduling
from tihuo.timetable import Timetable

YEAR = 365 * 24 * HOUR
KEPT = {
    "the book: what was sold, to whom, where each unit is and what became of it": (
        "journal", "seal", "journal_about", "shop_order", "order_line", "customer", "parcel", "handover_line", "wave",
        "wave_item", "short_pick", "refund_outcome", "service_ticket", "ticket_line", "returned_line", "ticket_photo",
        "live_session", "pickup_window", "item_terms", "item_rights", "grant_terms", "grant_rights", "shortage",
        "unit_move", "stock_move", "correction", "stock_count", "count_line", "delivery", "delivery_line",
        "delivery_count", "purchase_wish", "purchase_list", "purchase_line", "product", "sku",
    ),
    "a code that was renewed is never valid again": ("code_turn",),
    "a row for each device, person, step of the schema or kind of thing": (
        "migration", "keep", "cursor", "dead_lamp", "station", "scan_aside", "shop_user", "guess_door",
    ),
    "goes by itself when what it is about is over": ("uncollected", "astray", "missed_line", "photo_part"),
    "a few rows for each restore; the last one's alone, or until a person has looked": (
        "fence", "echo", "echo_stock", "recount",
    ),
}  # fmt: skip
"""Why -> tables of which nothing is forgotten."""


def tell(work: Work, facts: int) -> None:
    for _ in range(facts):
        work.record(GoodsReceived(sku="RICE", quantity=1))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop with a short memory."""
    monkeypatch.setattr(forgetting, "KEYS_KEPT", 100)
    monkeypatch.setattr(forgetting, "ROWS_KEPT", 5)
    monkeypatch.setattr(forgetting, "MESSAGES_KEPT", 3)
    monkeypatch.setattr(forgetting, "AT_ONCE", 3)
    monkeypatch.setattr(timetable, "FORGET_EVERY", 50)


def table_of(shop: LittleShop) -> Timetable:
    return Timetable(shop.writer, shop.readers, lambda: (0, True, 0))


def keys(shop: LittleShop) -> set[str]:
    return {key for (key,) in shop.sql("SELECT key FROM once")}


def steps(table: Timetable, count: int = 20) -> None:
    for _ in range(count):
        table.step()


@pytest.mark.usefixtures("small")
def test_a_wish_is_known_again_until_enough_has_followed(shop: LittleShop) -> None:
    table = table_of(shop)
    for number in range(20):
        shop.do(tell, 1, once=f"wish {number:02d}")
    shop.do(tell, 100 - 10)
    shop.clock.tick(YEAR)  # a year alone forgets nothing
    steps(table)
    assert keys(shop) == {f"wish {number:02d}" for number in range(9, 20)}
    before = shop.read(last_entry)
    shop.do(tell, 1, once="wish 15")
    assert shop.read(last_entry) == before
    shop.do(tell, 1, once="wish 02")
    assert shop.read(last_entry) == before + 1


@pytest.mark.usefixtures("small")
def test_nothing_is_written_while_there_is_nothing_to_forget(shop: LittleShop) -> None:
    table = table_of(shop)
    shop.do(tell, 49, once="wish")
    commits = shop.writer.commits
    steps(table)
    assert shop.writer.commits == commits


@pytest.mark.usefixtures("small")
def test_settled_paper_visits_and_messages_go_and_open_ones_stay(shop: LittleShop) -> None:
    jobs = [shop.do(paper.queue, "test", f"t{number}", {}) for number in range(20)]
    for job in (*jobs[1:15], *jobs[16:]):
        shop.do(paper.moved, job, ("queued",), "cancelled")
    for number in range(20):
        shop.do(handing_over.check_in, "k1", f"TH1:nothing {number}")
        shop.do(park_payload, b"?", "not_json", "")
    shop.do(lambda work: work.sql("UPDATE parked SET settled_at = 1 WHERE id BETWEEN 2 AND 19") and None)
    steps(table_of(shop))
    assert [row[0] for row in shop.sql("SELECT id FROM print_job")] == [1, *range(16, 21)]
    assert [row[0] for row in shop.sql("SELECT id FROM visit")] == [*range(16, 21)]
    assert [row[0] for row in shop.sql("SELECT id FROM parked")] == [1, *range(18, 21)]
    assert shop.read(balance.imbalances) == {}
    assert shop.do(paper.queue, "test", "next", {}) == 21  # a number is never used twice


@pytest.mark.usefixtures("small")
def test_a_round_goes_on_until_all_is_forgotten_and_the_next_waits_for_enough(shop: LittleShop) -> None:
    table = table_of(shop)
    for number in range(30):
        shop.do(tell, 1, once=f"early {number:02d}")
    shop.do(tell, 200)
    steps(table)
    assert keys(shop) == set()
    for number in range(5):
        shop.do(tell, 1, once=f"late {number}")
    shop.do(tell, 44)
    steps(table)
    assert len(keys(shop)) == 5
    shop.do(tell, 200)
    steps(table)
    assert keys(shop) == set()


def test_of_every_table_it_is_said_whether_it_is_forgotten_or_why_it_is_kept(shop: LittleShop) -> None:
    tables = [name for (name,) in shop.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert sorted([*forgetting.FORGOTTEN, *(table for kept in KEPT.values() for table in kept)]) == sorted(tables)


@pytest.mark.usefixtures("small")
def test_who_was_reminded_did_not_come_or_sent_somebody_is_forgotten_with_orders_that_are_over(
    shop: LittleShop,
) -> None:
    """Order 2 waits on the shelf for years; the others are fetched, but for the part of order 3 that is given up."""
    for number in range(1, 10):
        shop.sell(f"o{number}", f"c{number}", RICE=1, **({"BUNS": 1} if number == 3 else {}))
        shop.do(reminding.note_credits, f"o{number}", "", 1)
        shop.do(scheduling.choose, number, *WINDOW, WINDOW[0])
    shop.do(reminding.note_credits, "", "c1", 1)
    shop.sort()
    for number in (1, 2, 9, 1):
        shop.do(delegating.delegate, number, WINDOW[1], [1], "王大爷")
    shop.clock.now = WINDOW[1]
    shop.do(overdue.move_on)
    (buns,) = shop.sql("SELECT id FROM parcel WHERE zone = 'frozen'")
    shop.do(lambda work: overdue.give_up(work, buns[0], money_back=True, spoiled=True))
    for number in (1, 3, 4, 5, 6, 7, 8, 9):
        shop.do(handing_over.hand_over_by_code, shop.code(f"o{number}"))

    def orders(table: str) -> list[int]:
        return [row[0] for row in shop.sql(f"SELECT order_no FROM {table} ORDER BY 1")]

    assert [orders(table) for table in ("own_time", "reminder", "no_show")] == [[*range(1, 10)]] * 3
    assert orders("given_up") == [3]
    steps(table_of(shop))
    assert [orders(table) for table in ("own_time", "reminder", "no_show")] == [[2, 5, 6, 7, 8, 9]] * 3
    assert orders("given_up") == []
    assert orders("delegation") == [1, 2, 9]  # the newest keeps its number from being used again
    assert {row[0] for row in shop.sql("SELECT delegation_no FROM delegation_line")} == {2, 3, 4}
    assert [row[0] for row in shop.sql("SELECT subject FROM reminder_credit ORDER BY 1")] == [
        "customer:c1", *(f"order:o{number}" for number in (2, 5, 6, 7, 8, 9)),
    ]  # fmt: skip
    assert shop.value("SELECT count(*) FROM shop_order") == 9
    assert shop.do(delegating.delegate, 2, WINDOW[1] + HOUR).delegation == 5
    assert shop.read(balance.imbalances) == {}


@pytest.mark.usefixtures("small")
def test_numbers_of_the_queue_and_batches_of_paper_go_and_open_ones_stay(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, numbers=True))
    for _ in range(20):
        shop.do(queueing.take_number, "k1")
        shop.do(lambda work: work.sql("INSERT INTO print_batch VALUES (NULL, 'x', 'printing', '', 1)") and None)
    shop.do(lambda work: work.sql("UPDATE turn SET state = 'done' WHERE id > 1") and None)
    shop.do(lambda work: paper.queue(work, "test", "t", {}, batch_id=3) and None)
    steps(table_of(shop))
    assert [row[0] for row in shop.sql("SELECT id FROM turn")] == [1, *range(16, 21)]
    assert [row[0] for row in shop.sql("SELECT id FROM print_batch")] == [3, *range(16, 21)]
