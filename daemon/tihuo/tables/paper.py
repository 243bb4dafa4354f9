"""The tables of `shop.paper`."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class PrintJob(SQLModel, table=True):
    """One piece of paper. `subject` names what it is about, such as `parcel:7`; `content` is what it says, as JSON.

    `zone` and `printer` say who may print it, empty for anybody; `printer` is also who took it.
    """

    __tablename__ = "print_job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sending', 'printed', 'doubtful', 'expired', 'cancelled')"),
        CheckConstraint("kind IN ('label', 'receipt', 'test', 'list', 'slot', 'sheet', 'calibration', 'drawer')"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str = Field(index=True)
    copy_no: int = 1
    content: str
    zone: str = ""
    printer: str = ""
    batch_id: int | None = Field(default=None, foreign_key="print_batch.id", index=True)
    state: str = Field(default="queued", index=True)
    trouble: str = ""
    queued_at: int
    queued_ticks: int = 0
    moved_at: int
