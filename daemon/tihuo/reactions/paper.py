"""Paper follows print jobs: at most once, and when in doubt a person decides.

A job is committed as `sending` before a byte leaves the box and as `printed` after the printer's own answer. What was
`sending` when the box died, or when the printer fell silent, is `doubtful`. A printer that cannot take a job yet gets
it again later, or another of the same role does: nothing was sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from tihuo.boards.paper import PaperRow, on_the_way, work_for
from tihuo.devices.asking import trouble_in
from tihuo.devices.ports import Page, Printer
from tihuo.devices.troubles import PrinterTrouble
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.paper import doubt, give_back, moved, take
from tihuo.shop.words import Refusal

log = logging.getLogger(__name__)

KINDS = {
    "label": ("label", "slot"),
    "receipt": ("receipt", "drawer"),
    "list": ("list", "sheet"),
}
"""What each role of a printer prints; test and calibration pages go to any printer that they are addressed to."""
RETRY_S = (1.0, 15.0)
LONGEST_STEP_S = 5.0
"""A batch goes on over one connection for so long; then the thread gives a sign of life."""


class Post(msgspec.Struct, frozen=True):
    """The place of a printer in the shop: its name, what it prints, and for which zones (none: for all)."""

    name: str
    roles: tuple[str, ...]
    zones: tuple[str, ...] = ()
    cut: bool = True

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind for role in self.roles for kind in KINDS[role])) + ("test", "calibration")


class PaperDesk:
    """Works off the print jobs of one printer, one connection a batch. `draw` turns a job into its page."""

    def __init__(
        self,
        post: Post,
        writer: Writer,
        readers: Readers,
        printer: Printer | None,
        draw: Callable[[PaperRow], Page],
        on_trouble: Callable[[str], None],
    ) -> None:
        self._post = post
        self._writer = writer
        self._readers = readers
        self._printer = printer
        self._draw = draw
        self._on_trouble = on_trouble
        self._in_trouble = False
        self._pause = RETRY_S[0]
        self._not_before = 0.0
        self.follower = Follower(f"paper_{post.name}", self.step, period=1.0)
        writer.listen(lambda events: self.follower.wake() if any("paper" in e.TOPICS for e in events) else None)

    def step(self) -> bool:
        """Print what is queued. True when there may be more."""
        self._doubt_what_was_cut_off()
        if self._printer is None or time.monotonic() < self._not_before:
            return False
        jobs = self._next()
        if not jobs:
            return False
        until = time.monotonic() + LONGEST_STEP_S
        try:
            with self._printer.batch():
                if self._in_trouble and (still := trouble_in(self._printer.status(), doubtful=False)):
                    raise still  # before a job is touched: each try would be written down, all night
                while jobs:
                    for job in jobs:
                        if not self.follower.stopping:
                            self._print(self._printer, job)
                    jobs = self._next() if time.monotonic() < until and not self.follower.stopping else []
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

    def _next(self) -> list[PaperRow]:
        return self._readers.read(work_for, self._post.name, self._post.kinds, self._post.zones)

    def _print(self, printer: Printer, job: PaperRow) -> None:
        """One job. Raises `PrinterTrouble` after it has put the job where it belongs."""
        drawer = job.kind == "drawer"
        try:
            page = None if drawer else self._draw(job)
        except Exception as error:
            log.exception("print job %d cannot be drawn", job.job_id)
            self._write(moved, job.job_id, ("queued",), "cancelled", f"not_drawable: {type(error).__name__}")
            return
        if not self._write(take, job.job_id, self._post.name):
            return  # another printer has it, or it is not wanted any more
        try:
            if page is None:
                printer.kick_drawer()
            else:
                printer.print(page, self._post.cut)
        except ValueError as unfit:  # nothing was sent, and never could be: a page that is wider than the paper
            log.exception("print job %d does not suit the %s printer", job.job_id, self._post.name)
            self._write(moved, job.job_id, ("sending",), "cancelled", f"not_printable: {unfit}")
            return
        except PrinterTrouble as trouble:
            if trouble.doubtful:
                self._write(doubt, job.job_id, trouble.code)
            elif drawer:  # one that opens by itself an hour later, when the printer is well again, helps nobody
                self._write(moved, job.job_id, ("sending",), "cancelled", trouble.code)
            else:
                self._write(give_back, job.job_id, trouble.code)
            raise
        self._write(moved, job.job_id, ("sending",), "printed")

    def _write(self, change: Callable[..., Any], *args: Any) -> bool:
        """Whether the job was where it was thought to be."""
        try:
            self._writer.write(change, *args, actor="printer", device=self._post.name).result(timeout=30)
        except Refusal:
            return False
        return True

    def _doubt_what_was_cut_off(self) -> None:
        """Between two steps nothing is on its way: the box could not write down how it ended, or died with it."""
        for job_id in self._readers.read(on_the_way, self._post.name):
            self._write(doubt, job_id, "cut_off")
