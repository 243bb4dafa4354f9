"""The same receipts and lists in a printer's own letters; only codes are still pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL.Image import Image

from tihuo.drawing.codes import qr
from tihuo.drawing.listing import ListContent
from tihuo.drawing.receipt import ReceiptContent, ReceiptLine
from tihuo.drawing.texts import LIST_ZH, RECEIPT_ZH, ListTexts, ReceiptTexts
from tihuo.shop.typed import Typed, Words

Parts = tuple[Image | Typed, ...]
_RULE = "-" * 32


def type_receipt(content: ReceiptContent, across: int, how: Typed, texts: ReceiptTexts = RECEIPT_ZH) -> Parts:
    """取货小票, as `drawing.receipt` draws it; `how` says how this printer sets Chinese."""
    lines = [Words(content.shop, big=True, centre=True), Words(texts.title, centre=True)]
    if content.copy > 1:
        lines.append(Words(f"** {texts.copy.format(n=content.copy)} **", centre=True))
    lines.append(Words(_RULE))
    lines += _goods(texts.taken, content.taken)
    below: list[Words] = []
    code: list[Image] = []
    if content.left:
        lines += [Words(_RULE), *_goods(texts.left, content.left)]
        if content.until:
            lines.append(Words(texts.until.format(at=content.until)))
        if content.code:
            code.append(qr(content.code, min(across - 16, 230), 6))
            below.append(Words(content.digits, big=True))
    else:
        lines.append(Words(texts.nothing_left, centre=True))
    below.append(Words(_RULE))
    below += [Words(name, value) for name, value in ((texts.when, content.when), (texts.way, content.way)) if value]
    below += [Words(part) for part in (content.customer, *(texts.order.format(no=no) for no in content.orders)) if part]
    below += [Words(part, centre=True) for part in (*content.help, content.farewell) if part]
    return _page(how, lines, code, below)


def type_list(content: ListContent, how: Typed, texts: ListTexts = LIST_ZH) -> Parts:
    """拣货单, as `drawing.listing` draws it; `how` says how this printer sets Chinese."""
    lines = [Words(content.title, big=True, centre=True)]
    if content.subtitle:
        lines.append(Words(content.subtitle, centre=True))
    if content.copy > 1:
        lines.append(Words(f"** {texts.copy.format(n=content.copy)} **", centre=True))
    lines.append(Words(_RULE))
    for row in content.rows:
        if row.head:
            lines.append(Words(f"【{row.text}】" if row.head == 1 else f"· {row.text}", row.count))
            continue
        lines.append(Words(" ".join(part for part in (row.big, row.text) if part), row.count))
        if row.note:
            lines.append(Words(f"  {row.note}"))
    total = texts.total.format(rows=content.lines) if content.rows else texts.nothing
    lines += [Words(_RULE), Words(total, centre=True)]
    if content.foot:
        lines.append(Words(content.foot, centre=True))
    return _page(how, lines)


def _goods(heading: str, lines: tuple[ReceiptLine, ...]) -> list[Words]:
    if not lines:
        return []
    units = sum(line.quantity for line in lines)
    return [
        Words(heading.format(units=units)),
        *(Words(" ".join(part for part in (line.slot, line.name) if part), f"x{line.quantity}") for line in lines),
    ]


def _page(how: Typed, above: list[Words], code: Sequence[Image] = (), below: Sequence[Words] = ()) -> Parts:
    parts: list[Image | Typed] = [replace(how, lines=tuple(above)), *code]
    if below:
        parts.append(replace(how, lines=tuple(below)))
    return tuple(parts)
