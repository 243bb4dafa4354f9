"""Readers see whole moments that are committed, and can change nothing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.ledger.database import DatabaseTrouble
from tihuo.shop.work import Work

pytestmark = pytest.mark.slow


def set_pair(work: Work, value: int) -> None:
    """Two rows that only ever change together."""
    work.sql("INSERT OR REPLACE INTO keep VALUES ('left', ?), ('right', ?)", (value, value))


@pytest.mark.parametrize(
    "statement", ["UPDATE sku SET on_hand = 0", "DELETE FROM keep", "CREATE TABLE mine(a)", "DROP TABLE sku"]
)
def test_a_reader_can_change_nothing(shop: LittleShop, statement: str) -> None:
    with pytest.raises(DatabaseTrouble, match="readonly"):
        shop.sql(statement)
    assert shop.value("SELECT count(*) FROM sku") == 4


def test_a_look_is_one_moment_whatever_happens_meanwhile(shop: LittleShop) -> None:
    shop.do(set_pair, 1)
    with shop.readers.look() as look:
        assert look.one("SELECT value FROM keep WHERE name = 'left'") == ("1",)
        shop.do(set_pair, 2)
        assert look.one("SELECT value FROM keep WHERE name = 'right'") == ("1",)
    assert shop.value("SELECT value FROM keep WHERE name = 'right'") == "2"


def test_what_is_not_committed_is_not_seen(make_shop: Make) -> None:
    shop = make_shop(running=False)
    seen = []

    def job(work: Work) -> None:
        set_pair(work, 5)
        seen.append(shop.sql("SELECT value FROM keep WHERE name = 'left'"))

    shop.do(job)
    assert seen == [[]]
    assert shop.value("SELECT value FROM keep WHERE name = 'left'") == "5"


def test_readers_on_many_threads_see_whole_moments_under_load(shop: LittleShop) -> None:
    shop.do(set_pair, 0)
    stop = threading.Event()
    torn: list[tuple[str, str]] = []
    looks = [0] * 4

    def read(number: int) -> None:
        while not stop.is_set():
            with shop.readers.look() as look:
                left = look.rows("SELECT value FROM keep WHERE name = 'left'")[0][0]
                right = look.rows("SELECT value FROM keep WHERE name = 'right'")[0][0]
            looks[number] += 1
            if left != right:
                torn.append((left, right))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for value in range(120):
        shop.do(set_pair, value)
    stop.set()
    for thread in threads:
        thread.join(10)
    assert torn == []
    assert all(looks)


def open_files(path: Path) -> int:
    return sum(1 for link in Path("/proc/self/fd").iterdir() if link.exists() and str(path) in str(link.resolve()))


def test_threads_that_come_and_go_leave_no_connection_behind(shop: LittleShop) -> None:
    shop.value("SELECT 1")
    before = open_files(shop.path)
    for _ in range(30):
        thread = threading.Thread(target=shop.value, args=("SELECT count(*) FROM sku",))
        thread.start()
        thread.join(10)
    assert open_files(shop.path) == before


def test_looks_may_overlap_on_one_thread(shop: LittleShop) -> None:
    with ExitStack() as stack:
        looks = [stack.enter_context(shop.readers.look()) for _ in range(5)]
        assert {look.one("SELECT count(*) FROM sku") for look in looks} == {(4,)}


def test_a_look_that_fails_spoils_no_later_one(shop: LittleShop) -> None:
    with pytest.raises(sqlite3.OperationalError, match="hue"):
        shop.sql("SELECT hue FROM sku")
    with pytest.raises(KeyError):
        shop.read(lambda look: dict(look.rows("SELECT name, value FROM keep"))["nothing"])
    shop.sell("o1", RICE=1)
    assert shop.value("SELECT count(*) FROM shop_order") == 1


def test_closing_closes_the_looks_that_are_under_way_as_they_end(make_shop: Make) -> None:
    shop = make_shop()
    with shop.readers.look() as look:
        shop.readers.close()
        assert look.one("SELECT count(*) FROM sku") == (4,)
    shop.writer.close()
    assert open_files(shop.path) == 0
