"""A scanner on a serial line (`/dev/ttyACM0`, `/dev/ttyUSB0`): bytes that end with a carriage return."""

from __future__ import annotations

import errno
import os
import termios
import tty


class SerialPort:
    """Eight bits, no parity. A USB stick that only plays a serial line takes no notice of `baud`."""

    def __init__(self, device: str, baud: int = 9600) -> None:
        self.name, self._baud = device, baud
        self._file = -1

    def open(self) -> int:
        self._file = os.open(self.name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            tty.setraw(self._file)
            line = termios.tcgetattr(self._file)
            line[4] = line[5] = getattr(termios, f"B{self._baud}")
            termios.tcsetattr(self._file, termios.TCSANOW, line)
            termios.tcflush(self._file, termios.TCIFLUSH)
        except termios.error as trouble:
            raise OSError(*trouble.args) from trouble
        return self._file

    def read(self) -> str:
        data = os.read(self._file, 4096)
        if not data:  # the other end is gone
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return data.decode("utf-8", "replace").replace("\r", "\n").replace("\t", "\n")

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
