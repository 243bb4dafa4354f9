"""MCP23017 on an I2C bus of the kernel: `i2c-stub` keeps the registers of two chips, and nobody is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tihuo.devices.expander_rail import GPPU, IODIR, OLAT, ExpanderRail, Expanders
from tihuo.devices.i2c_bus import I2cBus
from tihuo.devices.ports import Glow, Shown
from tihuo.devices.shelf import Shelf
from tihuo.devices.troubles import LightsUnreachable

SLOTS = [f"A{number:02d}" for number in range(1, 33)]


def bus_number() -> int:
    for bus in Path("/sys/bus/i2c/devices").glob("i2c-*"):
        if "stub" in (bus / "name").read_text().lower():
            return int(bus.name.removeprefix("i2c-"))
    raise AssertionError("the kernel has no i2c-stub bus")


def test_the_picture_is_in_the_latches_of_two_chips() -> None:
    shelf = Shelf(SLOTS, ExpanderRail(Expanders(I2cBus(bus_number()), len(SLOTS))))
    assert shelf.show({"A01": [Glow()], "A16": [Glow()], "A18": [Glow()]}) == Shown()
    other = I2cBus(bus_number())
    latches = [[other.read_byte_data(chip, OLAT + port) for port in (0, 1)] for chip in (0x20, 0x21)]
    assert latches == [[0x01, 0x80], [0x02, 0x00]]
    assert [other.read_byte_data(0x20, IODIR + port) for port in (0, 1)] == [0, 0]
    other.close()
    shelf.close()


def test_a_chip_that_is_not_there_is_silent_alone() -> None:
    slots = [*SLOTS, "C01"]
    shelf = Shelf(slots, ExpanderRail(Expanders(I2cBus(bus_number()), len(slots))))
    assert shelf.show({"A01": [Glow()]}) == Shown(silent=frozenset({"C01"}))
    shelf.close()


def test_buttons_are_read_from_the_second_port() -> None:
    bus = I2cBus(bus_number())
    bus.write_byte_data(0x20, 0x13, 0b1111_0111)
    chips = Expanders(bus, 7, buttons=True)
    assert chips.pressed() == [False, False, False, True, False, False, False]
    assert [bus.read_byte_data(0x20, register + 1) for register in (IODIR, GPPU)] == [0x7F, 0x7F]
    chips.close()


def test_a_bus_that_does_not_exist_is_told() -> None:
    with pytest.raises(LightsUnreachable):
        I2cBus(99)
