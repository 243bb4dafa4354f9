"""货架灯: the lamps of one shelf as one picture, drawn on a rail of on/off lines. Blinking is one slow thread for all.

The rhythm counts from the epoch, not from the moment a lamp was lit: every lamp, and every screen that shows the same
slot, goes on and off together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from tihuo.devices.ports import BLINK_MS, Lamp
from tihuo.devices.troubles import LampOutOfRange, LightsTrouble

TEST_STEP_S = 0.15


class Rail(Protocol):
    """Lines that are on or off, in a fixed order. Each call may raise a `LightsTrouble`."""

    def write(self, levels: Sequence[bool]) -> None: ...

    def close(self) -> None: ...


class Shelf:
    """`slots` names the lamps in the order of the rail's lines. Use from any thread; closing leaves all lamps dark.

    A picture that could not be drawn is kept and drawn with the next beat or the next `show`.
    """

    def __init__(self, slots: Sequence[str], rail: Rail, *, clock: Callable[[], float] = time.time) -> None:
        self._slots = tuple(slots)
        self._rail = rail
        self._clock = clock
        self._picture: dict[str, Lamp] = {}
        self._drawing = threading.RLock()
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._testing = False
        self._thread: threading.Thread | None = None

    def show(self, lamps: Mapping[str, Lamp]) -> None:
        """Make the shelf look like this and nothing else; during a lamp test, as soon as it is over."""
        with self._drawing:
            self._picture = dict(lamps)
            self.step()
            self._keep_blinking()
        if missing := sorted(set(lamps) - set(self._slots)):
            raise LampOutOfRange(slots=missing)

    def step(self) -> None:
        """One beat of the blinking thread: draw the picture as it looks now."""
        with self._drawing:
            if not self._testing:
                self._draw()

    def test(self, step_s: float = TEST_STEP_S) -> None:
        """灯光自检: each lamp in turn, then all of them, then the picture again. A person watches and counts."""
        self._testing = True
        try:
            for lit in self._slots:
                self._write([slot == lit for slot in self._slots])
                self._closed.wait(step_s)
            self._write([True] * len(self._slots))
            self._closed.wait(step_s * 4)
        finally:
            self._testing = False
            self.step()

    def close(self) -> None:
        self._closed.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join(2)
        with self._drawing:
            with suppress(LightsTrouble):
                self._rail.write([False] * len(self._slots))
            self._rail.close()

    def _draw(self) -> None:
        at = int(self._clock() * 1000)
        dark = Lamp("", blink="off")
        self._write([self._picture.get(slot, dark).lit_at(at) for slot in self._slots])

    def _write(self, levels: Sequence[bool]) -> None:
        with self._drawing:
            if not self._closed.is_set():
                self._rail.write(levels)

    def _keep_blinking(self) -> None:
        if not any(lamp.blink == "blink" for lamp in self._picture.values()):
            return
        self._changed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lights-blink", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            if not any(lamp.blink == "blink" for lamp in self._picture.values()):
                self._changed.wait()
                self._changed.clear()
                continue
            self._closed.wait((BLINK_MS - self._clock() * 1000 % BLINK_MS) / 1000)
            with suppress(LightsTrouble):  # the next `show` tells; meanwhile the lamps may come back by themselves
                self.step()
