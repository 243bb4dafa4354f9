"""打印机: what every printer at the end of a wire has in common, whatever language it speaks.

It says "printed" only when the printer has answered afterwards. May be used from several threads; jobs never mix.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tihuo.devices.asking import trouble_in
from tihuo.devices.ports import Page, PrinterStatus
from tihuo.devices.troubles import PrinterSilent, PrinterUnreachable
from tihuo.devices.wires import PATIENCE_S, Wire

_STILL_FRESH_S = 1.0


class WiredPrinter(ABC):
    """Prints one job after another; opens the wire anew for each job or batch."""

    def __init__(self, wire: Wire, *, width_dots: int, patience: float = PATIENCE_S) -> None:
        self.width_dots = width_dots
        self._patience = patience
        self._wire = wire
        self._turn = threading.RLock()
        self._open = False
        self._batches = 0
        self._ready_at = float("-inf")

    @abstractmethod
    def _job(self, page: Page, cut: bool) -> list[bytes]:
        """What to send for a page. Raises ValueError for one that the printer can never print."""

    @abstractmethod
    def _drawer(self) -> list[bytes]:
        """What opens the drawer. Raises ValueError for a printer without a plug for one."""

    @abstractmethod
    def _ask(self) -> PrinterStatus | None:
        """How the printer is, or None if it does not say."""

    def _ask_after(self) -> PrinterStatus | None:
        """How the printer is after a job that it has all of."""
        return self._ask()

    def print(self, page: Page, cut: bool) -> None:
        """Print one page; see `ports.Printer` for what an error means."""
        self._send(self._job(page, cut))

    def kick_drawer(self) -> None:
        """Open the cash drawer."""
        self._send(self._drawer())

    def _send(self, pieces: list[bytes]) -> None:
        with self._turn, self._connected():
            self._expect_ready()
            self._ready_at = float("-inf")
            try:
                for piece in pieces:
                    self._wire.send(piece)
                status = self._ask_after() if self._wire.answers else PrinterStatus(online=True)
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
            status = self._ask()
        except Exception as broken:  # pyusb, pyserial and termios do not agree on what an OSError is
            raise PrinterUnreachable(address=self._wire.address, reason=str(broken)) from broken
        if status is None:
            raise PrinterUnreachable(address=self._wire.address, reason="no answer")
        return status
