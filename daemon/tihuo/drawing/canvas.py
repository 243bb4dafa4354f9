"""A sheet of dots to draw on, which remembers what was put where, so that nothing can overlap unseen."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from tihuo.drawing.fonts import ASCENT, clusters, glyph, missing_in, width

WHITE, BLACK = 1, 0


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture: its name and the dots it takes, `right` and `bottom` being the first beyond it."""

    name: str
    left: int
    top: int
    right: int
    bottom: int

    def overlaps(self, other: Box) -> bool:
        """Whether the two share a dot."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class Picture:
    """What a print head gets: a 1-bit image (0 is black), its parts, and the characters that came out as boxes."""

    image: Image.Image
    boxes: tuple[Box, ...]
    missing: tuple[str, ...] = ()


class Canvas:
    """White paper, `width` by `height` dots."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("1", (width, height), WHITE)
        self.boxes: list[Box] = []
        self.missing: list[str] = []

    @property
    def width(self) -> int:
        """Dots across."""
        return self.image.width

    def picture(self, height: int | None = None) -> Picture:
        """What was drawn, cut off below `height`."""
        image = self.image if height is None else self.image.crop((0, 0, self.width, height))
        return Picture(image, tuple(self.boxes), tuple(dict.fromkeys(self.missing)))

    def text(
        self,
        name: str,
        left: float,
        top: float,
        text: str,
        size: int,
        *,
        weight: float = 0.0,
        align: float = 0.0,
        ink: int = BLACK,
        claim: bool = True,
    ) -> Box:
        """Write one line in a row `size` high from `top`; `align` 0, 0.5 or 1 puts `left` at its start, middle or end.

        Gives the dots really inked. `claim=False` leaves them out of the parts, for text upon a part.
        """
        pen = round(left - align * width(text, size, weight)) if align else round(left)
        baseline = round(top) + round(size * ASCENT)
        inked: list[tuple[int, int, int, int]] = []
        for part in clusters(text):
            shape = glyph(part, size, weight)
            if shape.dots is not None:
                corner = (pen + shape.left, baseline + shape.top)
                self.image.paste(ink, corner, shape.dots)
                inked.append((*corner, corner[0] + shape.dots.width, corner[1] + shape.dots.height))
            pen += shape.advance
        self.missing += missing_in(text)
        if not inked:
            return Box(name, round(left), round(top), round(left), round(top))
        lefts, tops, rights, bottoms = zip(*inked, strict=True)
        box = Box(name, min(lefts), min(tops), max(rights), max(bottoms))
        if claim:
            self.boxes.append(box)
        return box

    def fill(self, name: str, left: int, top: int, right: int, bottom: int, *, claim: bool = True) -> Box:
        """A black rectangle."""
        self.image.paste(BLACK, (left, top, right, bottom))
        return self._claimed(Box(name, left, top, right, bottom), claim)

    def frame(self, name: str, box: tuple[int, int, int, int], line: int = 2, *, claim: bool = True) -> Box:
        """A rectangle's outline, its line inside the given edges."""
        left, top, right, bottom = box
        self.image.paste(BLACK, box)
        self.image.paste(WHITE, (left + line, top + line, right - line, bottom - line))
        return self._claimed(Box(name, *box), claim)

    def stamp(self, name: str, left: int, top: int, image: Image.Image, *, claim: bool = True) -> Box:
        """Put a finished picture on the paper as it is, dot for dot."""
        self.image.paste(image, (left, top))
        return self._claimed(Box(name, left, top, left + image.width, top + image.height), claim)

    def chip(self, name: str, left: float, top: float, text: str, size: int, *, align: float = 0.0) -> Box:
        """White words on a black plate, for what must not be overlooked."""
        pad = max(4, size // 4)
        across = width(text, size, 0.5) + 2 * pad
        start = round(left - align * across)
        box = self.fill(name, start, round(top), start + across, round(top) + size + pad)
        self.text(name, start + pad, top + pad / 2 - size * 0.02, text, size, weight=0.5, ink=WHITE, claim=False)
        return box

    def _claimed(self, box: Box, claim: bool) -> Box:
        if claim:
            self.boxes.append(box)
        return box
