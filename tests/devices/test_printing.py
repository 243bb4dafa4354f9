"""The contract of a printer, over every cable, against our simulated printer and against one that is not ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageChops

from tests.devices.desks import Desk
from tests.devices.emupos_desk import Emupos
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.ports import Printer
from tihuo.devices.troubles import (
    PrinterCoverOpen,
    PrinterPaperOut,
    PrinterSilent,
    PrinterTrouble,
    PrinterUnreachable,
)
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.devices.wires import NetworkWire

pytestmark = pytest.mark.slow


def assert_printed(paper: Image.Image, picture: Image.Image) -> None:
    """The picture is on the paper dot by dot, at its left edge, with nothing beside or below it."""
    expected = Image.new("1", paper.size, 1)
    expected.paste(picture)
    assert ImageChops.logical_xor(paper, expected).getbbox() is None
    assert paper.height >= picture.height


def test_a_picture_comes_out_dot_by_dot(desk: Desk, label: Image.Image) -> None:
    printer: Printer = desk.printer
    printer.print(label, cut=True)
    (paper,) = desk.papers()
    assert_printed(paper, label)


def test_a_picture_longer_than_any_buffer_comes_out_in_one_piece(desk: Desk, label: Image.Image) -> None:
    long = Image.new("1", (576, 2000), 1)
    for top in range(0, 1800, 310):
        long.paste(label, (top % 100, top))
    desk.printer.print(long, cut=True)
    (paper,) = desk.papers()
    assert_printed(paper, long)


def test_a_page_of_several_pictures_comes_out_as_one_piece_of_paper(desk: Desk, label: Image.Image) -> None:
    if isinstance(desk.printer, TsplPrinter):
        pytest.skip("a label is one picture")
    desk.printer.print((label, label.rotate(180)), cut=True)
    (paper,) = desk.papers()
    both = Image.new("1", (label.width, 2 * label.height), 1)
    both.paste(label)
    both.paste(label.rotate(180), (0, label.height))
    assert_printed(paper, both)


def test_jobs_of_a_batch_come_out_apart_and_in_order(desk: Desk, label: Image.Image) -> None:
    upside_down = label.rotate(180)
    with desk.printer.batch():
        desk.printer.print(label, cut=True)
        desk.printer.print(upside_down, cut=True)
    first, second = desk.papers()
    assert_printed(first, label)
    assert_printed(second, upside_down)


def test_a_ready_printer_says_so(desk: Desk) -> None:
    status = desk.printer.status()
    assert (status.online, status.paper, status.cover_open, status.fault) == (True, "ok", False, "")
    assert status.ready


def test_the_end_of_the_roll_is_announced_and_prints_on(desk: Desk, label: Image.Image) -> None:
    with desk.fault("paper-near-end"):
        knows_only_the_end = isinstance(desk.printer, TsplPrinter)
        assert desk.printer.status().paper == ("ok" if knows_only_the_end else "near_end")
        desk.printer.print(label, cut=True)
    assert len(desk.papers()) == 1


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [("paper-out", PrinterPaperOut), ("cover-open", PrinterCoverOpen)],
    ids=["paper", "cover"],
)
def test_a_printer_that_cannot_print_is_sent_nothing(
    desk: Desk, label: Image.Image, fault: str, trouble: type[PrinterTrouble]
) -> None:
    with desk.fault(fault):
        assert not desk.printer.status().ready
        with pytest.raises(trouble) as raised:
            desk.printer.print(label, cut=True)
    assert not raised.value.doubtful
    assert desk.papers() == []
    desk.printer.print(label, cut=True)
    assert len(desk.papers()) == 1


def test_a_picture_that_does_not_fit_is_refused_before_anything_is_sent(desk: Desk) -> None:
    with pytest.raises(ValueError, match="577 dots"):
        desk.printer.print(Image.new("1", (577, 10), 1), cut=True)
    with pytest.raises(ValueError, match="1-bit"):
        desk.printer.print(Image.new("L", (100, 10), 255), cut=True)
    assert desk.papers() == []


def test_paper_that_ends_in_the_middle_of_a_job_is_doubtful(our_desk: Desk, label: Image.Image) -> None:
    our_desk.simulated.paper_out(after_rows=100)
    with pytest.raises(PrinterPaperOut) as raised:
        our_desk.printer.print(label, cut=True)
    assert raised.value.doubtful
    assert our_desk.papers() == []
    our_desk.simulated.refill()
    (paper,) = our_desk.papers()
    assert_printed(paper, label)  # the printer had kept the rest: sending it again would have been one label too many


def test_a_job_without_an_answer_is_doubtful(our_desk: Desk, label: Image.Image) -> None:
    our_desk.simulated.never_answer(after_rows=100)
    with pytest.raises(PrinterSilent) as raised:
        our_desk.printer.print(label, cut=True)
    assert raised.value.doubtful
    assert len(our_desk.papers()) == 1  # here it did come out, and only a person could know


def test_a_printer_that_never_answered_was_sent_nothing(our_desk: Desk, label: Image.Image) -> None:
    our_desk.simulated.never_answer()
    with pytest.raises(PrinterUnreachable) as raised:
        our_desk.printer.print(label, cut=True)
    assert not raised.value.doubtful
    our_desk.simulated.answer_again()
    our_desk.printer.print(label, cut=True)
    assert len(our_desk.papers()) == 1


def test_a_printer_that_loses_power_in_a_job_leaves_it_doubtful(our_desk: Desk, label: Image.Image) -> None:
    our_desk.simulated.take_half_job(after_rows=100)
    with pytest.raises(PrinterSilent) as raised:
        our_desk.printer.print(label, cut=True)
    assert raised.value.doubtful
    (paper,) = our_desk.papers()
    assert_printed(paper, label.crop((0, 0, label.width, 100)))


def test_the_drawer_opens_once_and_a_printer_that_is_not_ready_opens_none(our_desk: Desk) -> None:
    if isinstance(our_desk.printer, TsplPrinter):
        pytest.skip("a label printer has no plug for a drawer")
    our_desk.printer.kick_drawer()
    with our_desk.fault("cover-open"), pytest.raises(PrinterCoverOpen) as raised:
        our_desk.printer.kick_drawer()
    assert not raised.value.doubtful
    assert our_desk.simulated.drawer_kicks == 1


def test_a_foreign_printer_opens_its_drawer(emupos: Emupos) -> None:
    printer = EscPosPrinter(NetworkWire("127.0.0.1", emupos.port, patience=10), patience=10)
    assert emupos.drawer() == "closed"
    printer.kick_drawer()
    assert emupos.drawer() == "open"
    emupos.close_drawer()


def test_the_status_can_be_asked_by_others_during_a_batch(desk: Desk, label: Image.Image) -> None:
    with ThreadPoolExecutor() as others, desk.printer.batch():
        desk.printer.print(label, cut=True)
        assert others.submit(desk.printer.status).result(timeout=30).ready
        desk.printer.print(label, cut=True)
    assert len(desk.papers()) == 2


def test_a_fault_inside_a_batch_closes_the_connection_and_the_next_job_opens_it(desk: Desk, label: Image.Image) -> None:
    with desk.printer.batch():
        with desk.fault("paper-out"), pytest.raises(PrinterPaperOut):
            desk.printer.print(label, cut=True)
        desk.printer.print(label, cut=True)
    assert len(desk.papers()) == 1
