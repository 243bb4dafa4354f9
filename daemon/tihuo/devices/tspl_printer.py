"""标签打印机: a label printer that speaks TSPL, as nearly all Chinese ones do. It knows its labels by their gap.

Every label is drawn by us and sent as one BITMAP, in which a 0 is black, so that no printer's font has a say.
"""

from __future__ import annotations

import re

from tihuo.devices.ports import Page, PrinterStatus
from tihuo.devices.tspl_status import at_rest, long_status, read_status, short_status
from tihuo.devices.wired_printer import WiredPrinter
from tihuo.devices.wires import PATIENCE_S, Wire

DOTS_PER_MM = 8
# Status questions and resets begin with ESC ! or ~!, and are obeyed wherever they stand, even amid a picture:
# one more black dot beside the others keeps it a picture.
_COMMAND_IN_PICTURE = re.compile(rb"[\x1b~](?=!)")
_ONE_DOT_MORE = {b"\x1b": b"\x0b", b"~": b"\x3e"}


class TsplPrinter(WiredPrinter):
    """`size_mm` is the label's width and height, `gap_mm` the way from one label to the next."""

    def __init__(
        self, wire: Wire, *, size_mm: tuple[int, int] = (60, 40), gap_mm: float = 2, patience: float = PATIENCE_S
    ) -> None:
        super().__init__(wire, width_dots=size_mm[0] * DOTS_PER_MM, patience=patience)
        self._height_dots = size_mm[1] * DOTS_PER_MM
        wide, high = size_mm
        self._head = (
            f"SIZE {wide} mm,{high} mm\r\nGAP {gap_mm:g} mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n".encode()
        )
        self._says_more: bool | None = None

    def _job(self, page: Page, cut: bool) -> list[bytes]:
        if isinstance(page, tuple):
            raise ValueError("a label is one picture")
        if page.mode != "1":
            raise ValueError(f"paper takes 1-bit images, not {page.mode}")
        if page.width > self.width_dots or page.height > self._height_dots:
            raise ValueError(
                f"{page.width} dots by {page.height} do not fit on labels of {self.width_dots} by {self._height_dots}"
            )
        row_bytes = (page.width + 7) // 8
        head = b"BITMAP 0,0,%d,%d,0," % (row_bytes, page.height)
        return [self._head, head, _picture(page.tobytes(), row_bytes, page.width), b"\r\nPRINT 1,1\r\n"]

    def _drawer(self) -> list[bytes]:
        raise ValueError("a label printer has no plug for a drawer")

    def _ask(self) -> PrinterStatus | None:
        short = short_status(self._wire, self._patience)
        if short is None:
            return None
        long = None
        if self._says_more is not False:
            long = long_status(self._wire, self._patience / 4)
            self._says_more = long is not None
        return read_status(short, long)

    def _ask_after(self) -> PrinterStatus | None:
        """The short answer alone: a label a second is not the time for long ones."""
        short = at_rest(self._wire, self._patience)
        return None if short is None else read_status(short)


def _picture(dots: bytes, row_bytes: int, width: int) -> bytes:
    if spare := row_bytes * 8 - width:
        padded = bytearray(dots)
        mask = (1 << spare) - 1  # the padding of a row is white, too
        padded[row_bytes - 1 :: row_bytes] = bytes(byte | mask for byte in padded[row_bytes - 1 :: row_bytes])
        dots = bytes(padded)
    return _COMMAND_IN_PICTURE.sub(lambda found: _ONE_DOT_MORE[found[0]], dots)
