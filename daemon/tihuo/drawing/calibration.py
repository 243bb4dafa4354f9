"""校准小票: the same line in every way a printer may be told to set it, so that its owner can say which came out right.

Line A is drawn, and right on every printer; B switches to Chinese first, C does not, D holds rare characters.
"""

from __future__ import annotations

from PIL.Image import Image

from tihuo.drawing.canvas import Canvas
from tihuo.drawing.fonts import wrapped
from tihuo.drawing.test_page import draw_roll_test
from tihuo.drawing.texts import TEST_ZH, TestTexts
from tihuo.shop.typed import Typed, Words

RARE = "䶮 㐂 𠮷"


def calibration_page(across: int, about: str, texts: TestTexts = TEST_ZH) -> tuple[Image | Typed, ...]:
    """The ticket for a roll `across` dots wide."""
    head = Canvas(across, 400)
    top = 20
    for part in (*wrapped(f"A  {texts.letters}", 28, across - 40, 2), *wrapped(f"     {RARE}", 28, across - 40, 1)):
        head.text("line", 20, top, part, 28)
        top += 38
    for part in wrapped(texts.look, 24, across - 40, 3):
        head.text("look", 20, top, part, 24)
        top += 34
    ways = (
        Typed((Words(f"B {texts.letters}"),)),
        Typed((Words(f"C {texts.letters}"),), switch=False),
        Typed((Words(f"D {RARE}"),), four_byte=True),
    )
    return (head.picture(top + 8).image, *ways, draw_roll_test(across, about, texts).image)
