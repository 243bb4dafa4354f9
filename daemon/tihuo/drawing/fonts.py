"""Chinese letters for paper: each glyph is made once, as dots (Noto Sans SC, SIL Open Font License).

A thermal head knows black or nothing, so glyphs are drawn grey and cut at a level that keeps thin strokes whole. What
the font has no shape for (an emoji in a name) becomes a box with a question mark, so that nothing is silently dropped.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

ASCENT = 0.88
"""How far a Chinese character rises above the baseline, as a part of its size."""
_CUT = 112
_NOTHING = "\U0010fffe"
_JOINER = "\u200d"
_STYLES = frozenset("\ufe0e\ufe0f")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,%/±~&'*+-]*|.", re.DOTALL)
_NOT_FIRST = frozenset("，。、；：！？）】》”’%,.;:!?)…×")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One shape: its dots (None for a blank), their place from pen and baseline, and the way to the next."""

    dots: Image.Image | None
    left: int
    top: int
    advance: int


@lru_cache(maxsize=12)
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Each open size costs over a megabyte; made glyphs are kept apart, so a closed one is seldom opened again.
    return ImageFont.truetype(pylopdf_fonts_zh_cn.sans_path(), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def has_shape(character: str) -> bool:
    """Whether the font can draw this character."""
    if character.isspace():
        return True
    font = _font(16)
    return bytes(font.getmask(character)) != bytes(font.getmask(_NOTHING))


@lru_cache(maxsize=4096)
def shape_of(cluster: str) -> str | None:
    """The one character that draws a cluster, or None if the font has none for it; the empty string draws nothing.

    An accent is drawn where one character holds it (e and ´ are é). Invisible marks that choose a style are let go.
    """
    seen = "".join(part for part in cluster if unicodedata.category(part) not in ("Cf", "Cc") and part not in _STYLES)
    whole = unicodedata.normalize("NFC", seen)
    return whole if not whole or (len(whole) == 1 and has_shape(whole)) else None


@lru_cache(maxsize=4096)
def glyph(cluster: str, size: int, weight: float = 0.0) -> Glyph:
    """The dots of what a reader sees as one character, `size` dots high; `weight` thickens each stroke by that many."""
    shape = shape_of(cluster)
    if shape is None:
        return _unknown(size)
    if not shape or shape.isspace():
        return Glyph(None, 0, 0, size if shape == "\u3000" else round(size * 0.26))
    font = _font(size)
    left, _, right, _ = font.getbbox(shape, anchor="ls", stroke_width=weight)
    left, right = int(left) - 1, int(right) + 2
    top, bottom = -round(size * ASCENT) - 1, size - round(size * ASCENT) + 3  # rows stand four dots apart or more
    grey = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(grey).text((-left, -top), shape, 255, font, anchor="ls", stroke_width=weight)
    return _cut(grey, left, top, round(font.getlength(shape) + weight))


def _cut(grey: Image.Image, left: int, top: int, advance: int) -> Glyph:
    dots = grey.point([255 if level >= _CUT else 0 for level in range(256)], "1")
    box = dots.getbbox()
    if box is None:
        return Glyph(None, 0, 0, advance)
    return Glyph(dots.crop(box), left + box[0], top + box[1], advance)


def _unknown(size: int) -> Glyph:
    side = round(size * 0.8)
    grey = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(grey)
    draw.rectangle((0, 0, side - 1, side - 1), outline=255, width=max(1, size // 20))
    draw.text((side / 2, side / 2), "?", 255, _font(max(8, round(size * 0.62))), anchor="mm")
    return _cut(grey, size // 10, -round(size * 0.76), size)


@lru_cache(maxsize=4096)
def clusters(text: str) -> tuple[str, ...]:
    """The text as a reader sees it, character by character: marks, skin tones and joined emoji stay with their base."""
    found: list[str] = []
    for character in text:
        if found and (_leans(character) or found[-1].endswith(_JOINER)):
            found[-1] += character
        elif not _leans(character):
            found.append(character)
    return tuple(found)


def _leans(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character) in ("Mn", "Me", "Cf") or 0x1F3FB <= code <= 0x1F3FF


def missing_in(text: str) -> tuple[str, ...]:
    """The characters of a text that come out as a box."""
    return tuple(part for part in clusters(text) if shape_of(part) is None)


@lru_cache(maxsize=4096)
def width(text: str, size: int, weight: float = 0.0) -> int:
    """How far the pen moves for a text, in dots."""
    return sum(glyph(part, size, weight).advance for part in clusters(text))


@lru_cache(maxsize=1024)
def fitted(text: str, sizes: tuple[int, ...], most: int, weight: float = 0.0) -> int:
    """The first of `sizes` (large to small) at which the text is at most `most` dots wide, else the last."""
    return next((size for size in sizes if width(text, size, weight) <= most), sizes[-1])


@lru_cache(maxsize=2048)
def shortened(text: str, size: int, most: int, weight: float = 0.0) -> str:
    """The text, or as much of it as fits with an ellipsis behind."""
    if width(text, size, weight) <= most:
        return text
    room = most - width("…", size, weight)
    kept = ""
    for part in clusters(text):
        room -= glyph(part, size, weight).advance
        if room < 0:
            break
        kept += part
    return f"{kept.rstrip()}…"


@lru_cache(maxsize=2048)
def wrapped(text: str, size: int, most: int, rows: int, weight: float = 0.0) -> tuple[str, ...]:
    """The text in at most `rows` lines of at most `most` dots; the last one ends in an ellipsis if some is left over.

    Chinese breaks between any two characters but not before closing punctuation; a word or a number such as 500g stays
    whole if a line can hold it.
    """
    lines = [""]
    for word in _WORD.findall(" ".join(text.split())):
        line = lines[-1]
        if not line or width(line + word, size, weight) <= most:
            lines[-1] += word
        elif word in _NOT_FIRST and len(line) > 1:
            tail = _WORD.findall(line)[-1]  # whole, so that a slot or a measure is not torn apart
            tail = line[-1] if tail == line else tail
            lines[-1:] = [line[: -len(tail)], tail + word]
        else:
            lines.append(word)
        while width(lines[-1].strip(), size, weight) > most:  # a single word that no line can hold
            head = _head(lines[-1], size, most, weight)
            lines[-1:] = [head, lines[-1][len(head) :]]
    kept = [line.strip() for line in lines[:rows]]
    if len(lines) > rows:
        kept[-1] = shortened("".join(lines[rows - 1 :]).strip(), size, most, weight)
    return tuple(kept)


def _head(text: str, size: int, most: int, weight: float) -> str:
    kept = ""
    for part in clusters(text):
        if kept and width(kept + part, size, weight) > most:
            break
        kept += part
    return kept
