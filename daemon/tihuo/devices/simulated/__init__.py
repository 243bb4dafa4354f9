"""The simulated twins of camera, printer and lights: drivable, breakable, and shipped with the daemon for the demo."""

from tihuo.devices.simulated.buttons import SimulatedButtons
from tihuo.devices.simulated.camera import SimulatedCamera
from tihuo.devices.simulated.lights import SimulatedLights
from tihuo.devices.simulated.paper_path import Paper
from tihuo.devices.simulated.printer import SimulatedPrinter

__all__ = ["Paper", "SimulatedButtons", "SimulatedCamera", "SimulatedLights", "SimulatedPrinter"]
