"""Words in a printer's own Chinese letters: bare GB18030, switched on and off by hand.

python-escpos has no way to do this: it never switches the printer, and its `¥` becomes four bytes that none knows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tihuo.shop.typed import Typed, Words

_CHINESE, _LATIN = b"\x1c&", b"\x1c."
_CENTRE, _LEFT = b"\x1ba\x01", b"\x1ba\x00"
_BIG, _NORMAL = b"\x1d!\x11", b"\x1d!\x00"
UNKNOWN = "〓"
"""What printers' setters put where a letter is missing; every Chinese printer has it."""
_SAME = str.maketrans({"¥": "￥", "–": "-", "\u00a0": " ", "‘": "'", "’": "'", "€": UNKNOWN})


def setting(typed: Typed, columns: int) -> Iterator[bytes]:
    """The lines as bytes, `columns` narrow letters to a line; what is longer goes on in the next."""
    if typed.switch:
        yield _CHINESE
    for line in typed.lines:
        if line.centre:
            yield _CENTRE
        if line.big:
            yield _BIG
        for text in laid_out(line, columns // 2 if line.big else columns):
            yield encoded(text, four_byte=typed.four_byte) + b"\n"
        if line.big:
            yield _NORMAL
        if line.centre:
            yield _LEFT
    if typed.switch:
        yield _LATIN


def encoded(text: str, *, four_byte: bool = False) -> bytes:
    """The text in GB18030; commands in it, and letters that the printer has no shape for, show as 〓.

    >>> encoded("¥5 两kg①").hex(" ")
    'a3 a4 35 20 c1 bd 6b 67 a2 d9'
    """
    return b"".join(_letter(character, four_byte) for character in unicodedata.normalize("NFC", text).translate(_SAME))


def _letter(character: str, four_byte: bool) -> bytes:
    kind = unicodedata.category(character)
    if kind in ("Cf", "Mn", "Me"):  # joiners and marks have no place of their own
        return b""
    try:
        code = character.encode("gb18030")
    except UnicodeEncodeError:
        code = b""
    emoji = len(code) == 4 and kind not in ("Lo", "Lm")
    if not code or kind == "Cc" or emoji or (len(code) == 4 and not four_byte):
        return UNKNOWN.encode("gb18030")
    return code


def columns_of(text: str) -> int:
    """How many narrow letters wide a text is set."""
    shown = unicodedata.normalize("NFC", text).translate(_SAME)
    return sum(len(_letter(c, False)[:2]) for c in shown)


def laid_out(line: Words, columns: int) -> Iterator[str]:
    """The line in pieces that fit, its `right` at the right edge of the last one."""
    room = columns - (columns_of(line.right) + 1 if line.right else 0)
    rest = line.text
    while columns_of(rest) > (room if columns_of(rest) <= columns else columns) and rest:
        head = _head(rest, columns)
        if head == rest:  # fits a line of its own, but not beside what stands at the right
            break
        yield head
        rest = rest[len(head) :]
    if not line.right:
        yield rest
    elif columns_of(rest) <= room:
        yield rest + " " * (columns - columns_of(rest) - columns_of(line.right)) + line.right
    else:
        yield rest
        yield " " * max(0, columns - columns_of(line.right)) + line.right


def _head(text: str, columns: int) -> str:
    kept = 0
    for end in range(1, len(text) + 1):
        if columns_of(text[:end]) > columns:
            break
        kept = end
    return text[: max(kept, 1)]
