"""The devices that the settings name. A real one that is missing is shown as a trouble, never replaced in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tihuo.devices.camera import TrayCamera
from tihuo.devices.escpos_printer import EscPosPrinter
from tihuo.devices.keyboard_port import KeyboardPort
from tihuo.devices.ports import Buttons, Camera, Printer, Scanner, ShelfLights, Speech
from tihuo.devices.scanner import WiredScanner
from tihuo.devices.serial_port import SerialPort
from tihuo.devices.troubles import DeviceTrouble
from tihuo.devices.tspl_printer import TsplPrinter
from tihuo.devices.wires import DeviceFileWire, NetworkWire, PlainFileWire, SerialWire, Wire
from tihuo.settings import CameraChoice, PrinterChoice, ScannerChoice, Settings
from tihuo.shop.pickups import BEGINS
from tihuo.shop.tray import Tray
from tihuo.wiring.lamps import lights_of

if TYPE_CHECKING:
    from tihuo.devices.simulated import (
        SimulatedButtons,
        SimulatedCamera,
        SimulatedLights,
        SimulatedPrinter,
        SimulatedScanner,
        SimulatedSpeech,
    )

_WHOLE: Tray = (0.0, 0.0, 1.0, 1.0)


@dataclass
class Fitting:
    """What hangs on this box: `cameras` by kiosk, `scanners` and `printers` by name. `troubles`: part -> code, for
    parts that could not be opened at all."""

    cameras: dict[str, Camera] = field(default_factory=dict)
    scanners: dict[str, Scanner] = field(default_factory=dict)
    printers: dict[str, Printer | None] = field(default_factory=dict)
    lights: ShelfLights | None = None
    buttons: Buttons | None = None
    speech: Speech | None = None
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

    cameras: dict[str, SimulatedCamera] = field(default_factory=dict)
    scanners: dict[str, SimulatedScanner] = field(default_factory=dict)
    printers: dict[str, SimulatedPrinter] = field(default_factory=dict)
    lights: SimulatedLights | None = None
    buttons: SimulatedButtons | None = None
    speech: SimulatedSpeech | None = None
    papers: Path = Path()

    @property
    def camera(self) -> SimulatedCamera | None:
        """The one of the first kiosk."""
        return next(iter(self.cameras.values()), None)

    def close(self) -> None:
        for printer in self.printers.values():
            printer.close()


def fit(settings: Settings, slots: Sequence[str], trays: Mapping[str, Tray] = MappingProxyType({})) -> Fitting:
    """Open the devices of the settings. `trays`: kiosk -> where the owner drew the tray."""
    fitting = Fitting()
    printers = settings.printers.named
    cameras, scanners = settings.cameras, settings.scanners
    if "simulated" in {choice.kind for group in (cameras, scanners, printers) for choice in group.values()} | {
        settings.lights.kind,
        settings.speech.kind,
    }:
        fitting.simulated = Simulated(papers=settings.data_dir / "papers")
    for kiosk, camera in cameras.items():
        if camera.kind != "none":
            fitting.cameras[kiosk] = _camera(kiosk, camera, trays.get(kiosk) or camera.tray or _WHOLE, fitting)
    for name, scanner in scanners.items():
        if scanner.kind != "none":
            fitting.scanners[name] = _scanner(name, scanner, fitting)
    for name, choice in printers.items():
        if choice.kind != "none" or not all(settings.printers.of(role) for role in choice.roles):
            fitting.printers[name] = _printer(name, choice, settings, fitting)
    try:
        _fit_lights(settings, slots, fitting)
    except DeviceTrouble as trouble:
        fitting.troubles["lights"] = trouble.code
    fitting.speech = _speech(settings, fitting)
    return fitting


def _speech(settings: Settings, fitting: Fitting) -> Speech | None:
    choice = settings.speech
    if choice.kind == "simulated":
        from tihuo.devices.simulated import SimulatedSpeech  # a shop's box can do without

        assert fitting.simulated is not None
        fitting.simulated.speech = SimulatedSpeech()
        return fitting.simulated.speech
    if choice.kind == "espeak":
        from tihuo.devices.espeak import EspeakSpeech  # where there is a voice

        voices = {"zh": choice.voice_zh, "en": choice.voice_en}
        folder = settings.data_dir / "speech"
        return EspeakSpeech(folder, program=choice.program, voices=voices, words_a_minute=choice.words_a_minute)
    return None


def _camera(kiosk: str, choice: CameraChoice, tray: Tray, fitting: Fitting) -> Camera:
    options: dict[str, Any] = {
        "size": (choice.width, choice.height),
        "fps": choice.fps,
        "tray": tray,
        "one_at_a_time": BEGINS,
    }
    match choice.kind:
        case "simulated":
            from tihuo.devices.simulated import SimulatedCamera  # a shop's box can do without

            assert fitting.simulated is not None
            fitting.simulated.cameras[kiosk] = SimulatedCamera(choice.folder, **options)
            return fitting.simulated.cameras[kiosk]
        case "picamera2":
            return TrayCamera({"kind": "picamera2", "number": int(choice.device or 0)}, **options)
        case "v4l2":
            return TrayCamera({"kind": "v4l2", "device": choice.device or "/dev/video0"}, **options)
        case _:
            return TrayCamera({"kind": "folder", "folder": str(choice.folder or "")}, **options)


def _scanner(name: str, choice: ScannerChoice, fitting: Fitting) -> Scanner:
    thread = f"scanner_{name}"
    if choice.kind == "simulated":
        from tihuo.devices.simulated import SimulatedScanner  # a shop's box can do without

        assert fitting.simulated is not None
        fitting.simulated.scanners[name] = SimulatedScanner(thread)
        return fitting.simulated.scanners[name]
    port = KeyboardPort(choice.device) if choice.kind == "evdev" else SerialPort(choice.device, choice.baud)
    return WiredScanner(port, thread)


def label_mm(choice: PrinterChoice, settings: Settings) -> tuple[int, int]:
    """Width and height of a printer's labels."""
    wide, high = (choice.label_size or settings.label_size).split("x")
    return int(wide), int(high)


def _printer(name: str, choice: PrinterChoice, settings: Settings, fitting: Fitting) -> Printer | None:
    if choice.kind == "simulated":
        from tihuo.devices.simulated import SimulatedPrinter  # a shop's box can do without

        assert fitting.simulated is not None
        folder = fitting.simulated.papers / name
        folder.mkdir(parents=True, exist_ok=True)
        twin = SimulatedPrinter(width_dots=choice.width_dots, language=choice.language, folder=folder)
        fitting.simulated.printers[name] = twin
        return _at(NetworkWire(twin.host, twin.port), choice, settings)
    return printer_of(choice, settings)


def printer_of(choice: PrinterChoice, settings: Settings) -> Printer | None:
    """The real printer of the settings, not opened yet; None for `none` and `simulated`."""
    wire = _wire(choice)
    return None if wire is None else _at(wire, choice, settings)


def _at(wire: Wire, choice: PrinterChoice, settings: Settings) -> Printer:
    if choice.language == "tspl":
        return TsplPrinter(wire, size_mm=label_mm(choice, settings), gap_mm=choice.gap_mm)
    return EscPosPrinter(wire, width_dots=choice.width_dots)


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


def _fit_lights(settings: Settings, slots: Sequence[str], fitting: Fitting) -> None:
    if settings.lights.kind == "simulated":
        from tihuo.devices.simulated import SimulatedButtons, SimulatedLights

        assert fitting.simulated is not None
        fitting.lights = fitting.simulated.lights = SimulatedLights(slots)
        fitting.buttons = fitting.simulated.buttons = SimulatedButtons(slots)
        return
    fitting.lights, open_buttons = lights_of(settings.lights, slots)
    try:
        fitting.buttons = open_buttons()
    except DeviceTrouble as trouble:
        fitting.troubles["buttons"] = trouble.code
