"""A scanner that is a keyboard (HID): its keys are taken before any window sees them, by the kernel's own interface.

Sixty lines in place of a library: python-evdev comes as source only, and would want a compiler on every box.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from tihuo.devices.scanner import LOST

INPUTS = Path("/dev/input")
EVENT = struct.Struct("llHHi")
"""The kernel's `input_event`: seconds, microseconds, type, code, value."""
EV_SYN, EV_KEY, SYN_DROPPED = 0, 1, 3
_GRAB, _ID, _NAME, _KEYS = 0x40044590, 0x80084502, 0x81004506, 0x80604521
_SHIFTS, _ALT = {42, 54}, {56, 100}
_ENDS = {28, 96, 15}  # Enter, the number pad's Enter, Tab
_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
PLAIN = {first + n: letter for first, plain, _ in _ROWS for n, letter in enumerate(plain)}
SHIFTED = {first + n: letter for first, _, shifted in _ROWS for n, letter in enumerate(shifted)}
_PAD = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
_PAD_SIGNS = {55: "*", 74: "-", 78: "+", 83: ".", 98: "/"}
_USB = re.compile(r"[0-9a-fA-F]{4}:[0-9a-fA-F]{4}")


class Keys:
    """Key presses as text, on the US layout that scanners leave the factory with; Enter and Tab are a line feed.

    With Alt held, the number pad gives the number of a character: so a scanner types what no key has.
    """

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._number = ""
        self._rest = b""

    def text(self, events: bytes) -> str:
        """What these events type. A code with a gap in it (`SYN_DROPPED`) is marked, and nobody's."""
        typed, events = "", self._rest + events
        whole = len(events) // EVENT.size * EVENT.size
        self._rest = events[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(events[:whole]):
            if kind == EV_SYN and code == SYN_DROPPED:
                self._down, self._number, typed = set(), "", typed + LOST
            elif kind == EV_KEY:
                typed += self._key(code, value)
        return typed

    def _key(self, code: int, value: int) -> str:
        if code in _SHIFTS | _ALT:
            (self._down.add if value else self._down.discard)(code)
            if code in _ALT and not value and self._number:
                number, self._number = int(self._number), ""
                return chr(number) if number < 0x110000 else ""
            return ""
        if value != 1:  # let go, or repeated by the kernel because it was held
            return ""
        if self._down & _ALT and code in _PAD:
            self._number = (self._number + _PAD[code])[-6:]
            return ""
        if code in _ENDS:
            return "\n"
        return _PAD.get(code) or _PAD_SIGNS.get(code) or (SHIFTED if self._down & _SHIFTS else PLAIN).get(code, "")


class KeyboardPort:
    """The scanner named by a path, by its USB numbers (`1eab:0022`) or by a part of its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file = -1
        self._keys = Keys()

    def open(self) -> int:
        refused: OSError = FileNotFoundError(errno.ENOENT, "no such scanner is plugged in")
        for path in self._candidates():
            try:
                self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                if str(path) == self.name or self._is_meant():
                    fcntl.ioctl(self._file, _GRAB, 1)
                    self._keys = Keys()
                    return self._file
            except OSError as trouble:
                refused = trouble
            self.close()
        raise refused

    def read(self) -> str:
        return self._keys.text(os.read(self._file, EVENT.size * 64))

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)  # this also ends the grab
        self._file = -1

    def _candidates(self) -> Iterator[Path]:
        if self.name.startswith("/"):
            yield Path(self.name)
        else:
            yield from sorted(INPUTS.glob("event*"), key=lambda path: int(path.name[5:]))

    def _is_meant(self) -> bool:
        """Many scanners have a second device, for keys of their own, that never types a code."""
        keys = fcntl.ioctl(self._file, _KEYS, bytes(96))
        if not all(keys[code // 8] >> code % 8 & 1 for code in (2, 11, 28)):
            return False
        if _USB.fullmatch(self.name):
            _, vendor, product, _ = struct.unpack("HHHH", fcntl.ioctl(self._file, _ID, bytes(8)))
            return f"{vendor:04x}:{product:04x}" == self.name.lower()
        said = fcntl.ioctl(self._file, _NAME, bytes(256)).split(b"\0")[0].decode("utf-8", "replace")
        return self.name.casefold() in said.casefold()
