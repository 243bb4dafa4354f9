"""Labels as TSPL: read back dot by dot by a second reading of the command set, their codes by readers not ours."""

from __future__ import annotations

import random

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tests.devices.tspl_reader import NotTspl, TsplReader
from tihuo.devices.ports import PrinterStatus
from tihuo.devices.simulated.label_path import LabelPath
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.devices.tspl_status import at_rest, long_status, read_status, short_status
from tihuo.drawing.label import LABEL_40X30, LABEL_60X40, LabelContent, LabelLine, LabelSize, draw_label
from tihuo.shop.typed import Typed
from tihuo.shop.words import Zone

LABEL = LabelContent(
    slot="A07",
    zone=Zone.FROZEN,
    name="王*",
    phone_tail="5678",
    lines=(LabelLine("云南小土豆 500g", 2),),
    parcel=1,
    parcels=3,
    window=("11-22", "17:00-19:00"),
    code="TH1:LLX01:ABCDEFGH:K7Q2M4XAZ3PQR5TU",
    digits="1234 5678",
)


class Script:
    """A wire whose other end answers each question from a list, and keeps what was sent."""

    answers = True
    address = "a script"

    def __init__(self, *answers: bytes) -> None:
        self.sent: list[bytes] = []
        self._answers = list(answers)
        self._inbox = b""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        if data.startswith(b"\x1b!"):
            self._inbox = self._answers.pop(0) if self._answers else b""

    def receive(self, wait: float) -> bytes:
        heard, self._inbox = self._inbox, b""
        return heard

    def pending(self) -> int:
        return 0


def job(picture: Image.Image, size_mm: tuple[int, int] = (60, 40)) -> bytes:
    wire = Script(b"\0", b"", b"\0")
    TsplPrinter(wire, size_mm=size_mm, patience=0.01).print(picture, cut=False)
    return b"".join(wire.sent)


@pytest.mark.parametrize(("size", "mm"), [(LABEL_60X40, (60, 40)), (LABEL_40X30, (40, 30))], ids=["60x40", "40x30"])
def test_a_label_is_read_back_dot_by_dot_and_its_code_by_zxing(size: LabelSize, mm: tuple[int, int]) -> None:
    picture = draw_label(LABEL, size).image
    reader = TsplReader()
    reader.read(job(picture, mm))
    (read,) = reader.labels
    assert (reader.size_mm, reader.gap_mm) == (mm, 2)
    assert ImageChops.logical_xor(read, picture).getbbox() is None
    assert [code.text for code in zxingcpp.read_barcodes(np.asarray(read.convert("L")))] == [LABEL.code]


@settings(max_examples=60)
@given(st.integers(1, 480), st.integers(1, 320), st.integers())
def test_any_picture_means_the_same_to_both_readers(width: int, height: int, seed: int) -> None:
    dots = bytes(random.Random(seed).choices(b"\x00\xff\x18\x3c\xe7\x1b!~", k=(width + 7) // 8 * height))
    sent = job(Image.frombytes("1", (width, height), dots))
    reader, ours = TsplReader(), LabelPath()
    reader.read(sent)
    ours.feed(sent)
    assert ours.unknown_bytes == 0
    (read,), (printed,) = reader.labels, ours.papers
    assert ImageChops.logical_xor(read, printed.image()).getbbox() is None
    expected = Image.new("1", read.size, 1)
    expected.paste(Image.frombytes("1", (width, height), dots))
    differ = ImageChops.logical_xor(read, expected)
    assert sum(differ.histogram()[1:]) <= dots.count(b"!")  # one dot where a picture would have been a command


@pytest.mark.parametrize("command", [b"\x1b!R", b"\x1b!?", b"~!D"])
def test_a_picture_never_gives_the_printer_a_command(command: bytes) -> None:
    """Such dots would be obeyed in the middle of the picture: a printer would start anew, or print its memory."""
    sent = job(Image.frombytes("1", (24, 1), command))
    assert command not in sent[sent.index(b"BITMAP") : sent.index(b"PRINT")]


def test_the_reader_is_strict() -> None:
    good = job(Image.new("1", (8, 8), 0))
    for broken in (good.replace(b"CLS", b"CLR"), good.replace(b"SIZE 60 mm,40 mm\r\n", b""), good[:-2]):
        with pytest.raises(NotTspl):
            TsplReader().read(broken)


def test_what_no_label_printer_can_do_is_refused_before_anything_is_sent() -> None:
    wire = Script()
    printer = TsplPrinter(wire, patience=0.01)
    for page in (Image.new("1", (480, 321), 1), Image.new("L", (8, 8), 0), (Typed(()),)):
        with pytest.raises(ValueError, match=r"do not fit|1-bit|one picture"):
            printer.print(page, cut=False)
    with pytest.raises(ValueError, match="drawer"):
        printer.kick_drawer()
    assert wire.sent == []


@pytest.mark.parametrize(
    ("short", "long", "status"),
    [
        (0x00, None, PrinterStatus(True, "ok", False)),
        (0x20, None, PrinterStatus(True, "ok", False)),
        (0x01, None, PrinterStatus(False, "ok", True)),
        (0x02, None, PrinterStatus(False, "ok", False, "jam")),
        (0x04, None, PrinterStatus(False, "out", False)),
        (0x05, None, PrinterStatus(False, "out", True)),
        (0x08, None, PrinterStatus(False, "ok", False, "other")),
        (0x10, None, PrinterStatus(False, "ok", False)),
        (0x80, None, PrinterStatus(False, "ok", False, "hot")),
        (0x00, b"@@A@", PrinterStatus(True, "ok", False, "hot")),
        (0x00, b"E@H@", PrinterStatus(True, "ok", False, "cutter")),
        (0x04, b"E@@A", PrinterStatus(False, "out", False)),
    ],
)
def test_both_answers_in_shop_words(short: int, long: bytes | None, status: PrinterStatus) -> None:
    assert read_status(short, long) == status


@pytest.mark.parametrize("noise", [b"", b"\0\0", b"OK"])
def test_anything_but_one_byte_is_no_answer(noise: bytes) -> None:
    assert short_status(Script(noise, noise), 0.01) is None


@pytest.mark.parametrize("noise", [b"", b"\0", b"\x02@@@@\x03\r", b"\x02\0\0\0\0\x03\r\n", b"x@@@@\x03\r\n"])
def test_a_printer_that_does_not_know_the_long_question_is_asked_it_once(noise: bytes) -> None:
    assert long_status(Script(noise), 0.01) is None
    wire = Script(b"\0", noise, b"\0")
    printer = TsplPrinter(wire, patience=0.01)
    assert printer.status().ready
    assert printer.status().ready
    assert wire.sent.count(b"\x1b!S") == 1


def test_a_printer_that_still_prints_is_waited_for() -> None:
    wire = Script(b"\x20", b"\x20", b"\x00")
    assert at_rest(wire, 0.01) == 0
    assert wire.sent == [b"\x1b!?"] * 3
    assert at_rest(Script(b"\x20", b"\x24"), 0.01) == 0x24
