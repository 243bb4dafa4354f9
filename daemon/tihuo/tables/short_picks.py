"""The tables of `shop.short_picks`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel


class ShortPick(SQLModel, table=True):
    """缺货处理: units of a line that did not come, for one reason, and what was decided about them.

    `state` is `open` while the money waits, then `refunded`, or `substituted` by the line `new_line_no`.
    """

    __tablename__ = "short_pick"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND refund_fen >= 0 AND calls >= 0"),
        CheckConstraint("rule IN ('refund', 'similar', 'ask')"),
        CheckConstraint("state IN ('open', 'refunded', 'substituted')"),
        CheckConstraint("answer IN ('', 'yes', 'no', 'nobody')"),
        Index("short_pick_of_line", "order_no", "line_no"),
        Index("short_pick_open", "id", sqlite_where=text("state = 'open'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_no: int = Field(foreign_key="shop_order.no")
    line_no: int
    quantity: int
    reason: str
    rule: str
    state: str
    opened_by: str
    opened_at: int
    due_at: int
    """In `Work.ticks`: when the money goes back by itself."""
    calls: int = 0
    answer: str = ""
    """What she said when she was called: `yes`, `no`, or `nobody` answered."""
    answered_by: str = ""
    answered_at: int | None = None
    refund_id: str = ""
    refund_fen: int = 0
    new_line_no: int | None = None
    settled_by: str = ""
    settled_at: int | None = None
