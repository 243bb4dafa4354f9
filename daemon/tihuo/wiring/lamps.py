"""The lamps and buttons that the settings name, each kind's libraries loaded only where it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tihuo.devices.ports import Buttons, ShelfLights
from tihuo.devices.shelf import Shelf
from tihuo.settings import Lights

OpenButtons = Callable[[], Buttons | None]
"""Raises a `ButtonsTrouble`; the lamps shine without buttons."""


def lights_of(chosen: Lights, slots: Sequence[str]) -> tuple[ShelfLights | None, OpenButtons]:
    """The shelf's lamps, and how to open the buttons beside them; expanders carry both on the same chips.

    Raises a `LightsTrouble`.
    """
    order = chosen.order or tuple(slots)
    match chosen.kind:
        case "gpio":
            from tihuo.devices.gpio_rail import gpio_shelf

            lamps = gpio_shelf(chosen.pins, driver=chosen.driver, active_high=chosen.active_high)
        case "shift":
            from tihuo.devices.shift_rail import ShiftRail
            from tihuo.devices.spi_wire import SpiWire

            wire = SpiWire(chosen.driver, device=chosen.device)
            chain = ShiftRail(len(order), wire, feedback=chosen.feedback, active_high=chosen.active_high)
            lamps = Shelf(order, chain)
        case "strip":
            from tihuo.devices.spi_wire import SpiWire
            from tihuo.devices.strip_rail import StripRail

            wire = SpiWire(chosen.driver, device=chosen.device, rate=4_000_000)
            strip = StripRail(wire, leds_per_slot=chosen.leds_per_slot, brightness=chosen.brightness)
            lamps = Shelf(order, strip)
        case "expander":
            from tihuo.devices.expander_buttons import ExpanderButtons
            from tihuo.devices.expander_rail import ExpanderRail, Expanders
            from tihuo.devices.i2c_bus import I2cBus

            bus = I2cBus(chosen.bus)
            chips = Expanders(bus, len(order), buttons=chosen.buttons, active_high=chosen.active_high)
            lamps = Shelf(order, ExpanderRail(chips))
            if chosen.buttons:
                return lamps, lambda: ExpanderButtons(order, chips)
        case _:
            return None, lambda: _on_pins(chosen)
    return lamps, lambda: _on_pins(chosen)


def _on_pins(chosen: Lights) -> Buttons | None:
    if not chosen.button_pins:
        return None
    from tihuo.devices.gpio_buttons import GpioButtons

    return GpioButtons(chosen.button_pins, driver=chosen.driver)
