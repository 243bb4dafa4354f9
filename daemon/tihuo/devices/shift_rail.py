"""Lamps on a chain of 74HC595 shift registers: eight a chip, all bits in one transfer, shown together by the latch.

The Pi's select line is the latch (RCLK): it rises when the transfer is over. With the serial output of the last chip
(QH') wired back to MISO the chain is read back whole; a chain has no ends between its chips, so one that is cut is
silent as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from tihuo.devices.troubles import LightsSilent

LAMPS_A_CHIP = 8
GUARD = 0xA5
"""Pushed through the chain before the picture: what comes out of a cut or shorted wire is not this."""


class Wire(Protocol):
    def transfer(self, data: bytes) -> bytes: ...

    def close(self) -> None: ...


class ShiftRail:
    """`lines` lamps, the first on output QA of the chip that the Pi's data line enters.

    `active_high` False is for lamps between the supply and the output.
    """

    def __init__(self, lines: int, wire: Wire, *, feedback: bool = False, active_high: bool = True) -> None:
        self.reads_back = feedback
        self._chips = -(-lines // LAMPS_A_CHIP)
        self._wire = wire
        self._active_high = active_high

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        data = self._bytes(colors)
        if not self.reads_back:
            self._wire.transfer(data)
            return ()
        for _ in range(2):  # once more for a spike on the line
            self._wire.transfer(bytes((GUARD,)) + data)
            back = self._wire.transfer(bytes((GUARD,)) + data)
            if back == data + bytes((GUARD,)):
                return ()
        raise LightsSilent(driver="shift", reason=f"{data.hex()} went in, {back[:-1].hex()} came back")

    def close(self) -> None:
        self._wire.close()

    def _bytes(self, colors: Sequence[str | None]) -> bytes:
        """The last chip's byte first; in each, the most significant bit is output QH."""
        chips = [0] * self._chips
        for line, color in enumerate(colors):
            chips[line // LAMPS_A_CHIP] |= bool(color) << line % LAMPS_A_CHIP
        if not self._active_high:
            chips = [chip ^ 0xFF for chip in chips]
        return bytes(reversed(chips))
