"""Paper: what is to be printed, and how far it got.

A job is committed as `sending` before a byte leaves the box. If the box dies then, or the printer falls silent, the job
is `doubtful` (存疑) and a person decides; a second copy is a job of its own that says 补打. So nothing is ever printed
twice in silence.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from tihuo.shop.events import PaperMoved, PaperQueued
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


class PrintJob(SQLModel, table=True):
    """One piece of paper. `subject` names what it is about, such as `parcel:7`; `content` is what it says, as JSON."""

    __tablename__ = "print_job"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sending', 'printed', 'doubtful', 'cancelled')"),
        CheckConstraint("kind IN ('label', 'receipt', 'test')"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str = Field(index=True)
    copy_no: int = 1
    content: str
    state: str = Field(default="queued", index=True)
    trouble: str = ""
    queued_at: int
    moved_at: int


def queue(work: Work, kind: str, subject: str, content: dict[str, Any], copy_no: int = 1) -> int:
    """Ask for a piece of paper in this transaction; gives the job's id."""
    job_id = work.sql(
        "INSERT INTO print_job(kind, subject, copy_no, content, state, trouble, queued_at, moved_at) "
        "VALUES (?, ?, ?, ?, 'queued', '', ?, ?)",
        (kind, subject, copy_no, json.dumps(content, ensure_ascii=False), work.now, work.now),
    ).lastrowid
    assert job_id is not None
    work.record(PaperQueued(job_id=job_id, copy=copy_no))
    return job_id


def reprint(work: Work, job_id: int) -> int:
    """补打: a second copy, which says so. A doubtful job is settled by it. Raises `Refusal("unknown_job")`."""
    row = work.one("SELECT kind, subject, content, state FROM print_job WHERE id = ?", (job_id,))
    if row is None:
        raise Refusal("unknown_job")
    kind, subject, content, state = row
    copies = work.one("SELECT max(copy_no) FROM print_job WHERE subject = ? AND kind = ?", (subject, kind))
    if state == "doubtful":
        moved(work, job_id, ("doubtful",), "cancelled")
    assert copies is not None
    return queue(work, kind, subject, json.loads(content), copies[0] + 1)


def moved(work: Work, job_id: int, sources: tuple[str, ...], target: str, trouble: str = "") -> None:
    """Take a job from one of `sources` to `target`. Raises `Refusal("job_moved")` if it is elsewhere by now."""
    marks = ", ".join("?" for _ in sources)
    changed = work.sql(
        f"UPDATE print_job SET state = ?, trouble = ?, moved_at = ? WHERE id = ? AND state IN ({marks})",
        (target, trouble, work.now, job_id, *sources),
    ).rowcount
    if not changed:
        raise Refusal("job_moved")
    work.record(PaperMoved(job_id=job_id, state=target, trouble=trouble))
