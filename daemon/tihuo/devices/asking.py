"""Asking an ESC/POS printer how it is: DLE EOT 1 to 4, one exact byte each, anything else counts as not said."""

from __future__ import annotations

import time
from typing import Protocol

from tihuo.devices.ports import PaperLevel, PrinterFault, PrinterStatus
from tihuo.devices.troubles import (
    PrinterCoverOpen,
    PrinterFaulty,
    PrinterOffline,
    PrinterPaperOut,
    PrinterTrouble,
)

PRINTER, OFFLINE_CAUSE, ERROR_CAUSE, PAPER = 1, 2, 3, 4
_SLICE_S = 0.25
_STRAY_READS = 64


class Line(Protocol):
    """What asking needs of a connection. Each call raises `OSError` when the connection is gone."""

    def send(self, data: bytes) -> None: ...

    def receive(self, wait: float) -> bytes:
        """Whatever arrived within `wait` seconds, or nothing."""
        ...

    def pending(self) -> int:
        """How many sent bytes the other side has not yet taken."""
        ...


def ask(line: Line, patience: float) -> PrinterStatus | None:
    """The printer's own words, or None when it does not answer within `patience` seconds of its last sign of life.

    Bytes still on their way to a slow printer are a sign of life as long as their number falls.
    """
    printer = _question(line, PRINTER, patience) or _question(line, PRINTER, patience / 4)
    if printer is None:
        return None
    answers = {PRINTER: printer}
    for question in (OFFLINE_CAUSE, ERROR_CAUSE, PAPER):
        answer = _question(line, question, patience / 4)
        if answer is None:  # a late answer could be taken for the next one: ask no more this time
            break
        answers[question] = answer
    return read_answers(answers)


def _question(line: Line, number: int, patience: float) -> int | None:
    for _ in range(_STRAY_READS):
        if not line.receive(0):
            break
    line.send(bytes((0x10, 0x04, number)))
    answer = _wait_for_answer(line, patience)
    return answer[0] if len(answer) == 1 and answer[0] & 0x93 == 0x12 else None


def _wait_for_answer(line: Line, patience: float) -> bytes:
    waiting = line.pending()
    deadline = time.monotonic() + patience
    while (left := deadline - time.monotonic()) > 0:
        if answer := line.receive(min(left, _SLICE_S)):
            return answer
        if (now_waiting := line.pending()) < waiting:
            waiting = now_waiting
            deadline = time.monotonic() + patience
    return b""


def read_answers(answers: dict[int, int]) -> PrinterStatus:
    """The four status bytes, as far as they were given, in shop words.

    >>> read_answers({1: 0x1A, 2: 0x32, 3: 0x12, 4: 0x7E})
    PrinterStatus(online=False, paper='out', cover_open=False, fault='')
    """
    printer, cause, error = answers[PRINTER], answers.get(OFFLINE_CAUSE), answers.get(ERROR_CAUSE, 0)
    return PrinterStatus(
        online=not printer & 0x08,
        paper=_paper(cause, answers.get(PAPER)),
        cover_open=None if cause is None else bool(cause & 0x04),
        fault=_fault(cause or 0, error),
    )


def _paper(cause: int | None, paper: int | None) -> PaperLevel:
    if (cause or 0) & 0x20 or (paper or 0) & 0x60:
        return "out"
    if paper is None:
        return "unknown"
    return "near_end" if paper & 0x0C else "ok"


def _fault(cause: int, error: int) -> PrinterFault:
    if error & 0x08:
        return "cutter"
    if error & 0x20:
        return "broken"
    if error & 0x40:
        return "hot"
    return "other" if cause & 0x40 else ""


def trouble_in(status: PrinterStatus, doubtful: bool) -> PrinterTrouble | None:
    """Why this printer would not print now, or None."""
    if status.ready:
        return None
    if status.cover_open:
        return PrinterCoverOpen(doubtful=doubtful)
    if status.paper == "out":
        return PrinterPaperOut(doubtful=doubtful)
    if status.fault:
        return PrinterFaulty(doubtful=doubtful, fault=status.fault)
    return PrinterOffline(doubtful=doubtful)
