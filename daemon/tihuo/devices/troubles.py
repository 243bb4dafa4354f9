"""设备故障: what can go wrong with a device, as stable codes and facts. The words for people are found at the rim."""

from __future__ import annotations


class DeviceTrouble(Exception):
    """A device cannot do its work. `code` never changes once published; every fact is also an attribute.

    >>> trouble = CameraUnplugged(device="/dev/video0")
    >>> trouble.code, trouble.device
    ('camera_unplugged', '/dev/video0')
    """

    code = "device_trouble"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts

    def __getattr__(self, name: str) -> object:
        if name != "facts" and name in self.facts:
            return self.facts[name]
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"{self.code}({', '.join(f'{name}={value!r}' for name, value in self.facts.items())})"


class CameraTrouble(DeviceTrouble):
    """The tray cannot be watched just now; customers type their digits instead."""

    code = "camera_trouble"


class CameraUnplugged(CameraTrouble):
    """No camera at `device`, or it went away. Facts: device, reason."""

    code = "camera_unplugged"


class CameraHung(CameraTrouble):
    """The camera gave no sign of life and is being replaced. Facts: silent_ms."""

    code = "camera_hung"


class CameraDied(CameraTrouble):
    """The capture process ended by itself and is being replaced. Facts: exit_code."""

    code = "camera_died"


class CameraSwollen(CameraTrouble):
    """The capture process took more memory than it may and is being replaced. Facts: megabytes."""

    code = "camera_swollen"


class CameraMissingDriver(CameraTrouble):
    """A library that this camera or the decoder needs is not installed. Facts: module."""

    code = "camera_missing_driver"


class CameraPictureUnreadable(CameraTrouble):
    """A picture in the watched folder is broken or half written; the others are still read. Facts: name."""

    code = "camera_picture_unreadable"


class ScannerTrouble(DeviceTrouble):
    """A scanner does not read just now."""

    code = "scanner_trouble"


class ScannerUnplugged(ScannerTrouble):
    """No such scanner is plugged in, or it went away. Facts: device, reason."""

    code = "scanner_unplugged"


class ScannerTaken(ScannerTrouble):
    """It is there, and we may not have it: another program holds it, or a right is missing. Facts: device, reason."""

    code = "scanner_taken"


class PrinterTrouble(DeviceTrouble):
    """The printer cannot finish a job. `doubtful` is True once any byte of the job may have reached it."""

    code = "printer_trouble"

    def __init__(self, *, doubtful: bool = False, **facts: object) -> None:
        super().__init__(**facts)
        self.doubtful = doubtful


class PrinterUnreachable(PrinterTrouble):
    """It cannot be opened, or is open and answers nothing; no job byte was sent. Facts: address, reason."""

    code = "printer_unreachable"


class PrinterMissingDriver(PrinterTrouble):
    """A library for this kind of connection is not installed. Facts: module."""

    code = "printer_missing_driver"


class PrinterPaperOut(PrinterTrouble):
    code = "printer_paper_out"


class PrinterCoverOpen(PrinterTrouble):
    code = "printer_cover_open"


class PrinterFaulty(PrinterTrouble):
    """The printer reports a fault of its own. Facts: fault (cutter, hot, broken, other)."""

    code = "printer_faulty"


class PrinterOffline(PrinterTrouble):
    """It answers, is offline and does not say why: a pressed feed button, a pause, a menu."""

    code = "printer_offline"


class PrinterSilent(PrinterTrouble):
    """存疑: the job was sent, wholly or in part, and no answer followed. Always doubtful. Facts: reason."""

    code = "printer_silent"

    def __init__(self, *, doubtful: bool = True, **facts: object) -> None:
        super().__init__(doubtful=doubtful, **facts)


class LightsTrouble(DeviceTrouble):
    """The shelf cannot shine; the slot number on the screen is enough to go on."""

    code = "lights_trouble"


class LightsMissingDriver(LightsTrouble):
    """The chosen pin driver is unknown or not installed; no other is tried. Facts: driver."""

    code = "lights_missing_driver"


class LightsUnreachable(LightsTrouble):
    """The driver is there and the pins are not: wrong board, no permission, vanished. Facts: driver, reason."""

    code = "lights_unreachable"


class LightsSilent(LightsTrouble):
    """The lamps were told, and nothing or something else came back. Facts: driver, reason."""

    code = "lights_silent"


class LampSilent(LightsTrouble):
    """Some lamps do not do what they are told, or somebody saw them dark. Facts: slots."""

    code = "lamp_silent"


class LampOutOfRange(LightsTrouble):
    """A slot has no lamp (facts: slots), or a lamp's pin does not exist on this board (facts: slots, pin)."""

    code = "lamp_out_of_range"


class LampPinTaken(LightsTrouble):
    """Two slots claim one pin. Facts: pin, slots."""

    code = "lamp_pin_taken"


class ButtonsTrouble(DeviceTrouble):
    """The buttons on the shelf cannot be used; a tap on the screen does the same."""

    code = "buttons_trouble"


class ButtonsUnreachable(ButtonsTrouble):
    """The buttons cannot be read. Facts: address or driver, reason."""

    code = "buttons_unreachable"


class ButtonStuck(ButtonsTrouble):
    """A button is held or chatters; its presses do not count. Facts: slots."""

    code = "button_stuck"


class SpeechTrouble(DeviceTrouble):
    """The kiosk cannot speak; its screen says the same."""

    code = "speech_trouble"


class SpeechMissingEngine(SpeechTrouble):
    """The program that speaks is not installed. Facts: program."""

    code = "speech_missing_engine"


class SpeechSilent(SpeechTrouble):
    """The program ran and made no sound, or took too long. Facts: reason."""

    code = "speech_silent"


def _family(kind: type[DeviceTrouble]) -> dict[str, type[DeviceTrouble]]:
    found = {kind.code: kind}
    for child in kind.__subclasses__():
        found |= _family(child)
    return found


BY_CODE = _family(DeviceTrouble)
"""Every trouble by its code, to bring one back from another process."""
