"""Buttons on the second port of MCP23017 expanders, asked fifty times a second: no interrupt wire to forget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tihuo.devices.expander_rail import Expanders
from tihuo.devices.presses import Presses
from tihuo.devices.troubles import ButtonsUnreachable

ASK_S = 0.02
"""Two readings that agree make a level: contacts bounce for 5 to 10 ms."""
RETRY_S = 1.0


def monotonic_ms() -> int:
    return int(time.monotonic() * 1000)


class ExpanderButtons:
    """`slots` in the order of the lines, "" where a line has none."""

    def __init__(self, slots: Sequence[str], expanders: Expanders, *, clock: Callable[[], int] = monotonic_ms) -> None:
        self._slots = tuple(slots)
        self._expanders = expanders
        self._presses = Presses(clock)
        self._on_press: Callable[[str], None] = lambda slot: None
        self._before: list[bool] | None = None
        self._level: list[bool] | None = None
        self._trouble: ButtonsUnreachable | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, on_press: Callable[[str], None]) -> None:
        self._on_press = on_press
        self._thread = threading.Thread(target=self._run, name="buttons", daemon=True)
        self._thread.start()

    def stuck(self) -> frozenset[str]:
        if self._trouble is not None:
            raise self._trouble
        return self._presses.stuck()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(2)

    def step(self) -> None:
        """Ask once; raises `ButtonsUnreachable`."""
        now = self._expanders.pressed()
        if self._level is None or self._before is None:
            self._level, self._before = list(now), now
            for slot, down in zip(self._slots, now, strict=True):
                if down and slot:
                    self._presses.found_down(slot)
            return
        for line, (slot, before, down) in enumerate(zip(self._slots, self._before, now, strict=True)):
            if slot and before == down != self._level[line]:
                self._level[line] = down
                if self._presses.change(slot, down):
                    self._on_press(slot)
        self._before = now

    def ask(self) -> None:
        """`step`, and remember whether the chips answered."""
        try:
            self.step()
            self._trouble = None
        except ButtonsUnreachable as trouble:
            self._trouble, self._level = trouble, None

    def _run(self) -> None:
        while not self._stopping.wait(RETRY_S if self._trouble else ASK_S):
            self.ask()
