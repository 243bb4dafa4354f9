"""A keyboard that the kernel takes for a real one (`/dev/uinput`): a scanner is nothing else."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from pathlib import Path

from tihuo.devices.simulated.scanner import strokes

_CREATE, _DESTROY, _SETUP, _HAS_KIND, _HAS_KEY = 0x5501, 0x5502, 0x405C5503, 0x40045564, 0x40045565
_SETTLE_S = 60.0


class Keyboard:
    """Plugged in while the `with` lasts. `path`: its file below /dev/input."""

    def __init__(self, name: str, vendor: int, product: int) -> None:
        self._name, self._numbers = name, (vendor, product)
        self._file = -1
        self.path = Path()

    def __enter__(self) -> Keyboard:
        self._file = os.open("/dev/uinput", os.O_WRONLY)
        for kind in (0, 1):
            fcntl.ioctl(self._file, _HAS_KIND, kind)
        for key in range(1, 128):
            fcntl.ioctl(self._file, _HAS_KEY, key)
        fcntl.ioctl(self._file, _SETUP, struct.pack("HHHH80sI", 3, *self._numbers, 1, self._name.encode(), 0))
        fcntl.ioctl(self._file, _CREATE)
        self.path = self._event()
        return self

    def __exit__(self, *trouble: object) -> None:
        fcntl.ioctl(self._file, _DESTROY)
        os.close(self._file)

    def _event(self) -> Path:
        deadline = time.monotonic() + _SETTLE_S
        while time.monotonic() < deadline:
            for name in Path("/sys/class/input").glob("event*/device/name"):
                device = Path("/dev/input") / name.parts[-3]
                if name.read_text().strip() == self._name and device.exists():
                    return device
            time.sleep(0.01)
        raise AssertionError(f"the kernel has no keyboard {self._name!r}")

    def type(self, text: str) -> None:
        """As fast as a USB keyboard reports; all at once would be more than the kernel keeps for a reader."""
        for letter in text:
            os.write(self._file, strokes(letter))
            time.sleep(0.004)
