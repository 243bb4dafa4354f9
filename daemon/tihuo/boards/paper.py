"""Paper: what waits, what is doubtful, what came out, and how far a batch is."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tihuo.shop.paper import LONGEST_WAIT, PROFILE
from tihuo.shop.work import Look


class PaperRow(msgspec.Struct, frozen=True):
    """A print job. `printer` is who has it, or whom it is for."""

    job_id: int
    kind: str
    subject: str
    copy_no: int
    state: str
    trouble: str
    queued_at: int
    printer: str
    content: dict[str, Any]


class BatchRow(msgspec.Struct, frozen=True):
    """How far a batch is: `printed` of `total`, and `at` what (a slot) it stands. `state` adds `done` to its own."""

    batch_id: int
    subject: str
    state: str
    actor: str
    total: int
    printed: int
    waiting: int
    doubtful: int
    at: str


_SELECT = "SELECT id, kind, subject, copy_no, state, trouble, queued_at, printer, content FROM print_job "
_BATCH = (
    "SELECT b.id, b.subject, b.state, b.actor, count(j.id), sum(j.state = 'printed'), "
    "sum(j.state IN ('queued', 'sending', 'expired')), sum(j.state = 'doubtful'), "
    "min(CASE WHEN j.state IN ('queued', 'sending', 'expired') THEN j.id END) "
    "FROM print_batch b JOIN print_job j ON j.batch_id = b.id "
)


def work_for(
    look: Look, printer: str, kinds: tuple[str, ...], zones: tuple[str, ...] = (), limit: int = 20
) -> list[PaperRow]:
    """The next jobs that a printer may take, of any zone if it has no `zones`.

    A drawer comes first, then what was asked for singly, then batches; of each the oldest.
    """
    where = (
        f"state = 'queued' AND kind IN ({_marks(kinds)}) AND printer IN ('', ?) AND (batch_id IS NULL OR batch_id IN "
        "(SELECT id FROM print_batch WHERE state = 'printing'))"
    )
    parameters: list[Any] = [*kinds, printer]
    if zones:
        where += f" AND zone IN ('', {_marks(zones)})"
        parameters += zones
    order = "ORDER BY kind <> 'drawer', batch_id IS NOT NULL, id"
    first = f"SELECT id FROM print_job WHERE {where} {order} LIMIT ?"  # sorted by number, without all that they say
    return _rows(look.rows(f"{_SELECT} WHERE id IN ({first}) {order}", (*parameters, limit)))


def on_the_way(look: Look, printer: str) -> list[int]:
    """The jobs that a printer has taken and not settled."""
    found = look.rows("SELECT id FROM print_job WHERE state = 'sending' AND printer = ?", (printer,))
    return [job_id for (job_id,) in found]


def paper_in_state(look: Look, state: str, limit: int = 50) -> list[PaperRow]:
    return _rows(look.rows(f"{_SELECT} WHERE state = ? ORDER BY id DESC LIMIT ?", (state, limit)))


def failed_paper(look: Look, limit: int = 5) -> list[PaperRow]:
    """What was set aside because no printer could do it, or not in time; newest first."""
    return _rows(look.rows(f"{_SELECT} WHERE state = 'cancelled' AND trouble <> '' ORDER BY id DESC LIMIT ?", (limit,)))


def paper_of(look: Look, subject: str) -> list[PaperRow]:
    """Every copy that was asked for of one label or receipt."""
    return _rows(look.rows(f"{_SELECT} WHERE subject = ? ORDER BY id", (subject,)))


def paper_counts(look: Look) -> dict[str, int]:
    return dict(look.rows("SELECT state, count(*) FROM print_job GROUP BY state"))


def waited_too_long(look: Look, ticks: int) -> bool:
    """Whether paper waits that somebody should be asked about."""
    return bool(
        look.rows(
            "SELECT 1 FROM print_job WHERE state = 'queued' AND queued_ticks <= ? LIMIT 1", (ticks - LONGEST_WAIT,)
        )
    )


def batches(look: Look, limit: int = 5) -> list[BatchRow]:
    """The newest batches, newest first."""
    newest = "(SELECT id FROM print_batch ORDER BY id DESC LIMIT ?)"
    found = look.rows(f"{_BATCH} WHERE b.id IN {newest} GROUP BY b.id ORDER BY b.id DESC", (limit,))
    return [_batch(look, *row) for row in found]


def lines_seen_right(look: Look, printer: str) -> str | None:
    """Which lines of a printer's calibration ticket came out right, such as "AB"; None if nobody has said so."""
    row = look.one("SELECT value FROM keep WHERE name = ?", (f"{PROFILE}{printer}",))
    return None if row is None else str(row[0])


def _batch(
    look: Look,
    batch_id: int,
    subject: str,
    state: str,
    actor: str,
    total: int,
    printed: int,
    waiting: int,
    doubtful: int,
    next_job: int | None,
) -> BatchRow:
    at = ""
    if next_job is not None:
        row = look.one("SELECT coalesce(json_extract(content, '$.slot'), '') FROM print_job WHERE id = ?", (next_job,))
        at = row[0] if row else ""
    elif state != "cancelled":
        state = "done"
    return BatchRow(batch_id, subject, state, actor, total, printed, waiting, doubtful, at)


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" for _ in values)


def _rows(rows: list[tuple[Any, ...]]) -> list[PaperRow]:
    return [
        PaperRow(job, kind, subject, copy_no, state, trouble, queued_at, printer, json.loads(content))
        for job, kind, subject, copy_no, state, trouble, queued_at, printer, content in rows
    ]
