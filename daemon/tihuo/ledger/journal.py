"""流水: reading the journal back, cursors, and the threads that follow it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Union

import msgspec

from tihuo.ledger.database import Look
from tihuo.shop.events import Event, all_kinds
from tihuo.shop.work import Look as AnyLook
from tihuo.shop.work import Work

log = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0
"""Seconds between two tries of a step that fails: shorter than the time after which a silent thread counts as stuck."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One fact: its number, when it was recorded (`Millis`), by whom, and its place in the stream to the cloud.

    Facts follow each other by `entry`, never by `at`; `sure` says whether anybody vouched for the clock then.
    """

    entry: int
    at: int
    actor: str
    event: Event
    seq: int | None = None
    sure: bool = True


_FAR_BACK = 10_000
_AS_JSON = (
    "group_concat(entry), group_concat(at), group_concat(json_quote(actor)), group_concat(CAST(data AS TEXT)), "
    "group_concat(coalesce(up_seq, 'null')), group_concat(iif(sure, 'true', 'false'))"
)
"""Facts as what stands in each field of `Entry`, in their order."""


@lru_cache(maxsize=1)
def _decoder() -> msgspec.json.Decoder[tuple[list[Any], ...]]:
    """Facts of every kind; `Event` itself says nothing of its kinds."""
    event: Any = Union[tuple(all_kinds().values())]  # noqa: UP007  there is no other way to write one of a list
    return msgspec.json.Decoder(tuple[list[int], list[int], list[str], list[event], list[int | None], list[bool]])


def _entries(look: AnyLook, which: str, parameters: tuple[int, ...]) -> list[Entry]:
    """All in one row: with each row SQLite lends the interpreter to who is busy, and gets it back late."""
    row = look.one(f"SELECT {_AS_JSON} FROM (SELECT * FROM journal {which})", parameters)
    assert row is not None
    if row[0] is None:
        return []
    found = list(map(Entry, *_decoder().decode(f"[[{'],['.join(row)}]]")))
    found.sort(key=_entry)  # an aggregate promises no order, only the same one for all fields
    return found


_entry = attrgetter("entry")


def entries_after(look: Look, entry: int, limit: int = 200) -> list[Entry]:
    """The next facts after `entry`. Sequence is commit order, so nothing is ever missed."""
    return _entries(look, "WHERE entry > ? ORDER BY entry LIMIT ?", (entry, limit))


def outgoing_after(look: Look, epoch: int, seq: int, limit: int = 200) -> list[Entry]:
    """The next facts that go to the cloud, after `seq` of this epoch."""
    return _entries(look, "WHERE up_epoch = ? AND up_seq > ? ORDER BY up_seq LIMIT ?", (epoch, seq, limit))


def said_first(look: AnyLook, entry: int) -> tuple[Entry, tuple[int, int]]:
    """An older fact that went to the cloud, with the epoch and the number that it had in that stream."""
    (found,) = _entries(look, "WHERE entry = ? AND up_seq IS NOT NULL", (entry,))
    assert found.seq is not None
    epoch = look.one("SELECT up_epoch FROM journal WHERE entry = ?", (entry,))
    assert epoch is not None
    return found, (int(epoch[0]), found.seq)


def outgoing_head(look: Look | Work, epoch: int) -> int:
    """The newest number of the stream to the cloud."""
    row = look.one("SELECT coalesce(max(up_seq), 0) FROM journal WHERE up_epoch = ?", (epoch,))
    return int(row[0]) if row else 0


def epoch_of(look: Look) -> int:
    """The present epoch of the stream to the cloud."""
    row = look.one("SELECT value FROM keep WHERE name = 'epoch'")
    return int(row[0]) if row else 1


def last_entry(look: Look) -> int:
    row = look.one("SELECT coalesce(max(entry), 0) FROM journal")
    return int(row[0]) if row else 0


def newest_times(look: Look) -> tuple[int, int]:
    """When the newest fact was recorded whose time is sure, and when the newest of all; 0 where there is none."""
    sure = look.one(
        "SELECT at FROM journal WHERE sure AND entry > (SELECT max(entry) - ? FROM journal) "
        "ORDER BY entry DESC LIMIT 1",
        (_FAR_BACK,),
    )
    newest = look.one("SELECT at FROM journal ORDER BY entry DESC LIMIT 1")
    return int(sure[0]) if sure else 0, int(newest[0]) if newest else 0


def cursor(look: Look | Work, name: str) -> tuple[int, int]:
    """(epoch, seq) that `name` has reached; (0, 0) before it began."""
    row = look.one("SELECT epoch, seq FROM cursor WHERE name = ?", (name,))
    return (int(row[0]), int(row[1])) if row else (0, 0)


def move_cursor(work: Work, name: str, epoch: int, seq: int) -> None:
    """Remember how far `name` is; in the same transaction as what it did."""
    work.sql(
        "INSERT INTO cursor VALUES (?, ?, ?) "
        "ON CONFLICT(name) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq",
        (name, epoch, seq),
    )


class Follower(threading.Thread):
    """跟随者: a thread that reacts to what was committed, or to the time that passed.

    `step` does a piece of work and says whether there may be more; tests call it by hand. A step that fails is tried
    again after a growing pause, and `trouble` says so meanwhile.
    """

    def __init__(self, name: str, step: Callable[[], bool], *, period: float = 1.0) -> None:
        super().__init__(name=name, daemon=True)
        self._step = step
        self._period = period
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self.beat = time.monotonic()
        self.trouble = ""

    def wake(self) -> None:
        if not self._wake.is_set():  # asked for every message, and to set it takes a lock
            self._wake.set()

    def ask_to_stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether a long step should end early."""
        return self._stopping.is_set()

    def run(self) -> None:
        pause = self._period
        while not self._stopping.is_set():
            self.beat = time.monotonic()
            self._wake.clear()
            try:
                more = self._step()
                self.trouble = ""
                pause = self._period
            except Exception as error:
                before, self.trouble = self.trouble, f"{type(error).__name__}: {error}"
                level = logging.DEBUG if self.trouble == before else logging.ERROR  # not every few seconds all night
                log.log(level, "%s failed; trying again in %.1f s", self.name, pause, exc_info=True)
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if not more and not self._stopping.is_set():
                self._wake.wait(self._period)
