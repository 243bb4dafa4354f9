"""Several things in one cell: "荔枝(每箱四斤)+2" line by line, as the newer export writes an order's goods.

Strict on purpose: a cell is read whole or not at all. A wrong quantity would be packed, paid back and argued about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tihuo.intake.fields import plain, quantity_of

_COUNTED = re.compile(r"(?P<name>.+?)\s*[+*×xX]\s*(?P<count>\d{1,4})\s*[份件个箱盒袋瓶]?")
_AFTER_COUNT = re.compile(r"(?<=[\d份件个箱盒袋瓶])\s*[;,、]\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a cell: name, spec (may be empty) and how many."""

    product: str
    spec: str
    quantity: int


def split_tail(title: str) -> tuple[str, str]:
    """荔枝(每箱四斤) -> ("荔枝", "每箱四斤"): the last pair of brackets, if the title ends with it."""
    title = plain(title)
    if not title.endswith(")"):
        return title, ""
    depth = 0
    for index in range(len(title) - 1, -1, -1):
        depth += (title[index] == ")") - (title[index] == "(")
        if depth == 0:
            name, spec = title[:index].strip(), title[index + 1 : -1].strip()
            return (name, spec) if name and spec else (title, "")
    return title, ""


def items_of(cell: str) -> tuple[Item, ...] | None:
    """The things in one cell, or None when any part of it has no clear quantity."""
    lines = [plain(line) for line in cell.splitlines() if plain(line)]
    pieces: list[str] = []
    for line in lines:
        parts = _AFTER_COUNT.split(line)
        counted = all(_COUNTED.fullmatch(part) for part in parts)
        pieces += parts if counted else [line]
    items = [_item(piece.rstrip(";,、 ")) for piece in pieces]
    if not items or any(item is None for item in items):
        return None
    return tuple(item for item in items if item is not None)


def _item(piece: str) -> Item | None:
    match = _COUNTED.fullmatch(piece)
    if match is None:
        return None
    quantity = quantity_of(match["count"])
    product, spec = split_tail(match["name"])
    return Item(product, spec, quantity) if quantity and product else None
