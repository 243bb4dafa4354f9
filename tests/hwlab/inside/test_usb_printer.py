"""The USB path of a printer, both ways into the kernel, against the kernel's own printer gadget.

Behind the gadget sits our ESC/POS interpreter; what it answers goes back over the same cable.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.simulated.paper_path import Paper, PaperPath
from tihuo.devices.troubles import PrinterTrouble, PrinterUnreachable
from tihuo.devices.usb_wire import UsbWire
from tihuo.devices.wires import DeviceFileWire

VENDOR, PRODUCT = 0x0416, 0x5011


class Gadget:
    """The inside of a printer at the other end of the cable."""

    def __init__(self) -> None:
        self.path = PaperPath(width_dots=384)
        self.deaf = False
        self._cable = os.open("/dev/g_printer0", os.O_RDWR | os.O_NONBLOCK)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def papers(self) -> list[Paper]:
        return list(self.path.papers)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not select.select([self._cable], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(self._cable, 8192)
            except (BlockingIOError, OSError):
                continue
            answer = self.path.feed(data)
            if answer and not self.deaf:
                os.write(self._cable, answer)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        os.close(self._cable)


@pytest.fixture
def gadget() -> Iterator[Gadget]:
    made = Gadget()
    yield made
    made.stop()


@pytest.fixture
def label() -> Image.Image:
    image = Image.new("1", (384, 300), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((3, 3, 380, 296), outline=0, width=2)
    for x in range(20, 360, 7):
        draw.line((x, 10, x - 15, 290), fill=0, width=2)
    return image


def printed_as_drawn(gadget: Gadget, label: Image.Image) -> bool:
    (paper,) = gadget.papers
    return ImageChops.logical_xor(paper.image().crop((0, 0, *label.size)), label).getbbox() is None


def kernel_printer() -> str:
    """`/dev/usb/lp0`, bound again if the test before took the interface away."""
    for interface in Path("/sys/bus/usb/devices").glob("*:1.0"):
        kind = interface / "bInterfaceClass"
        if kind.read_text().strip() == "07" and not (interface / "driver").exists():
            Path("/sys/bus/usb/drivers/usblp/bind").write_text(interface.name)
    deadline = time.monotonic() + 120
    while not (found := sorted(Path("/dev/usb").glob("lp*"))):
        assert time.monotonic() < deadline, "the kernel has no USB printer"
    return str(found[0])


def test_a_picture_through_the_kernels_printer_file(gadget: Gadget, label: Image.Image) -> None:
    printer = EscPosPrinter(DeviceFileWire(kernel_printer()), width_dots=384)
    printer.print(label, cut=True)
    assert printer.status().ready
    assert printed_as_drawn(gadget, label)
    printer.close()


def test_a_picture_through_libusb(gadget: Gadget, label: Image.Image) -> None:
    printer = EscPosPrinter(UsbWire(VENDOR, PRODUCT), width_dots=384)
    printer.print(label, cut=True)
    assert printer.status().ready
    assert printed_as_drawn(gadget, label)
    printer.close()


def test_paper_that_is_out_is_told_over_the_cable(gadget: Gadget, label: Image.Image) -> None:
    gadget.path.rows_left = 0
    printer = EscPosPrinter(UsbWire(VENDOR, PRODUCT), width_dots=384)
    with pytest.raises(PrinterTrouble, match="printer_paper_out") as raised:
        printer.print(label, cut=True)
    assert not raised.value.doubtful
    assert gadget.papers == []
    printer.close()


def test_a_printer_that_never_answers_is_sent_nothing(gadget: Gadget, label: Image.Image) -> None:
    gadget.deaf = True
    printer = EscPosPrinter(UsbWire(VENDOR, PRODUCT, patience=0.5), width_dots=384, patience=0.5)
    with pytest.raises(PrinterUnreachable):
        printer.print(label, cut=True)
    assert gadget.papers == []
    printer.close()
