"""自提标签: what sticks on a parcel. The slot to be read from afar, the zone at the edge, the code for the scanner.

Everything is placed in dots at 203 dpi (8 dots a millimetre). Names and phones arrive masked, windows formatted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from tihuo.drawing.canvas import BLACK, WHITE, Canvas, Picture
from tihuo.drawing.codes import qr
from tihuo.drawing.fonts import ASCENT, fitted, glyph, shortened, width, wrapped
from tihuo.drawing.shelf import ShelfMap
from tihuo.drawing.texts import LABEL_ZH, LabelTexts
from tihuo.shop.words import Zone


@dataclass(frozen=True, slots=True)
class LabelLine:
    """One kind of thing in the parcel, and how many of it."""

    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LabelContent:
    """What a label says. `name` and `phone_tail` are masked already; `window` is one or two short lines, formatted.

    `code` is the payload of the QR code, `digits` the short code beneath it, `copy` counts from 1. The parcel is the
    `place`th of `of_slot` in its slot, said when there are several, and the first of `serial` of the second in its
    wave. `use_by` is the earliest date of what must be eaten soon. A label for a door has the door for its slot; it may
    be without code, and without zone where the goods are of several.
    """

    slot: str
    zone: Zone | None
    name: str
    phone_tail: str
    lines: tuple[LabelLine, ...]
    parcel: int
    parcels: int
    window: tuple[str, ...]
    code: str
    digits: str
    copy: int = 1
    place: int = 1
    of_slot: int = 1
    serial: tuple[int, int] | None = None
    use_by: str = ""


@dataclass(frozen=True, slots=True)
class LabelSize:
    """A label's paper and where things go on it, all in dots. Sizes of type are tried from the left."""

    width: int
    height: int
    margin: int
    bar: int
    column: int
    """Width of the left column: slot, customer, goods."""
    slot_sizes: tuple[int, ...]
    slot_ink: int
    """Height that the slot's capitals may take."""
    name_size: int
    line_size: int
    line_pitch: int
    code: int
    """Most dots for the QR code with its quiet zone."""
    digit_size: int
    parcel_size: int
    window_sizes: tuple[int, ...]
    chip_size: int
    map_height: int


LABEL_60X40 = LabelSize(
    width=480,
    height=320,
    margin=14,
    bar=54,
    column=232,
    slot_sizes=(118, 106, 94, 82, 70, 58),
    slot_ink=92,
    name_size=32,
    line_size=24,
    line_pitch=29,
    code=166,
    digit_size=28,
    parcel_size=44,
    window_sizes=(28, 26, 24, 22, 20, 18, 16),
    chip_size=24,
    map_height=52,
)
LABEL_40X30 = LabelSize(
    width=320,
    height=240,
    margin=10,
    bar=38,
    column=145,
    slot_sizes=(76, 68, 60, 52, 44, 36),
    slot_ink=60,
    name_size=26,
    line_size=20,
    line_pitch=24,
    code=123,
    digit_size=22,
    parcel_size=30,
    window_sizes=(22, 20, 18, 16, 14),
    chip_size=18,
    map_height=40,
)
CAPITAL = 0.733
"""Height of a capital letter or digit of the font, as a part of its size."""


def draw_label(
    content: LabelContent,
    size: LabelSize = LABEL_60X40,
    texts: LabelTexts = LABEL_ZH,
    shelf: ShelfMap | None = None,
) -> Picture:
    """The label as a 1-bit picture of exactly the paper's size. Raises `codes.TooLong` for a payload it cannot hold."""
    canvas = Canvas(size.width, size.height)
    if content.zone is not None:
        canvas.stamp("zone", size.width - size.bar, 0, zone_bar(size, content.zone, texts.zones[content.zone]))
    below = _slot(canvas, content, size)
    below = _customer(canvas, content, size, below)
    floor = _use_by(canvas, content, size, texts)
    below = _goods(canvas, content, size, texts, below, floor)
    if shelf is not None:
        _map(canvas, content, size, shelf, below, floor)
    _right_column(canvas, content, size, texts)
    return canvas.picture()


@lru_cache(maxsize=16)
def zone_bar(size: LabelSize, zone: Zone, word: str) -> Image.Image:
    """The bar at the right edge: open for ambient, striped for chilled, black for frozen, so the pile sorts itself."""
    canvas = Canvas(size.bar, size.height)
    wide = size.bar
    ink = BLACK
    if zone is Zone.FROZEN:
        canvas.fill("bar", 0, 0, wide, size.height)
        ink = WHITE
    else:
        canvas.fill("edge", 0, 0, 4, size.height)
    letter = round(wide * 0.92)
    top = size.margin
    canvas.text("letter", wide / 2 + 2, top, zone.letter, letter, weight=1.5, align=0.5, ink=ink)
    top += letter + 4
    top = _word(canvas, word, wide, top, ink)
    if zone is Zone.CHILLED:
        _stripes(canvas, wide, top + 8, size.height)
    return canvas.image


def _word(canvas: Canvas, word: str, wide: int, top: int, ink: int) -> int:
    """The zone's word down the bar: Chinese one character under the other, Latin turned on its side."""
    letter = round(wide * 0.56)
    if not word.isascii():
        for character in word:
            canvas.text("word", wide / 2 + 2, top, character, letter, weight=letter // 28 / 2, align=0.5, ink=ink)
            top += letter + 2
        return top
    letter = round(wide * 0.5)
    side = Canvas(width(word, letter, 0.5) + 4, letter + 6)
    side.fill("black", 0, 0, side.width, letter + 6)
    side.text("word", 2, 0, word, letter, weight=0.5, ink=WHITE)
    turned = side.image.transpose(Image.Transpose.ROTATE_270)
    canvas.image.paste(ink, ((wide - turned.width) // 2 + 2, top), turned)
    return top + turned.height


def _stripes(canvas: Canvas, wide: int, top: int, bottom: int) -> None:
    for line in range(top, bottom):
        for start in range(4 - (line % 20), wide, 20):
            left, right = max(start, 4), min(start + 10, wide)
            if left < right:
                canvas.image.paste(BLACK, (left, line, right, line + 1))


def _slot(canvas: Canvas, content: LabelContent, size: LabelSize) -> int:
    height = size.slot_ink
    weight = size.slot_ink / (32 if content.slot.isascii() else 96)  # thick strokes would run into each other
    turn = size.slot_ink * 2 // 5
    several = content.place > 1 or content.of_slot > 1
    says = (f"{content.place}/{max(content.place, content.of_slot)}", f"{content.place}") if several else ("",)
    rooms = [size.column - 4 - (width(said, turn, 0.5) + turn // 2 + 6 if said else 0) for said in says]
    smallest = width(content.slot, size.slot_sizes[-1], weight)
    said, room = next((pair for pair in zip(says, rooms, strict=True) if smallest <= pair[1]), (says[-1], rooms[-1]))
    if content.slot:
        smaller = tuple(size.slot_sizes[-1] * part // 8 for part in (7, 6, 5, 4))
        letter = fitted(content.slot, size.slot_sizes + smaller, room, weight)
        slot = shortened(content.slot, letter, room, weight)
        ink = round(letter * CAPITAL)
        top = size.margin + (height - ink) / 2 - (letter * ASCENT - ink)
        left = size.margin - glyph(content.slot[0], letter, weight).left
        box = canvas.text("slot", left, top, slot, letter, weight=weight)
        if said:
            canvas.chip("place", box.right + 6, size.margin + (height + ink) / 2 - turn * 5 // 4, said, turn)
    return size.margin + height


def _customer(canvas: Canvas, content: LabelContent, size: LabelSize, top: int) -> int:
    top += size.name_size // 4
    room = size.column
    if content.serial is not None:
        serial = "#{}/{}".format(*content.serial)
        letter = fitted(serial, (size.name_size * 2 // 3, size.name_size * 5 // 9), size.column * 2 // 5)
        canvas.text(
            "serial", size.margin + size.column, top + size.name_size - letter * 9 // 8, serial, letter, align=1
        )
        room -= width(serial, letter) + 6
    who = " ".join(part for part in (content.name, content.phone_tail) if part)
    sizes = (size.name_size, size.name_size * 4 // 5, size.name_size * 2 // 3, size.name_size * 4 // 7)
    letter = fitted(who, sizes, room, 0.5)
    canvas.text("customer", size.margin, top, shortened(who, letter, room, 0.5), letter, weight=0.5)
    top += size.name_size + size.name_size // 5
    canvas.fill("rule", size.margin, top, size.margin + size.column, top + 2)
    return top + 2 + size.name_size // 8


def _use_by(canvas: Canvas, content: LabelContent, size: LabelSize, texts: LabelTexts) -> int:
    """The date in the last row, if there is one; gives where that row begins."""
    if not content.use_by:
        return size.height
    top = size.height - size.margin // 2 - size.line_pitch
    said = texts.use_by.format(at=content.use_by)
    letter = fitted(said, (size.line_size, size.line_size * 4 // 5), size.column, 0.5)
    canvas.text("use by", size.margin, top + 2, shortened(said, letter, size.column, 0.5), letter, weight=0.5)
    return top + size.margin // 2


def _goods(canvas: Canvas, content: LabelContent, size: LabelSize, texts: LabelTexts, top: int, floor: int) -> int:
    rows = (floor - size.margin // 2 - top) // size.line_pitch
    shown = content.lines if len(content.lines) <= rows else content.lines[: rows - 1]
    counts = [f"×{line.quantity}" for line in shown]
    rooms = [size.column - width(count, size.line_size, 0.5) - size.line_size // 3 for count in counts]
    wanted = [len(wrapped(line.name, size.line_size, room, rows)) for line, room in zip(shown, rooms, strict=True)]
    given = _shared(wanted, rows - (len(shown) < len(content.lines)))
    for line, count, room, most in zip(shown, counts, rooms, given, strict=True):
        canvas.text("quantity", size.margin + size.column, top, count, size.line_size, weight=0.5, align=1)
        for part in wrapped(line.name, size.line_size, room, most):
            canvas.text("goods", size.margin, top, part, size.line_size)
            top += size.line_pitch
    if len(shown) < len(content.lines):
        units = sum(line.quantity for line in content.lines)
        more = texts.more.format(units=units, kinds=len(content.lines))
        canvas.text("more", size.margin, top, shortened(more, size.line_size, size.column), size.line_size, weight=0.5)
        top += size.line_pitch
    return top


def _shared(wanted: list[int], rows: int) -> list[int]:
    """Rows for each name: one at least, and the rest in turns to those that want more."""
    given = [1] * len(wanted)
    while sum(given) < rows and any(mine < want for mine, want in zip(given, wanted, strict=True)):
        for index, want in enumerate(wanted):
            if given[index] < want and sum(given) < rows:
                given[index] += 1
    return given


def _map(canvas: Canvas, content: LabelContent, size: LabelSize, shelf: ShelfMap, top: int, floor: int) -> None:
    """The shelves with this slot filled, if the goods left room for it."""
    room = min(floor - size.margin - top - 4, size.map_height)
    image = _shelf_image(shelf, content.slot, size.column, room) if room > 0 else None
    if image is not None:
        canvas.stamp("map", size.margin, floor - size.margin - image.height, image)


@lru_cache(maxsize=256)
def _shelf_image(shelf: ShelfMap, slot: str, most_wide: int, most_high: int) -> Image.Image | None:
    drawing = shelf.fitted(most_wide, most_high)
    if drawing is None:
        return None
    canvas = Canvas(drawing.width, drawing.height)
    for cell in drawing.cells:
        edges = (cell.left, cell.top, cell.left + cell.width, cell.top + cell.height)
        if cell.slot == slot:
            canvas.fill("here", *edges)
        else:
            canvas.frame("cell", edges, 1)
    return canvas.image


def _right_column(canvas: Canvas, content: LabelContent, size: LabelSize, texts: LabelTexts) -> None:
    left, right = size.margin + size.column + size.margin // 2, size.width - size.bar - size.margin // 2
    middle = (left + right) / 2
    digits_top = size.height - size.margin // 2 - size.digit_size
    if content.code:
        image = qr(content.code, size.code)
        clear = digits_top + int(size.digit_size * (ASCENT - CAPITAL)) - 1
        canvas.stamp("code", round(middle - image.width / 2), clear - image.height, image)
    canvas.text("digits", middle, digits_top, content.digits, size.digit_size, weight=0.5, align=0.5)

    top = size.margin
    count = f"{content.parcel}/{content.parcels}"
    room = right - left
    if content.copy > 1:
        chip = canvas.chip("copy", right, top, texts.copy.format(n=content.copy), size.chip_size, align=1)
        room -= chip.right - chip.left + 6
    letter = fitted(count, tuple(size.parcel_size * part // 8 for part in (8, 6, 5, 4, 3)), room, 1)
    canvas.text("parcel", left, top - letter * (ASCENT - CAPITAL), count, letter, weight=1)
    top += round(size.parcel_size * CAPITAL) + size.parcel_size // 4
    for part in content.window[:2]:
        letter = fitted(part, size.window_sizes, right - left, 0.5)
        canvas.text("window", left, top, shortened(part, letter, right - left, 0.5), letter, weight=0.5)
        top += letter + 2
