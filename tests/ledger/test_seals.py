"""封存: the journal is sealed soon after it was written, and whatever is changed afterwards is named."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.cli.verifying import verify
from tihuo.ledger import proving, seals
from tihuo.ledger.database import Readers
from tihuo.ledger.marks import Finding
from tihuo.ledger.proving import Walk
from tihuo.ledger.seals import Head, Sealer
from tihuo.shop.events import Event, GoodsReceived, OrderShort, Refund, SessionOpened
from tihuo.shop.work import Work


def tell(work: Work, *facts: Event) -> None:
    for event in facts:
        work.record(event)


def facts(first: int, count: int) -> list[Event]:
    """Facts that go to the cloud and facts that do not, no two alike."""
    kinds: list[Callable[[int], Event]] = [
        lambda n: GoodsReceived(sku=f"n{n}", quantity=n + 1),
        lambda n: SessionOpened(session_id=f"场次{n}"),
        lambda n: OrderShort(order_id=f"o{n}", lines=(), refund=Refund(f"o{n}-r1", n)),
    ]
    return [kinds[n % 3](n) for n in range(first, first + count)]


class Hand(Sealer):
    """A sealer whose writer is stepped by hand, too."""

    def __init__(self, shop: LittleShop, **how: float) -> None:
        self.now = 100.0
        super().__init__(shop.writer, shop.readers, stopwatch=lambda: self.now, **how)


@pytest.fixture
def still(make_shop: Make) -> LittleShop:
    return make_shop(seeded=False)


def sealed_file(shop: LittleShop, *sizes: int) -> Path:
    """A closed database with pieces of these sizes."""
    done = 0
    for size in sizes:
        shop.do(tell, *facts(done, size))
        done += size
        assert Hand(shop).step() is False
    shop.close()
    return shop.path


def findings(path: Path) -> list[Finding]:
    readers = Readers(path)
    try:
        with readers.look() as look:
            return list(proving.walk(look))
    finally:
        readers.close()


def tampered(path: Path, *statements: str) -> list[Finding]:
    """What is found after somebody worked on a copy of the file, triggers out of her way."""
    copy = path.with_name("tampered.db")
    shutil.copyfile(path, copy)
    connection = sqlite3.connect(copy)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return findings(copy)


def test_what_was_committed_is_sealed_soon_and_once(still: LittleShop) -> None:
    sealer = Hand(still, soon=20)
    sealer.step()
    still.do(tell, *facts(0, 3))
    assert sealer.step() is False
    assert still.read(seals.head) is None, "a piece is not a commit for each entry"
    sealer.now += 20
    sealer.step()
    head = still.read(seals.head)
    assert head is not None and head.entry == 3
    sealer.now += 100
    sealer.step()
    assert still.read(seals.head) == head
    assert still.sql("SELECT count(*) FROM seal") == [(1,)]


def test_many_are_sealed_at_once_in_pieces(still: LittleShop) -> None:
    sealer = Hand(still, soon=20)
    sealer.step()
    still.do(tell, *facts(0, 2 * seals.PIECE + 5))
    assert [sealer.step(), sealer.step(), sealer.step()] == [True, True, False]
    assert still.sql("SELECT entry FROM seal") == [(seals.PIECE,), (2 * seals.PIECE,)]
    assert still.read(seals.unsealed) == 5


def test_nothing_new_writes_nothing(still: LittleShop) -> None:
    still.do(tell, *facts(0, 3))
    sealer = Hand(still)
    sealer.step()
    commits = still.writer.commits
    for _ in range(10):
        sealer.now += 1000
        sealer.step()
    assert still.writer.commits == commits


def test_a_seal_waits_while_orders_are_queued_but_not_for_ever(make_shop: Make) -> None:
    shop = make_shop(seeded=False, running=False)
    shop.do(tell, *facts(0, 3))
    sealer = Hand(shop)
    shop.writer.write(tell)  # and nobody runs it
    sealer.step()
    assert shop.writer.waiting == 1
    sealer.now += seals.LATEST
    shop.writer.start()
    shop.running = True
    sealer.step()
    assert shop.read(seals.unsealed) == 0


def test_what_a_power_cut_left_open_is_sealed_at_the_next_start(still: LittleShop) -> None:
    still.do(tell, *facts(0, 3))
    still.close()
    again = LittleShop(still.path)
    Hand(again).step()
    assert again.read(seals.unsealed) == 0
    again.close()
    assert findings(still.path) == []


def test_a_stop_seals_what_is_there_and_what_is_still_queued(still: LittleShop) -> None:
    sealer = Hand(still)
    still.do(tell, *facts(0, 2 * seals.PIECE + 5))
    sealer.finish()
    assert still.read(seals.unsealed) == 0 and still.sql("SELECT count(*) FROM seal") == [(3,)]
    sealer.finish()
    assert still.sql("SELECT count(*) FROM seal") == [(3,)], "and writes nothing where nothing is open"

    begun = threading.Event()

    def late(work: Work) -> None:
        begun.set()
        until = time.monotonic() + 2
        while not still.writer.waiting and time.monotonic() < until:  # till somebody waits behind it
            pass
        tell(work, *facts(2000, 1))

    told = still.writer.write(late)
    assert begun.wait(10)
    sealer.finish()
    told.result(10)
    assert still.read(seals.unsealed) == 0


def test_a_stop_goes_on_where_nothing_can_be_sealed(still: LittleShop, caplog: pytest.LogCaptureFixture) -> None:
    sealer = Hand(still)
    still.do(tell, *facts(0, 300))
    still.do(lambda work: work.sql("PRAGMA max_page_count = 1"))
    sealer.finish()
    assert still.read(seals.unsealed) == 300 and "at the next start" in caplog.text
    still.do(lambda work: work.sql("PRAGMA max_page_count = 1000000"))
    caplog.clear()
    slow = threading.Event()
    still.writer.write(lambda work: slow.wait(10))  # a disk that takes its time
    sealer.finish(within=0.05)
    assert still.read(seals.unsealed) == 300 and "TimeoutError" in caplog.text
    slow.set()


def test_two_who_seal_the_same_make_one_seal(still: LittleShop) -> None:
    still.do(tell, *facts(0, 3))
    with still.readers.look() as look:
        digests = seals.digests_of(look, 1, 3)
    assert still.do(seals.seal, 0, digests) is not None
    assert still.do(seals.seal, 0, digests) is None


@pytest.mark.parametrize("statement", ["UPDATE seal SET at = 1", "DELETE FROM seal"])
def test_a_seal_is_never_changed(still: LittleShop, statement: str) -> None:
    still.do(tell, *facts(0, 3))
    Hand(still).step()
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        still.do(lambda work: work.sql(statement))


def test_both_clocks_stand_in_the_journal(still: LittleShop) -> None:
    still.clock.off = 5000
    still.do(tell, *facts(0, 1))
    assert still.sql("SELECT at - ticks, sure FROM journal") == [(5000, 1)]


def test_a_journal_as_it_was_has_nothing_to_find(still: LittleShop) -> None:
    path = sealed_file(still, 40, 3, 40)
    assert findings(path) == []
    readers = Readers(path)
    with readers.look() as look:
        walk = Walk()
        assert list(proving.walk(look, walk)) == []
        assert (walk.entries, walk.pieces, walk.sealed, walk.epochs) == (83, 3, 83, [(1, 1)])
        assert proving.newest_is_whole(look)
    readers.close()


CHANGES = {
    "at": "at + 1", "sure": "1 - sure", "actor": "actor || ' '", "kind": "upper(kind)", "data": "CAST(data AS TEXT)",
    "up_epoch": "coalesce(up_epoch, 0) + 1", "up_seq": "coalesce(up_seq, 0) + 1000", "ticks": "ticks - 1",
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("entry", [1, 39, 40, 41, 43, 44, 83])
def test_an_edited_value_is_named(still: LittleShop, column: str, entry: int) -> None:
    path = sealed_file(still, 40, 3, 40)
    found = tampered(path, f"UPDATE journal SET {column} = {CHANGES[column]} WHERE entry = {entry}")
    assert found == [Finding("edited", entry, entry)]


def test_every_edited_entry_is_named(still: LittleShop) -> None:
    path = sealed_file(still, 40, 3, 40)
    found = tampered(path, "UPDATE journal SET actor = 'nobody' WHERE entry IN (2, 41, 42, 80)")
    assert found == [Finding("edited", entry, entry) for entry in (2, 41, 42, 80)]


@pytest.mark.parametrize("entry", [1, 40, 41, 60, 83])
def test_a_removed_entry_is_named(still: LittleShop, entry: int) -> None:
    path = sealed_file(still, 40, 3, 40)
    assert tampered(path, f"DELETE FROM journal WHERE entry = {entry}") == [Finding("removed", entry, entry)]


@pytest.mark.parametrize("entry", [2, 20, 38, 42, 50])
@pytest.mark.parametrize("count", [1, 3])
def test_an_entry_that_is_removed_and_closed_up_is_named(still: LittleShop, entry: int, count: int) -> None:
    path = sealed_file(still, 40, 3, 60)
    found = tampered(
        path,
        f"DELETE FROM journal WHERE entry BETWEEN {entry} AND {entry + count - 1}",
        f"UPDATE journal SET entry = -entry WHERE entry > {entry}",
        f"UPDATE journal SET entry = -entry - {count} WHERE entry < 0",
    )
    assert found[0] == Finding("removed", entry, entry + count - 1)
    assert {(finding.what, finding.by) for finding in found[1:]} <= {("moved", -count), ("removed", 0)}
    assert found[-1].last == 103


@pytest.mark.parametrize("entry", [1, 20, 39, 41, 60])
@pytest.mark.parametrize("count", [1, 2])
def test_an_inserted_entry_is_named(still: LittleShop, entry: int, count: int) -> None:
    path = sealed_file(still, 40, 3, 60)
    like = "at, sure, 'x', kind, data, NULL, NULL, ticks FROM journal WHERE entry = 9"
    stranger = f"INSERT INTO journal SELECT {{}}, {like}"
    found = tampered(
        path,
        f"UPDATE journal SET entry = -entry WHERE entry >= {entry}",
        f"UPDATE journal SET entry = -entry + {count} WHERE entry < 0",
        *(stranger.format(entry + n) for n in range(count)),
    )
    assert found[0] == Finding("inserted", entry, entry + count - 1)
    assert {(finding.what, finding.by) for finding in found[1:]} <= {("moved", count)}
    assert found[-1].last == 103


def test_entries_before_the_first_are_named(still: LittleShop) -> None:
    path = sealed_file(still, 10)
    stranger = "INSERT INTO journal SELECT -entry, at, sure, actor, kind, data, NULL, NULL, ticks FROM journal"
    assert tampered(path, stranger + " WHERE entry < 3") == [Finding("inserted", -2, -1)]


@pytest.mark.parametrize(("one", "other"), [(1, 2), (5, 40), (44, 80)])
def test_swapped_entries_are_named(still: LittleShop, one: int, other: int) -> None:
    path = sealed_file(still, 40, 3, 40)
    found = tampered(
        path,
        f"UPDATE journal SET entry = 0 WHERE entry = {one}",
        f"UPDATE journal SET entry = {one} WHERE entry = {other}",
        f"UPDATE journal SET entry = {other} WHERE entry = 0",
    )
    assert found == [Finding("swapped", one, other)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM seal WHERE entry = 40", [("seal_removed", 1, 40)]),
        ("DELETE FROM seal WHERE entry = 43", [("seal_removed", 41, 43)]),
        ("UPDATE seal SET at = at + 1 WHERE entry = 43", [("seal_edited", 41, 43)]),
        ("UPDATE seal SET epoch = 7 WHERE entry = 43", [("seal_edited", 41, 43)]),
        ("UPDATE seal SET ticks = 'no' WHERE entry = 43", [("seal_edited", 41, 43)]),
        ("UPDATE seal SET marks = zeroblob(12) WHERE entry = 43", [("seal_edited", 41, 43)]),
        ("UPDATE seal SET marks = x'00' WHERE entry = 43", [("seal_edited", 41, 43)]),
        ("UPDATE seal SET hash = zeroblob(32) WHERE entry = 43", [("chain_broken", 41, 43), ("chain_broken", 44, 83)]),
        ("UPDATE seal SET body = zeroblob(32) WHERE entry = 83", [("seal_edited", 44, 83), ("chain_broken", 44, 83)]),
        ("UPDATE seal SET entry = 42 WHERE entry = 43", None),
    ],
)
def test_an_edited_seal_is_named(
    still: LittleShop, statement: str, expected: list[tuple[str, int, int]] | None
) -> None:
    path = sealed_file(still, 40, 3, 40)
    found = [(finding.what, finding.entry, finding.last) for finding in tampered(path, statement)]
    assert found
    assert expected is None or found == expected


def test_an_entry_that_was_edited_with_its_mark_and_body_breaks_the_chain(still: LittleShop) -> None:
    """Somebody who knows how it is made, and stops half way: nothing less than all that follows would do."""
    path = sealed_file(still, 40, 3, 40)
    copy = path.with_name("clever.db")
    shutil.copyfile(path, copy)
    connection = sqlite3.connect(copy)
    connection.execute("DROP TRIGGER journal_is_never_changed")
    connection.execute("DROP TRIGGER seal_is_never_changed")
    connection.execute("UPDATE journal SET actor = 'nobody' WHERE entry = 42")
    connection.commit()
    connection.close()
    readers = Readers(copy)
    with readers.look() as look:
        digests = seals.digests_of(look, 41, 43)
        (seal,) = seals.seals_after(look, 42, 1)
    readers.close()
    body = seals.body_of(41, 43, seal.epoch, seal.at, seal.sure, seal.ticks, digests)
    marks = b"".join(each[:4] for each in digests)
    connection = sqlite3.connect(copy)
    connection.execute("UPDATE seal SET body = ?, marks = ? WHERE entry = 43", (body, marks))
    connection.commit()
    connection.close()
    assert findings(copy) == [Finding("chain_broken", 41, 43)]


def test_a_rewritten_chain_differs_from_the_head_that_was_told(still: LittleShop) -> None:
    path = sealed_file(still, 40, 3)
    readers = Readers(path)
    with readers.look() as look:
        head = seals.head(look)
        assert head is not None
        assert proving.differs(look, head) is None
        assert proving.differs(look, Head(head.entry, head.hash[:16])) is None
    readers.close()
    connection = sqlite3.connect(path)
    for trigger in ("journal_is_never_changed", "seal_is_never_cut"):
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute("UPDATE journal SET actor = 'nobody' WHERE entry = 3")
    connection.execute("DELETE FROM seal")
    connection.commit()
    connection.close()
    again = LittleShop(path)
    Hand(again).step()
    with again.readers.look() as look:
        assert list(proving.walk(look)) == [], "the box's own owner can seal anew"
        assert proving.differs(look, head) == Finding("other_head", 43, 43)
    again.close()


def test_a_backup_that_was_put_back_goes_on_as_a_fork_that_shows(still: LittleShop) -> None:
    still.do(tell, *facts(0, 5))
    Hand(still).step()
    backup = still.path.with_name("backup.db")
    still.close()
    shutil.copyfile(still.path, backup)
    lost = LittleShop(still.path)
    lost.do(tell, *facts(5, 5))
    Hand(lost).step()
    told = lost.read(seals.head)
    lost.close()
    connection = sqlite3.connect(backup)
    connection.execute("UPDATE keep SET value = '1800000000' WHERE name = 'epoch'")
    connection.commit()
    connection.close()
    restored = LittleShop(backup)
    restored.do(tell, *facts(50, 5))
    Hand(restored).step()
    with restored.readers.look() as look:
        walk = Walk()
        assert list(proving.walk(look, walk)) == []
        assert walk.epochs == [(1, 1), (6, 1_800_000_000)]
        assert told is not None and proving.differs(look, told) == Finding("other_head", 10, 10)
    restored.close()


@pytest.fixture(scope="module")
def long_file(empty_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "shop.db"
    shutil.copyfile(empty_file, path)
    return sealed_file(LittleShop(path), 30, 1, 25)


def said(path: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    try:
        return [
            (table, *connection.execute(f"SELECT *, {types} FROM {table} ORDER BY entry").fetchall())
            for table, types in (("journal", "typeof(data), typeof(actor), typeof(kind)"), ("seal", "typeof(marks)"))
        ]
    finally:
        connection.close()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_byte_flipped_anywhere_in_the_file_is_found_or_says_nothing_else(
    long_file: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Whatever of the journal or its seals reads differently afterwards is found, by SQLite or by the walk."""
    content = bytearray(long_file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "flipped.db"
    path.write_bytes(content)
    assert not verify(path, []).sound or said(path) == said(long_file)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_any_value_is_found(long_file: Path, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "flipped.db"
    shutil.copyfile(long_file, path)
    table, column = data.draw(
        st.sampled_from(
            [("journal", name) for name in CHANGES] + [("seal", name) for name in ("body", "hash", "marks")]
        )
    )
    connection = sqlite3.connect(path)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {trigger}")
    rows = connection.execute(f"SELECT entry, {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
    entry, value = data.draw(st.sampled_from(rows))
    if isinstance(value, int):
        changed: object = value ^ (1 << data.draw(st.integers(0, 40)))
    else:
        text = bytearray(value if isinstance(value, bytes) else value.encode())
        text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 6))
        changed = bytes(text) if isinstance(value, bytes) else text.decode("utf-8", "replace")
    connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE entry = ?", (changed, entry))
    connection.commit()
    connection.close()
    assert findings(path)


def test_a_disk_that_takes_nothing_is_asked_again_later(still: LittleShop) -> None:
    sealer = Hand(still, soon=20)
    still.do(tell, *facts(0, 300))
    still.do(lambda work: work.sql("PRAGMA max_page_count = 1"))
    assert sealer.step() is False
    assert still.read(seals.unsealed) == 300
    still.do(lambda work: work.sql("PRAGMA max_page_count = 1000000"))
    sealer.step()
    assert still.read(seals.unsealed) == 300, "not every second"
    sealer.now += 20
    sealer.step()
    assert still.read(seals.unsealed) == 0
