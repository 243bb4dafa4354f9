"""换码与代取: an order gets another code, a neighbour gets one, and the staff look up whose one is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from tihuo.shop import code_turns, delegates
from tihuo.shop.delegates import Delegation
from tihuo.shop.events import CodeRenewed, Delegated, DelegationRevoked
from tihuo.shop.identity import identify
from tihuo.shop.labels import queue_label
from tihuo.shop.orders import IMPORTED
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

LONGEST_MS = 7 * 86_400_000
MOST_NEIGHBOURS = 5
"""Of one order at a time."""


class Found(msgspec.Struct, frozen=True):
    """Whose code it is; or why nobody's, with the facts of that."""

    order_no: int = 0
    method: str = ""
    delegate: str = ""
    lines: list[int] | None = None
    refusal: str = ""
    facts: dict[str, Any] = {}


class Codes(msgspec.Struct, frozen=True):
    """A QR's text and eight digits that were just made."""

    code: str
    short_code: str
    delegation: int = 0


def look_up(work: Work, text: str) -> Found:
    """Whose code somebody shows at the counter. A refusal is an answer here, so that wrong digits count."""
    try:
        known = identify(work, text, kiosk="")
    except Refusal as refusal:
        return Found(refusal=refusal.code, facts=refusal.facts)
    lines = None if known.lines is None else sorted(line for _, line in known.lines)
    return Found(known.order_no, known.method, known.delegate, lines)


def renew_code(work: Work, order_no: int, reason: str) -> Codes:
    """换码: the code was lost or leaked. From now on only a new one opens the order, and the cloud is told.

    Raises `Refusal`: `unknown_order`, `cancelled`, `refused_order`, `no_reason`.
    """
    order_id, imported = _order(work, order_no)
    reason = reason.strip()[:60]
    if not reason:
        raise Refusal("no_reason")
    turn = code_turns.next_turn(work, order_no, reason)
    work.record(
        CodeRenewed(
            order_id=order_id, imported=imported, order_no=order_no, renewal=turn.no, turn=turn.turn, reason=reason
        )
    )
    return Codes(*code_turns.codes_of(work.house, order_no, turn))


def print_new_labels(work: Work, order_no: int) -> int:
    """The labels of an order's parcels with its present code; gives how many were needed."""
    parcels = work.sql(
        "SELECT DISTINCT p.id FROM order_line l JOIN parcel p ON p.id = l.parcel_id WHERE l.order_no = ? "
        "AND p.state IN ('sorting', 'ready') ORDER BY p.id",
        (order_no,),
    ).fetchall()
    return sum(queue_label(work, parcel) for (parcel,) in parcels)


def delegate(
    work: Work, order_no: int, until: int, lines: Collection[int] | None = None, name: str = "", delegation_id: str = ""
) -> Codes:
    """代取: somebody collects for the customer until then; of the order's `lines` only these, if she said which.

    With a `delegation_id` that is known already, the code that it has. Raises `Refusal`: `unknown_order`, `cancelled`,
    `refused_order`, `unknown_line`, `bad_until` (it is over, or farther than a week), `too_many_neighbours`, `revoked`.
    """
    order_id, imported = _order(work, order_no)
    known = _known(work, delegation_id, order_no)
    if known is None:
        if work.sure and not work.now < until <= work.now + LONGEST_MS:
            raise Refusal("bad_until")
        present = work.one(
            "SELECT count(*) FROM delegation WHERE order_no = ? AND revoked_at IS NULL AND until > ?",
            (order_no, work.now),
        )
        if present and present[0] >= MOST_NEIGHBOURS:
            raise Refusal("too_many_neighbours", most=MOST_NEIGHBOURS)
        there = {line for (line,) in work.sql("SELECT line_no FROM order_line WHERE order_no = ?", (order_no,))}
        if lines is not None and (not lines or set(lines) - there):
            raise Refusal("unknown_line", order=order_id)
        some = None if lines is None else frozenset(lines)
        known = delegates.keep(work, Delegation(0, delegation_id, order_no, name.strip()[:40], until, some))
    said = work.sql(
        "SELECT DISTINCT line_id FROM order_line JOIN delegation_line USING (line_no) WHERE order_no = ? "
        "AND delegation_no = ? ORDER BY line_id",
        (order_no, known.no),
    )
    work.record(
        Delegated(
            order_id=order_id,
            imported=imported,
            order_no=order_no,
            delegation=known.no,
            delegation_id=known.delegation_id,
            until=known.until,
            lines=tuple(line for (line,) in said),
            name=known.who,
        )
    )
    return Codes(*delegates.codes_of(work.house, known), known.no)


def delegate_from_cloud(
    work: Work, order_id: str, delegation_id: str, until: int, line_ids: Collection[str] | None, name: str
) -> None:
    """The same, as the mini program asks for it."""
    order = work.one("SELECT no FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None:
        raise Refusal("unknown_order", order=order_id)
    lines = None
    if line_ids is not None:
        rows = work.sql("SELECT line_no, line_id FROM order_line WHERE order_no = ?", (order[0],)).fetchall()
        lines = [number for number, line_id in rows if line_id in line_ids]
        if set(line_ids) - {line_id for _, line_id in rows}:
            raise Refusal("unknown_line", order=order_id)
    delegate(work, order[0], until, lines, name, delegation_id)


def revoke(work: Work, delegation_id: str) -> None:
    """A neighbour's code is worthless from now on; again changes nothing. Raises `Refusal("unknown_neighbour")`."""
    row = work.one(
        "SELECT d.no, d.revoked_at, o.order_id, o.channel FROM delegation d JOIN shop_order o ON o.no = d.order_no "
        "WHERE d.delegation_id = ?",
        (delegation_id,),
    )
    if row is None:
        raise Refusal("unknown_neighbour")
    number, revoked_at, order_id, channel = row
    if revoked_at is None:
        work.sql("UPDATE delegation SET revoked_at = ? WHERE no = ?", (work.now, number))
        work.record(DelegationRevoked(order_id=order_id, imported=channel == IMPORTED, delegation_id=delegation_id))


def renewed_again(work: Work, order_id: str, number: int, turn: int) -> None:
    """A restored box hears that it had renewed a code: the older ones stay worthless."""
    order = work.one("SELECT no FROM shop_order WHERE order_id = ?", (order_id,))
    if order is not None and number and turn:
        code_turns.keep_turn(work, order[0], code_turns.Turn(number, turn), "")


def delegated_again(
    work: Work, order_id: str, number: int, delegation_id: str, until: int, line_ids: Collection[str]
) -> None:
    """A restored box hears that it had given a neighbour a code."""
    order = work.one("SELECT no FROM shop_order WHERE order_id = ?", (order_id,))
    if order is None or work.one("SELECT 1 FROM delegation WHERE no = ? OR delegation_id = ?", (number, delegation_id)):
        return
    rows = work.sql("SELECT line_no, line_id FROM order_line WHERE order_no = ?", (order[0],)).fetchall()
    lines = frozenset(line for line, line_id in rows if line_id in line_ids) if line_ids else None
    delegates.keep(work, Delegation(number, delegation_id, order[0], "", until, lines))


def revoked_again(work: Work, delegation_id: str, at: int) -> None:
    """A restored box hears that it had taken a neighbour's code back."""
    work.sql("UPDATE delegation SET revoked_at = coalesce(revoked_at, ?) WHERE delegation_id = ?", (at, delegation_id))


def _order(work: Work, order_no: int) -> tuple[str, bool]:
    order = work.one("SELECT order_id, state, channel FROM shop_order WHERE no = ?", (order_no,))
    if order is None:
        raise Refusal("unknown_order", order=str(order_no))
    if order[1] != "accepted":
        raise Refusal("refused_order" if order[1] == "refused" else "cancelled", order=order[0])
    return order[0], order[2] == IMPORTED


def _known(work: Work, delegation_id: str, order_no: int) -> Delegation | None:
    row = work.one("SELECT no FROM delegation WHERE delegation_id = ?", (delegation_id,)) if delegation_id else None
    known = delegates.delegation(work, row[0]) if row else None
    if known is not None and known.order_no != order_no:
        raise Refusal("request_exists", request=delegation_id)
    if known is not None and known.revoked_at is not None:
        raise Refusal("revoked", at=known.revoked_at)
    return known
