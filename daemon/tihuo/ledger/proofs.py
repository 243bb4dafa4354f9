"""证据: some entries of the journal with all that shows, without this box, that they are what was sealed.

Of the other entries of their pieces only digests are given, so that nobody else's business leaves the shop.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tihuo.ledger.database import Look
from tihuo.ledger.seals import NOTHING, canonical, digests_of, head, rows_said, seals_after

MOST_LINKS = 5_000
"""Pieces after the first, at most, through which a proof reaches on towards the head."""


def proof_of(look: Look, entries: Sequence[int]) -> dict[str, Any]:
    """What `docs/journal.md` calls a proof: ready for JSON, hashes in hexadecimal digits, entries in base64."""
    newest = head(look)
    if not entries:
        return {"entries": [], "pieces": [], "links": [], "head": str(newest or "")}
    row = look.one("SELECT entry, hash FROM seal WHERE entry < ? ORDER BY entry DESC LIMIT 1", (min(entries),))
    ended, before = row or (0, NOTHING)
    wanted, pieces, links = set(entries), [], []
    for seal in seals_after(look, ended, MOST_LINKS):
        first, ended = ended + 1, seal.entry
        link = {"entry": seal.entry, "body": seal.body.hex(), "hash": seal.hash.hex()}
        links.append(link)
        if any(first <= entry <= seal.entry for entry in wanted):
            digests = [digest.hex() for digest in digests_of(look, first, seal.entry)]
            when = {"epoch": seal.epoch, "at": seal.at, "sure": seal.sure, "ticks": seal.ticks}
            pieces.append({"first": first, **link, **when, "digests": digests})
    return {
        "entries": [_entry(look, entry) for entry in sorted(wanted)],
        "pieces": pieces,
        "before": before.hex(),
        "links": links,
        "head": str(newest or ""),
    }


def _entry(look: Look, entry: int) -> dict[str, Any]:
    (row,) = rows_said(look, entry, entry)
    return {"entry": entry, "canonical": base64.b64encode(canonical(row[1:])).decode()}
