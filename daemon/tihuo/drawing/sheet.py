"""指令码: what a hand that is full can say to the scanner, each code above its words."""

from __future__ import annotations

from dataclasses import dataclass

from tihuo.drawing.canvas import Box, Canvas, Picture
from tihuo.drawing.codes import qr
from tihuo.drawing.fonts import fitted, shortened, wrapped

_MARGIN = 8
_WORDS, _SMALL = 30, 18


@dataclass(frozen=True, slots=True)
class SheetCode:
    """A code, and what it does in words."""

    text: str
    says: str


def draw_sheet(title: str, codes: tuple[SheetCode, ...], across: int) -> Picture:
    """The codes on a roll, two to a row on 58 mm, three on 80 mm. Raises `codes.TooLong`."""
    columns = 3 if across >= 576 else 2
    wide = (across - 2 * _MARGIN) // columns
    cell = wide + 3 * (_WORDS + 6) + _SMALL + 20
    canvas = Canvas(across, 140 + cell * -(-len(codes) // columns))
    top = _MARGIN
    for part in wrapped(title, 36, across - 2 * _MARGIN, 2, 0.8) if title else ():
        canvas.text("title", across / 2, top, part, 36, weight=0.8, align=0.5)
        top += 44
    for start in range(0, len(codes), columns):
        below = top
        for column, code in enumerate(codes[start : start + columns]):
            below = max(below, _cell(canvas, code, _MARGIN + column * wide, top, wide))
        canvas.image.paste(0, (_MARGIN, below + 4, across - _MARGIN, below + 5))
        canvas.boxes.append(Box("rule", _MARGIN, below + 4, across - _MARGIN, below + 5))
        top = below + 10
    return canvas.picture(top + _MARGIN)


def _cell(canvas: Canvas, code: SheetCode, left: int, top: int, wide: int) -> int:
    image = qr(code.text, wide, 6)
    middle = left + wide / 2
    below = canvas.stamp("code", round(middle - image.width / 2), top, image).bottom + 4
    letter = fitted(code.says, (_WORDS, 26, 22), wide - 12, 0.6)
    for part in wrapped(code.says, letter, wide - 12, 3, 0.6):
        canvas.text("says", middle, below, part, letter, weight=0.6, align=0.5)
        below += letter + 6
    canvas.text("text", middle, below, shortened(code.text, _SMALL, wide - 12), _SMALL, align=0.5)
    return below + _SMALL + 6
