"""今晚: the evening at a glance, from the session to the last pickup, and what waits for a decision."""

from __future__ import annotations

import msgspec

from tihuo.shop.orders import MISSED, ORDERED
from tihuo.shop.work import Look


class Tonight(msgspec.Struct, frozen=True):
    """Counts of the newest session that is not a draft. Money in fen, times in `Millis`."""

    session_id: str = ""
    title: str = ""
    state: str = ""
    starts_at: int = 0
    ends_at: int = 0
    window_from: int = 0
    window_to: int = 0
    orders: int = 0
    refused: int = 0
    cancelled: int = 0
    paid_fen: int = 0
    refunded_fen: int = 0
    units: int = 0
    units_put: int = 0
    units_short: int = 0
    units_handed_over: int = 0
    parcels: int = 0
    parcels_sorting: int = 0
    parcels_ready: int = 0
    parcels_handed_over: int = 0


class Decision(msgspec.Struct, frozen=True):
    """Something that a person must look at, and how many: `doubtful_paper`, `parked_message`, `quarantine`, `ticket`,
    `failed_refund`, `recount`, `restore`, `short_pick`, `delivery` (counted, to be closed),
    `uncollected` (nobody came, the owner decides), `to_put_away` (staff call and move it)."""

    what: str
    count: int


def tonight(look: Look) -> Tonight:
    session = look.one(
        "SELECT id, title, state, starts_at, ends_at, window_from, window_to FROM live_session WHERE state <> 'draft' "
        "ORDER BY version DESC, id DESC LIMIT 1"
    )
    if session is None:
        return Tonight()
    states = look.one(
        "SELECT coalesce(sum(state = 'accepted'), 0), coalesce(sum(state = 'refused'), 0), "
        "coalesce(sum(state = 'cancelled'), 0), coalesce(sum(CASE WHEN state = 'accepted' THEN paid_fen END), 0), "
        "coalesce(sum(CASE WHEN state = 'accepted' THEN refunded_fen END), 0) FROM shop_order WHERE session_id = ?",
        (session[0],),
    )
    units = look.one(
        f"SELECT coalesce(sum({ORDERED}), 0), coalesce(sum(l.put), 0), coalesce(sum({MISSED}), 0), "
        "coalesce(sum(l.handed_over), 0) FROM shop_order o JOIN order_line l ON l.order_no = o.no "
        "WHERE o.session_id = ? AND o.state <> 'refused'",
        (session[0],),
    )
    parcels = look.one(
        "SELECT count(*), coalesce(sum(p.state = 'sorting'), 0), coalesce(sum(p.state = 'ready'), 0), "
        "coalesce(sum(p.state = 'handed_over'), 0) FROM parcel p JOIN wave w ON w.id = p.wave_id "
        "WHERE w.session_id = ?",
        (session[0],),
    )
    assert states is not None and units is not None and parcels is not None
    return Tonight(*session, *states, *units, *parcels)


def decisions(look: Look) -> list[Decision]:
    row = look.one(
        "SELECT (SELECT count(*) FROM print_job WHERE state IN ('doubtful', 'expired')), "
        "(SELECT count(*) FROM parked WHERE settled_at IS NULL), "
        "(SELECT coalesce(sum(quarantine), 0) FROM session_item), "
        "(SELECT count(*) FROM service_ticket WHERE state IN ('open', 'in_progress')), "
        "(SELECT count(*) FROM refund_outcome WHERE state = 'failed'), "
        "(SELECT count(*) FROM recount WHERE settled_at IS NULL), "
        "(SELECT count(*) FROM fence WHERE lifted_at IS NULL), "
        "(SELECT count(*) FROM short_pick WHERE state = 'open'), "
        "(SELECT count(*) FROM delivery WHERE state = 'open' AND counted_by <> ''), "
        "(SELECT count(*) FROM uncollected WHERE step = 'decide'), "
        "(SELECT count(*) FROM uncollected WHERE step IN ('task', 'held'))"
    )
    assert row is not None
    names = ("doubtful_paper", "parked_message", "quarantine", "ticket", "failed_refund", "recount", "restore",
             "short_pick", "delivery", "uncollected", "to_put_away")  # fmt: skip
    return [Decision(name, count) for name, count in zip(names, row, strict=True) if count]


class ParkedRow(msgspec.Struct, frozen=True):
    """A message of the cloud that waits for a person. `kind` is its type where that could be read; `size` in bytes."""

    parked_id: int
    message_id: str
    kind: str
    reason: str
    detail: str
    at: int
    size: int

    @property
    def can_replay(self) -> bool:
        """An order was answered, and its money went back; what is no whole event has nothing to do."""
        return self.kind not in ("", "order.placed") and not self.kind.startswith("stream.")


def parked_messages(look: Look, limit: int = 50) -> list[ParkedRow]:
    """Messages from the cloud that could not be understood and that nobody has settled."""
    rows = look.rows(
        "SELECT id, message_id, kind, reason, detail, at, length(payload) FROM parked WHERE settled_at IS NULL "
        "ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [ParkedRow(*row) for row in rows]
