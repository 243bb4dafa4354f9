"""模拟按钮: the buttons of a shelf for tests and players, with fingers, and with contacts that stick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tihuo.devices.expander_buttons import monotonic_ms
from tihuo.devices.presses import Presses
from tihuo.devices.troubles import ButtonsUnreachable


class SimulatedButtons:
    def __init__(self, slots: Sequence[str], *, clock: Callable[[], int] = monotonic_ms) -> None:
        self._slots = frozenset(slots)
        self._presses = Presses(clock)
        self._on_press: Callable[[str], None] = lambda slot: None
        self._gone = False

    def start(self, on_press: Callable[[str], None]) -> None:
        self._on_press = on_press

    def stuck(self) -> frozenset[str]:
        if self._gone:
            raise ButtonsUnreachable(driver="simulated", reason="vanished")
        return self._presses.stuck()

    def stop(self) -> None:
        self._on_press = lambda slot: None

    # --- what fingers and faults do ------------------------------------------------------------------------------

    def press(self, slot: str) -> None:
        """Press and let go. Raises `KeyError` for a slot without a button."""
        self.hold(slot)
        self.let_go(slot)

    def hold(self, slot: str) -> None:
        if slot not in self._slots:
            raise KeyError(slot)
        if not self._gone and self._presses.change(slot, True):
            self._on_press(slot)

    def let_go(self, slot: str) -> None:
        self._presses.change(slot, False)

    def vanish(self) -> None:
        self._gone = True

    def come_back(self) -> None:
        self._gone = False
