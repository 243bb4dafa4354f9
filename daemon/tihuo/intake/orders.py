"""读订单表: one door for every file of orders, and the products met in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from tihuo.intake.fields import plain
from tihuo.intake.group import Stated, stated_in
from tihuo.intake.kuaituantuan import PLATFORM, problems_of, read_rows
from tihuo.intake.layout import find_layout
from tihuo.intake.records import ImportedOrder, Problem, Reading, Totals, titled
from tihuo.intake.spreadsheet import MAX_ROWS, Unreadable, open_sheets
from tihuo.shop.words import Fen


def read_orders(path: Path | str, group: str | None = None) -> Reading:
    """Read a 快团团 export (.xlsx, .xls or .csv, at most 20 MB and 20,000 rows). Never raises for what is in the file.

    `group` tells apart groups whose numbers both start at one; without it the file's own title and first day do, or the
    minute each order was paid. Reading the same file, or a later export of the same group, gives the same ids.
    """
    path = Path(path)
    try:
        sheets = open_sheets(path)
        layout = find_layout(sheets)
    except Unreadable as why:
        facts = {**why.facts, "limit": MAX_ROWS} if why.code == "too_many_rows" else why.facts
        return Reading(problems=(Problem(why.code, "file", (), facts),))
    stated = stated_in(sheets)
    named = re.sub(r"[\s:+]+", "-", plain(group or "")) or stated.group
    found = read_rows(layout, named)
    reading = Reading(
        platform=PLATFORM,
        variant=layout.variant,
        sheet=layout.sheet,
        group=named,
        title=stated.title,
        leader=stated.leader,
        orders=tuple(found.orders),
        voided=tuple(found.voided),
        problems=problems_of(found),
        totals=_totals(found.orders, stated),
    )
    return replace(reading, problems=reading.problems + _of_the_whole(reading))


def _totals(orders: list[ImportedOrder], stated: Stated) -> Totals:
    lines = [line for order in orders for line in order.lines]
    return Totals(
        orders=sum(len(order.numbers) for order in orders),
        lines=len(lines),
        units=sum(line.quantity for line in lines),
        goods_fen=Fen(sum(line.amount_fen or 0 for line in lines)),
        paid_fen=Fen(sum(order.paid_fen for order in orders)),
        stated_orders=stated.orders,
        stated_units=stated.units,
        stated_fen=stated.fen,
    )


def _of_the_whole(reading: Reading) -> tuple[Problem, ...]:
    problems = []
    totals = reading.totals
    if not reading.orders and not reading.voided:
        problems.append(Problem("no_orders", "file", (), {"sheet": reading.sheet}))
    if not reading.group and any(order.external_id.startswith("ktt::") for order in reading.orders):
        problems.append(Problem("group_unknown", "file"))
    seen = Counter(part for order in reading.orders for part in order.part_ids)
    if twice := {part for part, times in seen.items() if times > 1}:
        rows = tuple(row for order in reading.orders if twice & set(order.part_ids) for row in order.rows)
        problems.append(Problem("same_order_twice", "file", rows, {"ids": sorted(twice)}))
    pairs = {
        "orders": (totals.stated_orders, totals.orders),
        "units": (totals.stated_units, totals.units),
        "paid_fen": (totals.stated_fen, totals.paid_fen),
    }
    differing = {name: list(pair) for name, pair in pairs.items() if pair[0] not in (None, pair[1])}
    if differing and reading.orders:
        problems.append(Problem("totals_differ", "note", (), differing))
    return tuple(problems)


@dataclass(frozen=True, slots=True)
class ProductSeen:
    """A product and spec met in a file, as the start of a catalogue entry that has no barcode.

    `code` depends on the two names alone. `unit_price_fen` is the price most units were sold at, None if unknown;
    `prices_fen` are all that were met.
    """

    code: str
    product: str
    spec: str
    unit_price_fen: Fen | None
    prices_fen: tuple[Fen, ...]
    quantity: int
    orders: int

    @property
    def title(self) -> str:
        """The product with its spec, as one string."""
        return titled(self.product, self.spec)


def sku_code(product: str, spec: str) -> str:
    """A stable code for a thing known only by name: "KTT-" and eight letters, indifferent to blanks, width and case."""
    words = "|".join(plain(text).replace(" ", "").casefold() for text in (product, spec))
    return "KTT-" + base64.b32encode(hashlib.blake2b(words.encode(), digest_size=5).digest()).decode()


def products_of(reading: Reading) -> tuple[ProductSeen, ...]:
    """The distinct products of a file, most units first."""
    prices: dict[str, Counter[Fen]] = defaultdict(Counter)
    units: Counter[str] = Counter()
    orders: dict[str, set[str]] = defaultdict(set)
    names: dict[str, tuple[str, str]] = {}
    for order in reading.orders:
        for line in order.lines:
            code = sku_code(line.product, line.spec)
            names.setdefault(code, (line.product, line.spec))
            units[code] += line.quantity
            orders[code].add(order.external_id)
            if line.unit_price_fen is not None:
                prices[code][line.unit_price_fen] += line.quantity
    return tuple(
        ProductSeen(
            code,
            *names[code],
            unit_price_fen=prices[code].most_common(1)[0][0] if prices[code] else None,
            prices_fen=tuple(sorted(prices[code])),
            quantity=quantity,
            orders=len(orders[code]),
        )
        for code, quantity in units.most_common()
    )
