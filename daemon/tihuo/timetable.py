"""The clock of the shop: what happens because time passed, and nobody did anything."""

from __future__ import annotations

from collections.abc import Callable

from tihuo.boards.kiosk import visits_overdue
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.words import Millis
from tihuo.stages import handing_over


class Timetable:
    """Every second: visits at a kiosk move on."""

    def __init__(self, writer: Writer, readers: Readers, clock: Callable[[], Millis]) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock
        self.follower = Follower("timetable", self.step, period=1.0)

    def step(self) -> bool:
        if self._readers.read(visits_overdue, self._clock()):
            self._writer.write(handing_over.ask_again, actor="timetable").result(timeout=30)
        return False
