"""The table of `shop.turns`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel


class Turn(SQLModel, table=True):
    """取号: a number that somebody at the door took. `state`: 'waiting', 'called', 'served' (she stands there), 'done',
    or 'gone' (passed over, or left from the day before)."""

    __table_args__ = (
        UniqueConstraint("series", "number"),
        CheckConstraint("state IN ('waiting', 'called', 'served', 'done', 'gone')"),
    )

    id: int | None = Field(default=None, primary_key=True)
    series: int
    """Numbers begin at one again with each."""
    day: str
    """The shop's day, empty where no clock was sure."""
    number: int
    order_no: int | None = None
    """Whose code was shown."""
    kiosk: str
    """Where it was taken; empty for a staff's phone."""
    state: str = "waiting"
    taken_at: int
    taken_ticks: int
    calls: int = 0
    to_kiosk: str = ""
    called_at: int | None = None
    called_ticks: int | None = None
    """Of the first call."""
    last_call_ticks: int = 0
    visit_before: int = 0
    """The newest visit when she was called: a later one is hers."""
    visit_id: int | None = None
    served_at: int | None = None
    served_ticks: int | None = None
    given_ticks: int | None = None
