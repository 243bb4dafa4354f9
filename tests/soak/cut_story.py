"""A short evening with all that happens to the files: made, checkpointed, truncated, copied, put back, migrated.

    python -m tests.soak.cut_story FOLDER FULL

plays it; `story` runs that with the witness under it, and judges what each power cut would have left. With NORMAL or
OFF for SQLite's `synchronous` promises must be found broken, or the harness would be blind.
"""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.native import HERE as BENCH
from tests.ledger.killed_story import evening
from tests.little_shop import LittleShop
from tests.soak.mortal import shim
from tests.soak.outcome import Outcome, together
from tests.soak.platter import WAYS, Platter, in_memory, records
from tests.soak.promises import Promises, judge
from tihuo.cli.copies import make_copy, put_back
from tihuo.ledger import database
from tihuo.ledger.database import DatabaseTrouble, Readers, check, connect, copy, migrate
from tihuo.ledger.keeping import Checkpointer
from tihuo.settings import Settings
from tihuo.shop.words import Refusal
from tihuo.stages import preparing

NEXT = ("0999_next_release", "CREATE TABLE next_release (name TEXT PRIMARY KEY) WITHOUT ROWID;")
BEFORE = f"tihuo.db.before-{NEXT[0]}"


def tell(folder: Path, synchronous: str, say: Callable[[str], None]) -> None:
    """The evening itself. `say` hears each promise as soon as it is made."""
    path = folder / "tihuo.db"
    migrate(path)
    say("made")
    shop = _open(path, synchronous)
    shop.seed()
    keeper = Checkpointer(path, grown=30_000, large=90_000)
    for number, wishes in enumerate(evening(shop), 1):
        for place, (function, args) in enumerate(wishes):
            with suppress(Refusal):
                shop.do(function, *args, once=f"{number}.{place}")
                say(f"wish {number}.{place}")
        keeper.step()
        if number % 4 == 0:
            source = connect(path, query_only=True)
            copy(source, folder / f"backup{number}.db")
            source.close()
            say(f"copy backup{number}.db")
    shop.close()
    keeper.close()
    settings = Settings(data_dir=folder)
    backup, _ = make_copy(settings, folder / "whole.db")
    say(f"copy {backup.name}")
    shop = _open(path, synchronous)
    shop.do(preparing.receive, "RICE", 1, once="after the backup")
    say("wish after the backup")
    shop.close()
    say(f"restoring {backup.name}")
    put_back(settings, backup)
    known = database.migrations()
    database.migrations = lambda: [*known, NEXT]
    migrate(path)
    say(f"copy {BEFORE}")
    say("migrated")
    shop = _open(path, synchronous)
    shop.do(lambda work: work.sql("INSERT INTO next_release VALUES ('here')").rowcount, once="last")
    say("wish last")
    shop.close()


def _open(path: Path, synchronous: str) -> LittleShop:
    shop = LittleShop(path, running=False)
    shop.writer._connection.execute(f"PRAGMA synchronous={synchronous}")
    return shop


class _Told:
    """What was promised so far; a copy is promised with all that the database had been promised to hold by then."""

    def __init__(self) -> None:
        self.made = self.migrated = False
        self.wishes: set[str] = set()
        self.copies: dict[str, set[str]] = {}

    def hear(self, promise: str) -> None:
        word, _, what = promise.partition(" ")
        if word == "wish":
            self.wishes.add(what)
        elif word == "copy":
            self.copies[what] = set(self.wishes)
        elif word == "restoring":
            self.wishes = set(self.copies[what])
        else:
            setattr(self, word, True)


def story(folder: Path, points: int, *, synchronous: str = "FULL", torn: int = 4) -> Outcome:
    """Play it and judge up to so many moments; `torn` disks by chance at each."""
    files = folder / "files"
    files.mkdir(parents=True)
    trace = folder / "trace"
    watched = {
        "LD_PRELOAD": shim("tracedisk", folder),
        "TRACE_FILE": str(trace),
        "TRACE_DIR": str(files.resolve()),
        "PYTHONPATH": ":".join([str(Path(database.__file__).parents[2]), str(BENCH.parents[1])]),
        "PATH": "/usr/bin:/bin",
    }
    platter, told = Platter(files), _Told()
    command = [sys.executable, "-m", "tests.soak.cut_story", str(files), synchronous]
    done = subprocess.run(command, env=watched, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    notes = list(records(trace))
    syncs = sum(note.what == "D" for note in notes)
    every = max(1, (syncs or len(notes)) // points)
    chance = random.Random(points)
    outcomes = []
    with TemporaryDirectory(dir=in_memory()) as scratch:
        for number, note in enumerate(notes):
            if (note.what == "D" and number % every == 0) or number == len(notes) - 1:
                for way in (*WAYS, *WAYS[2:] * (torn - 1)):
                    found = Path(scratch) / "found"
                    shutil.rmtree(found, ignore_errors=True)
                    found.mkdir()
                    platter.leave(way, chance, found)
                    outcomes.append(_judge(found, told, f"story ({synchronous}), note {number}, {way}"))
            platter.see(note)
            if note.what == "S":
                told.hear(note.data.decode())
    outcome = together(outcomes)
    said = f"{len(told.wishes)} wishes, {len(told.copies)} copies"
    print(f"  story ({synchronous}): {outcome.cuts} disks, {syncs} syncs, {said}")
    return outcome


def _judge(found: Path, told: _Told, where: str) -> Outcome:
    outcomes = [Outcome(cuts=1)]
    wanted = {"tihuo.db": told.wishes} if told.made else {}
    for name, wishes in (wanted | told.copies).items():
        outcomes.append(_look(found / name, wishes, f"{where}, {name}"))
    if told.migrated and not (found / "tihuo.db").exists():
        outcomes.append(Outcome(lost=1, wrong=[f"{where}: the migration is gone"]))
    if not told.made and (found / "tihuo.db").exists():
        try:
            migrate(found / "tihuo.db")  # what was begun is taken up again
        except DatabaseTrouble as trouble:
            outcomes.append(Outcome(wrong=[f"{where}: {trouble}"]))
    return together(outcomes)


def _look(path: Path, wishes: set[str], where: str) -> Outcome:
    if not path.exists():
        return Outcome(lost=1, wrong=[f"{where}: there is no such file"])
    if faults := check(path):
        return Outcome(wrong=[f"{where}: {faults[0]}"])
    readers = Readers(path)
    try:
        return readers.read(judge, Promises(wishes=wishes), where)
    except Exception as error:  # noqa: BLE001  a table that is not there, a file that is none
        return Outcome(wrong=[f"{where}: {error}"])
    finally:
        readers.close()


def main(folder: str, synchronous: str) -> None:
    mouth, _ear = socket.socketpair()

    def say(promise: str) -> None:
        mouth.send(promise.encode())

    tell(Path(folder), synchronous, say)


if __name__ == "__main__":
    main(*sys.argv[1:])
