"""货架灯: the lamps of one shelf as one picture, drawn on a rail of lines. Blinking is one slow thread for all.

A line that, read back, is not what it was told too often is given up: it may be shorted, and each try would cost the
others time. The count forgets slowly what goes well, so a rare mishap never adds up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from tihuo.devices.ports import Glow, Shown
from tihuo.devices.rhythm import next_change, shining
from tihuo.devices.troubles import LightsTrouble

TEST_STEP_S = 0.15
LONGEST_TEST_S = 5.0
"""All steps of a lamp test together: a shelf of 200 is walked faster."""
FAULT, PARDON, BUDGET = 3, 1, 15
"""A drawing in which a line did not follow costs it so much, one in which it did gives so much back; what is spent at
`BUDGET` is given up: five faults on end, or one drawing in three for a while."""
_HELD = (Glow("white", "on"),)


class Rail(Protocol):
    """Lines in a fixed order, each with a lamp."""

    reads_back: bool
    """Whether `write` asks the lines what they are now."""

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        """Draw all lines: a colour, "" for dark, None for a line to leave alone. Gives the lines that, read back, are
        not as they were told. Raises a `LightsTrouble` when no line could be told anything."""
        ...

    def close(self) -> None: ...


class Shelf:
    """`slots` names the lamps in the order of the rail's lines, "" where a line has none. Use from any thread; closing
    leaves all lamps dark. A picture that could not be drawn is kept and drawn with the next beat or the next `show`.
    """

    def __init__(self, slots: Sequence[str], rail: Rail, *, clock: Callable[[], float] = time.time) -> None:
        self._slots = tuple(slots)
        self._line = {slot: line for line, slot in enumerate(slots) if slot}
        self._rail = rail
        self._clock = clock
        self._picture: dict[str, Sequence[Glow]] = {}
        self._dead: frozenset[str] = frozenset()
        self._given_up: set[str] = set()
        self._silent: frozenset[str] = frozenset()
        self._strikes = dict.fromkeys(self._line, 0)
        self._held: frozenset[str] = frozenset()
        self._held_until = 0.0
        self._drawing = threading.RLock()
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._testing = False
        self._thread: threading.Thread | None = None

    @property
    def reads_back(self) -> bool:
        return self._rail.reads_back

    def show(self, glows: Mapping[str, Sequence[Glow]], dead: Collection[str] = ()) -> Shown:
        """Make the shelf look like this and nothing else; during a lamp test, as soon as it is over."""
        with self._drawing:
            self._forgive(self._dead - frozenset(dead))
            self._picture, self._dead = dict(glows), frozenset(dead)
            return self._shown_now()

    def step(self) -> None:
        """One beat of the blinking thread: draw the picture as it looks now."""
        with self._drawing:
            if not self._testing:
                self._draw()

    def test(self, step_s: float = TEST_STEP_S) -> Shown:
        """灯光自检: each lamp in turn, then all of them, then the picture again. A person watches and counts."""
        step_s = min(step_s, LONGEST_TEST_S / max(1, len(self._line)))
        silent: set[str] = set()
        self._testing = True
        try:
            for lit in self._line:
                silent |= self._write(["white" if slot == lit else "" for slot in self._slots])
                self._closed.wait(step_s)
            silent |= self._write(["white" if slot else "" for slot in self._slots])
            self._closed.wait(step_s * 4)
        finally:
            self._testing = False
            with suppress(LightsTrouble):
                self.step()
        return Shown(silent=frozenset(silent))

    def hold(self, slots: Collection[str], seconds: float) -> Shown:
        """Light these for a person who looks; each gets a new budget, and is told to shine although it is dead."""
        with self._drawing:
            self._held = frozenset(slots) & self._line.keys()
            self._held_until = self._clock() + seconds
            self._forgive(self._held)
            shown = self._shown_now()
            return Shown(refused=frozenset(slots) - self._held, silent=shown.silent, given_up=shown.given_up)

    def close(self) -> None:
        self._closed.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join(2)
        with self._drawing:
            with suppress(LightsTrouble):
                self._rail.write([""] * len(self._slots))
            self._rail.close()

    def _shown_now(self) -> Shown:
        if not self._testing:
            self._draw()
        self._keep_beating()
        return Shown(frozenset(self._picture.keys() - self._line.keys()), self._silent, frozenset(self._given_up))

    def _forgive(self, slots: Collection[str]) -> None:
        self._given_up -= set(slots)
        self._strikes.update(dict.fromkeys(slots, 0))

    def _draw(self) -> None:
        now = self._clock()
        if self._held and now >= self._held_until:
            self._held = frozenset()
        at = int(now * 1000)
        self._silent = self._write([self._color(slot, at) for slot in self._slots])
        self._count(self._silent)

    def _color(self, slot: str, at: int) -> str | None:
        if slot in self._held:
            return shining(_HELD, at)
        if slot in self._dead or slot in self._given_up:
            return None
        return shining(self._picture.get(slot, ()), at)

    def _count(self, silent: Collection[str]) -> None:
        for slot, strikes in self._strikes.items():
            if slot in silent:
                self._strikes[slot] = strikes + FAULT
                if strikes + FAULT >= BUDGET:
                    self._given_up.add(slot)
            elif strikes:
                self._strikes[slot] = strikes - PARDON

    def _write(self, colors: Sequence[str | None]) -> frozenset[str]:
        with self._drawing:
            if self._closed.is_set():
                return frozenset()
            return frozenset(self._slots[line] for line in self._rail.write(colors)) - {""}

    def _next_change(self) -> float | None:
        """Seconds until the shelf may look different; None when it stays as it is."""
        now = self._clock()
        wait = next_change(self._picture.values(), int(now * 1000))
        waits = [] if wait is None else [wait / 1000]
        if self._held:
            waits.append(max(0.02, self._held_until - now))
        return min(waits, default=None)

    def _keep_beating(self) -> None:
        if self._next_change() is None:
            return
        self._changed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lights-blink", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._changed.clear()
            wait = self._next_change()
            if self._changed.wait(wait) or self._closed.is_set():
                continue  # another picture, which `show` has drawn: its next change may be nearer
            with suppress(LightsTrouble):  # the next `show` tells; meanwhile the lamps may come back by themselves
                self.step()
