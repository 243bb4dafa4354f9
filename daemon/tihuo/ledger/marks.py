"""What became of the entries of a piece, told from the marks that were kept of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

NEAR = 16
"""Entries that somebody put in or took out in one place, at most, to be told from edited ones."""
_AGREE = 4
"""So many entries must fit a shift, as far as there are so many: two entries may say the same."""

Marks = Mapping[int, bytes]
"""Entry -> the first bytes of its digest."""


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with the entries from `entry` to `last`.

    `what`: `edited`; `removed`; `inserted`; `swapped` (with each other); `moved` (they stand `by` places from where
    they were sealed); `seal_edited` (the seal of these entries is not what it was, or was put there by somebody else);
    `seal_removed`; `chain_broken` (a seal does not follow from the one before); `other_head` (what was told of the
    journal up to here is not what it says now).
    """

    what: str
    entry: int
    last: int
    by: int = 0


def compare(now: Marks, was: Marks, first: int, last: int, shift: int = 0) -> tuple[list[Finding], int]:
    """What is wrong from `first` to `last`, and by how many places what follows stands later than it was sealed.

    `now` and `was` should reach `NEAR` entries further than that, where there are any; `shift` is what the piece before
    came to.
    """
    found: list[Finding] = []
    moved_from = first
    swapped: set[int] = set()

    def tell(what: str, entry: int, end: int) -> None:
        end_of_run(entry)
        found.append(Finding(what, entry, end))

    def end_of_run(entry: int) -> None:
        if shift and moved_from < entry:
            found.append(Finding("moved", moved_from, entry - 1, shift))

    entry = first
    while entry <= last:
        if entry in swapped or now.get(entry) == was.get(entry - shift):
            entry += 1
            continue
        step = 1
        if entry not in now:
            if any(was[entry]) if entry in was else shift == 0:
                tell("removed", entry, entry)
        elif not shift and (other := _swapped_with(now, was, entry, last)):
            swapped.add(other)
            tell("swapped", entry, other)
        elif more := next((n for n in range(1, NEAR) if _fits(now, was, entry + n, shift + n)), 0):
            tell("inserted", entry, entry + more - 1)
            shift, step = shift + more, more
        elif gone := next((n for n in range(1, NEAR) if _fits(now, was, entry, shift - n)), 0):
            tell("removed", entry, entry + gone - 1)
            shift, step = shift - gone, 0
        else:
            tell("edited", entry, entry)
        entry += step
        moved_from = entry
    end_of_run(entry)
    return found, shift


def _swapped_with(now: Marks, was: Marks, entry: int, last: int) -> int:
    """The entry that changed places with this one; 0 if none did."""
    mine, wanted = now[entry], was.get(entry)
    return next((n for n in range(entry + 1, last + 1) if now.get(n) == wanted and was.get(n) == mine), 0)


def _fits(now: Marks, was: Marks, entry: int, shift: int) -> bool:
    """Whether what follows agrees with such a shift."""
    near = [n for n in range(entry, entry + _AGREE) if n in now and n - shift in was]
    return len(near) > 1 and all(now[n] == was[n - shift] for n in near)
