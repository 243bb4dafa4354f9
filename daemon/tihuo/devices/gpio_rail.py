"""Lamps on the pins of a Raspberry Pi, through gpiozero on a pin driver that is named, never guessed."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tihuo.devices.shelf import Shelf
from tihuo.devices.troubles import LampOutOfRange, LampPinTaken, LightsMissingDriver, LightsUnreachable

FREE_PINS = range(2, 28)
_DRIVERS = {
    "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
    "pigpio": ("gpiozero.pins.pigpio", "PiGPIOFactory"),
    "rpigpio": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
    "native": ("gpiozero.pins.native", "NativeFactory"),
    "mock": ("gpiozero.pins.mock", "MockFactory"),
}


def gpio_shelf(pins: Mapping[str, int], *, driver: str = "lgpio", active_high: bool = True) -> Shelf:
    """The lamps of a shelf, one pin (BCM number) a slot. `active_high` False is for lamps switched to ground.

    Raises `LampPinTaken`, `LampOutOfRange`, `LightsMissingDriver` or `LightsUnreachable`, and lights nothing then.
    """
    return Shelf(list(pins), GpioRail(pins, driver=driver, active_high=active_high))


class GpioRail:
    """One gpiozero `LEDBoard`; `factory` overrides the named driver with a pin factory made elsewhere."""

    reads_back = True

    def __init__(
        self, pins: Mapping[str, int], *, driver: str = "lgpio", active_high: bool = True, factory: Any = None
    ) -> None:
        check_pins(pins)
        self._driver = driver
        self._owned = factory is None
        self._factory = pin_factory(driver) if factory is None else factory
        try:
            from gpiozero import LEDBoard  # a shop without lamps need not have it installed

            self._board = LEDBoard(*pins.values(), active_high=active_high, pin_factory=self._factory)
        except Exception as refused:  # every driver has exceptions of its own
            self._close_factory()
            raise LightsUnreachable(driver=driver, reason=repr(refused)) from refused

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        try:
            self._board.value = tuple(int(bool(color)) for color in colors)
            levels = self._board.value  # read from the wires: a shorted one is not as it was told
        except Exception as refused:
            raise LightsUnreachable(driver=self._driver, reason=repr(refused)) from refused
        return [
            line
            for line, (color, level) in enumerate(zip(colors, levels, strict=True))
            if color is not None and bool(color) != bool(level)
        ]

    def close(self) -> None:
        self._board.close()
        self._close_factory()

    def _close_factory(self) -> None:
        if self._owned:
            self._factory.close()


def check_pins(pins: Mapping[str, int]) -> None:
    """Refuse a map in which two slots claim one pin, or one that the header does not have."""
    owners: dict[int, str] = {}
    for slot, pin in pins.items():
        if pin not in FREE_PINS:
            raise LampOutOfRange(slots=[slot], pin=pin)
        if pin in owners:
            raise LampPinTaken(pin=pin, slots=[owners[pin], slot])
        owners[pin] = slot


def give_lgpio_a_folder() -> None:
    """Before its first import: it puts a pipe into its working directory, and dies where it may not write."""
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", tempfile.gettempdir()))


def pin_factory(driver: str) -> Any:
    """The gpiozero pin factory of that name and no other; raises `LightsMissingDriver` or `LightsUnreachable`."""
    if driver not in _DRIVERS:
        raise LightsMissingDriver(driver=driver)
    give_lgpio_a_folder()
    module, name = _DRIVERS[driver]
    try:
        factory = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as missing:
        raise LightsMissingDriver(driver=driver) from missing
    try:
        return factory()
    except Exception as refused:
        raise LightsUnreachable(driver=driver, reason=repr(refused)) from refused
