"""模拟摄像头: the real capture process and decoder, looking at pictures that someone holds under it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tihuo.devices.camera import TrayCamera
from tihuo.devices.ports import Glance, Sighting
from tihuo.devices.simulated.tray import SimulatedTray
from tihuo.devices.troubles import DeviceTrouble


class SimulatedCamera:
    """A camera over a `SimulatedTray`. `folder` lets other processes reach the tray; without it, it is a private one.

    Other settings are those of `TrayCamera`.
    """

    def __init__(self, folder: Path | None = None, *, fps: float = 30.0, **settings: Any) -> None:
        self._private = tempfile.TemporaryDirectory(prefix="tihuo-tray-") if folder is None else None
        place = Path(self._private.name) if self._private else folder
        assert place is not None
        place.mkdir(parents=True, exist_ok=True)
        self.tray = SimulatedTray(place)
        self._camera = TrayCamera({"kind": "simulated", "folder": str(place)}, fps=fps, **settings)

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None:
        self._camera.start(on_sighting, on_trouble)

    def stop(self) -> None:
        self._camera.stop()
        if self._private:
            self._private.cleanup()

    @property
    def process_id(self) -> int | None:
        return self._camera.process_id

    def look(self, patience: float = 2.0) -> Glance | None:
        return self._camera.look(patience)

    def aim(self, tray: tuple[float, float, float, float]) -> None:
        self._camera.aim(tray)

    def hold(self, picture: bytes) -> None:
        """Hold a PNG or JPEG under the camera until `clear` or the next one."""
        self.tray.hold(picture)

    def clear(self) -> None:
        self.tray.clear()

    def hang(self) -> None:
        self.tray.hang()

    def swell(self) -> None:
        self.tray.swell()

    def unplug(self) -> None:
        self.tray.unplug()

    def plug(self) -> None:
        self.tray.plug()
