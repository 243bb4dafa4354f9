"""QR codes as whole dots: every module is a square of the same number of dots, and nothing is ever resampled."""

from __future__ import annotations

from functools import lru_cache

import segno
from PIL import Image

QUIET = 4
SMALLEST_MODULE = 3


class TooLong(ValueError):
    """The payload needs more modules than this much paper can hold."""


@lru_cache(maxsize=256)
def modules_of(payload: str) -> tuple[tuple[int, ...], ...]:
    """The code as rows of 0 and 1, without its quiet zone, at error correction M or better in the smallest version."""
    return tuple(tuple(row) for row in segno.make_qr(payload, error="m").matrix)


@lru_cache(maxsize=64)
def qr(payload: str, most: int, largest: int = 8) -> Image.Image:
    """The code with its quiet zone of four modules, as large as whole dots allow within `most` dots each way.

    Raises `TooLong` if a module would get fewer than three dots, which is 0.375 mm at 203 dpi.
    """
    rows = modules_of(payload)
    across = len(rows) + 2 * QUIET
    module = min(most // across, largest)
    if module < SMALLEST_MODULE:
        raise TooLong(payload)
    side = across * module
    blank = "1" * (QUIET * module)
    packed = bytearray()
    for row in rows:
        dots = blank + "".join(("0" if dark else "1") * module for dark in row) + blank
        packed += _bytes(dots) * module
    edge = _bytes("1" * side) * (QUIET * module)
    return Image.frombytes("1", (side, side), edge + bytes(packed) + edge)


def _bytes(dots: str) -> bytes:
    padded = dots.ljust(-(-len(dots) // 8) * 8, "0")
    return int(padded, 2).to_bytes(len(padded) // 8, "big")
