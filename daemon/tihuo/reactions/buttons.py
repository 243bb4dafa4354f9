"""按键确认: a button beside a lamp, pressed, says that what is lit there was put."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tihuo.devices.ports import Buttons
from tihuo.devices.troubles import ButtonsTrouble, ButtonStuck
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.words import Refusal
from tihuo.stages import sorting

log = logging.getLogger(__name__)


class ButtonDesk:
    """Turns presses into `confirm_slot`, ahead of everything that is queued, and tells which buttons are stuck.

    A press beside a dark lamp is refused and changes nothing; what was put, the journal tells to every page.
    """

    def __init__(self, writer: Writer, buttons: Buttons, on_trouble: Callable[[ButtonsTrouble | None], None]) -> None:
        self._writer = writer
        self._buttons = buttons
        self._on_trouble = on_trouble
        self.follower = Follower("buttons", self.step, period=2.0)

    def press(self, slot: str) -> None:
        """Called on the buttons' own thread."""
        self._writer.write(sorting.confirm_slot, slot, actor="button", urgent=True).add_done_callback(_complain)

    def step(self) -> bool:
        try:
            stuck = self._buttons.stuck()
        except ButtonsTrouble as trouble:
            self._on_trouble(trouble)
        else:
            self._on_trouble(ButtonStuck(slots=" ".join(sorted(stuck))) if stuck else None)
        return False


def _complain(done: Future[Any]) -> None:
    error = done.exception()
    if isinstance(error, Refusal):
        log.info("a press was refused: %s", error.code)
    elif error is not None:
        log.error("a press was lost: %s", error)
