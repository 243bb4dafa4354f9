"""取景: what whoever puts up a camera wants to know of one frame. Made when asked for, and kept nowhere."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from tihuo.devices.frames import Grey, Tray
from tihuo.devices.watching import Read

_SHOWN = (640, 480)
_QUALITY = 60
_BURNT = 250
_PLAIN = 40
"""A picture with less contrast than this has nothing in it that could be sharp."""


def glance(frame: Grey, tray: Tray, reads: list[Read]) -> dict[str, Any]:
    """The fields of `ports.Glance` as JSON has them; the picture in base 64."""
    picture = Image.fromarray(np.ascontiguousarray(frame))
    picture.thumbnail(_SHOWN, Image.Resampling.BILINEAR, reducing_gap=2)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=_QUALITY)
    part = tray.crop(frame)
    dark, bright = (int(level) for level in np.percentile(part[::2, ::2], (1, 99)))
    return {
        "picture": base64.b64encode(jpeg.getvalue()).decode("ascii"),
        "size": [frame.shape[1], frame.shape[0]],
        "tray": [tray.x, tray.y, tray.width, tray.height],
        "sharp": _sharp(part, bright - dark),
        "bright": bright,
        "glare": round(float(np.mean(part >= _BURNT)), 3),
        "seen": [[read.symbology, read.text[:64]] for read in reads[:8]],
    }


def _sharp(part: Grey, contrast: int) -> int:
    """How steep the steepest edges are, of 255 for one that goes from black to white in one pixel."""
    if contrast < _PLAIN:
        return 0
    steps = np.abs(np.diff(part.astype(np.int16), axis=1))
    return min(255, round(255 * float(np.percentile(steps, 99.5)) / contrast))
