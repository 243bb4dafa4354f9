"""House-keeping of the database file and its disk, on threads of its own, so that no commit waits for it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tihuo.ledger.database import DatabaseTrouble, connect
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.work import Work

CHECKPOINT_BYTES = 1 << 20
TRUNCATE_BYTES = 8 << 20
RESERVE_BYTES = 4 << 20
ROOM_BYTES = 1 << 20
"""With less free than that a full disk is not asked again."""
NOTHING_BYTES = 1 << 16
"""With less free than that a database cannot even be opened: its shared index needs a place."""


class Checkpointer:
    """Moves the write-ahead log into the file when it has `grown`, and cuts it back when it is `large` (bytes)."""

    def __init__(self, path: Path, *, grown: int = CHECKPOINT_BYTES, large: int = TRUNCATE_BYTES) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._path = path
        self._grown, self._large = grown, large
        self._connection: sqlite3.Connection | None = None
        self._done = 0
        self.follower = Follower("checkpoint", self.step, period=2.0)

    def step(self) -> bool:
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size < self._grown or (size == self._done and size < self._large):
            return False
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("PRAGMA busy_timeout=50")
        how = "TRUNCATE" if size > self._large else "PASSIVE"
        self._connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        self._done = size
        return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Reserve:
    """备用空间: room kept on the disk, let go when it is full, so that the shop can finish what it has begun.

    `in_use` says that there is none: nothing new should be taken in until there is room again.
    """

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self.in_use = False
        self.keep()

    def keep(self) -> None:
        """Take the room, if twice as much is free; let it go, if there is none at all."""
        with suppress(OSError):
            free = shutil.disk_usage(self._path.parent).free
            if self._there():
                if free < NOTHING_BYTES:
                    self.let_go()
            elif free >= 2 * self._size:
                self._allocate()
        self.in_use = not self._there()

    def let_go(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.in_use = True

    def _there(self) -> bool:
        try:
            return self._path.stat().st_size == self._size
        except OSError:
            return False

    def _allocate(self) -> None:
        file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, self._size)  # takes the blocks and writes nothing to them
        finally:
            os.close(file)


class DiskKeeper:
    """恢复: while commits fail, tries one now and then, so that the shop goes on by itself as soon as its disk does.

    `on_change` is called when the trouble began, changed or ended.
    """

    def __init__(self, writer: Writer, database: Path, reserve: Reserve, on_change: Callable[[], object]) -> None:
        self._writer = writer
        self._folder = database.parent
        self.reserve = reserve
        self._on_change = on_change
        self._told = ("", self.reserve.in_use)
        self.follower = Follower("disk", self.step, period=2.0)

    def step(self) -> bool:
        trouble = self._writer.trouble
        if trouble == "disk_full":
            self.reserve.let_go()
        if trouble and (trouble != "disk_full" or shutil.disk_usage(self._folder).free >= ROOM_BYTES):
            with suppress(DatabaseTrouble, TimeoutError):
                self._writer.write(_try_again, urgent=True).result(timeout=10)
        if not self._writer.trouble:
            self.reserve.keep()
        now = (self._writer.trouble, self.reserve.in_use)
        if now != self._told:
            self._told = now
            self._on_change()
        return False


def _try_again(work: Work) -> None:
    """Something that must reach the disk."""
    work.sql("INSERT INTO keep VALUES ('tried_at', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1", (str(work.now),))
