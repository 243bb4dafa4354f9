"""Paper follows print jobs: at most once, and when in doubt a person decides.

A job is committed as `sending` before a byte leaves the box and as `printed` after the printer's own answer. What was
`sending` when the box died, or when the printer fell silent, is `doubtful`. A printer that cannot take a job yet gets
it again later: nothing was sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tihuo.boards.paper import PaperRow, paper_in_state, queued_paper
from tihuo.devices.asking import trouble_in
from tihuo.devices.ports import Printer
from tihuo.devices.troubles import PrinterTrouble
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.paper import moved

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

KINDS = {"label": ("label",), "receipt": ("receipt", "test")}
RETRY_S = (1.0, 15.0)


class PaperDesk:
    """Works off the print jobs of one printer, one connection a batch. `draw` turns a job into its picture."""

    def __init__(
        self,
        role: str,
        writer: Writer,
        readers: Readers,
        printer: Printer | None,
        draw: Callable[[PaperRow], Image],
        on_trouble: Callable[[str], None],
        *,
        cut: bool,
    ) -> None:
        self._kinds = KINDS[role]
        self._writer = writer
        self._readers = readers
        self._printer = printer
        self._draw = draw
        self._on_trouble = on_trouble
        self._cut = cut
        self._in_trouble = False
        self._pause = RETRY_S[0]
        self._not_before = 0.0
        self.follower = Follower(f"paper_{role}", self.step, period=1.0)
        writer.listen(lambda events: self.follower.wake() if any("paper" in e.TOPICS for e in events) else None)

    def step(self) -> bool:
        """Print what is queued. True when there may be more."""
        self._doubt_what_was_cut_off()
        if self._printer is None or time.monotonic() < self._not_before:
            return False
        jobs = [job for kind in self._kinds for job in self._readers.read(queued_paper, kind)]
        if not jobs:
            return False
        try:
            with self._printer.batch():
                if self._in_trouble and (still := trouble_in(self._printer.status(), doubtful=False)):
                    raise still  # before a job is touched: each try would be written down, all night
                for job in jobs:
                    self._print(self._printer, job)
        except PrinterTrouble as trouble:
            self._on_trouble(trouble.code)
            self._in_trouble = True
            self._not_before = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, RETRY_S[1])
            return False
        self._on_trouble("")
        self._in_trouble = False
        self._pause = RETRY_S[0]
        return True

    def _print(self, printer: Printer, job: PaperRow) -> None:
        """One job. Raises `PrinterTrouble` after it has put the job where it belongs."""
        try:
            picture = self._draw(job)
        except Exception as error:
            log.exception("print job %d cannot be drawn", job.job_id)
            self._move(job, "queued", "cancelled", f"not_drawable: {type(error).__name__}")
            return
        self._move(job, "queued", "sending")
        try:
            printer.print(picture, self._cut)
        except PrinterTrouble as trouble:
            self._move(job, "sending", "doubtful" if trouble.doubtful else "queued", trouble.code)
            raise
        self._move(job, "sending", "printed")

    def _move(self, job: PaperRow, source: str, target: str, trouble: str = "") -> None:
        self._writer.write(moved, job.job_id, (source,), target, trouble, actor="printer").result(timeout=30)

    def _doubt_what_was_cut_off(self) -> None:
        """Between two steps nothing is on its way: the box died with it, or could not write down how it ended."""
        for job in self._readers.read(paper_in_state, "sending"):
            if job.kind in self._kinds:
                self._move(job, "sending", "doubtful", "cut_off")
