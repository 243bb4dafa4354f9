"""模拟扫码枪: the real reader of keys, at the end of a cable that a test or the demo types into."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable

from tihuo.devices.keyboard_port import EV_KEY, EVENT, PLAIN, SHIFTED, Keys
from tihuo.devices.ports import Sighting
from tihuo.devices.scanner import WiredScanner
from tihuo.devices.troubles import DeviceTrouble

_STROKES = {letter: (code, False) for code, letter in PLAIN.items()}
_STROKES |= {letter: (code, True) for code, letter in SHIFTED.items() if letter not in _STROKES}
_STROKES |= {"\n": (28, False), "\t": (15, False)}
_SHIFT = 42


def strokes(text: str) -> bytes:
    """The kernel's events for a keyboard on which somebody types this."""
    events = []
    for letter in text:
        code, shifted = _STROKES[letter]
        keys = [(code, 1), (code, 0)]
        events += [(_SHIFT, 1), *keys, (_SHIFT, 0)] if shifted else keys
    return b"".join(EVENT.pack(0, 0, EV_KEY, code, value) + EVENT.pack(0, 0, 0, 0, 0) for code, value in events)


class _Cable:
    """A port whose far end is held here."""

    name = "simulated"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plugged = True
        self._out = self._in = -1
        self._keys = Keys()

    def open(self) -> int:
        with self._lock:
            if not self._plugged:
                raise OSError(errno.ENOENT, "unplugged")
            self._out, self._in = os.pipe()
            self._keys = Keys()
            return self._out

    def read(self) -> str:
        data = os.read(self._out, EVENT.size * 64)
        if not data:
            raise OSError(errno.ENODEV, "unplugged")
        return self._keys.text(data)

    def close(self) -> None:
        with self._lock:
            for end in {self._out, self._in} - {-1}:
                os.close(end)
            self._out = self._in = -1

    def type(self, text: str) -> None:
        with self._lock:
            if self._in >= 0:
                os.write(self._in, strokes(text))

    def plug(self, plugged: bool) -> None:
        with self._lock:
            self._plugged = plugged
            if not plugged and self._in >= 0:
                os.close(self._in)
                self._in = -1


class SimulatedScanner:
    """A scanner in somebody's hand."""

    def __init__(self, name: str = "scanner", retry_s: float = 0.1) -> None:
        self._cable = _Cable()
        self._scanner = WiredScanner(self._cable, name, retry_s)

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None:
        self._scanner.start(on_sighting, on_trouble)

    def stop(self) -> None:
        self._scanner.stop()

    def scan(self, text: str, end: str = "\n") -> None:
        """Pull the trigger before a code (ASCII). Nothing happens while it is unplugged."""
        self._cable.type(text + end)

    def unplug(self) -> None:
        self._cable.plug(False)

    def plug(self) -> None:
        self._cable.plug(True)
