"""House-keeping of the database file on a thread of its own, so that no commit waits for a checkpoint."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tihuo.ledger.database import connect
from tihuo.ledger.journal import Follower

CHECKPOINT_BYTES = 1 << 20
TRUNCATE_BYTES = 8 << 20


class Checkpointer:
    """Moves the write-ahead log into the file when it has grown, and cuts it back when it has grown a lot."""

    def __init__(self, path: Path) -> None:
        self._wal = path.with_name(f"{path.name}-wal")
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._done = 0
        self.follower = Follower("checkpoint", self.step, period=2.0)

    def step(self) -> bool:
        size = self._wal.stat().st_size if self._wal.exists() else 0
        if size < CHECKPOINT_BYTES or (size == self._done and size < TRUNCATE_BYTES):
            return False
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("PRAGMA busy_timeout=50")
        how = "TRUNCATE" if size > TRUNCATE_BYTES else "PASSIVE"
        self._connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        self._done = size
        return False
