"""The database file: how it is opened, brought up to date, checked, copied and put back.

WAL with `synchronous=FULL`: what was acknowledged survives a power cut. Pages of 512 bytes, because each page that a
commit touches is written whole and most commits here touch little of it.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
PAGE_BYTES = 512


class DatabaseTrouble(Exception):
    """The file cannot be used. `code` is stable: `disk_full`, `disk_read_only`, `database_damaged`, `database_newer`,
    `database_busy`, `disk_failed`; `detail` is SQLite's own text."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


_CODES = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "disk_read_only",
    sqlite3.SQLITE_CORRUPT: "database_damaged",
    sqlite3.SQLITE_NOTADB: "database_damaged",
    sqlite3.SQLITE_BUSY: "database_busy",
    sqlite3.SQLITE_LOCKED: "database_busy",
    sqlite3.SQLITE_PROTOCOL: "database_busy",
    sqlite3.SQLITE_IOERR: "disk_failed",
    sqlite3.SQLITE_CANTOPEN: "disk_failed",
    sqlite3.SQLITE_PERM: "disk_failed",
}


def _primary(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF


def is_trouble(error: sqlite3.Error) -> bool:
    """Whether the file or its disk is at fault, and not the statement."""
    return _primary(error) in _CODES


def trouble_of(error: sqlite3.Error, path: Path | None = None) -> DatabaseTrouble:
    """Our name for an error of SQLite. `path`, where it is known, tells a disk that failed from one that takes no more:
    the kernel makes a broken one read-only, and SQLite calls that an I/O error."""
    code = _CODES.get(_primary(error), "disk_failed")
    if code == "disk_failed" and path is not None and _read_only(path.parent):
        code = "disk_read_only"
    return DatabaseTrouble(code, str(error))


def _read_only(folder: Path) -> bool:
    try:
        os.utime(folder)  # statvfs knows only of those that a person made so
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def connect(path: Path, *, query_only: bool = False) -> sqlite3.Connection:
    """A connection with our settings; transactions are begun by hand.

    A `query_only` one changes nothing at all, needs the file to be there, and so is good for looking at a backup too.
    """
    connection = None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rw' if query_only else 'rwc'}",
            uri=True,
            timeout=10,
            isolation_level=None,
            cached_statements=256,
            check_same_thread=False,
        )
        if query_only:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("PRAGMA cache_size=-2048")
        else:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA wal_autocheckpoint=0")
            connection.execute("PRAGMA cache_size=-8192")
            connection.execute("PRAGMA temp_store=MEMORY")  # what a statement may have to undo, not on the card
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise trouble_of(error) from error
    except UnicodeDecodeError as error:  # the schema is damaged, and SQLite's word for it cannot be read
        if connection is not None:
            connection.close()
        raise DatabaseTrouble("database_damaged", str(error)) from error
    return connection


def migrations() -> list[tuple[str, str]]:
    """(name, SQL) of every migration that this release knows, in order."""
    folder = resources.files("tihuo.ledger") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(name.removesuffix(".sql"), (folder / name).read_text("utf-8")) for name in names]


def migrate(path: Path) -> list[str]:
    """Bring the file up to date, each migration in one transaction with its own record; gives those applied.

    A file that held anything is copied first, to `<name>.before-<migration>`. Raises `DatabaseTrouble`:
    `database_newer` when a later release has been here.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path)
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS migration(name TEXT PRIMARY KEY, at INTEGER NOT NULL)")
        done = {row[0] for row in connection.execute("SELECT name FROM migration")}
        known = migrations()
        newer = done - {name for name, _ in known}
        if newer:
            raise DatabaseTrouble("database_newer", ", ".join(sorted(newer)))
        missing = [(name, script) for name, script in known if name not in done]
        if done and missing:
            copy(connection, path.with_name(f"{path.name}.before-{missing[0][0]}"))
        for name, script in missing:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute("INSERT INTO migration VALUES (?, ?)", (name, time.time_ns() // 1_000_000))
                connection.execute("COMMIT")
            except sqlite3.Error:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
                raise
    except sqlite3.Error as error:
        raise trouble_of(error) from error
    finally:
        connection.close()
    return [name for name, _ in missing]


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, so that they can share a transaction (`executescript` commits)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError(f"unfinished statement: {pending.strip()[:80]}")


def check(path: Path) -> list[str]:
    """What SQLite finds wrong with the file: empty when it is sound."""
    try:
        connection = connect(path, query_only=True)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return [str(error)]
    except DatabaseTrouble as trouble:
        return [str(trouble)]
    return [] if found == ["ok"] else found


def copy(source: sqlite3.Connection, target: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """A whole, consistent copy beside a running daemon. It appears under its name only when it is complete.

    `progress(done, total)` counts pages. Raises `DatabaseTrouble` or OSError, and then leaves nothing behind.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    tell = (lambda _, left, total: progress(total - left, total)) if progress else None
    try:
        out = sqlite3.connect(part)
        try:
            source.execute("BEGIN")  # one moment, or each commit of the daemon would start the copy anew
            try:
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                source.backup(out, pages=512, progress=tell)
            finally:
                source.execute("ROLLBACK")
            out.execute("PRAGMA journal_mode=DELETE")
        finally:
            out.close()
        with part.open("rb+") as handle:
            os.fsync(handle.fileno())
        part.replace(target)
    except sqlite3.Error as error:
        raise trouble_of(error) from error
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: a rename or an unlink is on the disk only then."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Look:
    """A read-only view of one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(statement, parameters).fetchone()
        return row

    def raw(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows as they lie in the file: text as bytearray, whatever it holds, to be told from blobs."""
        self._connection.text_factory = bytearray
        try:
            return self.rows(statement, parameters)
        finally:
            self._connection.text_factory = str


class Readers:
    """Read-only connections. Each look has one to itself; there are as many as there ever were looks at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def look(self) -> Iterator[Look]:
        """One moment of the shop: everything read inside belongs together. Raises `DatabaseTrouble`."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = connect(self._path, query_only=True)
        try:
            connection.execute("BEGIN")
            yield Look(connection)
        except sqlite3.Error as error:
            if is_trouble(error):
                raise trouble_of(error) from error
            raise
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._lock:
                if not self._closed:
                    self._idle.append(connection)
                    return
        except sqlite3.Error as error:
            log.warning("a reader was given up: %s", error)
        connection.close()

    def read(self, board: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        """`board(look, *args)` at one moment."""
        with self.look() as look:
            return board(look, *args, **kwargs)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
