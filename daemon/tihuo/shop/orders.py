"""订单 and 订单行: what was paid for, and where each unit of it is on its way to the customer."""

from __future__ import annotations

import msgspec

from tihuo.shop.events import Refund
from tihuo.shop.fence import numbers_from
from tihuo.shop.work import Work

IMPORTED = "import"
"""The channel of orders that were read from another program's export: the cloud never heard of them."""


class NewLine(msgspec.Struct, frozen=True):
    line_id: str
    sku: str
    quantity: int
    unit_price_fen: int
    grant_id: str


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A paid order as a channel reports it. Money in fen, times in `Millis`."""

    order_id: str
    session_id: str
    channel: str
    placed_at: int
    paid_at: int
    customer_id: str
    customer_name: str
    customer_phone: str
    window: tuple[int, int] | None
    lines: tuple[NewLine, ...]
    paid_fen: int
    provider: str = ""
    transaction_id: str = ""
    substitution: str = "refund"
    note: str = ""


ORDERED = "iif(l.instead_of IS NULL, l.quantity - l.cancelled, 0)"
"""Units of line `l` that a customer ordered. What stands in for others was not ordered besides them,"""
MISSED = "l.short - iif(l.instead_of IS NULL, 0, l.quantity - l.cancelled)"
"""and as many of the others are not missed."""


def last_order(work: Work) -> int:
    """The highest number of an order that was ever used, as far as anybody can tell."""
    row = work.one("SELECT coalesce(max(no), 0) FROM shop_order")
    assert row is not None
    return max(int(row[0]), numbers_from(work, "orders"))


def take_refund(work: Work, order_no: int, order_id: str, refunds: int, amount_fen: int) -> Refund:
    """Book the next refund of an order. Its id counts the order's refunds, so a retry names the same one."""
    work.sql(
        "UPDATE shop_order SET refunds = refunds + 1, refunded_fen = refunded_fen + ? WHERE no = ?",
        (amount_fen, order_no),
    )
    return Refund(f"{order_id}-r{refunds + 1}", amount_fen)
