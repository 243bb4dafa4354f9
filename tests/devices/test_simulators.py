"""Whom to believe: print jobs of another project, with what they should look like, through emupos and through ours."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.devices.emupos_desk import Emupos
from tihuo.devices.simulated import Paper, SimulatedPrinter
from tihuo.devices.simulated.paper_path import PaperPath

CUT = b"\x1dV\x42\x00"
ASK = b"\x10\x04\x01"
OFFLINE = 0x08


def send(port: int, job: bytes) -> bytes:
    """Send a job and ask for the status, on a bare socket; the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(job + ASK)
        return line.recv(1)


@pytest.fixture
def golden(shared_data: Path) -> Path:
    place = shared_data / "escpos"
    if not place.is_dir():
        pytest.skip(f"no ESC/POS jobs at {place}")
    return place


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[SimulatedPrinter]:
    made = SimulatedPrinter(folder=tmp_path / "papers")
    yield made
    made.close()


def said_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_emupos_reads_a_known_receipt(golden: Path, emupos: Emupos) -> None:
    send(emupos.port, (golden / "receipt-with-logo.bin").read_bytes())
    picture, *lines = said_lines(emupos.text(emupos.receipts()[0]))
    assert picture == "[image 300x236]"
    assert lines == said_lines((golden / "receipt-with-logo.expected.txt").read_text(encoding="utf-8"))


def test_both_draw_the_known_logo_alike(golden: Path, emupos: Emupos, printer: SimulatedPrinter) -> None:
    job = (golden / "receipt-with-logo.bin").read_bytes()
    send(emupos.port, job)
    send(printer.port, job)
    (paper,) = printer.papers()
    logo = paper.image().crop((0, 0, 300, 236))
    drawn = emupos.image(emupos.receipts()[0])
    centred = drawn.crop((138, 0, 438, 236))
    assert ImageChops.logical_xor(logo, centred).getbbox() is None
    known = Image.open(golden / "receipt-with-logo-img.png").convert("L").resize(logo.size)  # half size, with greys
    wrong = ImageChops.logical_xor(logo, known.point(lambda level: 255 * (level > 127), "1")).histogram()[255]
    assert wrong < logo.width * logo.height // 100


@pytest.mark.parametrize("name", ["receipt-with-logo", "text-size", "margins-and-spacing", "character-encodings"])
def test_ours_understands_every_byte_of_known_jobs(golden: Path, name: str) -> None:
    path = PaperPath()
    path.feed((golden / f"{name}.bin").read_bytes() + CUT)
    assert path.unknown_bytes == 0


def test_ours_reads_the_text_of_a_known_receipt(golden: Path, printer: SimulatedPrinter) -> None:
    send(printer.port, (golden / "receipt-with-logo.bin").read_bytes())
    (paper,) = printer.papers()
    expected = said_lines((golden / "receipt-with-logo.expected.txt").read_text(encoding="utf-8"))
    assert said_lines(paper.text) == expected


def test_bytes_may_come_in_any_portions(golden: Path) -> None:
    raster = b"\x1dv0\x00\x02\x00\x03\x00" + b"\xf0\x0f" * 3
    job = (golden / "receipt-with-logo.bin").read_bytes() + raster + b"\x1bp\x00\x19\xfa" + CUT + ASK
    whole, drop_by_drop = PaperPath(), PaperPath()
    whole.feed(job)
    answers = b"".join(drop_by_drop.feed(job[at : at + 1]) for at in range(len(job)))
    assert list(whole.papers) == list(drop_by_drop.papers)
    assert answers[-1:] == b"\x12"


def test_any_bytes_at_all_are_survived() -> None:
    path = PaperPath()
    for lead in (0x10, 0x1B, 0x1C, 0x1D):
        for name in range(256):
            path.feed(bytes((lead, name)) + b"\x01\x00\x01\x00\x01\x00" * 3)
    path.feed(b"\0" * 70_000)
    path.feed(b"\x1b@after\n" + CUT)
    assert path.papers[-1].text.endswith("after\n")


def test_held_work_comes_out_after_help(emupos: Emupos, printer: SimulatedPrinter) -> None:
    """Both hold a job that arrives without paper, answer meanwhile, and print it when the roll is there."""
    job = b"held\n" + CUT
    before = len(emupos.receipts())
    emupos.fault("paper-out", True)
    printer.paper_out()
    assert [send(port, job)[0] & OFFLINE for port in (emupos.port, printer.port)] == [OFFLINE, OFFLINE]
    assert (len(emupos.receipts()), len(printer.papers())) == (before, 0)
    emupos.fault("paper-out", False)
    printer.refill()
    assert (len(emupos.receipts()), len(printer.papers())) == (before + 1, 1)


def test_papers_are_kept_as_pictures_and_told(tmp_path: Path) -> None:
    told: list[Paper] = []
    printer = SimulatedPrinter(width_dots=384, folder=tmp_path / "papers", on_paper=told.append)
    send(printer.port, b"\x1dv0\x00\x02\x00\x03\x00" + b"\xf0\x0f" * 3 + CUT)
    (paper,) = printer.wait_for_papers(1)
    assert told == [paper]
    with Image.open(tmp_path / "papers" / "0001.png") as picture:
        assert picture.size == (384, 3)
        assert [picture.getpixel((x, 1)) for x in (0, 3, 4, 11, 12, 15, 16)] == [0, 0, 255, 255, 0, 0, 255]
    printer.close()


def test_a_drawer_kick_is_counted(printer: SimulatedPrinter) -> None:
    send(printer.port, b"\x1bp\x00\x19\xfa")
    assert printer.drawer_kicks == 1


def test_closing_a_printer_frees_its_port() -> None:
    first = SimulatedPrinter()
    first.close()
    second = SimulatedPrinter(first.port)
    assert second.port == first.port
    second.close()
