"""打印机: an ESC/POS printer at the end of a wire. It says "printed" only when the printer has answered afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tihuo.devices import raster
from tihuo.devices.asking import ask, trouble_in
from tihuo.devices.ports import PrinterStatus
from tihuo.devices.troubles import PrinterSilent, PrinterUnreachable
from tihuo.devices.wires import PATIENCE_S, Wire

if TYPE_CHECKING:
    from PIL.Image import Image

_STILL_FRESH_S = 1.0


class EscPosPrinter:
    """Prints 1-bit pictures as raster, one job after another; reopens the wire for each job or batch.

    `width_dots` is 384 for 58 mm paper and 576 for 80 mm. `feed_dots` (0 to 255) moves the paper on after a job that
    is not cut, to the next label or to the tear-off edge. May be used from several threads; jobs never mix.
    """

    def __init__(self, wire: Wire, *, width_dots: int = 576, feed_dots: int = 0, patience: float = PATIENCE_S) -> None:
        self.width_dots = width_dots
        self._feed = b"\x1bJ" + bytes((feed_dots,))
        self._patience = patience
        self._wire = wire
        self._turn = threading.RLock()
        self._open = False
        self._batches = 0
        self._ready_at = float("-inf")

    def print(self, image: Image, cut: bool) -> None:
        """Print one picture; see `ports.Printer` for what an error means."""
        if image.width > self.width_dots:
            raise ValueError(f"{image.width} dots do not fit on paper of {self.width_dots}")
        pieces = list(raster.fragments(image))
        with self._turn, self._connected():
            self._expect_ready()
            self._ready_at = float("-inf")
            try:
                self._wire.send(raster.INITIALISE)
                for piece in pieces:
                    self._wire.send(piece)
                self._wire.send(raster.CUT if cut else self._feed)
                status = ask(self._wire, self._patience) if self._wire.answers else PrinterStatus(online=True)
            except Exception as broken:  # whatever it was, bytes have left
                raise PrinterSilent(reason=str(broken)) from broken
            if status is None:
                raise PrinterSilent(reason="no answer after the job")
            if trouble := trouble_in(status, doubtful=True):
                raise trouble
            self._ready_at = time.monotonic()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One connection for all jobs inside; a job that fails closes it, and the next one opens it again."""
        with self._turn:
            self._batches += 1
        try:
            yield
        finally:
            with self._turn:
                self._batches -= 1
                if not self._batches:
                    self._hang_up()

    def status(self) -> PrinterStatus:
        """Ask the printer; waits for a running job to end first."""
        with self._turn, self._connected():
            return self._answer()

    def close(self) -> None:
        with self._turn:
            self._hang_up()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            if not self._open:
                self._dial()
            yield
        except BaseException:
            self._hang_up()
            raise
        if not self._batches:
            self._hang_up()

    def _dial(self) -> None:
        try:
            self._wire.open()
        except OSError as refused:
            raise PrinterUnreachable(address=self._wire.address, reason=str(refused)) from refused
        self._open = True

    def _hang_up(self) -> None:
        self._open = False
        self._ready_at = float("-inf")
        with suppress(OSError):  # it may be gone already, and what was printed has been decided before
            self._wire.close()

    def _expect_ready(self) -> None:
        """Raise a trouble that is not doubtful unless the printer says, or has just said, that it can print."""
        if time.monotonic() - self._ready_at < _STILL_FRESH_S:
            return
        if trouble := trouble_in(self._answer(), doubtful=False):
            raise trouble

    def _answer(self) -> PrinterStatus:
        if not self._wire.answers:
            return PrinterStatus(online=True)
        try:
            status = ask(self._wire, self._patience)
        except Exception as broken:  # pyusb, pyserial and termios do not agree on what an OSError is
            raise PrinterUnreachable(address=self._wire.address, reason=str(broken)) from broken
        if status is None:
            raise PrinterUnreachable(address=self._wire.address, reason="no answer")
        return status
