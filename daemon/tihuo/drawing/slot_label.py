"""货位标签: what sticks on the shelf itself, to be scanned when something was put there."""

from __future__ import annotations

from tihuo.drawing.canvas import Canvas, Picture
from tihuo.drawing.codes import qr
from tihuo.drawing.fonts import ASCENT, fitted
from tihuo.drawing.label import CAPITAL, LabelSize, zone_bar
from tihuo.drawing.texts import LABEL_ZH, LabelTexts
from tihuo.shop.words import Zone


def draw_slot_label(slot: str, zone: Zone, code: str, size: LabelSize, texts: LabelTexts = LABEL_ZH) -> Picture:
    """The slot as large as the paper allows, its zone at the edge and its code below. Raises `codes.TooLong`."""
    canvas = Canvas(size.width, size.height)
    canvas.stamp("zone", size.width - size.bar, 0, zone_bar(size, zone, texts.zones[zone]))
    right = size.width - size.bar - size.margin // 2
    image = qr(code, size.height - size.slot_ink - 2 * size.margin - size.margin // 2)
    canvas.stamp("code", right - image.width, size.height - size.margin // 2 - image.height, image)
    room = right - size.margin
    thick = size.slot_ink / 24
    letter = fitted(slot, tuple(part * size.slot_ink // 8 for part in (14, 12, 11, 10, 9, 8, 7)), room, thick)
    top = size.margin - letter * (ASCENT - CAPITAL)
    box = canvas.text("slot", size.margin, top, slot, letter, weight=thick)
    words = texts.zones[zone]
    below = box.bottom + size.name_size
    across = right - image.width - size.margin - 6
    small = fitted(words, (size.name_size * 3 // 2, size.name_size, size.line_size, 16), across, 0.5)
    canvas.text("zone words", size.margin, below, words, small, weight=0.5)
    return canvas.picture()
