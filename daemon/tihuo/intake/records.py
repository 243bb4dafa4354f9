"""What a file of orders said, in our own words: orders, lines, what is wrong with it, and its sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tihuo.shop.words import Fen, Millis

Scope = Literal["file", "order", "note"]
Void = Literal["unpaid", "cancelled", "refunded"]


def titled(product: str, spec: str) -> str:
    """荔枝 + 每箱四斤 -> 荔枝(每箱四斤), the way the platform writes a product on its own lists."""
    return f"{product}({spec})" if spec else product


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """订单行: so many of one thing. `amount_fen` is the whole line; None when the file gives only the order's sum."""

    product: str
    spec: str
    quantity: int
    amount_fen: Fen | None
    row: int

    @property
    def title(self) -> str:
        """The product with its spec, as one string."""
        return titled(self.product, self.spec)

    @property
    def unit_price_fen(self) -> Fen | None:
        """The price of one, or None when the line does not divide evenly (a discount was spread over it)."""
        if self.amount_fen is None or self.amount_fen % self.quantity:
            return None
        return Fen(self.amount_fen // self.quantity)


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """订单: one row group of the file.

    `external_id` is the same whenever the same order is read again. A file may have merged several orders of one buyer
    into one row ("229、230"): then `part_ids` has one id for each, and an order is new only if none of them was booked.
    `rows` are numbered as the spreadsheet program shows them.
    """

    external_id: str
    part_ids: tuple[str, ...]
    numbers: tuple[str, ...]
    name: str
    buyer: str
    phone: str
    address: str
    door: str
    note: str
    delivery: str
    pickup_point: str
    status: str
    placed_at: Millis | None
    paid_fen: Fen
    refunded_fen: Fen
    lines: tuple[ImportedLine, ...]
    rows: tuple[int, ...]

    @property
    def units(self) -> int:
        """How many pieces in all."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class VoidOrder:
    """An order that the file calls unpaid, cancelled or refunded: not to be booked, or to be undone if it was."""

    external_id: str
    part_ids: tuple[str, ...]
    why: Void
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must know. `scope` is "file" (book nothing from it), "order" (it was left out) or "note"."""

    code: str
    scope: Scope
    rows: tuple[int, ...] = ()
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over what was read, to hold against what the file says of itself (`stated_...`, None where it is silent)."""

    orders: int = 0
    lines: int = 0
    units: int = 0
    goods_fen: Fen = Fen(0)
    paid_fen: Fen = Fen(0)
    stated_orders: int | None = None
    stated_units: int | None = None
    stated_fen: Fen | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read. `group` is the group purchase (团) that the ids were made for, empty when they do not need it."""

    platform: str = ""
    variant: str = ""
    sheet: str = ""
    group: str = ""
    title: str = ""
    leader: str = ""
    orders: tuple[ImportedOrder, ...] = ()
    voided: tuple[VoidOrder, ...] = ()
    problems: tuple[Problem, ...] = ()
    totals: Totals = Totals()

    @property
    def bookable(self) -> bool:
        """Whether the orders may be booked: there are some, and nothing is wrong with the file as a whole."""
        return bool(self.orders) and not any(problem.scope == "file" for problem in self.problems)
