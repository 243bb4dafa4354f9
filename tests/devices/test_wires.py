"""Cables that misbehave: peers that hang up, stall or are slow, ports that are not there, USB devices of all kinds."""

from __future__ import annotations

import os
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.devices.usb_bus import HAVE_PYUSB, UsbBus
from tihuo.devices import raster
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.simulated import SimulatedPrinter
from tihuo.devices.simulated.paper_path import PaperPath
from tihuo.devices.troubles import PrinterSilent, PrinterUnreachable
from tihuo.devices.usb_wire import UsbWire
from tihuo.devices.wires import DeviceFileWire, NetworkWire, PlainFileWire, SerialWire, Wire

pytestmark = pytest.mark.slow

PATIENCE_S = 0.8
READY = (b"\x12", b"\x12", b"\x12", b"\x12")
LABEL = Image.new("1", (576, 320), 0)


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[NetworkWire]:
    """A network printer that does as told with its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield NetworkWire("127.0.0.1", server.getsockname()[1], patience=PATIENCE_S)
        thread.join(10)


def say_ready(connection: socket.socket) -> None:
    for answer in READY:
        assert connection.recv(3)
        connection.sendall(answer)


def test_a_printer_that_hangs_up_after_the_job_leaves_it_doubtful() -> None:
    def behave(connection: socket.socket) -> None:
        say_ready(connection)
        heard = b""
        while not heard.endswith(raster.CUT + b"\x10\x04\x01"):
            heard += connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    with peer(behave) as wire, pytest.raises(PrinterSilent) as raised:
        EscPosPrinter(wire, patience=PATIENCE_S).print(LABEL, cut=True)
    assert raised.value.reason == "the printer hung up"


def test_a_slow_printer_is_waited_for_as_long_as_it_takes_bytes() -> None:
    """A metre of paper takes longer than our patience; what counts is that the queue to the printer gets shorter."""
    long = Image.new("1", (576, 16_000), 0)
    pace = threading.Event()

    def behave(connection: socket.socket) -> None:
        say_ready(connection)
        path = PaperPath()
        for _ in range(10_000):
            answer = path.feed(connection.recv(4096))
            if answer:
                assert len(path.papers) == 1
                connection.sendall(answer)
                break
            pace.wait(0.006)  # 1,152,000 bytes: at least 1.6 s
        for answer in READY[1:]:
            assert connection.recv(3)
            connection.sendall(answer)

    with peer(behave) as wire:
        EscPosPrinter(wire, patience=PATIENCE_S).print(long, cut=True)


def test_a_printer_that_stops_taking_bytes_leaves_the_job_doubtful() -> None:
    enough = threading.Event()

    def behave(connection: socket.socket) -> None:
        say_ready(connection)
        enough.wait(10)

    with peer(behave) as wire:
        with pytest.raises(PrinterSilent) as raised:
            EscPosPrinter(wire, patience=PATIENCE_S).print(Image.new("1", (576, 200_000), 0), cut=True)
        enough.set()
    assert raised.value.doubtful


def test_nobody_at_the_address_means_that_nothing_was_sent() -> None:
    printer = SimulatedPrinter()
    adapter = EscPosPrinter(NetworkWire(printer.host, printer.port, patience=PATIENCE_S))
    printer.unplug()
    with pytest.raises(PrinterUnreachable) as raised:
        adapter.print(LABEL, cut=True)
    assert not raised.value.doubtful
    assert raised.value.facts == {"address": f"127.0.0.1:{printer.port}", "reason": "Connection refused"}
    printer.plug()
    adapter.print(LABEL, cut=True)
    assert len(printer.papers()) == 1
    printer.close()


@contextmanager
def line_without_a_reader(kind: type[SerialWire] | type[DeviceFileWire]) -> Iterator[Wire]:
    """A serial line whose printer says that it is ready and then takes nothing more."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        for answer in READY:
            os.read(ours, 3)
            os.write(ours, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield kind(os.ttyname(theirs), patience=PATIENCE_S)
    thread.join(5)
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("kind", [SerialWire, DeviceFileWire])
def test_a_line_that_stands_still_is_given_up(kind: type[SerialWire] | type[DeviceFileWire]) -> None:
    with line_without_a_reader(kind) as wire, pytest.raises(PrinterSilent) as raised:
        EscPosPrinter(wire, patience=PATIENCE_S).print(LABEL, cut=True)
    assert raised.value.doubtful


@pytest.mark.parametrize("kind", [SerialWire, DeviceFileWire])
def test_a_line_that_vanishes_in_a_job_leaves_it_doubtful(kind: type[SerialWire] | type[DeviceFileWire]) -> None:
    """Someone pulls the adapter out of the USB socket."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        for answer in READY:
            os.read(ours, 3)
            os.write(ours, answer)
        os.read(ours, 1000)
        os.close(ours)

    name = os.ttyname(theirs)
    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(PrinterSilent) as raised:
        EscPosPrinter(kind(name, patience=PATIENCE_S), patience=PATIENCE_S).print(LABEL, cut=True)
    assert raised.value.doubtful
    thread.join(5)
    os.close(theirs)


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (SerialWire("/dev/no-such-line"), "No such file or directory"),
        (DeviceFileWire("/dev/no-such-printer"), "No such file or directory"),
        (DeviceFileWire(__file__), "not a device"),
        (PlainFileWire("/no/such/folder/paper.bin"), "No such file or directory"),
    ],
    ids=["serial", "device", "file as device", "file"],
)
def test_a_printer_that_is_not_there(wire: Wire, reason: str) -> None:
    with pytest.raises(PrinterUnreachable) as raised:
        EscPosPrinter(wire).print(LABEL, cut=True)
    assert not raised.value.doubtful
    assert reason in str(raised.value.reason)


def test_jobs_for_a_plain_file_follow_one_another(tmp_path: Path) -> None:
    place = tmp_path / "paper.bin"
    printer = EscPosPrinter(PlainFileWire(str(place)))
    printer.print(LABEL, cut=True)
    printer.print(LABEL, cut=True)
    assert (printer.status().online, printer.status().paper) == (True, "unknown")
    path = PaperPath()
    path.feed(place.read_bytes())
    assert [len(paper.rows) for paper in path.papers] == [320, 320]


def test_an_uncut_job_moves_the_paper_on_to_the_next_label() -> None:
    printer = SimulatedPrinter(width_dots=480)
    adapter = EscPosPrinter(NetworkWire(printer.host, printer.port), width_dots=480, feed_dots=16)
    with adapter.batch():
        adapter.print(Image.new("1", (480, 320), 0), cut=False)
        adapter.print(Image.new("1", (480, 320), 0), cut=False)
    printer.tear_off()
    (strip,) = printer.papers()
    printer.close()
    assert not strip.cut
    assert [any(row) for row in strip.rows] == ([True] * 320 + [False] * 16) * 2


def never() -> socket.socket:
    raise AssertionError("no printer should have been opened")


usb_only = pytest.mark.skipif(not HAVE_PYUSB, reason="pyusb is not installed")


@usb_only
def test_no_usb_printer() -> None:
    bus = UsbBus(never)
    bus.present = False
    with pytest.raises(PrinterUnreachable) as raised:
        EscPosPrinter(UsbWire(backend=bus)).status()
    assert raised.value.reason == "not plugged in"


@usb_only
def test_a_usb_printer_that_cannot_answer_is_not_printed_on() -> None:
    bus = UsbBus(never)
    bus.interfaces[1].endpoints = [end for end in bus.interfaces[1].endpoints if not end.bEndpointAddress & 0x80]
    bus.interfaces[1].bNumEndpoints = 1
    with pytest.raises(PrinterUnreachable) as raised:
        EscPosPrinter(UsbWire(backend=bus)).print(LABEL, cut=True)
    assert raised.value.reason == "no printer interface that can answer"
    assert not raised.value.doubtful


@usb_only
def test_the_usb_printer_is_told_from_other_devices_by_its_ids() -> None:
    with pytest.raises(PrinterUnreachable) as raised:
        EscPosPrinter(UsbWire(0x04B8, 0x0202, backend=UsbBus(never))).status()
    assert raised.value.address == "usb 04b8:0202"


@usb_only
def test_a_usb_bus_without_any_printer() -> None:
    bus = UsbBus(never)
    del bus.interfaces[1]
    with pytest.raises(PrinterUnreachable) as raised:
        EscPosPrinter(UsbWire(backend=bus)).status()
    assert raised.value.facts == {"address": "usb", "reason": "not plugged in"}


@usb_only
def test_only_the_printers_own_interface_is_taken_from_the_kernel() -> None:
    printer = SimulatedPrinter()
    bus = UsbBus(lambda: socket.create_connection((printer.host, printer.port)))
    EscPosPrinter(UsbWire(0x0416, 0x5011, backend=bus, patience=PATIENCE_S)).print(LABEL, cut=True)
    printer.close()
    assert bus.kernel_drivers == {0}
