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
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import msgspec

from tihuo.ledger.database import DatabaseTrouble, connect, is_trouble, trouble_of
from tihuo.ledger.moment import Moment
from tihuo.shop.events import Event
from tihuo.shop.words import Millis, Refusal
from tihuo.shop.work import House, json_of

log = logging.getLogger(__name__)
Done = Callable[[Any, BaseException | None], None]

BATCH = 64
"""Jobs to a commit while people work, so that a scan never waits long behind queued orders."""
CALM = 10.0
"""Seconds without an urgent job after which nobody works, and a commit may take as many jobs as it ever may."""
MOST = 2048
"""Jobs to a commit then, or when the disk is slow: as many as can be run in the time that a sync takes."""


class Job:
    """What somebody wants done, and who hears what became of it: a future, or `done` where nobody waits."""

    __slots__ = ("actor", "args", "done", "function", "future", "once", "signature")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        once: str | None,
        actor: str,
        device: str,
        future: Future[Any] | None = None,
        done: Done | None = None,
    ) -> None:
        self.function = function
        self.args = args
        self.once = once
        self.actor = actor
        self.signature = f"{actor} @ {device}" if device else actor
        self.future = future
        self.done = done

    def still_wanted(self) -> bool:
        return self.future is None or self.future.set_running_or_notify_cancel()

    def answer(self, answer: Any, failure: BaseException | None) -> None:
        if self.future is None:
            try:
                if self.done is not None:
                    self.done(answer, failure)
            except Exception:
                log.exception("who asked for a job failed to hear of its end")
        elif failure is None:
            self.future.set_result(answer)
        else:
            self.future.set_exception(failure)


_Answered = tuple[Job, Any, BaseException | None]
_Behind = Literal["savepoint", "transaction", "nothing"]
"""What undoes a job that fails."""


class Writer(threading.Thread):
    """The only write connection. `clock` gives the time of each batch in `Millis`, and with a `reading()` (as that of
    `tihuo.timekeeping`) whether it is sure of it; `batch` is the most jobs to one."""

    def __init__(self, path: Path, house: House, clock: Callable[[], Millis], *, batch: int = MOST) -> None:
        super().__init__(name="writer", daemon=True)
        self._path = path
        self._house = house
        self._clock = getattr(clock, "reading", None) or (lambda: (now := clock(), True, now))
        self._most = batch
        self._batch = batch
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._urgent: deque[Job] = deque()
        self._hurried = -CALM
        self._closing = False
        self._gate = threading.Lock()
        self._listeners: list[Callable[[list[Event]], None]] = []
        self._connection = connect(path)
        self._moment = Moment(self._connection, house)
        self._wishes: dict[str, bytes] = {}
        """The answers to named wishes of the present jobs, in JSON."""
        self._fresh_wishes: list[tuple[str, int, bytes]] = []
        """Those of them that are to be kept: key, entry, answer."""
        self._load()
        self._certain = True
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
        device: str = "",
    ) -> Future[Any]:
        """Ask for `function(work, *args)` in a transaction of its own; the future answers after the commit.

        `once` names the wish: the same name again changes nothing and gets the first answer (through JSON, as the type
        that the function says it returns), until `tihuo.stages.forgetting` forgets it, hundreds of thousands of facts
        later. `urgent` overtakes what is queued. `device` is what the actor had in hand, for the journal. The future
        raises what the function raised, or `DatabaseTrouble`.
        """
        future: Future[Any] = Future()
        self._ask(Job(function, args, once, actor, device, future), urgent)
        return future

    def tell(
        self,
        function: Callable[..., Any],
        *args: Any,
        done: Done,
        once: str | None = None,
        actor: str = "box",
        urgent: bool = False,
        device: str = "",
    ) -> None:
        """As `write`, for who has much to ask and waits for none of it: `done(answer, failure)` is called after the
        commit, on the writer's thread, and must be quick. A future costs as much as a fifth of an order."""
        self._ask(Job(function, args, once, actor, device, None, done), urgent)

    def _ask(self, job: Job, urgent: bool) -> None:
        with self._gate:  # or a job that comes while we close would wait for ever
            if self._closing:
                job.answer(None, DatabaseTrouble("database_closed"))
            elif urgent:
                self._hurried = time.monotonic()
                self._urgent.append(job)
                self._queue.put(None)
            else:
                self._queue.put(job)

    def listen(self, listener: Callable[[list[Event]], None]) -> None:
        """Be called on the writer's thread after each commit with its events. Must be quick and never raise."""
        self._listeners.append(listener)

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what is queued, then stop. Raises `DatabaseTrouble("database_busy")` if that takes half a minute."""
        with self._gate:
            self._closing = True
            self._queue.put(None)
        if self.ident is None:
            self.run()
        elif self.is_alive():
            self.join(timeout=30)
            if self.is_alive():
                raise DatabaseTrouble("database_busy", "the writer does not come to an end")
        self._connection.close()

    def run(self) -> None:
        while not (self._closing and self._queue.empty() and not self._urgent):
            self.step()

    def step(self, timeout: float | None = 1.0) -> bool:
        """Wait for a job, run it and what else is there, commit. False if none came within `timeout` seconds."""
        self.beat = time.monotonic()
        jobs = self._take(timeout)
        if jobs:
            self._commit(jobs)
        return bool(jobs)

    def _take(self, timeout: float | None) -> list[Job]:
        """The urgent jobs, then the queued ones in their order, of those that somebody still waits for. A None in the
        queue only wakes us for an urgent one."""
        taken: list[Job | None] = []
        try:
            taken.append(self._queue.get(timeout=timeout))
            for _ in range(0 if self._urgent else min(self._queue.qsize(), self._batch - 1)):
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        jobs: list[Job | None] = []
        while self._urgent:
            jobs.append(self._urgent.popleft())
        jobs += taken
        return [job for job in jobs if job is not None and (job.future is None or job.still_wanted())]

    def _commit(self, jobs: list[Job]) -> None:
        try:
            answers = self._transact(jobs)
        except BaseException as error:  # noqa: BLE001  or they who wait would wait for ever
            self._give_up(jobs, trouble_of(error, self._path) if isinstance(error, sqlite3.Error) else error)
            return
        self.trouble = ""
        self.commits += 1
        for job, answer, failure in answers:
            job.answer(answer, failure)
        events = [event for _, event, _ in self._moment.events]
        if events:
            for listener in self._listeners:
                try:
                    listener(events)
                except Exception:
                    log.exception("a listener failed; what it listens to is committed")

    def _transact(self, jobs: list[Job]) -> list[_Answered]:
        moment = self._moment
        execute = moment.cursor.execute
        moment.now, moment.sure, moment.ticks = self._clock()
        moment.events.clear()
        if self._connection.in_transaction:  # a failure before was so bad that even its end failed
            execute("ROLLBACK")
        began = time.perf_counter()
        execute("BEGIN IMMEDIATE")
        if not self._certain or execute("PRAGMA data_version").fetchone()[0] != self._data_version:
            self._load()  # a command such as `tihuo import` wrote beside us
            self._certain = True
        moment.version = self._entry + 1 + self._versions
        for job in jobs:
            if job.once is not None:
                self._look_up_wishes(jobs)
                break
        rows = list(_in_rows(jobs)) if len(jobs) > 1 else [jobs]
        answers = self._run_row(rows[0], "transaction") if len(rows) == 1 else self._run_rows(rows)
        self._append(moment)
        worked = time.perf_counter()
        execute("COMMIT")
        if time.monotonic() - self._hurried > CALM:
            self._batch = self._most
        else:
            in_a_sync = int(len(jobs) * (time.perf_counter() - worked) / (worked - began))
            self._batch = min(self._most, max(BATCH, in_a_sync))
        return answers

    def _give_up(self, jobs: list[Job], trouble: BaseException) -> None:
        self._certain = False
        self._moment.remembered = None
        self._fresh_wishes.clear()
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._moment.cursor.execute("ROLLBACK")
        before = self.trouble
        self.trouble = trouble.code if isinstance(trouble, DatabaseTrouble) else "database_failed"
        if self.trouble != before:  # said once: a disk that stays full is tried again and again
            log.error("commit failed: %s", trouble)
        for job in jobs:
            job.answer(None, trouble)

    def _look_up_wishes(self, jobs: list[Job]) -> None:
        """What became of the named wishes among them that were asked for before."""
        names = [job.once for job in jobs if job.once is not None]
        if len(names) == 1:
            known = self._moment.one("SELECT answer FROM once WHERE key = ?", names)
            self._wishes = {names[0]: known[0]} if known else {}
        else:
            statement = "SELECT key, answer FROM once WHERE key IN (SELECT value FROM json_each(?))"
            self._wishes = dict(self._moment.sql(statement, (json_of(names),)).fetchall())

    def _run_rows(self, rows: list[list[Job]]) -> list[_Answered]:
        """Nearly always nothing fails, and no job needs a savepoint; else all is undone, and each gets one."""
        moment = self._moment
        wishes = dict(self._wishes)
        try:
            return [answer for row in rows for answer in self._run_row(row, "nothing")]
        except Exception as error:
            if isinstance(error, sqlite3.Error) and is_trouble(error):
                raise
            self._begin_anew()
            moment.events.clear()
            self._wishes = wishes
            self._fresh_wishes.clear()
        return [answer for row in rows for answer in self._run_row(row)]

    def _run_row(self, jobs: list[Job], behind: _Behind = "savepoint") -> list[_Answered]:
        answers = self._run(jobs, behind)
        if len(jobs) == 1 or answers[0][2] is None:
            return answers
        return [self._run([job], "savepoint")[0] for job in jobs]

    def _run(self, jobs: list[Job], behind: _Behind) -> list[_Answered]:
        """Run a job, or some that fold; what they did is undone if they fail, by their savepoint or with the
        transaction that they are all of. Behind nothing, their failure is raised."""
        moment = self._moment
        execute = moment.cursor.execute
        kept = len(moment.events)
        if behind == "savepoint":
            execute("SAVEPOINT job")
        try:
            answers = self._answers(jobs)
            if behind == "savepoint":
                execute("RELEASE job")
            return [(job, answer, None) for job, answer in zip(jobs, answers, strict=True)]
        except Exception as error:
            if behind == "nothing" or (isinstance(error, sqlite3.Error) and is_trouble(error)):
                raise  # with the file's trouble, which is not the job's
            if behind == "transaction":
                self._begin_anew()
            else:
                execute("ROLLBACK TO job")
                execute("RELEASE job")
            del moment.events[kept:]
            moment.remembered = None
            if not isinstance(error, Refusal) and len(jobs) == 1:
                name = getattr(jobs[0].function, "__qualname__", jobs[0].function)
                log.exception("a job failed and was undone: %s", name)
            return [(job, None, error) for job in jobs]
        finally:
            moment.askers = ()  # or what a great batch brought with it would stay until the next

    def _answers(self, jobs: list[Job]) -> list[Any]:
        """Do what jobs that fold want, or one job; a wish that was granted before has its answer already."""
        moment, function, wishes = self._moment, jobs[0].function, self._wishes
        fresh = [job for job in jobs if job.once is None or job.once not in wishes] if wishes else jobs
        answers: list[Any] = []
        if fresh:
            moment.begin(fresh)
            if len(fresh) == 1:
                answers = [function(moment, *fresh[0].args)]
            else:
                answers = function.together(moment, [job.args[0] for job in fresh])  # type: ignore[attr-defined]
        if jobs[0].once is None:
            return answers
        done = iter(answers)
        return [self._granted(job, done) for job in jobs]

    def _granted(self, job: Job, done: Iterator[Any]) -> Any:
        """The first answer to a named wish: of long ago, or now."""
        assert job.once is not None
        known = self._wishes.get(job.once)
        if known is not None:
            return msgspec.json.decode(known, type=_answer_type(job.function))
        answer = next(done)
        self._wishes[job.once] = written = msgspec.json.encode(answer)
        self._fresh_wishes.append((job.once, self._moment.version, written))
        return answer

    def _begin_anew(self) -> None:
        """Undo the transaction, for another one."""
        self._moment.cursor.execute("ROLLBACK")
        self._moment.cursor.execute("BEGIN IMMEDIATE")
        self._moment.remembered = None

    def _append(self, moment: Moment) -> None:
        if moment.renumbered:
            moment.renumbered = False
            self._load()
        now, sure, ticks, rows = moment.now, int(moment.sure), moment.ticks, []
        for actor, event, data in moment.events:
            self._entry += 1
            epoch = seq = None
            if event.goes_to_cloud:
                self._up_seq += 1
                epoch, seq = self._epoch, self._up_seq
            rows.append((self._entry, now, sure, actor, event.__struct_config__.tag, data, epoch, seq, ticks))
        moment.many("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        if self._fresh_wishes:
            moment.many("INSERT INTO once VALUES (?, ?, ?) ON CONFLICT DO NOTHING", self._fresh_wishes)
            self._fresh_wishes.clear()

    def _load(self) -> None:
        """Where the journal and the stream to the cloud stand on disk."""
        one = self._connection.execute
        self._data_version: int = one("PRAGMA data_version").fetchone()[0]
        self._entry: int = one("SELECT coalesce(max(entry), 0) FROM journal").fetchone()[0]
        self._epoch: int = int(one("SELECT value FROM keep WHERE name = 'epoch'").fetchone()[0])
        self._up_seq: int = one(
            "SELECT coalesce(max(up_seq), 0) FROM journal WHERE up_epoch = ?", (self._epoch,)
        ).fetchone()[0]
        versions = one("SELECT value FROM keep WHERE name = 'versions_from'").fetchone()
        self._versions: int = int(versions[0]) if versions else 0
        self._moment.epoch = self._epoch
        self._moment.remembered = None


def _in_rows(jobs: list[Job]) -> Iterator[list[Job]]:
    """Jobs of one folding function that follow each other, together, but for the same wish twice; every other job
    alone."""
    row: list[Job] = []
    names: set[str] = set()
    function: Callable[..., Any] | None = None  # what the next job must do to join the row
    for job in jobs:
        named = job.once is not None
        if row and not (job.function is function and named == bool(names) and job.once not in names):
            yield row
            row, names = [], set()
        if not row:
            function = job.function if hasattr(job.function, "together") else None
        row.append(job)
        if job.once is not None:
            names.add(job.once)
    if row:
        yield row


def _answer_type(function: Callable[..., Any]) -> Any:
    try:
        hint = get_type_hints(function).get("return", Any)
    except (NameError, TypeError):  # no plain function, or one that names a type only for the type checker
        return Any
    return get_args(hint)[0] if hasattr(function, "together") else hint
