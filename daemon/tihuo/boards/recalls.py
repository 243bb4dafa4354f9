"""批次追溯: who may have got goods of a batch, and how sure that is.

What is known: when each batch was counted in, and when units were put into which parcel. A unit has no number of its
own, so a parcel is *sure* only if nothing else than that batch can have been put into it: goods of a pre-sale, of which
no other batch had been counted by then. All else that was put since the batch was counted is *possible*; and so is what
was put while its van was here and more was put than had been counted.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look


class BatchRow(msgspec.Struct, frozen=True):
    """Good units of one batch (and date) of a SKU that came in with a delivery; `at` is when the first was counted."""

    sku_id: int
    sku: str
    product: str
    spec: str
    unit: str
    supplier: str
    batch: str
    use_by: str
    units: int
    delivery_id: int
    title: str
    at: int


class GotRow(msgspec.Struct, frozen=True):
    """A parcel into which `units` of it were put, last at `at`; `handed_over` of them have left the shop."""

    name: str
    tail: str
    orders: str
    order_no: int
    slot: str
    units: int
    handed_over: int
    at: int
    sure: bool


class Recall(msgspec.Struct, frozen=True):
    """`came` units of the batch; who got what; `walk_in` units of the SKU were sold since to people nobody knows."""

    came: int
    rows: tuple[GotRow, ...]
    walk_in: int


def batches(look: Look, text: str = "", limit: int = 200) -> list[BatchRow]:
    """Batches whose number, date, product or code has `text` in it, the newest first."""
    rows = look.rows(
        "SELECT s.id, s.code, p.name, s.spec, s.unit, d.supplier, c.batch, c.use_by, sum(c.quantity), d.id, l.title, "
        "min(c.at) FROM delivery_count c JOIN delivery d ON d.id = c.delivery_id JOIN sku s ON s.id = c.sku_id "
        "JOIN product p ON p.id = s.product_id JOIN live_session l ON l.id = d.session_id "
        "WHERE c.how = 'good' AND c.undone_at IS NULL AND (c.batch <> '' OR c.use_by <> '') "
        "AND (?1 = '' OR instr(lower(c.batch), ?1) OR instr(c.use_by, ?1) OR instr(lower(p.name), ?1) "
        "OR lower(s.code) = ?1) GROUP BY d.id, s.id, c.batch, c.use_by ORDER BY d.id DESC, p.name, c.use_by LIMIT ?2",
        (text.strip().lower(), limit),
    )
    return [BatchRow(*row) for row in rows]


def recall(look: Look, sku_id: int, batch: str, use_by: str) -> Recall:
    """Everybody who got, or may have got, units of a batch, whatever deliveries it came with."""
    counted = look.rows(
        "SELECT c.id, c.delivery_id, c.quantity, c.batch = ?2 AND c.use_by = ?3 FROM delivery_count c "
        "WHERE c.sku_id = ?1 AND c.how = 'good' AND c.undone_at IS NULL",
        (sku_id, batch, use_by),
    )
    ours = {count_id for count_id, _, _, same in counted if same}
    others = {count_id for count_id, _, _, same in counted if not same}
    vans = {delivery_id for _, delivery_id, _, same in counted if same}
    only = _nothing_else(look, sku_id, vans)
    came = alone = False
    vans_here: set[int] = set()
    on_the_floor = walk_in = 0
    parcels: dict[int, tuple[int, int, bool]] = {}
    for kind, at, delivery_id, count_id, parcel_id, units in _story(look, sku_id):
        if kind == "delivery.opened":
            vans_here |= {delivery_id} & vans
        elif kind == "units.counted":
            on_the_floor += units if count_id in ours | others else 0
            came = came or count_id in ours
            only = only and count_id not in others
            alone = came and only
        else:
            on_the_floor += units if kind == "put.undone" else -units
            # more is gone than was counted: somebody took from what nobody had counted yet
            if not (came or (vans_here and on_the_floor < 0)):
                continue
            if kind == "walk_in.sold":
                walk_in += units
                continue
            before, last, sure = parcels.get(parcel_id, (0, at, True))
            put = kind == "units.put"
            sure = sure and (not put or (alone and on_the_floor >= 0))
            parcels[parcel_id] = (before + (units if put else -units), at if put else last, sure)
    return Recall(sum(units for _, _, units, same in counted if same), tuple(_people(look, sku_id, parcels)), walk_in)


def _nothing_else(look: Look, sku_id: int, vans: set[int]) -> bool:
    """Whether these deliveries are the only source of a SKU: a pre-sale, and the shop has no stock of its own."""
    for delivery_id in vans:
        row = look.one(
            "SELECT i.kind, coalesce(v.from_stock, 0) + max(0, s.on_hand - coalesce(v.to_stock, 0)) "
            "FROM delivery d JOIN sku s ON s.id = ?2 "
            "LEFT JOIN session_item i ON i.session_id = d.session_id AND i.sku_id = s.id "
            "LEFT JOIN delivery_line v ON v.delivery_id = d.id AND v.sku_id = s.id WHERE d.id = ?1",
            (delivery_id, sku_id),
        )
        if row is None or row[0] != "presale" or row[1]:
            return False
    return True


def _story(look: Look, sku_id: int) -> list[tuple[str, int, int, int, int, int]]:
    """(kind, at, delivery, count, parcel, units) of everything that moved a SKU, as the journal has it."""
    return look.rows(
        "SELECT kind, at, coalesce(data ->> 'delivery_id', 0), coalesce(data ->> 'count_id', 0), "
        "coalesce(data ->> 'parcel_id', 0), coalesce(data ->> 'quantity', 0) FROM (SELECT entry, kind, at, "
        "CAST(data AS TEXT) AS data FROM journal WHERE kind IN ('delivery.opened', 'units.counted', 'units.put', "
        "'put.undone', 'walk_in.sold')) WHERE kind = 'delivery.opened' "
        "OR data ->> 'sku' = (SELECT code FROM sku WHERE id = ?) ORDER BY entry",
        (sku_id,),
    )


def _people(look: Look, sku_id: int, parcels: dict[int, tuple[int, int, bool]]) -> list[GotRow]:
    found = []
    for parcel_id, (units, at, sure) in parcels.items():
        row = look.one(
            "SELECT c.name, c.phone, group_concat(o.order_id, ' '), min(o.no), p.slot, sum(l.handed_over) "
            "FROM parcel p JOIN customer c ON c.id = p.customer_id JOIN order_line l ON l.parcel_id = p.id "
            "AND l.sku_id = ?2 JOIN shop_order o ON o.no = l.order_no WHERE p.id = ?1 GROUP BY p.id",
            (parcel_id, sku_id),
        )
        if row is not None and units > 0:
            name, phone, orders, order_no, slot, gone = row
            found.append(
                GotRow(mask_name(name), phone_tail(phone), orders, order_no, slot, units, min(gone, units), at, sure)
            )
    return sorted(found, key=lambda got: (not got.sure, got.order_no))
