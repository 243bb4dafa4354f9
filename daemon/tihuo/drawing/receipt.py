"""自提小票: what a customer takes home about a pickup, and what is still waiting in the shop.

Rolls of 58 mm take 384 dots, of 80 mm 576; the length follows the content.
"""

from __future__ import annotations

from dataclasses import dataclass

from tihuo.drawing.canvas import Box, Canvas, Picture
from tihuo.drawing.codes import qr
from tihuo.drawing.fonts import fitted, shortened, width, wrapped
from tihuo.drawing.texts import RECEIPT_ZH, ReceiptTexts

WIDTH_58MM = 384
WIDTH_80MM = 576
_MARGIN = 8
_BASE = 26
_PITCH = 34


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One kind of thing, how many, and where it waits (empty for what was taken)."""

    name: str
    quantity: int
    slot: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """What a receipt says. Name and phone are masked, times formatted; `way` is how it was handed over ("扫码").

    `left` is what still waits in the shop until `until`, with `code` to fetch it by (empty for none).
    """

    shop: str
    customer: str
    taken: tuple[ReceiptLine, ...]
    left: tuple[ReceiptLine, ...]
    until: str
    when: str
    way: str
    orders: tuple[str, ...]
    help: tuple[str, ...]
    farewell: str = ""
    code: str = ""
    digits: str = ""
    copy: int = 1


def draw_receipt(content: ReceiptContent, across: int = WIDTH_58MM, texts: ReceiptTexts = RECEIPT_ZH) -> Picture:
    """The receipt as a 1-bit picture `across` dots wide and as long as it needs."""
    parts = len(content.taken) + len(content.left) + len(content.orders) + len(content.help)
    canvas = Canvas(across, 2000 + 4 * (_PITCH + 2) * parts)
    top = _head(canvas, content, texts, _MARGIN)
    if content.taken:
        top = _lines(canvas, texts.taken, content.taken, top)
    if content.left:
        top = _left(canvas, content, texts, top)
    else:
        top = _centred(canvas, "all taken", texts.nothing_left, _BASE, top + 4)
    top = _facts(canvas, content, texts, top)
    for part in (*content.help, content.farewell):
        if part:
            top = _centred(canvas, "help", part, _BASE - 2, top)
    return canvas.picture(top + 3 * _MARGIN)


def _head(canvas: Canvas, content: ReceiptContent, texts: ReceiptTexts, top: int) -> int:
    room = canvas.width - 2 * _MARGIN
    letter = fitted(content.shop, (44, 38, 32, 28, 26, 24), room, 0.8)
    for part in wrapped(content.shop, letter, room, 2, 0.8):
        canvas.text("shop", canvas.width / 2, top, part, letter, weight=0.8, align=0.5)
        top += letter + 6
    top = _centred(canvas, "title", texts.title, _BASE, top + 2)
    if content.copy > 1:
        box = canvas.chip("copy", canvas.width / 2, top, texts.copy.format(n=content.copy), _BASE, align=0.5)
        top = box.bottom + 8
    return _rule(canvas, top)


def _lines(canvas: Canvas, heading: str, lines: tuple[ReceiptLine, ...], top: int) -> int:
    units = sum(line.quantity for line in lines)
    for part in wrapped(heading.format(units=units), _BASE, canvas.width - 2 * _MARGIN, 2, 0.6):
        canvas.text("heading", _MARGIN, top, part, _BASE, weight=0.6)
        top += _PITCH
    for line in lines:
        top = _line(canvas, line, top + 2)
    return top + 6


def _line(canvas: Canvas, line: ReceiptLine, top: int) -> int:
    """One thing: its slot on a black plate if it waits somewhere, its name on as many rows as it needs, the count."""
    count = f"×{line.quantity}"
    left = _MARGIN
    if line.slot:
        left = canvas.chip("slot", left, top - 2, line.slot, _BASE - 4).right + 10
    right = canvas.width - _MARGIN
    canvas.text("quantity", right, top, count, _BASE, weight=0.5, align=1)
    for part in wrapped(line.name, _BASE, right - width(count, _BASE, 0.5) - 12 - left, 4):
        canvas.text("goods", left, top, part, _BASE)
        top += _PITCH
    return top


def _left(canvas: Canvas, content: ReceiptContent, texts: ReceiptTexts, top: int) -> int:
    """What still waits, until when, and the code that fetches it, so that no second message is needed."""
    top = _rule(canvas, top)
    top = _lines(canvas, texts.left, content.left, top)
    if content.until:
        room = canvas.width - 2 * _MARGIN
        until = texts.until.format(at=content.until)
        letter = fitted(until, (_BASE + 4, _BASE + 2, _BASE, _BASE - 2), room, 0.8)
        for part in wrapped(until, letter, room, 2, 0.8):
            canvas.text("until", _MARGIN, top, part, letter, weight=0.8)
            top += _PITCH + 6
    if content.code:
        image = qr(content.code, min(canvas.width - 2 * _MARGIN, 230), 6)
        top = canvas.stamp("code", (canvas.width - image.width) // 2, top, image).bottom
        if content.digits:
            top = _centred(canvas, "digits", content.digits, _BASE + 6, top, 0.5)
    return top


def _facts(canvas: Canvas, content: ReceiptContent, texts: ReceiptTexts, top: int) -> int:
    top = _rule(canvas, top + 4)
    facts = [(texts.when, content.when), (texts.way, content.way)]
    for name, value in facts:
        if value:
            canvas.text("fact", _MARGIN, top, name, _BASE - 2)
            room = canvas.width - 3 * _MARGIN - width(name, _BASE - 2)
            top = _rows(canvas, value, room, top)
    if content.customer:
        who = shortened(content.customer, _BASE - 2, canvas.width - 2 * _MARGIN)
        canvas.text("customer", _MARGIN, top, who, _BASE - 2)
        top += _PITCH
    for order in content.orders:
        for part in wrapped(texts.order.format(no=order), _BASE - 4, canvas.width - 2 * _MARGIN, 2):
            canvas.text("order", _MARGIN, top, part, _BASE - 4)
            top += _PITCH - 4
    return _rule(canvas, top + 2)


def _rows(canvas: Canvas, value: str, room: int, top: int) -> int:
    for part in wrapped(value, _BASE - 2, room, 3):
        canvas.text("fact", canvas.width - _MARGIN, top, part, _BASE - 2, align=1)
        top += _PITCH
    return top


def _centred(canvas: Canvas, name: str, text: str, size: int, top: int, weight: float = 0.0) -> int:
    for part in wrapped(text, size, canvas.width - 2 * _MARGIN, 3, weight):
        canvas.text(name, canvas.width / 2, top, part, size, weight=weight, align=0.5)
        top += size + 8
    return top


def _rule(canvas: Canvas, top: int) -> int:
    """A dotted line: less ink and less heat than a solid one."""
    for left in range(_MARGIN, canvas.width - _MARGIN, 8):
        canvas.image.paste(0, (left, top + 4, left + 4, top + 6))
    canvas.boxes.append(Box("rule", _MARGIN, top + 4, canvas.width - _MARGIN, top + 6))
    return top + 14
