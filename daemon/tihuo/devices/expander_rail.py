"""Lamps and buttons on MCP23017 port expanders: sixteen lines a chip, up to eight chips on one I2C bus.

Without buttons both ports carry lamps. With buttons, lamp n of a chip is GPAn and its button GPBn, to ground, seven of
each: by the maker's newer data sheets (DS20001952, revision D) GPA7 and GPB7 must not be inputs.
A chip that lost its power for a moment has forgotten that its lines are outputs, so it is told again each time.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Protocol

from tihuo.devices.lamp_plan import A_CHIP_WITH_BUTTONS, CHIP_LAMPS, FIRST_ADDRESS
from tihuo.devices.troubles import ButtonsUnreachable, LightsSilent

A_CHIP = CHIP_LAMPS["expander"]
BUTTONS = 0x7F
"""Lines of port B that are inputs."""
IODIR, GPPU, GPIO, OLAT = 0x00, 0x0C, 0x12, 0x14
"""Registers of port A, after power on; port B's is the next one."""


class Bus(Protocol):
    """An I2C bus. Each call raises `OSError` when no chip answers at that address."""

    def read_byte_data(self, address: int, register: int) -> int: ...

    def write_byte_data(self, address: int, register: int, value: int) -> None: ...

    def close(self) -> None: ...


class Expanders:
    """The chips on one bus. Lamps and buttons share it; one call at a time."""

    def __init__(self, bus: Bus, lines: int, *, buttons: bool = False, active_high: bool = True) -> None:
        self.lines = lines
        self.a_chip = A_CHIP_WITH_BUTTONS if buttons else A_CHIP
        self.addresses = [FIRST_ADDRESS + chip for chip in range(-(-lines // self.a_chip))]
        self._bus = bus
        self._active_high = active_high
        self._one_at_a_time = threading.Lock()

    def tell(self, address: int, levels: Sequence[bool]) -> list[bool]:
        """Set the lamps of one chip; what its latch says afterwards. Raises `OSError`."""
        told = []
        with self._one_at_a_time:
            for port in range(-(-len(levels) // 8)):
                byte = sum(level << bit for bit, level in enumerate(levels[port * 8 : port * 8 + 8]))
                byte ^= 0 if self._active_high else 0xFF
                self._bus.write_byte_data(address, OLAT + port, byte)
                self._bus.write_byte_data(address, IODIR + port, 0)
                latch = self._bus.read_byte_data(address, OLAT + port)
                latch ^= 0 if self._active_high else 0xFF
                told += [bool(latch >> bit & 1) for bit in range(8)]
        return told

    def pressed(self) -> list[bool]:
        """Every button, in the order of the lamps. Raises `ButtonsUnreachable` when a chip does not answer."""
        found: list[bool] = []
        with self._one_at_a_time:
            for address in self.addresses:
                try:
                    self._bus.write_byte_data(address, IODIR + 1, BUTTONS)
                    self._bus.write_byte_data(address, GPPU + 1, BUTTONS)
                    port = self._bus.read_byte_data(address, GPIO + 1)
                except OSError as silent:
                    raise ButtonsUnreachable(address=f"{address:#x}", reason=repr(silent)) from silent
                found += [not port >> bit & 1 for bit in range(self.a_chip)]
        return found[: self.lines]

    def close(self) -> None:
        with self._one_at_a_time:
            self._bus.close()


class ExpanderRail:
    """The lamps of all chips; a chip that does not answer makes its own lamps silent and no others."""

    reads_back = True

    def __init__(self, expanders: Expanders) -> None:
        self._expanders = expanders

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        silent: list[int] = []
        answered, reason = False, ""
        for number, address in enumerate(self._expanders.addresses):
            first = number * self._expanders.a_chip
            mine = list(colors[first : first + self._expanders.a_chip])
            if all(color is None for color in mine):  # all given up: a chip that hangs would make the others wait
                continue
            levels = [bool(color) for color in mine] + [False] * (self._expanders.a_chip - len(mine))
            try:
                latch = self._expanders.tell(address, levels)
            except OSError as refused:
                reason = f"{address:#x}: {refused!r}"
                silent += [first + bit for bit, color in enumerate(mine) if color is not None]
                continue
            answered = True
            silent += [first + bit for bit, color in enumerate(mine) if color is not None and latch[bit] != levels[bit]]
        if reason and not answered:
            raise LightsSilent(driver="expander", reason=reason)
        return silent

    def close(self) -> None:
        self._expanders.close()
