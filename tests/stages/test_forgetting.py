"""What is long settled is forgotten, by what came after it and never by time; history and whatever is open stay."""

from __future__ import annotations

import pytest

from tests.little_shop import HOUR, LittleShop
from tihuo import timetable
from tihuo.boards import balance
from tihuo.cloud.inbound import park_payload
from tihuo.ledger.journal import last_entry
from tihuo.shop import paper
from tihuo.shop.events import GoodsReceived
from tihuo.shop.work import Work
from tihuo.stages import forgetting, handing_over
from tihuo.timetable import Timetable

YEAR = 365 * 24 * HOUR


def tell(work: Work, facts: int) -> None:
    for _ in range(facts):
        work.record(GoodsReceived(sku="RICE", quantity=1))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop with a short memory."""
    monkeypatch.setattr(forgetting, "KEYS_KEPT", 100)
    monkeypatch.setattr(forgetting, "ROWS_KEPT", 5)
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
    assert [row[0] for row in shop.sql("SELECT id FROM parked")] == [1, *range(16, 21)]
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
