"""`tihuo backup` and `tihuo restore`."""

from __future__ import annotations

import fcntl
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tihuo.cli.replaced import read_replaced, restored
from tihuo.cli.saying import UNUSABLE, WRONG_CALL, fail
from tihuo.ledger.database import DatabaseTrouble, check, connect, copy, sync_folder
from tihuo.settings import Settings
from tihuo.wiring.alone import alone


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


@dataclass(frozen=True)
class PutBack:
    """What a restore came to. `beyond` counts facts of the former database after the backup, None where it cannot be
    read; `waits` says that the box will ask the cloud before it serves."""

    kept: Path | None
    epoch: int
    beyond: int | None
    waits: bool


def put_back(settings: Settings, source: Path) -> PutBack:
    """Put the backup in place, behind a fence if there is a cloud that may know more; the former database is kept.

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
        with alone(settings, part) as writer:
            found = read_replaced(database, part)
            epoch = max(_epoch(part), found.epoch, int(time.time())) + 1
            waits = bool(settings.cloud.host) or _spoke(part)
            writer.write(restored, epoch, found, waits, actor="restore").result(timeout=60)
        _fold(part)
        kept = None
        if database.exists():
            kept = database.with_name(f"{database.name}.replaced-{time.strftime('%Y%m%d-%H%M%S')}")
            _fold(database)
            sync_folder(database.parent)  # a log that came back would be played into the backup
            kept.hardlink_to(database)  # and never for a moment no database, or a start would make an empty shop
        part.replace(database)
        sync_folder(database.parent)
    return PutBack(kept, epoch, found.beyond, waits)


def _epoch(path: Path) -> int:
    return int(_first(path, "SELECT value FROM keep WHERE name = 'epoch'"))


def _spoke(path: Path) -> bool:
    """Whether the shop of this backup ever had a cloud."""
    return bool(_first(path, "SELECT count(*) FROM cursor WHERE name IN ('up', 'down')"))


def _first(path: Path, statement: str) -> int:
    connection = connect(path, query_only=True)
    try:
        return int(connection.execute(statement).fetchone()[0])
    finally:
        connection.close()


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
