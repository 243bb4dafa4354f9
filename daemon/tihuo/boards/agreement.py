"""Does the state of the shop say what the journal (流水) says: what was accepted, and what was handed over?

A year of facts does not fit in memory, so both sides are summed up in buckets first, and only what lies in a bucket
that differs is looked at one by one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from tihuo.shop.work import Look

BUCKETS = 4096
AT_ONCE = 2000
Fact = tuple[str, str, str, int, bool]
"""(check, order id, line id, how much, whether it was learned from the cloud after a restore)"""

_SIGNS = {"order.accepted": 0, "order.imported": 0, "order.handed_over": 1, "order.handover_undone": -1}


def disagreements(look: Look, limit: int = 20) -> dict[str, list[str]]:
    """Name of a check -> orders (and lines) of which the journal and the state say different things.

    `accepted`: an order is here without its acceptance, or the other way round. `handed_over`: more or fewer units of a
    line went over the counter than the journal tells. What a restored box learned from the cloud may contradict what it
    did itself meanwhile (docs/restore.md): then the state may say less.
    """
    sums = [0] * BUCKETS
    for fact, sign in _both(look):
        sums[_bucket(fact)] += sign * fact[3] * _weight(fact)
    suspect = {number for number, total in enumerate(sums) if total}
    if not suspect:
        return {}
    exact: dict[tuple[str, str, str], int] = {}
    learned = set()
    for fact, sign in _both(look):
        if _bucket(fact) in suspect:
            exact[fact[:3]] = exact.get(fact[:3], 0) + sign * fact[3]
            if fact[4]:
                learned.add(fact[:3])
    found: dict[str, list[str]] = {}
    for key, difference in exact.items():
        check, order_id, line_id = key
        if (difference < 0 or (difference and key not in learned)) and len(found.setdefault(check, [])) < limit:
            found[check].append(f"{order_id} {line_id}".strip())
    return found


def _both(look: Look) -> Iterator[tuple[Fact, int]]:
    """What the journal says counts for, what the state says against."""
    for fact in _said(look):
        yield fact, 1
    for fact in _kept(look):
        yield fact, -1


def _said(look: Look) -> Iterator[Fact]:
    entry = 0
    kinds = ", ".join(f"'{kind}'" for kind in _SIGNS)
    while rows := look.rows(
        f"SELECT entry, kind, data FROM journal WHERE entry > ? AND kind IN ({kinds}) ORDER BY entry LIMIT ?",
        (entry, AT_ONCE),
    ):
        entry = rows[-1][0]
        for _, kind, data in rows:
            said = json.loads(data)
            sign, learned = _SIGNS[kind], said.get("recovered", False)
            if not sign:
                yield "accepted", said["order_id"], "", 1, learned
            for line in said["lines"] if sign else ():
                yield "handed_over", said["order_id"], line["line_id"], sign * line["quantity"], learned


def _kept(look: Look) -> Iterator[Fact]:
    number = 0
    while rows := look.rows(
        "SELECT no, order_id FROM shop_order WHERE no > ? AND state <> 'refused' ORDER BY no LIMIT ?", (number, AT_ONCE)
    ):
        for _, order_id in rows:
            yield "accepted", order_id, "", 1, False
        lines = look.rows(
            "SELECT o.order_id, l.line_id, l.handed_over FROM order_line l JOIN shop_order o ON o.no = l.order_no "
            "WHERE l.order_no > ? AND l.order_no <= ? AND l.handed_over <> 0",
            (number, rows[-1][0]),
        )
        for order_id, line_id, units in lines:
            yield "handed_over", order_id, line_id, units, False
        number = rows[-1][0]


def _bucket(fact: Fact) -> int:
    return hash(fact[:2]) % BUCKETS


def _weight(fact: Fact) -> int:
    """A number that stands for this line, so that a unit of one does not make up for a unit of another."""
    return int.from_bytes(hashlib.blake2b("\0".join(fact[:3]).encode(), digest_size=8).digest(), "big")
