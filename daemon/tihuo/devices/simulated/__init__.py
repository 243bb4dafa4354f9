"""The simulated twins of camera, scanner, printer, lights and voice: drivable, breakable, and shipped for the demo."""

from tihuo.devices.simulated.buttons import SimulatedButtons
from tihuo.devices.simulated.camera import SimulatedCamera
from tihuo.devices.simulated.lights import SimulatedLights
from tihuo.devices.simulated.paper_path import Paper
from tihuo.devices.simulated.printer import SimulatedPrinter
from tihuo.devices.simulated.scanner import SimulatedScanner
from tihuo.devices.simulated.speech import SimulatedSpeech

__all__ = [
    "Paper",
    "SimulatedButtons",
    "SimulatedCamera",
    "SimulatedLights",
    "SimulatedPrinter",
    "SimulatedScanner",
    "SimulatedSpeech",
]
