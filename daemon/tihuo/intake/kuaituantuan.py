"""快团团: the rows of an export -> orders, void orders and problems.

An order is taken whole or left out whole; nothing is guessed about quantities or money. Rows belong together when they
carry the same 跟团号 and the same buyer, phone or door; a row without a number continues the one above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tihuo.intake.fields import CHINA, door_of, fen_of, is_blank, millis_of, phone_of, plain, quantity_of
from tihuo.intake.items import items_of, split_tail
from tihuo.intake.layout import Layout
from tihuo.intake.records import ImportedLine, ImportedOrder, Problem, Scope, Void, VoidOrder
from tihuo.shop.words import Fen

PLATFORM = "kuaituantuan"
_SUMMARY = re.compile(r"(合计|总计|小计|汇总|共计)")
_VOID: dict[str, Void] = {
    "待支付": "unpaid",
    "待付款": "unpaid",
    "已取消": "cancelled",
    "已关闭": "cancelled",
    "已退款": "refunded",
    "退款成功": "refunded",
}


@dataclass(slots=True)
class Found:
    """What came out of the rows so far."""

    orders: list[ImportedOrder] = field(default_factory=list)
    voided: list[VoidOrder] = field(default_factory=list)
    problems: dict[tuple[str, Scope], list[int]] = field(default_factory=dict)

    def note(self, code: str, rows: Iterable[int], scope: Scope = "note") -> None:
        """Remember a problem; the same one in many rows is told once, with all its rows."""
        self.problems.setdefault((code, scope), []).extend(rows)


class LeftOut(Exception):
    """This order cannot be taken, and why."""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Sequence[str]


def read_rows(layout: Layout, group: str) -> Found:
    """All orders of the table. `group` goes into their ids; empty where each order's own number or time is to do."""
    found = Found()
    named_by_tail = _titles_carry_spec(layout)
    for rows in _together(layout, found):
        numbers = tuple(part for part in re.split(r"[、,;\s]+", plain(layout.cell(rows[0].cells, "number"))) if part)
        where = [row.number for row in rows]
        try:
            _take(layout, rows, numbers, group, named_by_tail, found)
        except LeftOut as why:
            found.note(str(why), where, "order")
    return found


def problems_of(found: Found) -> tuple[Problem, ...]:
    """The problems met, one for each code, in the order of the file."""
    return tuple(Problem(code, scope, tuple(rows)) for (code, scope), rows in found.problems.items())


def _together(layout: Layout, found: Found) -> list[list[_Row]]:
    """Rows of one order together. Lines of sums at the end and empty lines are no orders."""
    body = [_Row(index + 1, cells) for index, cells in enumerate(layout.rows) if index > layout.header]
    body = [row for row in body if any(not is_blank(cell) for cell in row.cells)]
    orders: dict[str, list[_Row]] = {}
    last = last_number = ""
    for row in body:
        number = plain(layout.cell(row.cells, "number"))
        key = plain(layout.cell(row.cells, "order_no")) or (last if number and number == last_number else number)
        begins = next(plain(cell) for cell in row.cells if plain(cell))
        if _SUMMARY.match(key) or (is_blank(key) and _SUMMARY.match(begins)):
            found.note("summary_skipped", [row.number])
        elif is_blank(key) and is_blank(layout.cell(row.cells, "product")):
            found.note("row_without_product", [row.number])
        elif not is_blank(key):
            orders.setdefault(key, []).append(row)
            last, last_number = key, number
        elif last and _continues(layout, orders[last][0], row):
            orders[last].append(row)
        else:
            found.note("number_missing", [row.number], "order")
    return list(orders.values())


def _continues(layout: Layout, first: _Row, row: _Row) -> bool:
    """A row without a number is a later line of the order above only if it names nobody else."""
    for word in ("buyer", "name", "phone"):
        mine, its = plain(layout.cell(row.cells, word)), plain(layout.cell(first.cells, word))
        if mine and mine != its:
            return False
    return True


def _take(layout: Layout, rows: list[_Row], numbers: tuple[str, ...], group: str, by_tail: bool, found: Found) -> None:
    where = tuple(row.number for row in rows)
    _same_customer(layout, rows, found)

    def first(word: str) -> str:
        return next((plain(text) for row in rows if not is_blank(text := layout.cell(row.cells, word))), "")

    status, placed = first("status"), first("placed")
    placed_at = millis_of(placed)
    external_id, part_ids = _ids(first("order_no"), numbers, group, placed_at)
    if status in _VOID:
        found.voided.append(VoidOrder(external_id, part_ids, _VOID[status], where))
        return
    paid, refunded = _paid(layout, rows, found), _total(layout, rows, "refunded") or Fen(0)
    if 0 < paid <= abs(refunded):
        found.voided.append(VoidOrder(external_id, part_ids, "refunded", where))
        return
    if refunded:
        found.note("partly_refunded", where)
    if placed and placed_at is None:
        found.note("time_unreadable", where)
    if not first("name") and not first("buyer") and not first("phone"):
        raise LeftOut("customer_missing")
    lines = _lines(layout, rows, by_tail, found)
    phone, door = phone_of(first("phone")), door_of(first("building"), first("room"), first("address"))
    for code, missing in (("phone_unreadable", not phone), ("door_unknown", not door)):
        if missing:
            found.note(code, where)
    found.orders.append(
        ImportedOrder(
            external_id=external_id,
            part_ids=part_ids,
            numbers=numbers,
            name=first("name") or first("buyer"),
            buyer=first("buyer"),
            phone=phone,
            address=first("address"),
            door=door,
            note=first("note"),
            delivery=first("delivery"),
            pickup_point=first("pickup"),
            status=status,
            placed_at=placed_at,
            paid_fen=paid,
            refunded_fen=Fen(abs(refunded)),
            lines=lines,
            rows=where,
        )
    )


def _ids(order_no: str, numbers: tuple[str, ...], group: str, placed_at: int | None) -> tuple[str, tuple[str, ...]]:
    """The platform's own order number if the file has it, else group (or the minute of payment) and 跟团号."""
    if order_no:
        return f"ktt:{order_no}", (f"ktt:{order_no}",)
    prefix = group
    if not prefix and placed_at is not None:
        prefix = f"{_minute(placed_at)}"
    parts = tuple(f"ktt:{prefix}:{number}" for number in numbers)
    return f"ktt:{prefix}:{'+'.join(numbers)}", parts


def _minute(millis: int) -> str:
    # A file saved again by a spreadsheet program often loses the seconds, so they must not be part of an identity.
    return datetime.fromtimestamp(millis / 1000, CHINA).strftime("%Y%m%d%H%M")


def _same_customer(layout: Layout, rows: list[_Row], found: Found) -> None:
    """Two groups in one file share their numbers; such rows must not be packed as one order."""
    first = rows[0]
    for row in rows[1:]:
        shared = differs = False
        for words in (("buyer",), ("name",), ("phone",), ("building", "room"), ("address",)):
            mine = tuple(plain(layout.cell(row.cells, word)) for word in words)
            its = tuple(plain(layout.cell(first.cells, word)) for word in words)
            if any(mine):
                shared, differs = shared or mine == its, differs or mine != its
        if differs and not shared:
            raise LeftOut("number_used_twice")
        if differs:
            found.note("people_differ", [row.number])


def _lines(layout: Layout, rows: list[_Row], by_tail: bool, found: Found) -> tuple[ImportedLine, ...]:
    lines: list[ImportedLine] = []
    for row in rows:
        title = plain(layout.cell(row.cells, "product"))
        if not title:
            raise LeftOut("product_missing")
        if layout.variant == "cell":
            items = items_of(layout.cell(row.cells, "product"))
            if items is None:
                raise LeftOut("items_unreadable")
            lines += [ImportedLine(item.product, item.spec, item.quantity, None, row.number) for item in items]
            continue
        quantity = quantity_of(layout.cell(row.cells, "quantity"))
        if quantity is None:
            raise LeftOut("quantity_unreadable")
        amount = fen_of(layout.cell(row.cells, "goods"))
        if layout.has("goods") and (amount is None or amount < 0):
            raise LeftOut("amount_unreadable")
        product, spec = _product(title, plain(layout.cell(row.cells, "spec")), by_tail)
        if by_tail and spec and plain(layout.cell(row.cells, "spec")) not in ("", spec):
            found.note("spec_differs", [row.number])
        lines.append(ImportedLine(product, spec, quantity, amount, row.number))
    return tuple(lines)


def _product(title: str, spec: str, by_tail: bool) -> tuple[str, str]:
    if by_tail:
        name, tail = split_tail(title)
        return (name, tail) if tail else (title, spec)
    return (title, "" if is_blank(spec) else spec)


def _titles_carry_spec(layout: Layout) -> bool:
    """Whether this file writes 荔枝(每箱四斤) and repeats 每箱四斤 beside it, which most of its rows then show."""
    rows = layout.rows[layout.header + 1 :]
    pairs = [(plain(layout.cell(row, "product")), plain(layout.cell(row, "spec"))) for row in rows]
    with_spec = [(title, spec) for title, spec in pairs if title and not is_blank(spec)]
    return 2 * sum(title.endswith(f"({spec})") for title, spec in with_spec) > len(with_spec)


def _paid(layout: Layout, rows: list[_Row], found: Found) -> Fen:
    """订单金额 stands on the order's first row; a file that repeats it on each row must not multiply it."""
    stated = [amount for row in rows if (amount := _amount(layout, row, "paid")) is not None]
    if not stated:
        raise LeftOut("amount_unreadable")
    goods, freight, discount = (_total(layout, rows, word) or 0 for word in ("goods", "freight", "discount"))
    due = goods + freight - discount
    repeated = len(stated) == len(rows) > 1 and len(set(stated)) == 1 and stated[0] != 0
    paid = Fen(stated[0] if repeated and sum(stated) != due else sum(stated))
    if layout.has("goods") and paid != due:
        found.note("amounts_differ", [row.number for row in rows])
    return paid


def _total(layout: Layout, rows: list[_Row], word: str) -> Fen | None:
    amounts = [amount for row in rows if (amount := _amount(layout, row, word)) is not None]
    return Fen(sum(amounts)) if amounts else None


def _amount(layout: Layout, row: _Row, word: str) -> Fen | None:
    """The amount in a cell, None where it is blank. A cell that says something else must not count as nothing."""
    text = layout.cell(row.cells, word)
    if is_blank(text):
        return None
    amount = fen_of(text)
    if amount is None:
        raise LeftOut("amount_unreadable")
    return amount
