"""The Raspberry Pi's own camera through picamera2. Its small YUV stream begins with a grey picture: no conversion."""

from __future__ import annotations

import importlib
from typing import Any

from tihuo.devices.frames import Grey
from tihuo.devices.troubles import CameraMissingDriver, CameraUnplugged

_WISHES = {
    "AeExposureMode": 1,  # short: a moving phone blurs more than a dark one hides
    "AfMode": 2,  # continuous, where a lens can move; it would stay at infinity
    "AfRange": 1,  # near things first
}
"""libcamera's controls and its numbers for them; a camera without one does as it does."""


class PiFrames:
    """Camera number `number`. picamera2 comes from apt with libcamera, never from a package index."""

    live = True

    def __init__(self, size: tuple[int, int] = (1280, 720), fps: float = 30.0, number: int = 0) -> None:
        self._size, self._fps, self._number = (size[0], size[1]), fps, number
        self._camera: Any = None
        self._width = self._height = 0

    def open(self) -> None:
        try:
            library = importlib.import_module("picamera2")
        except ImportError as missing:
            raise CameraMissingDriver(module=missing.name or "picamera2") from missing
        try:
            self._camera = library.Picamera2(self._number)
            self._configure()
            self._camera.start()
        except (IndexError, RuntimeError, OSError) as refused:
            raise CameraUnplugged(device=f"picamera2 {self._number}", reason=str(refused)) from refused

    def _configure(self) -> None:
        frame_us = round(1_000_000 / self._fps)
        wanted = {**_WISHES, "FrameDurationLimits": (frame_us, frame_us)}
        controls = {name: value for name, value in wanted.items() if name in self._camera.camera_controls}
        self._camera.configure(
            self._camera.create_video_configuration(
                main={"format": "RGB888", "size": self._size},
                lores={"format": "YUV420", "size": self._size},
                controls=controls,
                buffer_count=4,
            )
        )
        # what was asked for may have been adjusted: only the returned size counts
        self._width, self._height = self._camera.camera_configuration()["lores"]["size"]

    def grab(self) -> Grey | None:
        try:
            planes = self._camera.capture_array("lores")
        except RuntimeError as gone:
            raise CameraUnplugged(device=f"picamera2 {self._number}", reason=str(gone)) from gone
        # rows may be longer than the picture (stride), and the colour planes follow below it
        grey: Grey = planes[: self._height, : self._width].copy()
        return grey

    def close(self) -> None:
        self._camera, camera = None, self._camera
        if camera is not None:
            camera.close()
