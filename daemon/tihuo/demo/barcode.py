"""An EAN-13 as a picture, for the camera of the demo: bars from the digits, by the tables of ISO/IEC 15420."""

from __future__ import annotations

import io

_LEFT_ODD = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
_PARITY = ("OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO")
_FLIP = str.maketrans("01", "10")


def bars(digits: str) -> str:
    """The 95 modules of an EAN-13, 1 for a bar.

    >>> bars("6901234567892")[:3], len(bars("6901234567892"))
    ('101', 95)
    """
    left = ""
    for digit, parity in zip(digits[1:7], _PARITY[int(digits[0])], strict=True):
        odd = _LEFT_ODD[int(digit)]
        left += odd if parity == "O" else odd.translate(_FLIP)[::-1]
    right = "".join(_LEFT_ODD[int(digit)].translate(_FLIP) for digit in digits[7:])
    return f"101{left}01010{right}101"


def picture(digits: str) -> bytes:
    """The bar code on white card before a camera of 1280x720, PNG."""
    from PIL import Image  # only when somebody plays

    module, height = 5, 260
    modules = "0" * 11 + bars(digits) + "0" * 11
    card = Image.new("L", (len(modules) * module, height + 80), 245)
    for place, bar in enumerate(modules):
        if bar == "1":
            card.paste(15, (place * module, 40, (place + 1) * module, 40 + height))
    frame = Image.new("L", (1280, 720), 120)
    frame.paste(card, ((1280 - card.width) // 2, (720 - card.height) // 2))
    out = io.BytesIO()
    frame.save(out, "PNG")
    return out.getvalue()
