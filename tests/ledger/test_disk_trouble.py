"""A full or failing disk: everybody in the batch hears of it, nothing is half done, and the shop goes on afterwards."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Make
from tests.little_shop import LittleShop, copy_of
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import PAGE_BYTES, DatabaseTrouble, Readers, check, connect
from tihuo.ledger.keeping import DiskKeeper, Reserve
from tihuo.reactions.paper import PaperDesk, Post
from tihuo.shop import paper
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
    """A file system of 16 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no small file system to fill: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "holiday pictures"
    with suppress(OSError), filler.open("ab", buffering=0) as out:
        while out.write(bytes(1024)):
            pass
    return filler


@pytest.mark.root
def test_a_disk_that_is_really_full(tiny_disk: Path, empty_file: Path) -> None:
    shop = LittleShop(copy_of(empty_file, tiny_disk / "shop.db"))
    shop.do(store, "before")
    filler = fill(tiny_disk)
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


@pytest.mark.root
def test_a_reserve_is_kept_while_there_is_room_and_let_go_when_there_is_none(tiny_disk: Path) -> None:
    reserve = Reserve(tiny_disk / "reserve", 4_000_000)
    assert not reserve.in_use
    filler = fill(tiny_disk)
    reserve.let_go()
    assert reserve.in_use
    (tiny_disk / "the last order").write_bytes(bytes(3_500_000))
    reserve.keep()
    assert reserve.in_use
    filler.unlink()
    reserve.keep()
    assert not reserve.in_use
    assert (tiny_disk / "reserve").stat().st_size == 4_000_000


@pytest.mark.root
def test_a_box_that_starts_on_a_full_disk_has_no_reserve_and_says_so(tiny_disk: Path) -> None:
    fill(tiny_disk)
    assert Reserve(tiny_disk / "reserve").in_use


@pytest.mark.root
def test_a_box_that_starts_on_a_full_disk_lets_its_reserve_go(tiny_disk: Path) -> None:
    Reserve(tiny_disk / "reserve")
    fill(tiny_disk)
    assert Reserve(tiny_disk / "reserve").in_use
    (tiny_disk / "shared index").write_bytes(bytes(32768))


def test_a_reserve_that_was_cut_short_is_taken_anew(tmp_path: Path) -> None:
    place = tmp_path / "reserve"
    place.write_bytes(b"cut")
    assert not Reserve(place, 4096).in_use
    assert place.stat().st_size == 4096


@pytest.mark.root
def test_the_shop_goes_on_by_itself_when_the_disk_does(tiny_disk: Path, seeded_file: Path) -> None:
    shop = LittleShop(copy_of(seeded_file, tiny_disk / "shop.db"))
    told: list[str] = []
    reserve = Reserve(tiny_disk / "reserve")
    keeper = DiskKeeper(shop.writer, shop.path, reserve, lambda: told.append(shop.writer.trouble))
    keeper.step()
    assert (told, keeper.reserve.in_use) == ([], False)
    filler = fill(tiny_disk)
    assert code(shop.writer.write(store, "large", 1_000_000)) == "disk_full"
    keeper.step()
    assert (told, keeper.reserve.in_use) == ([""], True)
    assert shop.do(store, "what was begun", 100_000) == "what was begun"
    keeper.step()
    assert keeper.reserve.in_use

    fill(tiny_disk)
    assert code(shop.writer.write(store, "large", 1_000_000)) == "disk_full"
    keeper.step()
    assert told == ["", "disk_full"]
    filler.unlink()
    keeper.step()
    assert (told, keeper.reserve.in_use) == (["", "disk_full", ""], False)
    assert shop.do(store, "large", 1_000_000) == "large"
    shop.close()


def test_a_shared_index_of_rubbish_is_made_anew(still: LittleShop) -> None:
    """What lies in -shm after a power cut is nobody's business: the log alone counts."""
    still.do(store, "one")
    wal, shm = (still.path.with_name(f"{still.path.name}{end}") for end in ("-wal", "-shm"))
    left = still.path.parent / "left"
    left.mkdir()
    for rubbish in (b"\xa5" * 32768, b"", None):
        for file in (still.path, wal):
            (left / file.name).write_bytes(file.read_bytes())
        (left / shm.name).unlink(missing_ok=True)
        if rubbish is not None:
            (left / shm.name).write_bytes(rubbish)
        shop = LittleShop(left / still.path.name, running=False)
        assert stored(shop) == ["one"]
        shop.do(store, "two")
        shop.close()
        assert check(shop.path) == []


@pytest.mark.root
def test_a_backup_by_root_leaves_nothing_that_the_daemon_may_not_open(still: LittleShop, tmp_path: Path) -> None:
    still.do(store, "one")
    still.close()
    os.chown(still.path, 4321, 4321)
    source = connect(still.path, query_only=True)
    source.execute("SELECT count(*) FROM parked").fetchone()
    beside = {file.name: file.stat().st_uid for file in still.path.parent.glob(f"{still.path.name}-*")}
    source.close()
    assert beside
    assert set(beside.values()) == {4321}


class Paper:
    """A printer that takes everything, and after which nothing can be written down."""

    def __init__(self, path: Path) -> None:
        self.printed = 0
        self.in_the_way = connect(path)

    def batch(self) -> nullcontext[None]:
        return nullcontext()

    def print(self, picture: object, cut: bool) -> None:
        self.printed += 1
        self.in_the_way.execute("BEGIN IMMEDIATE")


def test_paper_whose_end_could_not_be_written_down_is_doubtful_and_not_printed_again(make_shop: Make) -> None:
    shop = make_shop()
    shop.do(paper.queue, "label", "parcel:1", {})
    shop.writer._connection.execute("PRAGMA busy_timeout=20")
    printer = Paper(shop.path)
    post, page = Post("label", ("label",), cut=False), Image.new("1", (8, 8))
    desk = PaperDesk(post, shop.writer, shop.readers, printer, lambda _: page, lambda _: None)  # type: ignore[arg-type]
    with pytest.raises(DatabaseTrouble):
        desk.step()
    printer.in_the_way.close()
    assert shop.sql("SELECT state FROM print_job") == [("sending",)]
    while desk.step():
        pass
    assert shop.sql("SELECT state FROM print_job") == [("doubtful",)]
    assert printer.printed == 1
