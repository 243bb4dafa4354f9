"""拣货单: any list that a shop works by on paper: what to pick, what to order, which parcels wait.

Rolls of 58 mm take 384 dots, of 80 mm 576. A long list comes in pieces that are printed one below the other, so that
it never lies in memory whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tihuo.drawing.canvas import BLACK, WHITE, Box, Canvas, Picture
from tihuo.drawing.fonts import fitted, shortened, width, wrapped
from tihuo.drawing.texts import LIST_ZH, ListTexts

_MARGIN = 8
_TEXT, _NOTE, _BIG, _COUNT = 28, 22, 46, 38
_ROWS_OF_A_PIECE = 40
_TALLEST_ROW = 4 * (_TEXT + 6) + 2 * (_NOTE + 6) + 24


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line: `big` is what the eye looks for (a slot), `count` how many, `note` stands small below `text`.

    Of a heading (`head` 1 above 2) only `text` and `count` are said.
    """

    big: str = ""
    text: str = ""
    note: str = ""
    count: str = ""
    head: int = 0


@dataclass(frozen=True, slots=True)
class ListContent:
    """What a list says. Names are masked already."""

    title: str
    subtitle: str = ""
    rows: tuple[ListRow, ...] = ()
    foot: str = ""
    copy: int = 1

    @property
    def lines(self) -> int:
        """Rows that are no headings."""
        return sum(not row.head for row in self.rows)


def draw_list(content: ListContent, across: int, texts: ListTexts = LIST_ZH) -> Iterator[Picture]:
    """The list from its top, a piece after the other, each `across` dots wide."""
    canvas = Canvas(across, 400)
    yield canvas.picture(_head(canvas, content, texts))
    for start in range(0, len(content.rows), _ROWS_OF_A_PIECE):
        rows = content.rows[start : start + _ROWS_OF_A_PIECE]
        canvas = Canvas(across, len(rows) * _TALLEST_ROW)
        top = 0
        for row in rows:
            top = _heading(canvas, row, top) if row.head else _row(canvas, row, top)
        yield canvas.picture(top)
    canvas = Canvas(across, 400)
    total = texts.total.format(rows=content.lines) if content.rows else texts.nothing
    top = _centred(canvas, "total", total, _TEXT, 6, 1, 0.5)
    top = _centred(canvas, "foot", content.foot, _NOTE, top, 4)
    yield canvas.picture(top + 2 * _MARGIN)


def _head(canvas: Canvas, content: ListContent, texts: ListTexts) -> int:
    top = _centred(canvas, "title", content.title, fitted(content.title, (40, 34, 28), canvas.width - 16), 8, 2, 0.8)
    top = _centred(canvas, "subtitle", content.subtitle, _NOTE + 2, top, 3)
    if content.copy > 1:
        copy = texts.copy.format(n=content.copy)
        top = canvas.chip("copy", canvas.width / 2, top, copy, _NOTE + 2, align=0.5).bottom + 8
    return _rule(canvas, top)


def _heading(canvas: Canvas, row: ListRow, top: int) -> int:
    """A black bar across the paper, or, one level below it, a bold line."""
    left, right = _MARGIN + 8, canvas.width - _MARGIN - 8
    count = width(row.count, _TEXT, 0.8) if row.count else 0
    parts = wrapped(row.text, _TEXT, right - left - count - 10, 3, 0.8)
    below = top + 10 + len(parts) * (_TEXT + 6)
    bar = row.head == 1
    ink = WHITE if bar else BLACK
    if bar:
        canvas.fill("head", _MARGIN, top + 2, canvas.width - _MARGIN, below)
    canvas.text("count", right, top + 6, row.count, _TEXT, weight=0.8, align=1, ink=ink, claim=not bar)
    for number, part in enumerate(parts):
        at = top + 6 + number * (_TEXT + 6)
        canvas.text("heading", left, at, part, _TEXT, weight=0.8, ink=ink, claim=not bar)
    return below + 4 if bar else _rule(canvas, below)


def _row(canvas: Canvas, row: ListRow, top: int) -> int:
    """What to look for at the left, how many at the right, and what it is between them."""
    left, right = _MARGIN, canvas.width - _MARGIN
    begin = top + 6
    below = begin
    if row.big:
        most = canvas.width * 2 // 5
        letter = fitted(row.big, (_BIG, 38, 32, 28, 24), most, 1)
        box = canvas.text("big", left, begin, shortened(row.big, letter, most, 1), letter, weight=1)
        left = max(box.right + 12, left + canvas.width // 5)
        below = begin + letter + 8
    if row.count:
        letter = fitted(row.count, (_COUNT, 32, 26, 22), canvas.width // 4, 0.8)
        count = shortened(row.count, letter, canvas.width // 4, 0.8)
        box = canvas.text("count", right, begin, count, letter, weight=0.8, align=1)
        right = box.left - 10
        below = max(below, begin + letter + 8)
    middle = begin
    for name, text, size, most in (("text", row.text, _TEXT, 4), ("note", row.note, _NOTE, 2)):
        for part in wrapped(text, size, right - left, most) if text else ():
            canvas.text(name, left, middle, part, size)
            middle += size + 6
    return _rule(canvas, max(below, middle))


def _centred(canvas: Canvas, name: str, text: str, size: int, top: int, rows: int, weight: float = 0.0) -> int:
    for part in wrapped(text, size, canvas.width - 2 * _MARGIN, rows, weight) if text else ():
        canvas.text(name, canvas.width / 2, top, part, size, weight=weight, align=0.5)
        top += size + 8
    return top


def _rule(canvas: Canvas, top: int) -> int:
    for left in range(_MARGIN, canvas.width - _MARGIN, 8):
        canvas.image.paste(0, (left, top + 4, left + 4, top + 5))
    canvas.boxes.append(Box("rule", _MARGIN, top + 4, canvas.width - _MARGIN, top + 5))
    return top + 8
