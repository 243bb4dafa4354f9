"""A tray without a camera: whoever has the folder can put a picture under it, from any thread or process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

HELD, UNPLUGGED, HANG, SPIN, SWELL = "held", "unplugged", "hang", "spin", "swell"


class SimulatedTray:
    """The hands in front of the simulated camera. What lies in the tray stays there when the camera is replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def hold(self, picture: bytes) -> None:
        """Hold a picture (PNG or JPEG bytes) under the camera, in place of the last one."""
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(picture)
        Path(name).replace(self.folder / HELD)

    def clear(self) -> None:
        """Take it away."""
        (self.folder / HELD).unlink(missing_ok=True)

    def unplug(self) -> None:
        """Pull the camera's cable."""
        (self.folder / UNPLUGGED).touch()

    def plug(self) -> None:
        (self.folder / UNPLUGGED).unlink(missing_ok=True)

    def hang(self) -> None:
        """Let the camera's next frame never come; the camera that replaces it works."""
        (self.folder / HANG).touch()

    def spin(self) -> None:
        """Let the camera's next frame keep its process busy for ever; the camera that replaces it works."""
        (self.folder / SPIN).touch()

    def swell(self) -> None:
        """Let the camera's library take more and more memory; the camera that replaces it works."""
        (self.folder / SWELL).touch()
