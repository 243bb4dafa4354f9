"""The lab's pins, and hands that pull them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LINES = Path("/sys/devices/platform/gpio-sim.0")


class Pins:
    """28 lines of the kernel's `gpio-sim`: what they are, and resistors to pull them with."""

    def __init__(self) -> None:
        (self._chip,) = LINES.glob("gpiochip*")
        self.number = int(self._chip.name.removeprefix("gpiochip"))

    def level(self, pin: int) -> bool:
        return (self._chip / f"sim_gpio{pin}" / "value").read_text().strip() == "1"

    def pull(self, pin: int, up: bool) -> None:
        (self._chip / f"sim_gpio{pin}" / "pull").write_text("pull-up" if up else "pull-down")

    def high(self) -> set[int]:
        return {pin for pin in range(2, 28) if self.level(pin)}


@pytest.fixture
def pins() -> Pins:
    return Pins()


@pytest.fixture
def factory(pins: Pins) -> Iterator[Any]:
    """gpiozero over the real lgpio; a Pi's header is all that the lab has not."""
    from gpiozero.pins.lgpio import LGPIOFactory

    class InTheLab(LGPIOFactory):  # type: ignore[misc]
        def _get_revision(self) -> int:
            return 0xC03114

    made = InTheLab(chip=pins.number)
    yield made
    made.close()
