"""The devices that the settings name. A real one that is missing is shown as a trouble, never replaced in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tihuo.devices.camera import TrayCamera
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.ports import Camera, Printer, ShelfLights
from tihuo.devices.troubles import DeviceTrouble
from tihuo.devices.wires import DeviceFileWire, NetworkWire, PlainFileWire, SerialWire, Wire
from tihuo.settings import CameraChoice, PrinterChoice, Settings

if TYPE_CHECKING:
    from tihuo.devices.simulated import SimulatedCamera, SimulatedLights, SimulatedPrinter


@dataclass
class Fitting:
    """What hangs on this box. `troubles`: part -> code, for parts that could not be opened at all."""

    camera: Camera | None = None
    printers: dict[str, Printer | None] = field(default_factory=dict)
    lights: ShelfLights | None = None
    troubles: dict[str, str] = field(default_factory=dict)
    simulated: Simulated | None = None

    def close(self) -> None:
        for device in (self.lights, *self.printers.values()):
            if device is not None:
                device.close()
        if self.simulated is not None:
            self.simulated.close()


@dataclass
class Simulated:
    """The simulated devices of this box, by part, for whoever drives them."""

    camera: SimulatedCamera | None = None
    printers: dict[str, SimulatedPrinter] = field(default_factory=dict)
    lights: SimulatedLights | None = None
    papers: Path = Path()

    def close(self) -> None:
        for printer in self.printers.values():
            printer.close()


def fit(settings: Settings, slots: Sequence[str]) -> Fitting:
    """Open the devices of the settings."""
    fitting = Fitting()
    choices = (settings.camera.kind, settings.printers.label.kind, settings.printers.receipt.kind, settings.lights.kind)
    if "simulated" in choices:
        fitting.simulated = Simulated(papers=settings.data_dir / "papers")
    fitting.camera = _camera(settings.camera, fitting)
    for role, choice in (("label", settings.printers.label), ("receipt", settings.printers.receipt)):
        fitting.printers[role] = _printer(role, choice, fitting)
    try:
        fitting.lights = _lights(settings, slots, fitting)
    except DeviceTrouble as trouble:
        fitting.troubles["lights"] = trouble.code
    return fitting


def _camera(choice: CameraChoice, fitting: Fitting) -> Camera | None:
    size = (choice.width, choice.height)
    options: dict[str, Any] = {"size": size} if choice.tray is None else {"size": size, "tray": choice.tray}
    match choice.kind:
        case "none":
            return None
        case "simulated":
            from tihuo.devices.simulated import SimulatedCamera  # a shop's box can do without

            assert fitting.simulated is not None
            fitting.simulated.camera = SimulatedCamera(**options)
            return fitting.simulated.camera
        case "picamera2":
            return TrayCamera({"kind": "picamera2"}, **options)
        case "v4l2":
            return TrayCamera({"kind": "v4l2", "device": choice.device}, **options)
        case "images":
            return TrayCamera({"kind": "folder", "folder": str(choice.folder or "")}, **options)


def _printer(role: str, choice: PrinterChoice, fitting: Fitting) -> Printer | None:
    if choice.kind == "simulated":
        from tihuo.devices.simulated import SimulatedPrinter  # a shop's box can do without

        assert fitting.simulated is not None
        folder = fitting.simulated.papers / role
        folder.mkdir(parents=True, exist_ok=True)
        twin = SimulatedPrinter(width_dots=choice.width_dots, folder=folder)
        fitting.simulated.printers[role] = twin
        return EscPosPrinter(NetworkWire(twin.host, twin.port), width_dots=choice.width_dots)
    return printer_of(choice)


def printer_of(choice: PrinterChoice) -> Printer | None:
    """The real printer of the settings, not opened yet; None for `none` and `simulated`."""
    wire = _wire(choice)
    return None if wire is None else EscPosPrinter(wire, width_dots=choice.width_dots)


def _wire(choice: PrinterChoice) -> Wire | None:
    match choice.kind:
        case "none" | "simulated":
            return None
        case "network":
            host, _, port = choice.address.rpartition(":")
            return NetworkWire(host or choice.address, int(port) if host else 9100)
        case "usb":
            from tihuo.devices.usb_wire import UsbWire  # needs libusb, which only some boxes have

            vendor, _, product = choice.address.partition(":")
            return UsbWire(int(vendor, 16), int(product, 16)) if product else UsbWire()
        case "serial":
            return SerialWire(choice.address, choice.baud)
        case "device":
            return DeviceFileWire(choice.address)
        case "file":
            return PlainFileWire(choice.address)


def _lights(settings: Settings, slots: Sequence[str], fitting: Fitting) -> ShelfLights | None:
    match settings.lights.kind:
        case "none":
            return None
        case "simulated":
            from tihuo.devices.simulated import SimulatedLights

            assert fitting.simulated is not None
            fitting.simulated.lights = SimulatedLights(slots)
            return fitting.simulated.lights
        case "gpio":
            from tihuo.devices.gpio_rail import gpio_shelf  # brings gpiozero

            chosen = settings.lights
            return gpio_shelf(chosen.pins, driver=chosen.driver, active_high=chosen.active_high)
