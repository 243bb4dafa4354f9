"""Finding one thing of the catalog (中央商品池): by its barcode, its code, or a part of its name."""

from __future__ import annotations

import msgspec

from tihuo.boards.stock import SkuRow
from tihuo.shop.catalog import gtin13
from tihuo.shop.work import Look

_SELECT = (
    "SELECT s.code, s.barcode, d.name, s.spec, s.unit, s.zone, s.price_fen, s.on_hand, d.supplier, "
    "s.nominal_grams, coalesce(s.scale_code, '') FROM sku s JOIN product d ON d.id = s.product_id "
)


def find_goods(look: Look, text: str, limit: int = 30) -> list[SkuRow]:
    """What a scan or a few typed letters may mean. A barcode or a code that fits exactly is the only answer."""
    text = text.strip()
    if not text:
        return []
    exact = look.rows(f"{_SELECT} WHERE s.barcode = ? OR s.code = ?", (gtin13(text), text))
    if exact:
        return [SkuRow(*row) for row in exact]
    rows = look.rows(
        f"{_SELECT} WHERE instr(lower(d.name), ?1) OR instr(lower(s.spec), ?1) OR instr(lower(s.code), ?1) "
        "ORDER BY s.zone, d.name, s.spec LIMIT ?2",
        (text.lower(), limit),
    )
    return [SkuRow(*row) for row in rows]


def sku_row(look: Look, code: str) -> SkuRow | None:
    """The SKU of this code."""
    row = look.one(f"{_SELECT} WHERE s.code = ?", (code,))
    return SkuRow(*row) if row else None


class Offer(msgspec.Struct, frozen=True):
    """A SKU in a session: if that is open, `free` units may be sold over the counter, at that price (fen); `quarantine`
    units wait for a decision."""

    session_id: str
    title: str
    sku: str
    kind: str
    open: bool
    free: int
    quarantine: int
    price_fen: int


def offers(look: Look, codes: list[str]) -> dict[str, list[Offer]]:
    """SKU code -> where it is on offer now, or waits for a decision."""
    marks = ", ".join("?" * len(codes))
    rows = look.rows(
        "SELECT i.session_id, l.title, s.code, i.kind, l.state = 'open', i.free, i.quarantine, i.price_fen "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id JOIN live_session l ON l.id = i.session_id "
        f"WHERE (l.state = 'open' OR i.quarantine > 0) AND s.code IN ({marks}) "
        "ORDER BY l.version DESC",
        codes,
    )
    found: dict[str, list[Offer]] = {}
    for row in rows:
        found.setdefault(row[2], []).append(Offer(*row))
    return found
