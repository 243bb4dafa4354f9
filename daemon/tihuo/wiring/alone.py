"""A writer for a single command, beside the daemon or without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.writer import Writer
from tihuo.settings import Settings
from tihuo.wiring.box import clock_of, house_of


@contextmanager
def alone(settings: Settings, database: Path | None = None) -> Iterator[Writer]:
    """Migrate, start a writer, and close it afterwards; over another file than the shop's own, if one is named."""
    database = database or settings.database
    migrate(database)
    readers = Readers(database)
    writer = Writer(database, house_of(settings, readers), clock_of(settings, readers))
    writer.start()
    try:
        yield writer
    finally:
        writer.close()
        readers.close()
