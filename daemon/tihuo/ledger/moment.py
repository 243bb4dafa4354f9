"""What a job works with: the unit of work over the writer's connection."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from tihuo.shop.events import Event
from tihuo.shop.words import Millis
from tihuo.shop.work import House, Row

_TOGETHER = (64, 16, 4)
"""Rows to a statement that can take several: as many of the largest number as there are, then of the next."""

_encode = msgspec.json.Encoder().encode


class Asker(Protocol):
    """Who wants something done: `signature` is the actor with what he has in hand, as the journal names him."""

    @property
    def actor(self) -> str: ...

    @property
    def signature(self) -> str: ...


class Moment:
    """What a job works with; see `tihuo.shop.work.Work`."""

    __slots__ = (
        "actor", "askers", "connection", "cursor", "epoch", "events", "house", "now", "one_savepoint", "remembered",
        "renumbered", "signature", "sure", "ticks", "version",
    )  # fmt: skip

    def __init__(self, connection: sqlite3.Connection, house: House) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        """For statements that give one row or none: to make a cursor for each is a quarter of what a small one costs.
        COMMIT goes through it too, and so ends what `one` left unread."""
        self.house = house
        self.now = Millis(0)
        self.sure = True
        self.ticks = 0
        self.actor = self.signature = ""
        self.askers: Sequence[Asker] = ()
        self.epoch = 0
        self.version = 0
        self.events: list[tuple[str, Event, bytearray]] = []
        self.one_savepoint = 0
        self.remembered: object | None = None
        self.renumbered = False

    def begin(self, askers: Sequence[Asker]) -> None:
        """Somebody's job, or those of several that fold."""
        self.askers = askers
        self.act_for(0)

    def act_for(self, number: int) -> None:
        asker = self.askers[number]
        self.actor, self.signature = asker.actor, asker.signature

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        if self.remembered is not None and not _spares(statement):
            self.remembered = None
        return self.connection.execute(statement, parameters)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        rest = list(rows)
        if not rest:
            return
        if self.remembered is not None and not _spares(statement):
            self.remembered = None
        if len(rest) >= _TOGETHER[-1]:
            for size in _TOGETHER:
                while len(rest) >= size and (wide := _wide(statement, size)):
                    values: list[Any] = []
                    for row in rest[:size]:
                        values += row
                    self.cursor.execute(wide, values)
                    del rest[:size]
        if rest:
            self.cursor.executemany(statement, rest)

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        if self.remembered is not None and not _spares(statement):
            self.remembered = None
        row: Row | None = self.cursor.execute(statement, parameters).fetchone()
        return row

    def record(self, event: Event) -> None:
        data = bytearray(_encode(event))  # which sqlite3 takes as it is; for bytes it asks around how to adapt them
        self.events.append((self.signature, event, data))

    def remember(self, picture: object) -> None:
        self.remembered = picture

    def recall(self) -> object | None:
        picture, self.remembered = self.remembered, None
        return picture

    def renumber(self) -> None:
        self.renumbered = True

    def first_time(self, key: str) -> bool:
        statement = "INSERT INTO once VALUES (?, ?, 'null') ON CONFLICT DO NOTHING"
        return bool(self.cursor.execute(statement, (key, self.version)).rowcount)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        kept = len(self.events)
        self.one_savepoint += 1
        name = f"attempt{self.one_savepoint}"
        self.cursor.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.cursor.execute(f"ROLLBACK TO {name}")
            self.cursor.execute(f"RELEASE {name}")
            del self.events[kept:]
            self.remembered = None
            raise
        else:
            self.cursor.execute(f"RELEASE {name}")
        finally:
            self.one_savepoint -= 1


@lru_cache
def _wide(statement: str, size: int) -> str | None:
    """The same for `size` rows at once, if it has `VALUES (?, …)`: SQLite lets go of the interpreter at each step."""
    found = re.fullmatch(r"(.*\bVALUES )(\([?01NUL, 'a-z]+\))(.*)", statement)
    return found and found[1] + ", ".join([found[2]] * size) + found[3]


_SPARING = re.compile(r"SELECT\b|INSERT INTO (journal|cursor|once|seal|journal_about)\b")


@lru_cache(1024)
def _spares(statement: str) -> bool:
    """Whether what is remembered is still true after a statement: no trigger hangs on these tables' INSERTs."""
    return _SPARING.match(statement) is not None
