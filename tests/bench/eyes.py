"""What a frame costs the camera process: our decoder against zxing-cpp alone, in CPU time on 1280x720 frames."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

from tests.bench.figure import Figure, median
from tihuo.demo.simulator import phone_picture
from tihuo.devices.decoding import Decoder

FRAMES = 60
ROUNDS = 7
FORMATS = (
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.EAN13,
    zxingcpp.BarcodeFormat.EAN8,
    zxingcpp.BarcodeFormat.UPCA,
    zxingcpp.BarcodeFormat.Code128,
)


def decode(_folder: Path) -> list[Figure]:
    """A frame with a code in it, and a counter with nothing on it but the noise of a sensor."""
    chance = np.random.default_rng(7)
    shown = np.asarray(Image.open(io.BytesIO(phone_picture("TH1:LLX01:1G:6A3L64YC6Q5Q7BH7"))).convert("L"))
    noise = chance.integers(-12, 13, shown.shape)
    hit = _seen(shown + noise)
    empty = _seen(130 + noise + np.linspace(-30, 30, shown.shape[1]))
    decoder = Decoder()
    assert [read.text for read in decoder.read(hit)] == ["TH1:LLX01:1G:6A3L64YC6Q5Q7BH7"]
    figures = []
    for name, frame, target in (("hit", hit, 1.3), ("empty", empty, 2.5)):
        rounds = [(_cost(decoder.read, frame), _cost(_alone, frame)) for _ in range(ROUNDS)]
        ours = median(ours for ours, _ in rounds)
        ratio = median(ours / floor for ours, floor in rounds)
        figures.append(
            Figure(
                name=f"decode.{name}",
                what=f"a 1280x720 frame, {'with a code' if name == 'hit' else 'with none'}, CPU",
                value=ours * 1000,
                unit="ms",
                floor=ours * 1000 / ratio,
                floor_name="zxing-cpp alone",
                n=FRAMES * ROUNDS,
                target=target,
            )
        )
    return figures


def _seen(light: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What a camera makes of it: the noise of neighbouring pixels runs together when the colours are worked out."""
    picture = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.BoxBlur(1)))


def _alone(frame: np.ndarray[Any, Any]) -> Any:
    return zxingcpp.read_barcodes(frame, formats=FORMATS, text_mode=zxingcpp.TextMode.Plain)


def _cost(read: Callable[[Any], Any], frame: np.ndarray[Any, Any]) -> float:
    """Thread CPU seconds of a frame, over enough of them to meet every step of the decoder."""
    began = time.thread_time()
    for _ in range(FRAMES):
        read(frame)
    return (time.thread_time() - began) / FRAMES
