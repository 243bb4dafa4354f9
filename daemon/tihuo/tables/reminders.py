"""The tables of `shop.reminders`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel


class Reminder(SQLModel, table=True):
    """到店提醒 of an order that is ready: `waiting` for its time, `asked` of the cloud, `sent`; or to `call` her, for
    the reason `why`, until that is `done`; `gone` when there was nothing to remind her of."""

    __tablename__ = "reminder"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'asked', 'sent', 'call', 'done', 'gone')"),
        CheckConstraint("why IN ('', 'no_consent', 'failed', 'offline', 'no_answer', 'imported')"),
        Index("reminder_waiting", "due_at", sqlite_where=text("state = 'waiting'")),
        Index("reminder_asked", "answer_by", sqlite_where=text("state = 'asked'")),
        Index("reminder_with", "with_order", sqlite_where=text("with_order IS NOT NULL")),
        Index("reminder_to_call", "comes_at", sqlite_where=text("state = 'call'")),
        Index("reminder_of_customer", "customer_id", sqlite_where=text("state IN ('waiting', 'call')")),
    )

    order_no: int | None = Field(default=None, primary_key=True, foreign_key="shop_order.no")
    customer_id: str
    comes_at: int
    """Her own time, or when her window begins, in `Millis`."""
    due_at: int
    state: str
    why: str = ""
    told_for: int | None = None
    """The `comes_at` that she was told of, or called about."""
    with_order: int | None = None
    """Whose message or call spoke of this order too."""
    answer_by: int = 0
    """In `Work.ticks`: until when the cloud may answer."""
    after_seq: int = 0
    """The newest number in the stream to the cloud before the message."""
    calls: int = 0


class ReminderCredit(SQLModel, table=True):
    """How many more messages a customer agreed to: `subject` is `order:D1` or `customer:wx-1`."""

    __tablename__ = "reminder_credit"
    __table_args__ = (CheckConstraint("count >= 0"), {"sqlite_with_rowid": False})

    subject: str = Field(primary_key=True)
    count: int
