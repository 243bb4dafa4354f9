"""Printers to test against: each desk is a real adapter, a cable of some kind, and something that plays printer."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, Protocol

import pytest
from PIL import Image

from tests.devices.emupos_desk import Emupos
from tests.devices.usb_bus import UsbBus
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.simulated import SimulatedPrinter
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.devices.usb_wire import UsbWire
from tihuo.devices.wired_printer import WiredPrinter
from tihuo.devices.wires import DeviceFileWire, NetworkWire, SerialWire, Wire

PATIENCE_S = 0.8
FOREIGN_PATIENCE_S = 10.0


class Peer(Protocol):
    """What can happen to a printer on any desk."""

    def fault(self, name: str, active: bool) -> None: ...

    def papers(self) -> list[Image.Image]: ...


class Desk:
    """The adapter under test, and the printer at the other end of its cable."""

    def __init__(
        self, wire: Wire, peer: Peer, patience: float = PATIENCE_S, printer: WiredPrinter | None = None
    ) -> None:
        self.printer = printer or EscPosPrinter(wire, width_dots=576, patience=patience)
        self._peer = peer
        self._papers_before = len(peer.papers())

    @property
    def simulated(self) -> SimulatedPrinter:
        assert isinstance(self._peer, OurPeer)
        return self._peer.printer

    def papers(self) -> list[Image.Image]:
        """What came out since the desk was set up, oldest first."""
        return self._peer.papers()[self._papers_before :]

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        self._peer.fault(name, True)
        try:
            yield
        finally:
            self._peer.fault(name, False)


class OurPeer:
    def __init__(self, printer: SimulatedPrinter) -> None:
        self.printer = printer

    def fault(self, name: str, active: bool) -> None:
        begin, end = {
            "paper-near-end": (self.printer.paper_near_end, self.printer.refill),
            "paper-out": (self.printer.paper_out, self.printer.refill),
            "cover-open": (self.printer.open_cover, self.printer.close_cover),
        }[name]
        begin() if active else end()

    def papers(self) -> list[Image.Image]:
        return [paper.image() for paper in self.printer.papers()]


class EmuposPeer:
    def __init__(self, emupos: Emupos) -> None:
        self.emupos = emupos

    def fault(self, name: str, active: bool) -> None:
        self.emupos.fault(name, active)

    def papers(self) -> list[Image.Image]:
        return [self.emupos.image(receipt) for receipt in reversed(self.emupos.receipts())]


def desk_kinds(*names: str) -> list[Any]:
    """Parameters for a fixture, each a context manager that takes the fixture's request."""
    return [pytest.param(_KINDS[name], id=name) for name in names]


@contextmanager
def _ours(language: Literal["escpos", "tspl"] = "escpos") -> Iterator[SimulatedPrinter]:
    printer = SimulatedPrinter(language=language)
    try:
        yield printer
    finally:
        printer.close()


@contextmanager
def _network(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _ours() as printer:
        yield Desk(NetworkWire(printer.host, printer.port, patience=PATIENCE_S), OurPeer(printer))


@contextmanager
def _labels_network(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _ours("tspl") as printer:
        wire = NetworkWire(printer.host, printer.port, patience=PATIENCE_S)
        yield Desk(wire, OurPeer(printer), printer=_tspl(wire))


@contextmanager
def _labels_device_file(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _ours("tspl") as printer, serial_line_to(printer) as device:
        wire = DeviceFileWire(device, patience=PATIENCE_S)
        yield Desk(wire, OurPeer(printer), printer=_tspl(wire))


def _tspl(wire: Wire) -> TsplPrinter:
    """Labels as wide as a receipt and as long as the longest picture of these tests."""
    return TsplPrinter(wire, size_mm=(72, 250), patience=PATIENCE_S)


@contextmanager
def _serial(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _ours() as printer, serial_line_to(printer) as device:
        yield Desk(SerialWire(device, patience=PATIENCE_S), OurPeer(printer))


@contextmanager
def _device_file(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with _ours() as printer, serial_line_to(printer) as device:
        yield Desk(DeviceFileWire(device, patience=PATIENCE_S), OurPeer(printer))


@contextmanager
def _usb(request: pytest.FixtureRequest) -> Iterator[Desk]:
    pytest.importorskip("usb.core", reason="pyusb is not installed")
    with _ours() as printer, ExitStack() as cables:
        bus = UsbBus(lambda: cables.enter_context(socket.create_connection((printer.host, printer.port))))
        yield Desk(UsbWire(backend=bus, patience=PATIENCE_S), OurPeer(printer))


@contextmanager
def _emupos_network(request: pytest.FixtureRequest) -> Iterator[Desk]:
    emupos = request.getfixturevalue("emupos")
    wire = NetworkWire("127.0.0.1", emupos.port, patience=FOREIGN_PATIENCE_S)
    yield Desk(wire, EmuposPeer(emupos), FOREIGN_PATIENCE_S)


@contextmanager
def _emupos_serial(request: pytest.FixtureRequest) -> Iterator[Desk]:
    pytest.importorskip("serial", reason="pyserial is not installed")
    emupos = request.getfixturevalue("emupos")
    wire = SerialWire(emupos.serial_device, patience=FOREIGN_PATIENCE_S)
    yield Desk(wire, EmuposPeer(emupos), FOREIGN_PATIENCE_S)


_KINDS = {
    "network": _network,
    "serial": _serial,
    "usb": _usb,
    "device file": _device_file,
    "labels network": _labels_network,
    "labels device file": _labels_device_file,
    "emupos network": _emupos_network,
    "emupos serial": _emupos_serial,
}


@contextmanager
def serial_line_to(printer: SimulatedPrinter) -> Iterator[str]:
    """A pseudo-terminal whose other end is the printer: what comes in at one side goes out at the other."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    done_reading, done = os.pipe()

    def carry() -> None:
        with socket.create_connection((printer.host, printer.port)) as cable:
            while done_reading not in (ready := select.select([ours, cable.fileno(), done_reading], [], [])[0]):
                try:
                    if ours in ready:
                        cable.sendall(os.read(ours, 4096))
                    if cable.fileno() in ready:
                        answer = cable.recv(4096)
                        if not answer:
                            return
                        os.write(ours, answer)
                except ConnectionResetError:
                    return

    carrier = threading.Thread(target=carry, name="serial-line")
    carrier.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.write(done, b"!")
        carrier.join(5)
        for end in (ours, theirs, done_reading, done):
            os.close(end)
