"""库存: the goods of a session, where each right is, and what the cloud may know of it."""

from __future__ import annotations

from typing import Any

import msgspec

from tihuo.shop.work import Look


class ItemRow(msgspec.Struct, frozen=True):
    """One SKU of a session in units (prices in fen); `minted` is the sum of the six places that follow it. `owed` are
    missing while the cloud may still give rights back; `walk_in` of what was handed over went to walk-ins."""

    session_id: str
    sku: str
    barcode: str | None
    name: str
    spec: str
    unit: str
    zone: str
    kind: str
    price_fen: int
    minted: int
    free: int
    granted: int
    ordered: int
    quarantine: int
    handed_over: int
    void: int
    version: int
    owed: int
    walk_in: int


class SessionRow(msgspec.Struct, frozen=True):
    session_id: str
    title: str
    state: str
    starts_at: int
    ends_at: int
    window_from: int
    window_to: int
    items: int
    orders: int
    paid_fen: int
    refunded_fen: int


class SkuRow(msgspec.Struct, frozen=True):
    sku: str
    barcode: str | None
    name: str
    spec: str
    unit: str
    zone: str
    price_fen: int
    on_hand: int
    supplier: str
    nominal_grams: int | None = None
    scale_code: str = ""


def session_items(look: Look, session_id: str) -> list[ItemRow]:
    rows = look.rows(
        "SELECT i.session_id, s.code, s.barcode, d.name, s.spec, s.unit, s.zone, i.kind, i.price_fen, i.minted, "
        "i.free, i.granted, i.ordered, i.quarantine, i.handed_over, i.void, i.version, i.owed, i.walk_in "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id JOIN product d ON d.id = s.product_id "
        "WHERE i.session_id = ? ORDER BY s.zone, d.name, s.spec",
        (session_id,),
    )
    return [ItemRow(*row) for row in rows]


def sessions(look: Look, limit: int = 30) -> list[SessionRow]:
    """The newest sessions first."""
    rows = look.rows(
        "SELECT l.id, l.title, l.state, l.starts_at, l.ends_at, l.window_from, l.window_to, "
        "(SELECT count(*) FROM session_item WHERE session_id = l.id), count(o.no), coalesce(sum(o.paid_fen), 0), "
        "coalesce(sum(o.refunded_fen), 0) FROM live_session l LEFT JOIN shop_order o ON o.session_id = l.id "
        "AND o.state = 'accepted' GROUP BY l.id ORDER BY l.version DESC, l.id DESC LIMIT ?",
        (limit,),
    )
    return [SessionRow(*row) for row in rows]


def catalog(look: Look, limit: int = 500) -> list[SkuRow]:
    """中央商品池, by zone and name."""
    rows = look.rows(
        "SELECT s.code, s.barcode, d.name, s.spec, s.unit, s.zone, s.price_fen, s.on_hand, d.supplier, "
        "s.nominal_grams, coalesce(s.scale_code, '') FROM sku s "
        "JOIN product d ON d.id = s.product_id ORDER BY s.zone, d.name, s.spec LIMIT ?",
        (limit,),
    )
    return [SkuRow(*row) for row in rows]


def changed_items(look: Look, after_version: int) -> list[dict[str, Any]]:
    """Items of open or closed sessions that changed after a version, as the contract's `state` names them."""
    rows = look.rows(
        "SELECT s.code, i.session_id, r.free, r.granted, r.ordered, r.owed, r.version FROM item_rights r CROSS JOIN "
        "item_terms i ON i.no = r.no JOIN sku s ON s.id = i.sku_id JOIN live_session l ON l.id = i.session_id "
        "WHERE r.version > ? AND l.state <> 'draft' ORDER BY r.version",
        (after_version,),
    )
    return [
        {
            "sku": sku,
            "session_id": session,
            "free": free,
            "granted": granted,
            "ordered": ordered,
            "remaining_to_sell": free + granted - owed,
            "version": version,
        }
        for sku, session, free, granted, ordered, owed, version in rows
    ]
