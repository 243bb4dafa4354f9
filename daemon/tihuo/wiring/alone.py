"""A writer for a single command, beside the daemon or without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.writer import Writer
from tihuo.settings import Settings
from tihuo.wiring.box import clock, house_of


@contextmanager
def alone(settings: Settings) -> Iterator[Writer]:
    """Migrate, start a writer, and close it afterwards."""
    migrate(settings.database)
    readers = Readers(settings.database)
    writer = Writer(settings.database, house_of(settings, readers), clock)
    writer.start()
    try:
        yield writer
    finally:
        writer.close()
        readers.close()
