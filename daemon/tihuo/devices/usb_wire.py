"""USB 打印机: a printer on libusb. Its endpoints are read from its own descriptor: makers number them freely."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from tihuo.devices.escpos_library import escpos_printer
from tihuo.devices.troubles import PrinterMissingDriver, PrinterUnreachable
from tihuo.devices.wires import PATIENCE_S, open_transport

PRINTER_CLASS = 7
_BULK = 2
_ENDPOINT_IN = 0x80


@dataclass(frozen=True, slots=True)
class PrinterPlug:
    """Where on a USB device the printer is: interface number and the addresses of its two bulk endpoints."""

    interface: int
    out_endpoint: int
    in_endpoint: int


class UsbWire:
    """The first USB printer found, or the one with these ids (and serial number, for twins).

    `backend` is a pyusb backend; None takes the system's libusb 1.0.
    """

    answers = True

    def __init__(
        self,
        vendor: int | None = None,
        product: int | None = None,
        serial: str | None = None,
        patience: float = PATIENCE_S,
        backend: Any = None,
    ) -> None:
        self.vendor, self.product, self.serial = vendor, product, serial
        self.patience = patience
        self._backend = backend
        self._plug: PrinterPlug | None = None
        self._printer: Any = None

    @property
    def address(self) -> str:
        ids = [f"{number:04x}" for number in self._ids().values()]
        return " ".join(filter(None, ["usb", ":".join(ids), self.serial]))

    def open(self) -> None:
        device, self._plug = self._find()
        # python-escpos looks the device up once more: by its place on the bus, it is surely the same one
        place = {"bus": device.bus, "address": device.address, "backend": self._backend}
        self._printer = escpos_printer(
            "Usb",
            device.idVendor,
            device.idProduct,
            usb_args=place,
            timeout=self._milliseconds(self.patience),
            in_ep=self._plug.in_endpoint,
            out_ep=self._plug.out_endpoint,
        )
        open_transport(self._printer, self.address)

    def _find(self) -> tuple[Any, PrinterPlug]:
        core = _pyusb("usb.core")
        seen = False
        try:
            for device in core.find(find_all=True, backend=self._backend, **self._ids()):
                if not _has_printer(device) or (self.serial and _serial_number(device) != self.serial):
                    continue
                seen = True
                if plug := printer_plug(device):
                    _free_from_kernel(device, plug.interface)
                    return device, plug
        except core.NoBackendError as missing:
            raise PrinterMissingDriver(module="libusb-1.0") from missing
        except OSError as refused:
            raise PrinterUnreachable(address=self.address, reason=str(refused)) from refused
        reason = "no printer interface that can answer" if seen else "not plugged in"
        raise PrinterUnreachable(address=self.address, reason=reason)

    def _ids(self) -> dict[str, int]:
        wanted = {"idVendor": self.vendor, "idProduct": self.product}
        return {name: number for name, number in wanted.items() if number is not None}

    @staticmethod
    def _milliseconds(seconds: float) -> int:
        return max(1, round(seconds * 1000))  # 0 means for ever to libusb

    def send(self, data: bytes) -> None:
        sent = self._printer.device.write(self._printer.out_ep, data, self._milliseconds(self.patience))
        if sent != len(data):  # python-escpos drops this number
            raise TimeoutError(f"the printer took {sent} of {len(data)} bytes")

    def receive(self, wait: float) -> bytes:
        try:
            return bytes(self._printer.device.read(self._printer.in_ep, 64, self._milliseconds(wait)))
        except _pyusb("usb.core").USBTimeoutError:
            return b""

    def pending(self) -> int:
        return 0

    def close(self) -> None:
        self._printer, printer = None, self._printer
        if printer is not None:
            printer.close()


def printer_plug(device: Any) -> PrinterPlug | None:
    """The printer interface of a pyusb device that has an endpoint for each direction, or None."""
    for interface in device[0]:
        if interface.bInterfaceClass != PRINTER_CLASS or interface.bAlternateSetting != 0:
            continue
        bulk = [end.bEndpointAddress for end in interface if end.bmAttributes & 3 == _BULK]
        out = next((end for end in bulk if not end & _ENDPOINT_IN), None)
        back = next((end for end in bulk if end & _ENDPOINT_IN), None)
        if out is not None and back is not None:
            return PrinterPlug(interface.bInterfaceNumber, out, back)
    return None


def _has_printer(device: Any) -> bool:
    return any(interface.bInterfaceClass == PRINTER_CLASS for interface in device[0])


def _free_from_kernel(device: Any, interface: int) -> None:
    """Take the interface from usblp; python-escpos does so for interface 0 only."""
    try:
        if device.is_kernel_driver_active(interface):
            device.detach_kernel_driver(interface)
    except NotImplementedError:
        return
    finally:
        _pyusb("usb.util").dispose_resources(device)  # python-escpos opens it for itself


def _serial_number(device: Any) -> str | None:
    try:
        number: str | None = device.serial_number
        return number
    except (OSError, ValueError):  # not permitted to read, or the device has no strings at all
        return None


def _pyusb(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        raise PrinterMissingDriver(module="pyusb") from missing
