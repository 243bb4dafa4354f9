"""模拟货架灯: a shelf drawn in memory, for the demo's shelf map and for tests. Lamps can break and the board vanish."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from tihuo.devices.ports import Glow, Shown
from tihuo.devices.shelf import Shelf
from tihuo.devices.troubles import LightsUnreachable

_KEPT = 1000


class _MemoryRail:
    reads_back = True

    def __init__(self, slots: Sequence[str]) -> None:
        self.slots = tuple(slots)
        self.colors: tuple[str, ...] = ("",) * len(self.slots)
        self.history: deque[tuple[str, ...]] = deque(maxlen=_KEPT)
        self.deaf: set[str] = set()
        self.vanished = False

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        if self.vanished:
            raise LightsUnreachable(driver="simulated", reason="vanished")
        self.colors = tuple(
            "" if slot in self.deaf else color or "" for slot, color in zip(self.slots, colors, strict=True)
        )
        self.history.append(self.colors)
        return [line for line, color in enumerate(colors) if color is not None and self.colors[line] != color]

    def close(self) -> None:
        self.colors = ("",) * len(self.slots)


class SimulatedLights:
    """The same shelf as on the counter, on a rail that can be looked at. `lit` is what a customer would see."""

    def __init__(self, slots: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        self._rail = _MemoryRail(slots)
        self._shelf = Shelf(slots, self._rail, clock=clock)
        self._shown: dict[str, Sequence[Glow]] = {}
        self._broken: set[str] = set()
        self._lock = threading.Lock()

    @property
    def reads_back(self) -> bool:
        return self._rail.reads_back

    def show(self, glows: Mapping[str, Sequence[Glow]], dead: Collection[str] = ()) -> Shown:
        try:
            return self._shelf.show(glows, dead)
        finally:
            with self._lock:
                self._shown = {slot: list(reasons) for slot, reasons in glows.items() if slot not in dead}

    def test(self, step_s: float = 0) -> Shown:
        """In no time, unless somebody wants to watch."""
        return self._shelf.test(step_s)

    def hold(self, slots: Collection[str], seconds: float) -> Shown:
        return self._shelf.hold(slots, seconds)

    def step(self) -> None:
        """One blink beat by hand."""
        self._shelf.step()

    def close(self) -> None:
        self._shelf.close()

    # --- what can be seen ----------------------------------------------------------------------------------------

    def lit(self) -> dict[str, Sequence[Glow]]:
        """The slots that shine or blink, with why; broken lamps and a vanished board shine not at all."""
        with self._lock:
            if self._rail.vanished:
                return {}
            works = set(self._rail.slots) - self._broken - self._rail.deaf
            return {slot: glows for slot, glows in self._shown.items() if glows and slot in works}

    def shining(self) -> set[str]:
        """The slots whose lamp has current at this very moment of the rhythm."""
        return set(self.colors())

    def colors(self) -> dict[str, str]:
        """Slot -> the colour that it has at this very moment."""
        return {
            slot: color
            for slot, color in zip(self._rail.slots, self._rail.colors, strict=True)
            if color and slot not in self._broken and not self._rail.vanished
        }

    def history(self) -> list[tuple[str, ...]]:
        """Every drawing so far (the last 1000), oldest first, one colour for each slot."""
        return list(self._rail.history)

    # --- what can happen to it -----------------------------------------------------------------------------------

    def break_lamp(self, slot: str) -> None:
        """Burn one lamp out. As with a real one the daemon cannot know; a person sees it in the lamp test."""
        with self._lock:
            self._broken.add(slot)

    def cut_line(self, slot: str) -> None:
        """A line that no longer follows: reading it back tells."""
        with self._lock:
            self._rail.deaf.add(slot)

    def mend_lamp(self, slot: str) -> None:
        with self._lock:
            self._broken.discard(slot)
            self._rail.deaf.discard(slot)

    def vanish(self) -> None:
        """The board is gone: what draws raises `LightsUnreachable`."""
        self._rail.vanished = True

    def come_back(self) -> None:
        self._rail.vanished = False
