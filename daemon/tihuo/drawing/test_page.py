"""打印测试: a page that shows at a glance whether a printer is straight, complete, black and readable.

The corners stand on the very edge, so a shifted or unmeasured label shows; a roll gets the same parts one below the
other. The owner looks, scans the code, and tells the settings page what was seen.
"""

from __future__ import annotations

from tihuo.drawing.canvas import BLACK, WHITE, Box, Canvas, Picture
from tihuo.drawing.codes import qr
from tihuo.drawing.fonts import fitted, shortened, wrapped
from tihuo.drawing.label import LabelSize
from tihuo.drawing.texts import TEST_ZH, TestTexts

DOTS_PER_MM = 8
_CODE = "TIHUO-PRINT-TEST"


def draw_label_test(size: LabelSize, about: str, texts: TestTexts = TEST_ZH) -> Picture:
    """A test label of exactly the paper's size. `about` names the printer and its settings, in one short line."""
    canvas = Canvas(size.width, size.height)
    _corners(canvas, size.width, size.height)
    inset = 20
    image = qr(_CODE, size.height * 2 // 5)
    side = size.width - inset - image.width
    canvas.stamp("code", side, inset, image)
    room = side - inset - 6
    top = inset
    for name, text, letter, weight in (
        ("title", texts.title, size.name_size, 0.6),
        ("about", about, size.window_sizes[2], 0.0),
        ("letters", texts.letters, size.line_size, 0.0),
        ("slot", "A07", size.slot_sizes[2], 2.0),
    ):
        fits = fitted(text, (letter, letter * 5 // 6, letter * 2 // 3), room, weight)
        canvas.text(name, inset, top, shortened(text, fits, room, weight), fits, weight=weight)
        top += letter + 6
    across = size.width - 2 * inset
    letter = size.window_sizes[-1]
    rule = size.height - inset - 2 * (letter + 4) - 18
    _patches(canvas, side + 4, inset + image.height, image.width - 4, rule - inset - image.height - 6)
    _ruler(canvas, inset, rule, across, letter, texts.ruler)
    words = shortened(texts.edges, letter, across)
    canvas.text("edges", inset, size.height - inset - letter, words, letter)
    return canvas.picture()


def draw_roll_test(across: int, about: str, texts: TestTexts = TEST_ZH) -> Picture:
    """A test receipt, `across` dots wide."""
    canvas = Canvas(across, 1400)
    inset = 20
    room = across - 2 * inset
    top = inset
    for name, text, letter, weight in (
        ("title", texts.title, 40, 0.8),
        ("about", about, 24, 0.0),
        ("letters", texts.letters, 28, 0.0),
        ("letters bold", texts.letters, 28, 0.6),
        ("edges", texts.edges, 24, 0.0),
        ("lines", texts.lines, 24, 0.0),
    ):
        for part in wrapped(text, letter, room, 2, weight):
            canvas.text(name, inset, top, part, letter, weight=weight)
            top += letter + 10
    top = _ruler(canvas, inset, top + 6, room, 24, texts.ruler)
    top = _patches(canvas, inset, top + 6, room, 64) + 16
    top = canvas.text("slot", across / 2, top, "A07", 120, weight=3, align=0.5).bottom + 10
    for part in wrapped(texts.slot, 24, room, 2):
        canvas.text("slot words", across / 2, top, part, 24, align=0.5)
        top += 34
    image = qr(_CODE, 230, 6)
    top = canvas.stamp("code", (across - image.width) // 2, top, image).bottom
    for part in wrapped(texts.code, 24, room, 2):
        canvas.text("code words", across / 2, top, part, 24, align=0.5)
        top += 34
    height = top + inset
    _corners(canvas, across, height)
    return canvas.picture(height)


def _corners(canvas: Canvas, width: int, height: int, arm: int = 48, line: int = 3) -> None:
    """Brackets on the very edge: a shift of a millimetre cuts one of them off."""
    for left, right in ((0, arm), (width - arm, width)):
        for top, bottom in ((0, line), (height - line, height)):
            canvas.fill("corner", left, top, right, bottom)
    for left, right in ((0, line), (width - line, width)):
        for top, bottom in ((line, arm), (height - arm, height - line)):
            canvas.fill("corner", left, top, right, bottom)


def _ruler(canvas: Canvas, left: int, top: int, across: int, letter: int, words: str) -> int:
    """A millimetre rule: a mark each millimetre, longer every five, and what ten of them must measure."""
    most = across // DOTS_PER_MM
    for mark in range(most + 1):
        x = left + mark * DOTS_PER_MM
        high = 16 if mark % 10 == 0 else 11 if mark % 5 == 0 else 6
        canvas.image.paste(BLACK, (x, top, x + 1, top + high))
    canvas.boxes.append(Box("ruler", left, top, left + most * DOTS_PER_MM + 1, top + 16))
    text = shortened(words.format(mm=1), letter, across)
    canvas.text("ruler words", left, top + 18, text, letter)
    return top + 18 + letter + 4


def _patches(canvas: Canvas, left: int, top: int, across: int, high: int) -> int:
    """Black, a chessboard, single-dot lines across and along: burnt or dead dots of the head show here."""
    if high < 12:
        return top
    wide = (across - 18) // 4
    for index in range(4):
        start = left + index * (wide + 6)
        canvas.fill("patch", start, top, start + wide, top + high)
        for y in range(high):
            for x in range(wide):
                if index and not (1, (x // 2 + y // 2) % 2, x % 4 == 0, y % 4 == 0)[index]:
                    canvas.image.putpixel((start + x, top + y), WHITE)
    return top + high
