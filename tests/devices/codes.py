"""Codes to hold under a camera: drawn here, as PNG bytes."""

from __future__ import annotations

import io

import segno
import zxingcpp
from PIL import Image


def qr(text: str, *, scale: int = 6, dark: str = "black", light: str = "white", error: str = "m") -> bytes:
    drawn = io.BytesIO()
    segno.make(text, error=error, micro=False).save(drawn, kind="png", scale=scale, dark=dark, light=light)
    return drawn.getvalue()


def ean13(digits: str) -> bytes:
    return _bars(digits, zxingcpp.BarcodeFormat.EAN13)


def code128(text: str) -> bytes:
    return _bars(text, zxingcpp.BarcodeFormat.Code128)


def png(picture: Image.Image) -> bytes:
    drawn = io.BytesIO()
    picture.save(drawn, "PNG")
    return drawn.getvalue()


def _bars(text: str, kind: zxingcpp.BarcodeFormat) -> bytes:
    drawn = zxingcpp.create_barcode(text, kind).to_image(scale=3)
    bars = Image.fromarray(drawn)
    paper = Image.new("L", (bars.width + 120, bars.height + 120), 255)
    paper.paste(bars, (60, 60))
    return png(paper)
