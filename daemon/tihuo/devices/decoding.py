"""识码: codes out of grey frames. zxing-cpp looks at every frame; zbar helps out with bars when nothing was found.

Only the capture process imports this. Measured on photographs of real codes, zxing-cpp reads a quarter more QR codes
than zbar and reads white-on-black ones too; zbar reads blurred bars that zxing-cpp does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

from tihuo.devices.ports import Symbology
from tihuo.devices.watching import Read
from tihuo.devices.zbar import BarScanner

Grey = np.ndarray[Any, np.dtype[np.uint8]]

_SYMBOLOGIES: dict[Any, Symbology] = {
    zxingcpp.BarcodeFormat.QRCode: "qr",
    zxingcpp.BarcodeFormat.EAN13: "ean13",
    zxingcpp.BarcodeFormat.EAN8: "ean8",
    zxingcpp.BarcodeFormat.UPCA: "upca",
    zxingcpp.BarcodeFormat.Code128: "code128",
}
_FORMATS: Any = tuple(_SYMBOLOGIES)
_SECOND_LOOK_EVERY = 3
_DIM_BELOW = 96
_SMALLEST = 100
"""Pixels: no code can be read in less."""


class Decoder:
    """Remembers only how many frames in a row were empty. One for each camera."""

    def __init__(self) -> None:
        self._bars = BarScanner()
        self._empty = 0

    def read(self, frame: Grey) -> list[Read]:
        """What is in this frame (height x width, uint8, any stride)."""
        frame = brightened(np.ascontiguousarray(frame))
        if reads := _zxing(frame):
            self._empty = 0
            return reads
        self._empty += 1
        if self._empty % _SECOND_LOOK_EVERY:
            return []
        return self._second_look(frame)

    def _second_look(self, frame: Grey) -> list[Read]:
        half = np.asarray(Image.fromarray(frame).reduce(2))
        return _zxing(half) or self._bars.read(frame)


def look_hard(picture: Grey) -> list[Read]:
    """Every code in one picture that will not be followed by another: at three sizes, and with both readers."""
    picture = brightened(np.ascontiguousarray(picture))
    found: dict[str, Read] = {}
    for shrink in (1, 2, 4):
        if min(picture.shape) // shrink < _SMALLEST:
            break
        smaller = picture if shrink == 1 else np.asarray(Image.fromarray(picture).reduce(shrink))
        for read in _zxing(smaller):
            found.setdefault(read.text, read)
    if not found:
        found = {read.text: read for read in BarScanner().read(picture)}
    return list(found.values())


def brightened(frame: Grey) -> Grey:
    """A dim frame with its contrast stretched; any other as it is."""
    sample = frame[::8, ::8]
    dark, bright = int(np.min(sample)), int(np.percentile(sample, 99.5))
    if bright >= _DIM_BELOW or bright - dark < 4:
        return frame
    curve = np.clip((np.arange(256) - dark) * (255.0 / (bright - dark)), 0, 255).astype(np.uint8)
    bright_frame: Grey = curve[frame]
    return bright_frame


def _zxing(frame: Grey) -> list[Read]:
    found = zxingcpp.read_barcodes(frame, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain)
    return [Read(code.text, _SYMBOLOGIES[code.format]) for code in found if code.format in _SYMBOLOGIES]
