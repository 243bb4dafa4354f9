"""A full or failing disk: everybody in the batch hears of it, nothing is half done, and the shop goes on afterwards."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop, copy_of
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import PAGE_BYTES, DatabaseTrouble, Readers, check, connect
from tihuo.shop.events import MessageParked, SessionOpened
from tihuo.shop.work import Work
from tihuo.stages import selling


def store(work: Work, name: str, size: int = 10) -> str:
    """A fact for the shop, one for the cloud, and `size` bytes."""
    work.sql(
        "INSERT INTO parked(message_id, reason, detail, payload, at) VALUES (?, '', '', zeroblob(?), 0)", (name, size)
    )
    work.record(MessageParked(parked_id=1, message_id=name, reason="test"))
    work.record(SessionOpened(session_id=name))
    return name


def stored(shop: LittleShop) -> list[str]:
    return [name for (name,) in shop.sql("SELECT message_id FROM parked ORDER BY id")]


def numbers(shop: LittleShop) -> list[tuple[int, int]]:
    return shop.sql("SELECT entry, up_seq FROM journal WHERE up_seq IS NOT NULL ORDER BY entry")


def room_for(work: Work, pages: int) -> None:
    now = work.one("PRAGMA page_count")
    assert now is not None
    work.sql(f"PRAGMA max_page_count={now[0] + pages}")


def code(answer: Future[Any]) -> str:
    trouble = answer.exception(10)
    assert isinstance(trouble, DatabaseTrouble), trouble
    return trouble.code


@pytest.fixture
def still(make_shop: Make) -> LittleShop:
    return make_shop(seeded=False, running=False)


def test_a_full_disk_fails_the_whole_batch_and_is_forgotten_when_there_is_room(still: LittleShop) -> None:
    heard: list[int] = []
    still.writer.listen(lambda events: heard.append(len(events)))
    still.do(store, "before")
    still.do(room_for, 50)
    small = still.writer.write(store, "small", once="small")
    large = still.writer.write(store, "large", 1_000_000)
    still.writer.step(0)
    assert [code(answer) for answer in (small, large)] == ["disk_full"] * 2
    assert still.writer.trouble == "disk_full"
    assert stored(still) == ["before"]

    still.do(room_for, 5000)
    assert still.writer.trouble == ""
    assert still.do(store, "small", once="small") == "small"
    assert still.do(store, "large", 1_000_000) == "large"
    assert stored(still) == ["before", "small", "large"]
    assert numbers(still) == [(2, 1), (4, 2), (6, 3)]
    assert heard == [2, 2, 2]


def test_an_order_that_finds_the_disk_full_is_not_half_taken(make_shop: Make) -> None:
    shop = make_shop(running=False)
    before = shop.item("RICE")
    shop.do(room_for, 3)
    answers = [shop.writer.write(selling.accept_order, shop.order(f"o{n}", f"c{n}", RICE=1)) for n in range(12)]
    while shop.writer.step(0):
        pass
    assert {code(answer) for answer in answers} == {"disk_full"}
    assert shop.item("RICE") == before
    assert shop.read(imbalances) == {}
    shop.do(room_for, 5000)
    assert [shop.sell(f"o{n}", f"c{n}", RICE=1) for n in range(12)] == ["accepted"] * 12
    assert shop.read(imbalances) == {}


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Writes past this size fail for this process, as on a card that breaks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_commit_that_fails_on_the_disk_is_nobodys_yes(still: LittleShop) -> None:
    still.do(store, "before", 400_000)
    wal = still.path.with_name(f"{still.path.name}-wal")
    answers = [still.writer.write(store, f"n{number}", 2000) for number in range(5)]
    with no_file_beyond(wal.stat().st_size):
        still.writer.step(0)
        assert {code(answer) for answer in answers} == {"disk_failed"}
        assert still.writer.trouble == "disk_failed"
        assert stored(still) == ["before"]
        beside = still.writer.write(store, "beside")
        too_large_to_wait_for_the_commit = still.writer.write(store, "large", 20_000_000)
        still.writer.step(0)
        assert {code(beside), code(too_large_to_wait_for_the_commit)} == {"disk_failed"}
    assert still.do(store, "after") == "after"
    assert still.writer.trouble == ""
    assert stored(still) == ["before", "after"]
    assert numbers(still) == [(2, 1), (4, 2)]
    assert check(still.path) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small file system to fill: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.root
def test_a_disk_that_is_really_full(tiny_disk: Path, empty_file: Path) -> None:
    shop = LittleShop(copy_of(empty_file, tiny_disk / "shop.db"))
    shop.do(store, "before")
    filler = tiny_disk / "holiday pictures"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while out.write(bytes(1024)):
            pass
    answers = [shop.writer.write(store, f"n{number}", 3000) for number in range(20)]
    assert {code(answer) for answer in answers} == {"disk_full"}
    assert shop.writer.trouble == "disk_full"
    filler.unlink()
    assert shop.do(store, "after") == "after"
    assert stored(shop) == ["before", "after"]
    assert numbers(shop) == [(2, 1), (4, 2)]
    shop.close()
    assert check(shop.path) == []


def test_a_database_that_somebody_else_holds_is_busy(still: LittleShop) -> None:
    still.do(lambda work: work.sql("PRAGMA busy_timeout=20"))
    other = connect(still.path)
    other.execute("BEGIN IMMEDIATE")
    answer = still.writer.write(store, "waiting")
    still.writer.step(0)
    other.close()
    assert code(answer) == "database_busy"
    assert still.do(store, "now") == "now"


def spoil(path: Path, table: str) -> None:
    """Overwrite the first page of a table, behind everybody's back."""
    connection = sqlite3.connect(path)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xa5" * PAGE_BYTES)


def test_a_damaged_page_is_found_by_the_check_and_named_by_readers_and_writer(make_shop: Make) -> None:
    shop = make_shop(running=False)
    shop.close()
    assert check(shop.path) == []
    spoil(shop.path, "customer")
    assert check(shop.path) != []
    again = LittleShop(shop.path, running=False)
    try:
        with pytest.raises(DatabaseTrouble) as trouble:
            again.sql("SELECT * FROM customer")
        assert trouble.value.code == "database_damaged"
        with pytest.raises(DatabaseTrouble) as trouble:
            again.sell("o1", RICE=1)
        assert trouble.value.code == "database_damaged"
        assert again.value("SELECT count(*) FROM sku") == 4
    finally:
        again.close()


def test_an_index_that_says_something_else_than_its_table_is_found(make_shop: Make) -> None:
    shop = make_shop(running=False)
    shop.close()
    data = shop.path.read_bytes()
    name = "大米".encode()
    assert data.count(name) == 2  # in the table, and in its unique index
    shop.path.write_bytes(data.replace(name, "大豆".encode(), 1))
    assert check(shop.path) != []


def test_the_check_of_a_file_that_is_missing_or_no_database_says_so(tmp_path: Path) -> None:
    assert check(tmp_path / "nowhere.db") != []
    assert list(tmp_path.iterdir()) == []
    strange = tmp_path / "strange.db"
    strange.write_bytes(b"an owner's holiday picture" * 1000)
    assert check(strange) != []


def test_readers_of_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseTrouble):
        Readers(tmp_path / "nowhere.db").read(lambda look: look.one("SELECT 1 FROM sku"))
    assert list(tmp_path.iterdir()) == []


def test_a_batch_that_failed_leaves_no_key_taken(still: LittleShop) -> None:
    still.do(room_for, 20)
    first = still.writer.write(store, "wish", once="wish")
    still.writer.write(store, "large", 1_000_000)
    still.writer.step(0)
    assert code(first) == "disk_full"
    still.do(room_for, 5000)
    assert still.value("SELECT count(*) FROM once") == 0
    assert still.do(store, "wish", once="wish") == "wish"
