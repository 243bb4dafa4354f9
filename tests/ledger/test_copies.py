"""A backup beside a running daemon: whole, of one moment, and there only when it is complete."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import DatabaseTrouble, check, connect, copy
from tihuo.shop.work import Work
from tihuo.stages import handing_over, selling


def fill(work: Work, bytes_: int) -> None:
    """Enough in the file that a copy takes several steps."""
    work.sql(
        "INSERT INTO parked(message_id, reason, detail, payload, at) VALUES ('', '', '', zeroblob(?), 0)", (bytes_,)
    )


def copy_shop(shop: LittleShop, target: Path, **how: object) -> None:
    source = connect(shop.path, query_only=True)
    try:
        copy(source, target, **how)  # type: ignore[arg-type]
    finally:
        source.close()


def test_a_copy_taken_while_everybody_works_opens_and_balances(shop: LittleShop, tmp_path: Path) -> None:
    shop.do(fill, 3_000_000)
    stop, sold = threading.Event(), threading.Event()

    def sell() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            shop.writer.write(selling.accept_order, shop.order(f"o{number}", f"c{number}", RICE=1, BUNS=1)).result(10)
            shop.writer.write(selling.sell_walk_in, "s1", "MILK", 1).exception(10)
            sold.set()

    thread = threading.Thread(target=sell)
    thread.start()
    assert sold.wait(10)
    try:
        for number in range(4):
            copy_shop(shop, tmp_path / f"copy{number}.db")
    finally:
        stop.set()
        thread.join(10)
    orders = []
    for number in range(4):
        path = tmp_path / f"copy{number}.db"
        assert check(path) == []
        again = LittleShop(path, running=False)
        assert again.read(imbalances) == {}
        orders.append(again.value("SELECT count(*) FROM shop_order"))
        again.close()
    assert orders == sorted(orders)
    assert orders[-1] > 0


def test_a_copy_is_of_one_moment_and_commits_do_not_start_it_anew(shop: LittleShop, tmp_path: Path) -> None:
    shop.do(fill, 4_000_000)
    steps: list[int] = []

    def sell_meanwhile(done: int, total: int) -> None:
        steps.append(done)
        assert len(steps) < 50
        shop.sell(f"o{len(steps)}", f"c{len(steps)}", RICE=1)

    copy_shop(shop, tmp_path / "copy.db", progress=sell_meanwhile)
    assert steps == sorted(steps)
    assert len(steps) > 5
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert connection.execute("SELECT count(*) FROM shop_order").fetchone() == (0,)
    assert shop.value("SELECT count(*) FROM shop_order") == len(steps)


def test_a_copy_is_one_file_and_looking_at_it_leaves_it_so(shop: LittleShop, tmp_path: Path) -> None:
    place = tmp_path / "usb stick #1"
    place.mkdir()
    copy_shop(shop, place / "copy.db")
    before = (place / "copy.db").read_bytes()
    assert check(place / "copy.db") == []
    assert [each.name for each in place.iterdir()] == ["copy.db"]
    assert (place / "copy.db").read_bytes() == before
    assert before[18:20] == b"\x01\x01"  # no write-ahead log: it can be read from a stick that is write-protected


def test_a_copy_that_fails_leaves_nothing_and_keeps_the_older_one(shop: LittleShop, tmp_path: Path) -> None:
    shop.do(fill, 1_000_000)
    place = tmp_path / "stick"
    place.mkdir()
    target = place / "copy.db"
    target.write_bytes(b"the backup of yesterday")

    def pull_the_stick_out(done: int, total: int) -> None:
        raise OSError("no such device")

    with pytest.raises(OSError, match="no such device"):
        copy_shop(shop, target, progress=pull_the_stick_out)
    assert [each.name for each in place.iterdir()] == ["copy.db"]
    assert target.read_bytes() == b"the backup of yesterday"


def test_a_copy_to_where_there_is_no_place_is_a_trouble(shop: LittleShop, tmp_path: Path) -> None:
    with pytest.raises(DatabaseTrouble):
        copy_shop(shop, tmp_path / "no such stick" / "copy.db")


def test_a_shop_goes_on_from_its_copy(make_shop: Make, tmp_path: Path) -> None:
    shop = make_shop()
    shop.sell("o1", RICE=2)
    shop.sort()
    copy_shop(shop, tmp_path / "copy.db")
    again = LittleShop(tmp_path / "copy.db")
    assert again.do(handing_over.hand_over_by_code, shop.code("o1")).units == 2
    assert again.read(imbalances) == {}
    assert shop.line("o1", "RICE") == {"quantity": 2, "put": 2}
    again.close()
