"""`tihuo backup` and `tihuo restore`."""

from __future__ import annotations

import fcntl
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tihuo.cli.saying import UNUSABLE, WRONG_CALL, fail
from tihuo.ledger.database import DatabaseTrouble, check, connect, copy, migrate
from tihuo.settings import Settings


def make_copy(settings: Settings, target: Path) -> tuple[Path, int]:
    """A checked copy at `target`, or in that folder under a name with the time; gives its path and size in bytes."""
    if not settings.database.exists():
        fail(f"There is no database at {settings.database}: nothing to back up.", code=UNUSABLE)
    if target.is_dir():
        now = datetime.now(ZoneInfo(settings.timezone))
        target = target / f"tihuo-{settings.store_id}-{now:%Y%m%d-%H%M%S}.db"
    if target.exists():
        fail(f"{target} exists already: choose another name, nothing was changed.", code=WRONG_CALL)
    source = connect(settings.database, query_only=True)
    try:
        if sys.stderr.isatty():
            from rich.progress import Progress

            with Progress(transient=True) as bar:
                task = bar.add_task("backup", total=None)
                copy(source, target, lambda done, total: bar.update(task, completed=done, total=total))
        else:
            copy(source, target)
    finally:
        source.close()
    faults = check(target)
    if faults:
        raise DatabaseTrouble("database_damaged", "; ".join(faults[:3]))
    return target, target.stat().st_size


def put_back(settings: Settings, source: Path) -> tuple[Path | None, int]:
    """Put the backup in place; gives where the former database is kept, and the new epoch.

    The backup is checked before anything is moved, and every step is a rename, so a power cut leaves either database.
    """
    if not source.is_file():
        fail(f"There is no file {source}.", code=WRONG_CALL)
    faults = check(source)
    if faults:
        fail(f"{source} is damaged and was not restored:", *faults[:3], code=UNUSABLE)
    database = settings.database
    database.parent.mkdir(parents=True, exist_ok=True)
    with (database.parent / "tihuo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail("The daemon is running: stop it first (systemctl stop tihuo), nothing was changed.", code=UNUSABLE)
        part = database.with_name(f"{database.name}.restoring")
        shutil.copyfile(source, part)
        migrate(part)
        epoch = _new_epoch(part, database)
        kept = None
        if database.exists():
            kept = database.with_name(f"{database.name}.replaced-{time.strftime('%Y%m%d-%H%M%S')}")
            _fold(database)
            database.rename(kept)
        part.rename(database)
    return kept, epoch


def _new_epoch(part: Path, database: Path) -> int:
    """Later than any epoch that this box can have used: of both files, and of the time itself."""
    epochs = [_epoch(part), _epoch(database) if database.exists() else 0, int(time.time())]
    epoch = max(epochs) + 1
    connection = connect(part)
    try:
        connection.execute("UPDATE keep SET value = ? WHERE name = 'epoch'", (str(epoch),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return epoch


def _epoch(path: Path) -> int:
    try:
        connection = connect(path, query_only=True)
        try:
            row = connection.execute("SELECT value FROM keep WHERE name = 'epoch'").fetchone()
        finally:
            connection.close()
    except Exception:  # noqa: BLE001  a database so damaged that it is being replaced
        return 0
    return int(row[0]) if row else 0


def _fold(path: Path) -> None:
    """Bring the write-ahead log into the file, so that the file alone is the whole database."""
    try:
        connection = connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    except Exception:  # noqa: BLE001  damaged: kept as it is, log and all
        return
    for extra in ("-wal", "-shm"):
        path.with_name(path.name + extra).unlink(missing_ok=True)
