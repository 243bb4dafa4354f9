"""流水: facts are written once and read in order; a follower goes on where it was, and never gives up."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.ledger import journal
from tihuo.ledger.journal import Follower, cursor, entries_after, last_entry, move_cursor, outgoing_after, outgoing_head
from tihuo.shop import events
from tihuo.shop.events import Event, GoodsReceived, LineQuantity, OrderShort, Refund, SessionOpened, all_kinds
from tihuo.shop.work import Work


def tell(work: Work, *facts: Event) -> None:
    for event in facts:
        work.record(event)


@pytest.fixture
def still(make_shop: Make) -> LittleShop:
    return make_shop(seeded=False, running=False)


@pytest.mark.parametrize("statement", ["UPDATE journal SET actor = 'nobody'", "DELETE FROM journal WHERE entry = 1"])
def test_the_journal_is_never_changed(still: LittleShop, statement: str) -> None:
    still.do(tell, GoodsReceived(sku="RICE", quantity=1))
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        still.do(lambda work: work.sql(statement))
    assert still.sql("SELECT entry, actor FROM journal") == [(1, "box")]


def test_a_fact_comes_back_as_it_was(still: LittleShop) -> None:
    fact = OrderShort(order_id="o1", lines=(LineQuantity("l1", 2, "short"),), refund=Refund("o1-r1", 250))
    still.do(tell, fact, actor="店员小李")
    (entry,) = still.read(entries_after, 0)
    assert (entry.entry, entry.at, entry.actor, entry.event, entry.seq) == (1, still.clock.now, "店员小李", fact, 1)


def test_every_kind_of_fact_has_a_name_of_its_own() -> None:
    kinds = all_kinds()
    defined = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    assert len(kinds) == len([kind for kind in defined if not kind.__subclasses__()]) > 20
    assert all(kind.__struct_config__.tag == name for name, kind in kinds.items())


def test_only_what_the_cloud_must_know_is_in_its_stream(still: LittleShop) -> None:
    still.do(
        tell, SessionOpened(session_id="s1"), GoodsReceived(sku="RICE", quantity=1), SessionOpened(session_id="s2")
    )
    still.do(tell, SessionOpened(session_id="s3"))
    assert [entry.seq for entry in still.read(entries_after, 0)] == [1, None, 2, 3]
    assert [entry.event.session_id for entry in still.read(outgoing_after, 1, 1)] == ["s2", "s3"]
    assert [entry.entry for entry in still.read(outgoing_after, 1, 0, 2)] == [1, 3]
    assert (still.read(outgoing_head, 1), still.read(outgoing_head, 2), still.read(last_entry)) == (3, 0, 4)


def test_a_new_epoch_counts_from_one_again(still: LittleShop) -> None:
    still.do(tell, SessionOpened(session_id="s1"))
    still.close()
    connection = sqlite3.connect(still.path)
    with connection:
        connection.execute("UPDATE keep SET value = '1800000000' WHERE name = 'epoch'")
    connection.close()
    restored = LittleShop(still.path, running=False)
    restored.do(tell, SessionOpened(session_id="s2"))
    assert restored.do(lambda work: work.epoch) == 1_800_000_000
    assert [entry.event.session_id for entry in restored.read(outgoing_after, 1_800_000_000, 0)] == ["s2"]
    assert [entry.event.session_id for entry in restored.read(outgoing_after, 1, 0)] == ["s1"]
    assert restored.read(outgoing_head, 1_800_000_000) == 1
    restored.close()


def test_reading_on_from_the_last_entry_misses_nothing(still: LittleShop) -> None:
    for number in range(25):
        still.do(tell, *[GoodsReceived(sku=f"n{number}", quantity=1)] * (number % 3))
    seen: list[int] = []
    while more := still.read(entries_after, seen[-1] if seen else 0, 4):
        seen += [entry.entry for entry in more]
    assert seen == list(range(1, still.read(last_entry) + 1))


def test_a_cursor_stays_where_it_was_put(still: LittleShop) -> None:
    assert still.read(cursor, "up") == (0, 0)
    still.do(move_cursor, "up", 1, 7)
    still.do(move_cursor, "down", 3, 1)
    still.do(move_cursor, "up", 2, 4)
    assert (still.read(cursor, "up"), still.read(cursor, "down")) == ((2, 4), (3, 1))


Start = Callable[..., Follower]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts followers and stops them all."""
    followers: list[Follower] = []

    def start(step: Callable[[], bool], **options: float) -> Follower:
        followers.append(Follower("test follower", step, **options))
        followers[-1].start()
        return followers[-1]

    yield start
    for follower in followers:
        follower.ask_to_stop()
        follower.join(5)
        assert not follower.is_alive()


def test_a_follower_goes_on_at_once_while_there_is_more(start: Start) -> None:
    left = [3, 2, 1, 0]
    done = threading.Event()

    def step() -> bool:
        more = left.pop(0) if left else 0
        if not left:
            done.set()
        return bool(more)

    start(step, period=60)
    assert done.wait(5)


def test_a_follower_wakes_when_it_is_told(start: Start) -> None:
    stepped = threading.Semaphore(0)

    def step() -> bool:
        stepped.release()
        return False

    follower = start(step, period=60)
    for _ in range(3):
        assert stepped.acquire(timeout=5)
        follower.wake()


def test_a_follower_that_fails_says_so_and_tries_again_after_growing_pauses(
    start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LONGEST_PAUSE", 0.05)
    caplog.set_level(logging.DEBUG, "tihuo.ledger.journal")
    stepped = threading.Semaphore(0)
    well = threading.Event()

    def step() -> bool:
        stepped.release()
        if not well.is_set():
            raise OSError("no paper")
        return False

    follower = start(step, period=0.01)
    for _ in range(6):
        assert stepped.acquire(timeout=5)
    assert follower.trouble == "OSError: no paper"
    pauses = [record.args[1] for record in caplog.records if isinstance(record.args, tuple)]
    assert pauses[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]
    assert [record.levelname for record in caplog.records][:5] == ["ERROR", *["DEBUG"] * 4], "said once"
    well.set()
    while follower.trouble:
        assert stepped.acquire(timeout=5)


def test_a_follower_that_pauses_still_counts_as_alive() -> None:
    assert journal.LONGEST_PAUSE < 20  # after which the watchdog takes a silent thread for stuck


def test_a_follower_stops_at_once_though_its_period_is_long(start: Start) -> None:
    stepped = threading.Event()

    def step() -> bool:
        stepped.set()
        return False

    follower = start(step, period=3600)
    assert stepped.wait(5)
    follower.ask_to_stop()
    follower.join(5)
    assert not follower.is_alive()


def test_a_follower_told_to_stop_during_its_step_does_not_wait(start: Start) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def step() -> bool:
        inside.set()
        return not go_on.wait(5)

    follower = start(step, period=3600)
    assert inside.wait(5)
    follower.ask_to_stop()
    follower._wake.clear()  # as the loop itself does when the request falls just before its step
    go_on.set()
    follower.join(5)
    assert not follower.is_alive()
