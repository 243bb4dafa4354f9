"""扫码枪: a scanner on its cable: found, held, read, and found again after somebody pulled the plug."""

from __future__ import annotations

import errno
import logging
import os
import re
import select
import threading
import time
from collections.abc import Callable
from typing import Protocol

from tihuo.devices.ports import LONGEST_TEXT, Sighting, Symbology
from tihuo.devices.troubles import DeviceTrouble, ScannerTaken, ScannerUnplugged
from tihuo.shop.words import Millis

log = logging.getLogger(__name__)

_PAUSE_S = 0.2
"""A scanner that was not set up to end with Enter says no more for so long."""
_SHORTEST = 4
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EBUSY)
LOST = "\x1a"
"""In a port's text: some of this code was never heard."""
_AIM = re.compile(r"^\]([A-Za-z][0-9A-Za-z])")
_KINDS: dict[str, Symbology] = {"Q": "qr", "E": "ean13", "C": "code128"}
"""AIM's letter for a kind of code (ISO/IEC 15424) -> ours."""
_GS1_GTIN = re.compile(r"01([0-9]{14})")


class Port(Protocol):
    """The socket of one scanner. `open` and `read` raise `OSError`; all calls come from one thread."""

    name: str

    def open(self) -> int:
        """A file descriptor to wait for."""
        ...

    def read(self) -> str:
        """What it typed since the last time; a line feed ends a code."""
        ...

    def close(self) -> None: ...


class WiredScanner:
    """Reads one scanner on a thread of its own; `start` once, `stop` once."""

    def __init__(self, port: Port, name: str = "scanner", retry_s: float = 1.0) -> None:
        self._port, self._name, self._retry_s = port, name, retry_s
        self._trouble: DeviceTrouble | None = None
        self._stop_at, self._stopper = os.pipe()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._on_sighting: Callable[[Sighting], None] = lambda sighting: None
        self._on_trouble: Callable[[DeviceTrouble | None], None] = lambda trouble: None

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None:
        self._on_sighting, self._on_trouble = on_sighting, on_trouble
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the scanner go: it types into whatever has the keyboard again."""
        if not self._stopping.is_set():
            self._stopping.set()
            os.write(self._stopper, b"x")
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
            os.close(self._stop_at)
            os.close(self._stopper)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                handle = self._port.open()
                self._tell(None)
                self._listen(handle)
            except OSError as gone:
                told = {"device": self._port.name, "reason": gone.strerror or str(gone)}
                self._tell(ScannerTaken(**told) if gone.errno in _NOT_OURS else ScannerUnplugged(**told))
            finally:
                self._port.close()
            select.select([self._stop_at], [], [], self._retry_s)

    def _listen(self, handle: int) -> None:
        typed = ""
        while not self._stopping.is_set():
            ready = select.select([handle, self._stop_at], [], [], _PAUSE_S if typed else None)[0]
            if handle in ready:
                *codes, typed = (typed + self._port.read()).split("\n")
            elif not ready:
                codes, typed = [typed], ""
            else:
                return
            for code in codes:
                self._hear(code)
            typed = typed[: LONGEST_TEXT + 1]

    def _hear(self, code: str) -> None:
        sighting = sighting_of(code, Millis(time.time_ns() // 1_000_000))
        if sighting is not None:
            self._call(lambda: self._on_sighting(sighting))

    def _tell(self, trouble: DeviceTrouble | None) -> None:
        if (trouble and trouble.code) != (self._trouble and self._trouble.code):
            self._trouble = trouble
            self._call(lambda: self._on_trouble(trouble))

    @staticmethod
    def _call(callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # one bad scan must not silence the scanner
            log.exception("a scanner's callback failed")


def sighting_of(typed: str, at: Millis) -> Sighting | None:
    """What a scanner typed, without what it puts around a code: AIM's mark, GS1's separators; None for a stray key.

    >>> sighting_of("]C1\\x1d0106901234567892", Millis(0)).text
    '6901234567892'
    """
    if LOST in typed:
        return None
    text = "".join(letter for letter in typed if letter.isprintable() or letter == "\x1d").strip(" ")
    kind: Symbology = "unsaid"
    is_gs1 = text.startswith("\x1d")
    if mark := _AIM.match(text):
        kind = _KINDS.get(mark[1][0], "unsaid")
        is_gs1 = is_gs1 or mark[1] in ("C1", "d2", "Q3", "e0") or text[3:4] == "\x1d"
        text = text[3:]
    text = text.replace("\x1d", "")
    if is_gs1 and (product := _GS1_GTIN.match(text)):
        text = product[1].removeprefix("0")
    if len(text) < _SHORTEST:
        return None
    cut = text[:LONGEST_TEXT]
    return Sighting(cut, kind, at, oversize=len(cut) < len(text))
