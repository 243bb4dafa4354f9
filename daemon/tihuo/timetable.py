"""What happens in the shop because time passed, and nobody did anything."""

from __future__ import annotations

from collections.abc import Callable

from tihuo.boards.calls import reminders_due
from tihuo.boards.kiosk import visits_overdue
from tihuo.boards.paper import waited_too_long
from tihuo.boards.short_picks import picks_overdue
from tihuo.boards.turns import turns_due
from tihuo.boards.uncollected import steps_due
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower, last_entry
from tihuo.ledger.writer import Writer
from tihuo.shop.paper import expire
from tihuo.shop.work import House
from tihuo.stages import adjusting, forgetting, handing_over, overdue, queueing, reminding, substituting

LOOK_AT_PHOTOS_MS = 3_600_000
FORGET_EVERY = 50_000
"""Facts between two rounds of forgetting: the more at once, the fewer pages are written."""


class Timetable:
    """Every second: visits at a kiosk move on, money goes back that nobody decided about in time, and paper that waited
    a day is asked for again. Every hour: photographs that are too old are deleted. Every few days: what is long settled
    is forgotten, a little at a time, while nobody waits for the writer. And by a clock that somebody vouches for,
    customers are reminded, and what nobody fetched goes a step on. Where people take numbers (`house`), the queue is
    called. `reading` is a look at the clock: the time, whether it is sure, and milliseconds that never jump."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        reading: Callable[[], tuple[int, bool, int]],
        house: House | None = None,
    ) -> None:
        self._queue = house if house is not None and house.numbers else None
        self._writer = writer
        self._readers = readers
        self._reading = reading
        self._round_at = 0
        self._after: str | None = ""
        self._photos_at = 0
        self._failed: BaseException | None = None
        self.follower = Follower("timetable", self.step, period=1.0)

    def step(self) -> bool:
        now, sure, ticks = self._reading()
        read, write = self._readers.read, self._write
        if read(visits_overdue, ticks):
            write(handing_over.ask_again)
        if read(picks_overdue, ticks):
            write(substituting.refund_overdue)
        if read(waited_too_long, ticks):
            write(expire)
        if (told := read(reminders_due, now if sure else 0, ticks)).unanswered:
            write(reminding.give_up_waiting)
        if told.waiting:
            write(reminding.remind)
        if sure and read(steps_due, now):
            write(overdue.move_on)
        if self._queue is not None and read(turns_due, ticks, self._queue):
            write(queueing.go_on)
        if ticks >= self._photos_at:
            if read(adjusting.has_photos):
                write(adjusting.forget_photos)
            self._photos_at = ticks + LOOK_AT_PHOTOS_MS
        if not self._writer.waiting:
            self._forget()
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        return False

    def _write(self, stage: Callable[..., object], *args: object) -> None:
        """One that fails keeps nobody else waiting; the round ends with what was first wrong."""
        failed = self._writer.write(stage, *args, actor="timetable").exception(timeout=30)
        self._failed = self._failed or failed

    def _forget(self) -> None:
        newest = self._readers.read(last_entry)
        if newest < self._round_at:
            return
        if self._after is not None:
            keys, self._after = self._readers.read(forgetting.old_keys, newest, self._after)
            if keys:
                self._write(forgetting.forget_keys, keys)
        rows = self._readers.read(forgetting.has_old_rows)
        if rows:
            self._write(forgetting.forget_rows)
        if self._after is None and not rows:
            self._after, self._round_at = "", newest + FORGET_EVERY
