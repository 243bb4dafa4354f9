"""Paper: what is to be printed, and how far it got.

A job is committed as `sending` before a byte leaves the box. If the box dies then, or the printer falls silent, the job
is `doubtful` (存疑) and a person decides; a second copy is a job of its own that says 补打. So nothing is ever printed
twice in silence. What nobody could print for a day is `expired`: somebody is asked whether it is still wanted.
"""

from __future__ import annotations

import json
from typing import Any

from tihuo.shop.events import PaperMoved, PaperQueued, SettingChanged
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

LONGEST_WAIT = 24 * 3_600_000
"""Ticks after which paper that waits is asked for again: yesterday's labels help nobody."""
ADDRESSED = ("test", "calibration", "drawer")
"""Kinds that are about one printer, and never go to another."""


PROFILE = "printer_profile:"
"""What the owner saw of a printer is kept under this and its name."""


def queue(
    work: Work,
    kind: str,
    subject: str,
    content: dict[str, Any],
    copy_no: int = 1,
    *,
    zone: str = "",
    printer: str = "",
    batch_id: int | None = None,
) -> int:
    """Ask for a piece of paper in this transaction; gives the job's id."""
    job_id = work.sql(
        "INSERT INTO print_job(kind, subject, copy_no, content, zone, printer, batch_id, state, trouble, queued_at, "
        "queued_ticks, moved_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', '', ?, ?, ?)",
        (
            kind,
            subject,
            copy_no,
            json.dumps(content, ensure_ascii=False),
            zone,
            printer,
            batch_id,
            work.now,
            work.ticks,
            work.now,
        ),
    ).lastrowid
    assert job_id is not None
    work.record(PaperQueued(job_id=job_id, copy=copy_no))
    return job_id


def reprint(work: Work, job_id: int) -> int:
    """补打: a second copy, which says so. A doubtful job is settled by it, one that never left is printed itself.

    Gives the job that will be printed. Raises `Refusal`: `unknown_job`, `no_reprint` for what is no paper.
    """
    row = work.one("SELECT kind, subject, content, state, zone, printer FROM print_job WHERE id = ?", (job_id,))
    if row is None:
        raise Refusal("unknown_job")
    kind, subject, content, state, zone, printer = row
    if kind == "drawer":
        raise Refusal("no_reprint")
    if state == "expired":
        work.sql("UPDATE print_job SET queued_ticks = ? WHERE id = ?", (work.ticks, job_id))
        moved(work, job_id, ("expired",), "queued")
        return job_id
    copies = work.one("SELECT max(copy_no) FROM print_job WHERE subject = ? AND kind = ?", (subject, kind))
    if state == "doubtful":
        moved(work, job_id, ("doubtful",), "cancelled")
    assert copies is not None
    addressee = printer if kind in ADDRESSED else ""
    return queue(work, kind, subject, json.loads(content), copies[0] + 1, zone=zone, printer=addressee)


def take(work: Work, job_id: int, printer: str) -> None:
    """A printer takes a job: from here on it may have left the box.

    Raises `Refusal("job_moved")` if somebody else took it, or called it off, or its batch rests.
    """
    _counted(
        work,
        job_id,
        "sending",
        "UPDATE print_job SET state = 'sending', trouble = '', moved_at = ?, printer = ? WHERE id = ? AND "
        "state = 'queued' AND (batch_id IS NULL OR batch_id IN (SELECT id FROM print_batch WHERE state = 'printing'))",
        (work.now, printer, job_id),
    )


def give_back(work: Work, job_id: int, trouble: str) -> None:
    """Nothing of a job was sent: any printer that may print it can have it. Raises `Refusal("job_moved")`."""
    marks = ", ".join("?" for _ in ADDRESSED)
    _counted(
        work,
        job_id,
        "queued",
        f"UPDATE print_job SET state = 'queued', trouble = ?, moved_at = ?, "
        f"printer = CASE WHEN kind IN ({marks}) THEN printer ELSE '' END WHERE id = ? AND state = 'sending'",
        (trouble, work.now, *ADDRESSED, job_id),
        trouble,
    )


def moved(work: Work, job_id: int, sources: tuple[str, ...], target: str, trouble: str = "") -> None:
    """Take a job from one of `sources` to `target`. Raises `Refusal("job_moved")` if it is elsewhere by now."""
    marks = ", ".join("?" for _ in sources)
    _counted(
        work,
        job_id,
        target,
        f"UPDATE print_job SET state = ?, trouble = ?, moved_at = ? WHERE id = ? AND state IN ({marks})",
        (target, trouble, work.now, job_id, *sources),
        trouble,
    )


def doubt(work: Work, job_id: int, trouble: str) -> None:
    """It left the box, and nobody knows how it ended: a person does. A drawer is seen, and never tried again."""
    row = work.one("SELECT kind FROM print_job WHERE id = ?", (job_id,))
    moved(work, job_id, ("sending",), "cancelled" if row == ("drawer",) else "doubtful", trouble)


def keep_profile(work: Work, printer: str, right: str) -> None:
    """校准: the owner saw these lines of the calibration ticket come out right, such as "AB".

    Raises `Refusal("unknown_ticket_row")`.
    """
    if set(right) - set("ABCD"):
        raise Refusal("unknown_ticket_row")
    work.sql(
        "INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
        (f"{PROFILE}{printer}", "".join(sorted(set(right)))),
    )
    work.record(SettingChanged(what="printer_profile", subject=printer))


def wake(work: Work) -> None:
    """The box has just started: nothing is on its way, and what waits has waited while it was off."""
    for (job_id,) in work.sql("SELECT id FROM print_job WHERE state = 'sending'").fetchall():
        doubt(work, job_id, "cut_off")
    work.sql(
        "UPDATE print_job SET queued_ticks = ?1 - max(0, ?2 - queued_at) WHERE state = 'queued'", (work.ticks, work.now)
    )


def expire(work: Work) -> int:
    """What has waited too long is not printed any more until somebody wants it; gives how many."""
    old = work.sql(
        "SELECT id FROM print_job WHERE state = 'queued' AND queued_ticks <= ?", (work.ticks - LONGEST_WAIT,)
    ).fetchall()
    for (job_id,) in old:
        moved(work, job_id, ("queued",), "expired", "waited")
    return len(old)


def _counted(
    work: Work, job_id: int, state: str, statement: str, parameters: tuple[Any, ...], trouble: str = ""
) -> None:
    if not work.sql(statement, parameters).rowcount:
        raise Refusal("job_moved")
    work.record(PaperMoved(job_id=job_id, state=state, trouble=trouble))
