"""The one writer: a thread that runs jobs against SQLite, many jobs to one commit.

Take a job, drain what else is there without waiting, begin, run each job behind a savepoint so that one failure is
undone alone, append its events to the journal, commit once, and only then answer. There is no timer: while the disk
syncs, the next batch gathers. Nobody hears "yes" before the commit.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tihuo.ledger.database import DatabaseTrouble, connect, trouble_of
from tihuo.shop.events import Event
from tihuo.shop.words import Millis, Refusal
from tihuo.shop.work import House, Row

log = logging.getLogger(__name__)

BATCH = 64
"""Jobs to a commit at most, so that a scan never waits long behind queued orders."""


class Job:
    __slots__ = ("actor", "args", "function", "future", "once")

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], once: str | None, actor: str
    ) -> None:
        self.function = function
        self.args = args
        self.once = once
        self.actor = actor
        self.future: Future[Any] = Future()


class Moment:
    """What a job works with; see `tihuo.shop.work.Work`."""

    __slots__ = ("actor", "connection", "epoch", "events", "house", "now", "one_savepoint", "version")

    def __init__(self, connection: sqlite3.Connection, house: House) -> None:
        self.connection = connection
        self.house = house
        self.now = Millis(0)
        self.actor = ""
        self.epoch = 0
        self.version = 0
        self.events: list[tuple[str, Event]] = []
        self.one_savepoint = 0

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self.connection.execute(statement, parameters)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(statement, rows)

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None:
        row: Row | None = self.connection.execute(statement, parameters).fetchone()
        return row

    def record(self, event: Event) -> None:
        self.events.append((self.actor, event))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        kept = len(self.events)
        self.one_savepoint += 1
        name = f"attempt{self.one_savepoint}"
        self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self.connection.execute(f"ROLLBACK TO {name}")
            self.connection.execute(f"RELEASE {name}")
            del self.events[kept:]
            raise
        else:
            self.connection.execute(f"RELEASE {name}")
        finally:
            self.one_savepoint -= 1


class Writer(threading.Thread):
    """The only write connection. `clock` gives the time of each batch in `Millis`."""

    def __init__(self, path: Path, house: House, clock: Callable[[], Millis], *, batch: int = BATCH) -> None:
        super().__init__(name="writer", daemon=True)
        self._path = path
        self._house = house
        self._clock = clock
        self._batch = batch
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._urgent: deque[Job] = deque()
        self._closing = threading.Event()
        self._listeners: list[Callable[[list[Event]], None]] = []
        self._connection = connect(path)
        self._moment = Moment(self._connection, house)
        self._load()
        self.beat = time.monotonic()
        self.commits = 0
        self.trouble = ""

    def write(
        self,
        function: Callable[..., Any],
        *args: Any,
        once: str | None = None,
        actor: str = "box",
        urgent: bool = False,
    ) -> Future[Any]:
        """Ask for `function(work, *args)` in a transaction of its own; the future answers after the commit.

        `once` names the wish: the same name again changes nothing and gets the first answer (through JSON).
        `urgent` overtakes what is queued. The future raises what the function raised, or `DatabaseTrouble`.
        """
        job = Job(function, args, once, actor)
        if self._closing.is_set():
            job.future.set_exception(DatabaseTrouble("database_closed"))
        elif urgent:
            self._urgent.append(job)
            self._queue.put(None)
        else:
            self._queue.put(job)
        return job.future

    def listen(self, listener: Callable[[list[Event]], None]) -> None:
        """Be called on the writer's thread after each commit with its events. Must be quick and never raise."""
        self._listeners.append(listener)

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what is queued, then stop."""
        self._closing.set()
        self._queue.put(None)
        if self.is_alive():
            self.join(timeout=30)
        self._connection.close()

    def run(self) -> None:
        while not (self._closing.is_set() and self._queue.empty() and not self._urgent):
            self.step()

    def step(self, timeout: float | None = 1.0) -> bool:
        """Wait for a job, run it and what else is there, commit. False if none came within `timeout` seconds."""
        self.beat = time.monotonic()
        jobs: list[Job] = []
        try:
            first = self._queue.get(timeout=timeout)
            ordinary = [first] if first is not None else []
            while len(ordinary) < self._batch and not self._urgent:
                job = self._queue.get_nowait()
                if job is not None:
                    ordinary.append(job)
        except queue.Empty:
            if timeout is not None and "first" not in locals():
                return False
        while self._urgent:
            jobs.append(self._urgent.popleft())
        jobs.extend(ordinary)
        if jobs:
            self._commit(jobs)
        return bool(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        moment = self._moment
        connection = self._connection
        moment.now = self._clock()
        moment.version = self._entry + 1
        moment.events.clear()
        answers: list[tuple[Job, Any, BaseException | None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                answers.append(self._run(job))
            self._append(moment)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._load()
            trouble = trouble_of(error) if isinstance(error, sqlite3.Error) else error
            self.trouble = str(trouble)
            log.error("commit failed: %s", trouble)
            for job in jobs:
                job.future.set_exception(trouble)
            return
        self.trouble = ""
        self.commits += 1
        events = [event for _, event in moment.events]
        for job, answer, failure in answers:
            if failure is None:
                job.future.set_result(answer)
            else:
                job.future.set_exception(failure)
        if events:
            for listener in self._listeners:
                listener(events)

    def _run(self, job: Job) -> tuple[Job, Any, BaseException | None]:
        moment = self._moment
        connection = self._connection
        kept = len(moment.events)
        moment.actor = job.actor
        connection.execute("SAVEPOINT job")
        try:
            if job.once is not None:
                known = moment.one("SELECT answer FROM once WHERE key = ?", (job.once,))
                if known is not None:
                    connection.execute("RELEASE job")
                    return job, msgspec.json.decode(known[0]), None
            answer = job.function(moment, *job.args)
            if job.once is not None:
                moment.sql("INSERT INTO once VALUES (?, ?, ?)", (job.once, moment.now, msgspec.json.encode(answer)))
            connection.execute("RELEASE job")
            return job, answer, None
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            del moment.events[kept:]
            if not isinstance(error, Refusal):
                log.exception("a job failed and was undone: %s", getattr(job.function, "__qualname__", job.function))
            return job, None, error

    def _append(self, moment: Moment) -> None:
        rows = []
        for actor, event in moment.events:
            self._entry += 1
            seq = None
            if event.TO_CLOUD:
                self._up_seq += 1
                seq = self._up_seq
            kind = event.__struct_config__.tag
            rows.append((self._entry, moment.now, actor, kind, msgspec.json.encode(event), seq and self._epoch, seq))
        if rows:
            self._connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def _load(self) -> None:
        """Where the journal and the stream to the cloud stand on disk."""
        one = self._connection.execute
        self._entry: int = one("SELECT coalesce(max(entry), 0) FROM journal").fetchone()[0]
        self._epoch: int = int(one("SELECT value FROM keep WHERE name = 'epoch'").fetchone()[0])
        self._up_seq: int = one(
            "SELECT coalesce(max(up_seq), 0) FROM journal WHERE up_epoch = ?", (self._epoch,)
        ).fetchone()[0]
        self._moment.epoch = self._epoch
