"""The capture side of the simulated tray; runs in the capture process like every other frame source."""

from __future__ import annotations

import signal
from pathlib import Path

from PIL import Image

from tihuo.devices.frames import Grey, fitted
from tihuo.devices.simulated.tray import HANG, HELD, SPIN, SWELL, UNPLUGGED
from tihuo.devices.troubles import CameraPictureUnreadable, CameraUnplugged


class TrayFrames:
    """Shows what is held in the folder, frame after frame; an empty tray gives no frames."""

    live = True

    def __init__(self, folder: str, size: tuple[int, int] = (1280, 720)) -> None:
        self._folder, self._size = Path(folder), (size[0], size[1])
        self._version: tuple[int, int, int] | None = None
        self._frame: Grey | None = None
        self._fat: list[bytes] = []

    def open(self) -> None:
        self._check_plugged()

    def grab(self) -> Grey | None:
        self._check_plugged()
        self._fail_if_told()
        held = self._folder / HELD
        try:
            state = held.stat()
            version = (state.st_mtime_ns, state.st_size, state.st_ino)
            if version != self._version:
                self._version, self._frame = version, None
                with Image.open(held) as picture:
                    self._frame = fitted(picture, self._size)
        except FileNotFoundError:
            self._version = self._frame = None
        except (OSError, ValueError, SyntaxError) as broken:
            raise CameraPictureUnreadable(name=HELD) from broken
        return self._frame

    def close(self) -> None:
        self._version = self._frame = None

    def _check_plugged(self) -> None:
        if not self._folder.is_dir() or (self._folder / UNPLUGGED).exists():
            raise CameraUnplugged(device="simulated", reason="unplugged")

    def _fail_if_told(self) -> None:
        if self._told(HANG):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            while True:
                signal.pause()
        if self._told(SPIN):
            while True:
                pass
        if self._fat or self._told(SWELL):
            self._fat.append(b"\x01" * (16 << 20))

    def _told(self, fault: str) -> bool:
        try:
            (self._folder / fault).unlink()
        except FileNotFoundError:
            return False
        return True
