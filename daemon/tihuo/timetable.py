"""What happens in the shop because time passed, and nobody did anything."""

from __future__ import annotations

from collections.abc import Callable

from tihuo.boards.kiosk import visits_overdue
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower, last_entry
from tihuo.ledger.writer import Writer
from tihuo.stages import forgetting, handing_over

FORGET_EVERY = 50_000
"""Facts between two rounds of forgetting: the more at once, the fewer pages are written."""


class Timetable:
    """Every second: visits at a kiosk move on. Every few days: what is long settled is forgotten, a little at a time,
    while nobody waits for the writer. `ticks` are milliseconds that never jump."""

    def __init__(self, writer: Writer, readers: Readers, ticks: Callable[[], int]) -> None:
        self._writer = writer
        self._readers = readers
        self._ticks = ticks
        self._round_at = 0
        self._after: str | None = ""
        self.follower = Follower("timetable", self.step, period=1.0)

    def step(self) -> bool:
        if self._readers.read(visits_overdue, self._ticks()):
            self._writer.write(handing_over.ask_again, actor="timetable").result(timeout=30)
        if not self._writer.waiting:
            self._forget()
        return False

    def _forget(self) -> None:
        newest = self._readers.read(last_entry)
        if newest < self._round_at:
            return
        if self._after is not None:
            keys, self._after = self._readers.read(forgetting.old_keys, newest, self._after)
            if keys:
                self._writer.write(forgetting.forget_keys, keys, actor="timetable").result(timeout=30)
        rows = self._readers.read(forgetting.has_old_rows)
        if rows:
            self._writer.write(forgetting.forget_rows, actor="timetable").result(timeout=30)
        if self._after is None and not rows:
            self._after, self._round_at = "", newest + FORGET_EVERY
