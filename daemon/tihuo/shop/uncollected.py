"""逾期未取: a parcel on the shelf is always somebody's: hers while her window lasts, then step by step the staff's and
the owner's. Triggers of the schema give every parcel that becomes ready its row, and take it when it leaves or somebody
else carries it: a row stands for a parcel that stands on the shelf."""

from __future__ import annotations

from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work

OWNERS = {
    "window": "customer",
    "told": "customer",
    "task": "staff",
    "held": "owner",
    "decide": "owner",
    "kept": "customer",
}
"""Step -> whose turn it is."""
GRACE_MS = 7_200_000
"""So long she has at least from when it was ready, or came back by mistake or from somebody else; the schema's triggers
say the same."""
KEEP_DAYS = 30
"""No longer than so may the owner keep something."""


def kept_ms(work: Work, zone: str) -> int:
    """How long goods of a zone wait after the window."""
    return work.house.kept_ms[list(Zone).index(Zone(zone))]


def given_up(work: Work, order_no: int) -> Refusal | None:
    """Why a customer gets nothing of an order any more: the owner gave up what nobody came for."""
    row = work.one("SELECT at, how FROM given_up WHERE order_no = ? ORDER BY how DESC, at DESC LIMIT 1", (order_no,))
    return Refusal(f"given_up_{row[1]}", at=row[0]) if row else None
