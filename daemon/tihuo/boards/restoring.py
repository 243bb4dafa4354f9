"""恢复: what a restored box waits for, how far it is, and what a person must look at because nobody could tell it."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Look


class RestorePicture(msgspec.Struct, frozen=True):
    """The newest restore; times in `Millis`. `told` facts have come from the cloud, `merged` of them are booked;
    `to_tell` are still to come, None while the cloud has not answered."""

    why: str
    state: str
    trouble: str
    raised_at: int
    backup_at: int
    told: int
    merged: int
    to_tell: int | None
    orders_heard: int
    orders_to_hear: int
    passed_by: str
    passed_at: int | None
    lifted_at: int | None


class RecountRow(msgspec.Struct, frozen=True):
    """A line of the list; `applied` of the units were booked by the box itself."""

    recount_id: int
    what: str
    session_id: str
    sku: str
    product: str
    quantity: int
    applied: int
    note: str
    at: int


def restore(look: Look) -> RestorePicture | None:
    """The newest restore, None if there never was one."""
    row = look.one(
        "SELECT why, state, trouble, raised_at, backup_at, (SELECT count(*) FROM echo), "
        "(SELECT count(*) FROM echo WHERE used_at IS NOT NULL), to_tell, "
        "min(coalesce((SELECT seq FROM cursor WHERE name = 'down' AND epoch = down_epoch), 0), down_seq), down_seq, "
        "passed_by, passed_at, lifted_at FROM fence ORDER BY id DESC LIMIT 1"
    )
    return RestorePicture(*row) if row else None


def recounts(look: Look, limit: int = 200) -> list[RecountRow]:
    """What nobody has put right yet, oldest first."""
    rows = look.rows(
        "SELECT r.id, r.what, r.session_id, r.sku, coalesce(d.name || ' ' || s.spec, ''), r.quantity, r.applied, "
        "r.note, r.at FROM recount r LEFT JOIN sku s ON s.code = r.sku AND r.sku <> '' "
        "LEFT JOIN product d ON d.id = s.product_id WHERE r.settled_at IS NULL ORDER BY r.id LIMIT ?",
        (limit,),
    )
    return [RecountRow(*row) for row in rows]
