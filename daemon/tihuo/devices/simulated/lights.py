"""模拟货架灯: a shelf drawn in memory, for the demo's shelf map and for tests. Lamps can break and the board vanish."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from tihuo.devices.ports import Lamp
from tihuo.devices.shelf import TEST_STEP_S, Shelf
from tihuo.devices.troubles import LightsUnreachable

_KEPT_LEVELS = 1000


class _MemoryRail:
    def __init__(self, slots: Sequence[str]) -> None:
        self.slots = tuple(slots)
        self.levels = (False,) * len(self.slots)
        self.history: deque[tuple[bool, ...]] = deque(maxlen=_KEPT_LEVELS)
        self.vanished = False

    def write(self, levels: Sequence[bool]) -> None:
        if self.vanished:
            raise LightsUnreachable(driver="simulated", reason="vanished")
        self.levels = tuple(levels)
        self.history.append(self.levels)

    def close(self) -> None:
        self.levels = (False,) * len(self.slots)


class SimulatedLights:
    """The same shelf as on the counter, on a rail that can be looked at. `lit` is what a customer would see."""

    def __init__(self, slots: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        self._rail = _MemoryRail(slots)
        self._shelf = Shelf(slots, self._rail, clock=clock)
        self._shown: dict[str, Lamp] = {}
        self._broken: set[str] = set()
        self._lock = threading.Lock()

    def show(self, lamps: Mapping[str, Lamp]) -> None:
        try:
            self._shelf.show(lamps)
        finally:
            with self._lock:
                self._shown = dict(lamps)

    def test(self, step_s: float = TEST_STEP_S) -> None:
        self._shelf.test(step_s)

    def step(self) -> None:
        """One blink beat by hand."""
        self._shelf.step()

    def close(self) -> None:
        self._shelf.close()

    # --- what can be seen ----------------------------------------------------------------------------------------

    def lit(self) -> dict[str, Lamp]:
        """The slots that shine or blink, with how; broken lamps and a vanished board shine not at all."""
        with self._lock:
            if self._rail.vanished:
                return {}
            works = set(self._rail.slots) - self._broken
            return {slot: lamp for slot, lamp in self._shown.items() if lamp.blink != "off" and slot in works}

    def shining(self) -> set[str]:
        """The slots whose lamp has current at this very moment of the blink rhythm."""
        return {
            slot
            for slot, level in zip(self._rail.slots, self._rail.levels, strict=True)
            if level and slot not in self._broken and not self._rail.vanished
        }

    def history(self) -> list[tuple[bool, ...]]:
        """Every drawing so far (the last 1000), oldest first, one level for each slot."""
        return list(self._rail.history)

    # --- what can happen to it -----------------------------------------------------------------------------------

    def break_lamp(self, slot: str) -> None:
        """Burn one lamp out. As with a real one the daemon cannot know; a person sees it in the lamp test."""
        with self._lock:
            self._broken.add(slot)

    def mend_lamp(self, slot: str) -> None:
        with self._lock:
            self._broken.discard(slot)

    def vanish(self) -> None:
        """The board is gone: `show` and `test` raise `LightsUnreachable`."""
        self._rail.vanished = True

    def come_back(self) -> None:
        self._rail.vanished = False
