"""`tihuo verify`: is the journal what was sealed, and does the state of the shop agree with it?"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tihuo.boards.agreement import disagreements
from tihuo.boards.balance import imbalances
from tihuo.cli.saying import UNUSABLE, WRONG_CALL, fail
from tihuo.ledger import proving, seals
from tihuo.ledger.database import DatabaseTrouble, Look, Readers, check
from tihuo.ledger.marks import Finding
from tihuo.ledger.proving import Walk
from tihuo.ledger.seals import Head

MOST = 50
"""Findings that are told one by one."""
_TOLD = re.compile(r"(\d+):([0-9a-fA-F]{16,64})")
_WORDS = {
    "edited": "is not what was sealed: it was edited",
    "removed": "was removed",
    "inserted": "was inserted: no such entry was sealed here",
    "swapped": "were swapped with each other",
    "moved": "stands elsewhere than when it was sealed, by {by:+d}",
    "seal_edited": "has a seal that is not its own: the seal was edited, or the entries and their marks with it",
    "seal_removed": "has lost its seal",
    "chain_broken": "does not follow from what was sealed before: a seal before it was replaced, or this one was",
    "other_head": "is not where the journal stood that was told: it was rewritten, or another backup was put back",
}


@dataclass
class Verdict:
    """What a look over the whole journal came to; sound when there is no damage and nothing that disagrees."""

    entries: int = 0
    pieces: int = 0
    sealed: int = 0
    head: str = ""
    epochs: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    damage: list[str] = field(default_factory=list)
    ledger: dict[str, list[str]] = field(default_factory=dict)
    state: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return not (self.findings or self.damage or self.ledger or self.state)

    def as_json(self) -> dict[str, Any]:
        found = [{name: getattr(finding, name) for name in finding.__struct_fields__} for finding in self.findings]
        return {"sound": self.sound, **asdict(self), "findings": found}


def head_of(text: str) -> Head:
    """A head as the box tells it, or the beginning of its hash as a page shows it: `1234:9f86d081884c7d65`."""
    match = _TOLD.fullmatch(text.strip())
    if match is None:
        fail(f"{text!r} is no head: it looks like 1234:9f86d081884c7d65.", code=WRONG_CALL)
    return Head(int(match[1]), match[2].lower())


def verify(database: Path, against: list[str]) -> Verdict:
    """Look over everything. A file that cannot be read is said to be damaged, with what was found until then."""
    told = [head_of(text) for text in against]
    if not database.is_file():
        fail(f"There is no database at {database}.", code=UNUSABLE)
    verdict = Verdict(damage=check(database))
    readers = Readers(database)
    try:
        with readers.look() as look:
            _journal(look, verdict, told)
            verdict.ledger = imbalances(look)
            verdict.state = disagreements(look)
    except (DatabaseTrouble, sqlite3.Error, ValueError, KeyError, TypeError) as trouble:
        if not verdict.damage and not verdict.findings:
            verdict.damage.append(str(trouble))
    finally:
        readers.close()
    return verdict


def _journal(look: Look, verdict: Verdict, told: list[Head]) -> None:
    walk = Walk()
    for finding in proving.walk(look, walk):
        _keep(verdict, finding)
    for one in told:
        if (other := proving.differs(look, one)) is not None:
            _keep(verdict, other)
    newest = seals.head(look)
    verdict.entries, verdict.pieces, verdict.sealed = walk.entries, walk.pieces, walk.sealed
    verdict.epochs, verdict.head = walk.epochs, str(newest or "")


def _keep(verdict: Verdict, finding: Finding) -> None:
    if len(verdict.findings) < MOST:
        verdict.findings.append(finding)
    else:
        verdict.more += 1


def lines(verdict: Verdict) -> Iterator[str]:
    """The verdict in words."""
    open_ = max(0, verdict.entries - verdict.sealed)
    yield f"{verdict.entries} entries, {verdict.sealed} of them sealed in {verdict.pieces} pieces, {open_} not yet."
    for (_, epoch), (first, following) in zip(verdict.epochs, verdict.epochs[1:], strict=False):
        yield f"A backup was put back before entry {first}: epoch {epoch} ended there and {following} began."
    if verdict.head:
        yield f"Head: {verdict.head}"
    for fault in verdict.damage:
        yield f"✗ the file is damaged: {fault}"
    for finding in verdict.findings:
        yield f"✗ {_entries(finding)} {_WORDS[finding.what].format(by=finding.by)}"
    if verdict.more:
        yield f"✗ and {verdict.more} more"
    for check_name, rows in verdict.ledger.items():
        yield f"✗ the ledger does not balance ({check_name}): {', '.join(rows)}"
    for check_name, rows in verdict.state.items():
        yield f"✗ journal and state disagree ({check_name}): {', '.join(rows)}"
    if verdict.sound:
        yield "✓ every sealed entry is what it was, and the state of the shop agrees with the journal"


def _entries(finding: Finding) -> str:
    if finding.entry == finding.last:
        return f"entry {finding.entry}"
    return f"entries {finding.entry} {'and' if finding.what == 'swapped' else 'to'} {finding.last}"
