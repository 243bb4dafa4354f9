"""An ESC/POS printer: receipts and, on label stock that is torn off, labels. Everything goes to it as dots, and words
as its own letters only where somebody has seen that they come out right."""

from __future__ import annotations

from tihuo.devices import gb18030, raster
from tihuo.devices.asking import ask
from tihuo.devices.ports import Page, PrinterStatus
from tihuo.devices.wired_printer import WiredPrinter
from tihuo.devices.wires import PATIENCE_S, Wire
from tihuo.shop.typed import Typed

DOTS_PER_COLUMN = 12
DRAWER = b"\x1bp\x00\x19\xfa"
"""`ESC p`: a pulse of 50 ms on pin 2."""


class EscPosPrinter(WiredPrinter):
    """`width_dots` is 384 for 58 mm paper and 576 for 80 mm. `feed_dots` (0 to 255) moves the paper on after a job
    that is not cut, to the next label or to the tear-off edge."""

    def __init__(self, wire: Wire, *, width_dots: int = 576, feed_dots: int = 0, patience: float = PATIENCE_S) -> None:
        super().__init__(wire, width_dots=width_dots, patience=patience)
        self._feed = b"\x1bJ" + bytes((feed_dots,))

    def _job(self, page: Page, cut: bool) -> list[bytes]:
        pieces = [raster.INITIALISE]
        for part in page if isinstance(page, tuple) else (page,):
            if isinstance(part, Typed):
                pieces += gb18030.setting(part, self.width_dots // DOTS_PER_COLUMN)
                continue
            if part.width > self.width_dots:
                raise ValueError(f"{part.width} dots do not fit on paper of {self.width_dots}")
            pieces += raster.fragments(part)
        return [*pieces, raster.CUT if cut else self._feed]

    def _drawer(self) -> list[bytes]:
        return [raster.INITIALISE, DRAWER]

    def _ask(self) -> PrinterStatus | None:
        return ask(self._wire, self._patience)
