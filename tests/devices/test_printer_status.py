"""What a printer says about itself, byte by byte, and that ours says what a foreign simulator says."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.devices.emupos_desk import Emupos
from tihuo.devices.asking import ask, read_answers, trouble_in
from tihuo.devices.ports import PrinterStatus
from tihuo.devices.simulated import SimulatedPrinter

STATES = {
    None: "12121212",
    "paper-near-end": "1212121e",
    "paper-out": "1a32127e",
    "cover-open": "1a161212",
}


def answers(port: int) -> str:
    """DLE EOT 1 to 4 on a bare socket, without any code of ours."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        for question in (1, 2, 3, 4):
            line.sendall(bytes((0x10, 0x04, question)))
            said += line.recv(16)
    return said.hex()


@contextmanager
def simulated() -> Iterator[tuple[int, Callable[[str, bool], None]]]:
    printer = SimulatedPrinter()

    def fault(name: str, active: bool) -> None:
        faults = {
            "paper-near-end": (printer.refill, printer.paper_near_end),
            "paper-out": (printer.refill, printer.paper_out),
            "cover-open": (printer.close_cover, printer.open_cover),
        }
        faults[name][active]()

    try:
        yield printer.port, fault
    finally:
        printer.close()


@pytest.mark.parametrize("state", STATES, ids=str)
@pytest.mark.parametrize("player", ["simulated", "emupos"])
def test_both_simulators_answer_alike(player: str, state: str | None, request: pytest.FixtureRequest) -> None:
    if player == "emupos":
        emupos: Emupos = request.getfixturevalue("emupos")
        _check(emupos.port, emupos.fault, state)
    else:
        with simulated() as (port, fault):
            _check(port, fault, state)


def _check(port: int, fault: Callable[[str, bool], None], state: str | None) -> None:
    if state is None:
        assert answers(port) == STATES[None]
        return
    fault(state, True)
    try:
        assert answers(port) == STATES[state]
    finally:
        fault(state, False)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("12121212", PrinterStatus(True, "ok", False), None),
        ("1212121e", PrinterStatus(True, "near_end", False), None),
        ("1a32127e", PrinterStatus(False, "out", False), "printer_paper_out"),
        ("1a161212", PrinterStatus(False, "ok", True), "printer_cover_open"),
        ("1a521a12", PrinterStatus(False, "ok", False, "cutter"), "printer_faulty"),
        ("1a525212", PrinterStatus(False, "ok", False, "hot"), "printer_faulty"),
        ("1a523212", PrinterStatus(False, "ok", False, "broken"), "printer_faulty"),
        ("1a521212", PrinterStatus(False, "ok", False, "other"), "printer_faulty"),
        ("1a1a1212", PrinterStatus(False, "ok", False), "printer_offline"),
    ],
)
def test_the_four_bytes_in_shop_words(said: str, status: PrinterStatus, code: str | None) -> None:
    heard = read_answers(dict(enumerate(bytes.fromhex(said), 1)))
    assert heard == status
    trouble = trouble_in(heard, doubtful=False)
    assert (trouble and trouble.code) == code


class Scripted:
    """A line whose other end answers each question from a list."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[bytes] = []
        self._answers = list(answers)
        self._inbox = b""

    def send(self, data: bytes) -> None:
        self.asked.append(data)
        self._inbox = self._answers.pop(0) if self._answers else b""

    def receive(self, wait: float) -> bytes:
        heard, self._inbox = self._inbox, b""
        return heard

    def pending(self) -> int:
        return 0


def test_only_the_questions_that_were_answered_count() -> None:
    line = Scripted(b"\x12", b"\x12")
    assert ask(line, 0.01) == PrinterStatus(online=True, paper="unknown", cover_open=False)
    assert len(line.asked) == 3  # a late answer to the third could be taken for one to the fourth


@pytest.mark.parametrize("noise", [b"", b"\x00", b"\xff", b"\x12\x12", b"OK"])
def test_anything_but_one_status_byte_is_no_answer(noise: bytes) -> None:
    assert ask(Scripted(noise, noise), 0.01) is None


def test_a_second_question_forgives_noise_on_the_line() -> None:
    assert ask(Scripted(b"\x00\xff", b"\x12", b"\x12", b"\x12", b"\x12"), 0.01) == PrinterStatus(True, "ok", False)
