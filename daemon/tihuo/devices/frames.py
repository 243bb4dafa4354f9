"""Where frames come from: one small contract for the Pi's camera, a USB camera, a folder of pictures and the demo."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from tihuo.devices.troubles import CameraMissingDriver

Grey = np.ndarray[Any, np.dtype[np.uint8]]

LARGEST_PICTURE = 50_000_000
"""Pixels; a file that claims more is not looked into."""

_KINDS = {
    "picamera2": ("tihuo.devices.pi_camera", "PiFrames"),
    "v4l2": ("tihuo.devices.v4l2", "V4l2Frames"),
    "folder": ("tihuo.devices.picture_folder", "FolderFrames"),
    "simulated": ("tihuo.devices.simulated.tray_frames", "TrayFrames"),
}


class FrameSource(Protocol):
    """One camera, however it is connected. All calls come from one thread and may raise a `CameraTrouble`.

    `live` says that a scene goes on by itself: frames not grabbed are lost, and the newest one is always the best.
    """

    live: bool

    def open(self) -> None: ...

    def grab(self) -> Grey | None:
        """The newest frame, not to be kept after the next `grab`; None when there is nothing new for now."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tray:
    """托盘: the part of the frame to look at, as fractions of its width and height. Nothing outside it is decoded."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def crop(self, frame: Grey) -> Grey:
        height, width = frame.shape
        left, top = min(int(self.x * width), width - 1), min(int(self.y * height), height - 1)
        right, bottom = round((self.x + self.width) * width), round((self.y + self.height) * height)
        return frame[top : max(bottom, top + 1), left : max(right, left + 1)]


def open_source(settings: Mapping[str, Any]) -> FrameSource:
    """The source named by `kind`, made with the other settings; not opened yet."""
    kind, rest = settings["kind"], {name: value for name, value in settings.items() if name != "kind"}
    module, name = _KINDS[kind]
    try:
        source: FrameSource = getattr(importlib.import_module(module), name)(**rest)
    except ImportError as missing:
        raise CameraMissingDriver(module=missing.name or kind) from missing
    return source


def fitted(picture: Image.Image, size: tuple[int, int]) -> Grey:
    """A picture as a camera of that size would see it: whole, grey, at most twice as large, on its own mean grey."""
    grey = _on_white(picture).convert("L")
    scale = min(size[0] / grey.width, size[1] / grey.height, 2.0)
    across, down = max(1, round(grey.width * scale)), max(1, round(grey.height * scale))
    canvas = Image.new("L", size, int(np.asarray(grey).mean()))
    place = ((size[0] - across) // 2, (size[1] - down) // 2)
    canvas.paste(grey.resize((across, down), Image.Resampling.BILINEAR), place)
    return np.asarray(canvas)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode not in ("RGBA", "LA", "PA", "P"):
        return picture
    opaque = picture.convert("RGBA")
    paper = Image.new("RGBA", opaque.size, "white")
    paper.alpha_composite(opaque)
    return paper
