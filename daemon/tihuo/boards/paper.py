"""Paper: what waits, what is doubtful, what came out."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tihuo.shop.work import Look


class PaperRow(msgspec.Struct, frozen=True):
    job_id: int
    kind: str
    subject: str
    copy_no: int
    state: str
    trouble: str
    queued_at: int
    content: dict[str, Any]


_SELECT = "SELECT id, kind, subject, copy_no, state, trouble, queued_at, content FROM print_job "


def queued_paper(look: Look, kind: str, limit: int = 20) -> list[PaperRow]:
    """The next jobs of one kind, oldest first."""
    return _rows(look.rows(f"{_SELECT} WHERE state = 'queued' AND kind = ? ORDER BY id LIMIT ?", (kind, limit)))


def paper_in_state(look: Look, state: str, limit: int = 50) -> list[PaperRow]:
    return _rows(look.rows(f"{_SELECT} WHERE state = ? ORDER BY id DESC LIMIT ?", (state, limit)))


def recent_paper(look: Look, limit: int = 50) -> list[PaperRow]:
    return _rows(look.rows(f"{_SELECT} ORDER BY id DESC LIMIT ?", (limit,)))


def paper_of(look: Look, subject: str) -> list[PaperRow]:
    """Every copy that was asked for of one label or receipt."""
    return _rows(look.rows(f"{_SELECT} WHERE subject = ? ORDER BY id", (subject,)))


def paper_counts(look: Look) -> dict[str, int]:
    return dict(look.rows("SELECT state, count(*) FROM print_job GROUP BY state"))


def _rows(rows: list[tuple[Any, ...]]) -> list[PaperRow]:
    return [
        PaperRow(job, kind, subject, copy_no, state, trouble, queued_at, json.loads(content))
        for job, kind, subject, copy_no, state, trouble, queued_at, content in rows
    ]
