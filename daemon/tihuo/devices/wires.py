"""The cables to a printer: network, USB, serial line, and files. python-escpos carries the bytes, nothing more.

Every wire sends within `patience` seconds or raises `OSError`; `open` raises `PrinterTrouble` and sends nothing.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import stat
import struct
import termios
import time
from contextlib import suppress
from typing import Any, Protocol

from tihuo.devices.asking import Line
from tihuo.devices.escpos_library import escpos_printer
from tihuo.devices.troubles import PrinterMissingDriver, PrinterTrouble, PrinterUnreachable

PATIENCE_S = 2.0
_EMPTY_READ_S = 0.01


class Wire(Line, Protocol):
    """A cable that can be opened and closed again and again, and whether an answer can come back through it."""

    @property
    def answers(self) -> bool: ...

    @property
    def address(self) -> str:
        """Where the printer is, for people."""
        ...

    def open(self) -> None: ...

    def close(self) -> None: ...


class NetworkWire:
    """网口打印机: raw TCP, port 9100 on nearly every printer."""

    answers = True

    def __init__(self, host: str, port: int = 9100, patience: float = PATIENCE_S) -> None:
        self.host, self.port, self.patience = host, port, patience
        self.address = f"{host}:{port}"
        self._printer: Any = None

    def open(self) -> None:
        self._printer = escpos_printer("Network", self.host, self.port, timeout=self.patience)
        open_transport(self._printer, self.address)
        # Without it Nagle holds the short question back until the job is acknowledged: 40 ms a label.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def _socket(self) -> socket.socket:
        device: socket.socket = self._printer.device
        return device

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self.patience)
        self._printer._raw(data)

    def receive(self, wait: float) -> bytes:
        self._socket.settimeout(wait)
        try:
            answer: bytes = self._printer._read()
        except (BlockingIOError, TimeoutError):
            return b""
        if not answer:  # python-escpos hands the empty read on, and its paper_status calls that "plenty"
            raise ConnectionAbortedError("the printer hung up")
        return answer

    def pending(self) -> int:
        return _bytes_in_queue(self._socket.fileno())

    def close(self) -> None:
        self._printer, printer = None, self._printer
        if printer is not None:
            printer.close()


class SerialWire:
    """串口打印机: a serial line, or Bluetooth bound to /dev/rfcomm0. A label takes seconds at common speeds."""

    answers = True
    _PIECE = 256  # a quarter of a second at 9600 baud, so that `patience` watches a line that really stands still

    def __init__(self, device: str, baud: int = 115_200, patience: float = PATIENCE_S) -> None:
        self.address, self.baud, self.patience = device, baud, patience
        self._printer: Any = None

    def open(self) -> None:
        self._printer = escpos_printer("Serial", self.address, baudrate=self.baud, timeout=0, dsrdtr=False)
        open_transport(self._printer, self.address)
        self._printer.device.write_timeout = self.patience  # python-escpos leaves it at "for ever"

    def send(self, data: bytes) -> None:
        for start in range(0, len(data), self._PIECE):
            self._printer._raw(data[start : start + self._PIECE])

    def receive(self, wait: float) -> bytes:
        self._printer.device.timeout = wait
        first: bytes = self._printer.device.read(1)
        return first + self._printer.device.read(self._printer.device.in_waiting) if first else b""

    def pending(self) -> int:
        return int(self._printer.device.out_waiting)

    def close(self) -> None:
        self._printer, printer = None, self._printer
        if printer is not None and (line := printer.device) is not None:
            with suppress(termios.error):  # which is no OSError, when the adapter has been pulled out
                line.reset_output_buffer()  # python-escpos would flush, for ever if the printer holds the line
            line.close()


class DeviceFileWire:
    """打印机设备文件: a kernel printer such as /dev/usb/lp0, which can be read as well as written."""

    answers = True

    def __init__(self, path: str, patience: float = PATIENCE_S) -> None:
        self.address, self.patience = path, patience
        self._file = -1

    def open(self) -> None:
        try:
            self._file = os.open(self.address, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as missing:
            raise PrinterUnreachable(address=self.address, reason=missing.strerror or "") from missing
        if not stat.S_ISCHR(os.fstat(self._file).st_mode):
            self.close()
            raise PrinterUnreachable(address=self.address, reason="not a device")

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if not select.select([], [self._file], [], self.patience)[1]:
                raise TimeoutError("the printer takes no more bytes")
            rest = rest[os.write(self._file, rest) :]

    def receive(self, wait: float) -> bytes:
        if not select.select([self._file], [], [], wait)[0]:
            return b""
        with suppress(BlockingIOError):
            if answer := os.read(self._file, 64):
                return answer
            time.sleep(_EMPTY_READ_S)  # usblp hands on empty packets, as fast as one asks
        return b""

    def pending(self) -> int:
        return 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


class PlainFileWire:
    """A plain file for what would have been printed: nothing answers, and what was flushed counts as printed."""

    answers = False

    def __init__(self, path: str) -> None:
        self.address = path
        self._file = -1

    def open(self) -> None:
        how = os.O_WRONLY | os.O_CREAT | os.O_SYNC | os.O_APPEND  # python-escpos' File begins anew for each job
        try:
            self._file = os.open(self.address, how, 0o600)
        except OSError as missing:
            raise PrinterUnreachable(address=self.address, reason=missing.strerror or "") from missing

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def receive(self, wait: float) -> bytes:
        return b""

    def pending(self) -> int:
        return 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1


def open_transport(printer: Any, address: str) -> None:
    try:
        printer.open()
    except PrinterTrouble:
        raise
    except ImportError as missing:
        raise PrinterMissingDriver(module=missing.name or str(missing)) from missing
    except Exception as refused:  # escpos, pyusb and pyserial each have a family of their own
        cause = getattr(refused.__context__, "strerror", None)
        raise PrinterUnreachable(address=address, reason=cause or str(refused)) from refused


def _bytes_in_queue(file: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(file, termios.TIOCOUTQ, b"\0\0\0\0"))[0])
