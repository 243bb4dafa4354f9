"""What happens in the shop because time passed, and nobody did anything."""

from __future__ import annotations

from collections.abc import Callable

from tihuo.boards.kiosk import visits_overdue
from tihuo.boards.paper import waited_too_long
from tihuo.boards.short_picks import picks_overdue
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower, last_entry
from tihuo.ledger.writer import Writer
from tihuo.shop.paper import expire
from tihuo.stages import adjusting, forgetting, handing_over, substituting

LOOK_AT_PHOTOS_MS = 3_600_000
FORGET_EVERY = 50_000
"""Facts between two rounds of forgetting: the more at once, the fewer pages are written."""


class Timetable:
    """Every second: visits at a kiosk move on, money goes back that nobody decided about in time, and paper that waited
    a day is asked for again. Every hour: photographs that are too old are deleted. Every few days: what is long settled
    is forgotten, a little at a time, while nobody waits for the writer. `ticks` are milliseconds that never jump."""

    def __init__(self, writer: Writer, readers: Readers, ticks: Callable[[], int]) -> None:
        self._writer = writer
        self._readers = readers
        self._ticks = ticks
        self._round_at = 0
        self._after: str | None = ""
        self._photos_at = 0
        self.follower = Follower("timetable", self.step, period=1.0)

    def step(self) -> bool:
        if self._readers.read(visits_overdue, self._ticks()):
            self._writer.write(handing_over.ask_again, actor="timetable").result(timeout=30)
        if self._readers.read(picks_overdue, self._ticks()):
            self._writer.write(substituting.refund_overdue, actor="timetable").result(timeout=30)
        if self._readers.read(waited_too_long, self._ticks()):
            self._writer.write(expire, actor="timetable").result(timeout=30)
        if self._ticks() >= self._photos_at:
            if self._readers.read(adjusting.has_photos):
                self._writer.write(adjusting.forget_photos, actor="timetable").result(timeout=30)
            self._photos_at = self._ticks() + LOOK_AT_PHOTOS_MS
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
