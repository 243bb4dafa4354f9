"""Asking a TSPL label printer how it is: `ESC ! ?` gives one byte at any time, `ESC ! S` more, where known."""

from __future__ import annotations

import time

from tihuo.devices.asking import Line
from tihuo.devices.ports import PrinterFault, PrinterStatus

SHORT, LONG = b"\x1b!?", b"\x1b!S"
HEAD_OPEN, JAM, NO_PAPER, NO_RIBBON, PAUSED, PRINTING, COVER_OPEN, HEAT = (1 << bit for bit in range(8))
_SLICE_S = 0.25
_STRAY_READS = 64
_POLL_S = 0.02
_LONG_SIZE = 8


def short_status(line: Line, patience: float) -> int | None:
    """The one byte, or None when exactly one does not come within `patience` seconds of the last sign of life."""
    answer = _question(line, SHORT, 1, patience) or _question(line, SHORT, 1, patience / 4)
    return answer[0] if answer else None


def long_status(line: Line, patience: float) -> bytes | None:
    """The four status bytes: message, warning, error of the printer, error of the paper. None if it knows none."""
    answer = _question(line, LONG, _LONG_SIZE, patience)
    if not answer or answer[0] != 2 or answer[5:] != b"\x03\r\n" or any(byte & 0xC0 != 0x40 for byte in answer[1:5]):
        return None
    return answer[1:5]


def at_rest(line: Line, patience: float) -> int | None:
    """The short status once the printer prints no more; every answer meanwhile is a sign of life."""
    while (status := short_status(line, patience)) is not None and status & PRINTING and not status & ~PRINTING:
        time.sleep(_POLL_S)
    return status


def _question(line: Line, question: bytes, size: int, patience: float) -> bytes:
    for _ in range(_STRAY_READS):
        if not line.receive(0):
            break
    line.send(question)
    answer = b""
    waiting = line.pending()
    deadline = time.monotonic() + patience
    while len(answer) < size and (left := deadline - time.monotonic()) > 0:
        answer += line.receive(min(left, _SLICE_S))
        if (now_waiting := line.pending()) < waiting:
            waiting = now_waiting
            deadline = time.monotonic() + patience
    return answer if len(answer) == size else b""


def read_status(short: int, long: bytes | None = None) -> PrinterStatus:
    """Both answers in shop words.

    >>> read_status(0x05)
    PrinterStatus(online=False, paper='out', cover_open=True, fault='')
    >>> read_status(0x00, b"@@H@").fault
    'cutter'
    """
    return PrinterStatus(
        online=not short & ~PRINTING,
        paper="out" if short & NO_PAPER else "ok",
        cover_open=bool(short & (HEAD_OPEN | COVER_OPEN)),
        fault=_fault(short, long),
    )


def _fault(short: int, long: bytes | None) -> PrinterFault:
    if long is not None and (error := long[2] & 0x3F):
        return "cutter" if error & 0x08 else "hot" if error & 0x03 else "broken"
    if short & HEAT:
        return "hot"
    if short & JAM:
        return "jam"
    return "other" if short & NO_RIBBON else ""
