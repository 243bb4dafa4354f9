"""核验: is the journal what was sealed? Walks it from the first entry, a piece at a time, and names what is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from tihuo.ledger.database import Look
from tihuo.ledger.journal import last_entry
from tihuo.ledger.marks import NEAR, Finding, compare
from tihuo.ledger.seals import (
    MARK_BYTES,
    NOTHING,
    Head,
    Seal,
    body_of,
    chained,
    digest,
    digests_of,
    head,
    rows_said,
    seals_after,
)

SEALS_AT_ONCE = 64


class Walk(msgspec.Struct):
    """How far a walk came: what it read, and where each epoch began."""

    entries: int = 0
    pieces: int = 0
    sealed: int = 0
    epochs: list[tuple[int, int]] = []
    """(first entry, epoch) of each stretch: another epoch begins where a backup was put back."""


def walk(look: Look, so_far: Walk | None = None) -> Iterator[Finding]:
    """Findings in the order of the journal; none means that every sealed entry is what it was."""
    so_far = so_far or Walk()
    row = look.one("SELECT min(entry), max(entry) FROM journal WHERE entry < 1")
    if row is not None and row[0] is not None:
        yield Finding("inserted", row[0], row[1])
    chain = _Chain(look, so_far)
    for seal in chain.seals():
        yield from chain.piece(seal)
    so_far.entries = int((look.one("SELECT count(*) FROM journal") or (0,))[0])
    yield from _holes(look, so_far.sealed + 1, last_entry(look))


def differs(look: Look, told: Head) -> Finding | None:
    """Whether the journal up to a head that was told or printed is another one now. `told.hash` may be cut short."""
    row = look.one("SELECT lower(hex(hash)) FROM seal WHERE entry = ?", (told.entry,))
    if row is not None and str(row[0]).startswith(told.hash.lower()):
        return None
    return Finding("other_head", told.entry, told.entry)


def newest_is_whole(look: Look) -> bool:
    """Whether the newest piece is what was sealed: a moment's work, whatever the journal's length."""
    newest = head(look)
    if newest is None:
        return True
    before = look.one("SELECT entry, hash FROM seal WHERE entry < ? ORDER BY entry DESC LIMIT 1", (newest.entry,))
    ended, known = before or (0, NOTHING)
    (seal,) = seals_after(look, newest.entry - 1, 1)
    if not _sound(seal):
        return False
    digests = digests_of(look, ended + 1, seal.entry)
    return _body(seal, ended + 1, digests) == seal.body and chained(known, seal.body) == seal.hash


def _body(seal: Seal, first: int, digests: list[bytes]) -> bytes:
    return body_of(first, seal.entry, seal.epoch, seal.at, seal.sure, seal.ticks, digests)


def _sound(seal: Seal) -> bool:
    """Whether every value of a seal is of the kind that was written."""
    numbers, texts = (seal.epoch, seal.at, seal.sure, seal.ticks), (seal.body, seal.hash, seal.marks)
    return all(type(number) is int for number in numbers) and all(type(text) is bytes for text in texts)


def _holes(look: Look, first: int, last: int) -> Iterator[Finding]:
    """What is missing of entries that are not sealed yet."""
    rows = look.rows(
        "SELECT before, entry FROM (SELECT entry, lag(entry, 1, ?1 - 1) OVER (ORDER BY entry) AS before FROM journal "
        "WHERE entry BETWEEN ?1 AND ?2) WHERE entry <> before + 1 LIMIT 20",
        (first, last),
    )
    for before, entry in rows:
        yield Finding("removed", before + 1, entry - 1)


class _Chain:
    """The state of one walk: the hash so far, None where it is not known, and the marks of the entries near by."""

    def __init__(self, look: Look, so_far: Walk) -> None:
        self._look = look
        self._so_far = so_far
        self._hash: bytes | None = NOTHING
        self._shift = 0
        self._marks: dict[int, bytes] = {}
        self._forgotten = 0

    def seals(self) -> Iterator[Seal]:
        """Every seal, once the marks of the one after it are known too."""
        ended, waiting = 0, deque[Seal]()
        while found := seals_after(self._look, ended, SEALS_AT_ONCE):
            ended = found[-1].entry
            for seal in found:
                self._note_marks(seal)
                waiting.append(seal)
                if len(waiting) > 1:
                    yield waiting.popleft()
        yield from waiting

    def _note_marks(self, seal: Seal) -> None:
        if _sound(seal):
            first = seal.entry - len(seal.marks) // MARK_BYTES + 1
            for place in range(0, len(seal.marks), MARK_BYTES):
                self._marks[first + place // MARK_BYTES] = seal.marks[place : place + MARK_BYTES]

    def piece(self, seal: Seal) -> Iterator[Finding]:
        so_far = self._so_far
        first = so_far.sealed + 1
        if not _sound(seal):
            yield Finding("seal_edited", first, seal.entry)
            self._hash, so_far.sealed = None, seal.entry
            return
        count = len(seal.marks) // MARK_BYTES
        if 0 < count < seal.entry - so_far.sealed:
            yield Finding("seal_removed", first, seal.entry - count)
            first, self._hash = seal.entry - count + 1, None
        there = {row[0]: digest(row[1:]) for row in rows_said(self._look, first, seal.entry)}
        digests = [there.get(entry, NOTHING) for entry in range(first, seal.entry + 1)]
        marked = [self._marks.get(entry) for entry in range(first, seal.entry + 1)]
        if _body(seal, first, digests) != seal.body:
            yield from self._wrong_entries(there, first, seal.entry) or [Finding("seal_edited", first, seal.entry)]
        elif marked != [each[:MARK_BYTES] for each in digests]:
            yield Finding("seal_edited", first, seal.entry)
        if self._hash is not None and chained(self._hash, seal.body) != seal.hash:
            yield Finding("chain_broken", first, seal.entry)
        if not so_far.epochs or so_far.epochs[-1][1] != seal.epoch:
            so_far.epochs.append((first, seal.epoch))
        self._hash, so_far.sealed, so_far.pieces = seal.hash, seal.entry, so_far.pieces + 1
        for entry in range(self._forgotten, first - NEAR):
            self._marks.pop(entry, None)
        self._forgotten = max(self._forgotten, first - NEAR)

    def _wrong_entries(self, there: dict[int, bytes], first: int, last: int) -> list[Finding]:
        now = {entry: each[:MARK_BYTES] for entry, each in there.items()}
        for row in rows_said(self._look, last + 1, last + NEAR):
            now[row[0]] = digest(row[1:])[:MARK_BYTES]
        found, self._shift = compare(now, self._marks, first, last, self._shift)
        return found
