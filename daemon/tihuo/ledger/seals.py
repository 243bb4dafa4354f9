"""封存: the journal in sealed pieces, each of which vouches for itself and for all before it.

A piece is some hundreds of entries that follow each other. Of each entry there is a digest over everything that it
says, each value with its type and its length; of a piece a `body` over its digests and over when it was sealed; and a
`hash` over the hash of the piece before and this body. Changing, taking out, adding or swapping entries changes the
newest hash, the head. Pieces are sealed after their commits, so that no order waits for it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tihuo.ledger.database import DatabaseTrouble, Look, Readers
from tihuo.ledger.journal import Follower, last_entry
from tihuo.ledger.writer import Writer
from tihuo.shop.work import Look as AnyLook
from tihuo.shop.work import Work

log = logging.getLogger(__name__)

PIECE = 512
"""Entries to a piece at most."""
SOON = 20.0
"""Seconds after which an entry is sealed, if nothing is queued: each piece is a commit, and the card remembers them."""
LATEST = 120.0
"""Seconds after which it is sealed whatever is queued."""
LAST = 3.0
"""Seconds that sealing may hold up a stop."""
MARK_BYTES = 4
"""What is kept of each digest, so that a wrong piece can say which of its entries is wrong."""
NOTHING = bytes(32)
"""The hash before the first piece, and the digest of an entry that was missing already when it was sealed."""
SAID = "at, sure, actor, kind, data, up_epoch, up_seq, ticks"
"""The columns of an entry that are sealed, in their order; its number is its place."""


About = Callable[[Look, int, int], list[tuple[int, int]]]
"""Tells what the entries from the first to the last are about: (number of a subject, entry), each once."""


class Seal(msgspec.Struct, frozen=True):
    """One sealed piece: the entries after the piece before, up to `entry`; when it was sealed, by both clocks."""

    entry: int
    epoch: int
    at: int
    sure: int
    ticks: int
    body: bytes
    hash: bytes
    marks: bytes

    @property
    def head(self) -> Head:
        return Head(self.entry, self.hash.hex())


class Head(msgspec.Struct, frozen=True):
    """The newest seal, as it is told: up to which entry, and its hash in hexadecimal digits.

    >>> str(Head(12, "ab" * 32))[:8]
    '12:ababa'
    """

    entry: int
    hash: str

    def __str__(self) -> str:
        return f"{self.entry}:{self.hash}"


def canonical(values: Sequence[Any]) -> bytes:
    """What an entry says, so that no two entries are written alike: `n`, `i7`, `t2:ok`, `b1:x` with commas between.

    Text comes as bytearray, to be told from bytes.

    >>> canonical((7, bytearray(b"ok"), b"x", None))
    b'i7,t2:ok,b1:x,n'
    """
    parts = []
    for value in values:
        kind = type(value)
        if kind is int:
            parts.append(b"i%d" % value)
        elif value is None:
            parts.append(b"n")
        elif kind is bytearray:
            parts.append(b"t%d:%b" % (len(value), value))
        elif kind is bytes:
            parts.append(b"b%d:%b" % (len(value), value))
        else:
            parts.append(b"f" + repr(value).encode())
    return b",".join(parts)


def digest(values: Sequence[Any]) -> bytes:
    return hashlib.sha256(canonical(values)).digest()


def body_of(first: int, last: int, epoch: int, at: int, sure: int, ticks: int, digests: Sequence[bytes]) -> bytes:
    """What a piece is, without what was before it."""
    head = b"tihuo seal 1 %d %d %d %d %d %d\n" % (first, last, epoch, at, sure, ticks)
    return hashlib.sha256(head + b"".join(digests)).digest()


def chained(before: bytes, body: bytes) -> bytes:
    return hashlib.sha256(before + body).digest()


def rows_said(look: Look, first: int, last: int) -> list[tuple[Any, ...]]:
    """(entry, whatever `SAID` names) of the entries that are there, as `canonical` takes them."""
    return look.raw(f"SELECT entry, {SAID} FROM journal WHERE entry BETWEEN ? AND ? ORDER BY entry", (first, last))


def digests_of(look: Look, first: int, last: int) -> list[bytes]:
    """The digest of each entry from `first` to `last`."""
    there = {row[0]: digest(row[1:]) for row in rows_said(look, first, last)}
    return [there.get(entry, NOTHING) for entry in range(first, last + 1)]


def seals_after(look: Look, entry: int, limit: int) -> list[Seal]:
    rows = look.raw(
        "SELECT entry, epoch, at, sure, ticks, body, hash, marks FROM seal WHERE entry > ? ORDER BY entry LIMIT ?",
        (entry, limit),
    )
    return [Seal(*row) for row in rows]


def head(look: AnyLook | Work) -> Head | None:
    """The newest seal; None before the first."""
    row = look.one("SELECT entry, lower(hex(hash)) FROM seal ORDER BY entry DESC LIMIT 1")
    return Head(*row) if row else None


def unsealed(look: Look) -> int:
    """How many entries wait for their seal."""
    newest = head(look)
    return last_entry(look) - (newest.entry if newest else 0)


def seal(work: Work, after: int, digests: list[bytes], about: Sequence[tuple[int, int]] = ()) -> Head | None:
    """Seal the entries that follow `after`, which is where the last piece ends; None if it ends elsewhere by now.

    `about` is kept beside it, so that what happened to a subject is found again: (its number, entry).
    """
    row = work.one("SELECT entry, hash FROM seal ORDER BY entry DESC LIMIT 1")
    sealed, before = row or (0, NOTHING)
    if sealed != after:
        return None
    first, last = after + 1, after + len(digests)
    when = (work.epoch, work.now, int(work.sure), work.ticks)
    body = body_of(first, last, *when, digests)
    chain = chained(before, body)
    marks = b"".join(each[:MARK_BYTES] for each in digests)
    work.sql("INSERT INTO seal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (last, *when, body, chain, marks))
    work.many("INSERT INTO journal_about VALUES (?, ?)", about)
    return Head(last, chain.hex())


class Sealer:
    """Seals what was committed, when nobody waits for the writer; at its first step whatever a power cut left open."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        about: About = lambda *_: [],
        *,
        stopwatch: Callable[[], float] = time.monotonic,
        soon: float = SOON,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._about = about
        self._stopwatch = stopwatch
        self._soon = soon
        self._since: float | None = stopwatch() - soon
        self.follower = Follower("sealer", self.step, period=1.0)

    def step(self) -> bool:
        with self._readers.look() as look:
            left = unsealed(look)
            if not left:
                self._since = None
                return False
            now = self._stopwatch()
            if self._since is None:
                self._since = now
            waited = now - self._since
            if (left < PIECE and waited < self._soon) or (self._writer.waiting and waited < LATEST):
                return False
            piece = self._piece(look, left)
        try:
            self._writer.write(seal, *piece, actor="sealer").result(timeout=30)
        except DatabaseTrouble:  # of which the writer has told
            self._since = now
            return False
        if left <= PIECE:
            self._since = None
        return left > PIECE

    def finish(self, within: float = LAST) -> None:
        """Seal what is there before the box stops, once nobody else asks the writer for anything. Never raises: what a
        full disk, or `within` seconds, leave open is sealed at the next start."""
        until = self._stopwatch() + within

        def write(*job: Any) -> None:
            self._writer.write(*job, actor="sealer").result(timeout=max(until - self._stopwatch(), 0))

        try:
            write(_nothing)  # after which all that was queued is committed
            while True:
                with self._readers.look() as look:
                    left = unsealed(look)
                    if not left:
                        return
                    piece = self._piece(look, left)
                write(seal, *piece)
        except Exception:  # a stop goes on, whatever the file is like
            log.warning("the newest entries are sealed at the next start", exc_info=True)

    def _piece(self, look: Look, left: int) -> tuple[int, list[bytes], list[tuple[int, int]]]:
        """What `seal` takes of the next piece, where so many entries are `left`."""
        newest = head(look)
        after = newest.entry if newest else 0
        span = after + 1, after + min(left, PIECE)
        return after, digests_of(look, *span), self._about(look, *span)


def _nothing(work: Work) -> None:
    """Only waits for its turn."""
