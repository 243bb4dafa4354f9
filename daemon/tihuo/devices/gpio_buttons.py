"""Buttons on pins of a Raspberry Pi, each to ground, held up by the Pi's own pull-up resistors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tihuo.devices.expander_buttons import monotonic_ms
from tihuo.devices.gpio_rail import check_pins, pin_factory
from tihuo.devices.presses import Presses
from tihuo.devices.troubles import ButtonsUnreachable, LightsTrouble

BOUNCE_S = 0.02


class GpioButtons:
    """One gpiozero `Button` a slot; `factory` overrides the named driver with a pin factory made elsewhere.

    Raises `LampPinTaken`, `LampOutOfRange` or `ButtonsUnreachable`.
    """

    def __init__(
        self,
        pins: Mapping[str, int],
        *,
        driver: str = "lgpio",
        factory: Any = None,
        clock: Callable[[], int] = monotonic_ms,
    ) -> None:
        check_pins(pins)
        self._owned = factory is None
        self._presses = Presses(clock)
        self._on_press: Callable[[str], None] = lambda slot: None
        self._buttons: dict[str, Any] = {}
        try:
            self._factory = pin_factory(driver) if factory is None else factory
        except LightsTrouble as refused:
            raise ButtonsUnreachable(driver=driver, reason=repr(refused)) from refused
        try:
            from gpiozero import Button  # a shop without buttons need not have it installed

            for slot, pin in pins.items():
                self._buttons[slot] = Button(pin, pull_up=True, bounce_time=BOUNCE_S, pin_factory=self._factory)
        except Exception as refused:  # every driver has exceptions of its own
            self.stop()
            raise ButtonsUnreachable(driver=driver, reason=repr(refused)) from refused

    def start(self, on_press: Callable[[str], None]) -> None:
        self._on_press = on_press
        for slot, button in self._buttons.items():
            if button.is_pressed:
                self._presses.found_down(slot)
            button.when_pressed = lambda slot=slot: self._change(slot, True)
            button.when_released = lambda slot=slot: self._change(slot, False)

    def stuck(self) -> frozenset[str]:
        return self._presses.stuck()

    def stop(self) -> None:
        for button in self._buttons.values():
            if button.pin is not None:
                # closing alone leaves lgpio its callback, which ends the thread of all callbacks later
                button.pin.when_changed = None
            button.close()
        if self._owned:
            self._factory.close()

    def _change(self, slot: str, down: bool) -> None:
        if self._presses.change(slot, down):
            self._on_press(slot)
