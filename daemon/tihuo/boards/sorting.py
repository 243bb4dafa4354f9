"""The sorting floor: a wave by product, by customer, and what the item in somebody's hand is wanted for."""

from __future__ import annotations

import msgspec

from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look

_OPEN = "l.quantity - l.put - l.short - l.cancelled"


class WavePicture(msgspec.Struct, frozen=True):
    wave_id: int
    session_id: str
    state: str
    parcels: int
    parcels_done: int
    units: int
    units_put: int
    units_short: int


class ProductRow(msgspec.Struct, frozen=True, gc=False):
    """One SKU of the wave in units: `wanted` = `put` + `short` + what is still to do (`left`)."""

    sku_id: int
    sku: str
    name: str
    spec: str
    unit: str
    zone: str
    wanted: int
    put: int
    short: int
    left: int


class ParcelRow(msgspec.Struct, frozen=True, gc=False):
    parcel_id: int
    slot: str
    place: int
    zone: str
    state: str
    number: int
    of: int
    name: str
    tail: str
    wanted: int
    put: int
    short: int


class ParcelLine(msgspec.Struct, frozen=True, gc=False):
    parcel_id: int
    sku_id: int
    name: str
    spec: str
    unit: str
    wanted: int
    put: int
    short: int


class Want(msgspec.Struct, frozen=True):
    """A slot that wants the item in the hand."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    left: int
    put: int


class StationPicture(msgspec.Struct, frozen=True):
    """One sorting station. `refusal` as `stages.sorting.Scanned`; `sku_id` is None with an empty hand."""

    station: str
    sku_id: int | None = None
    sku: str = ""
    name: str = ""
    spec: str = ""
    unit: str = ""
    zone: str = ""
    wants: tuple[Want, ...] = ()
    left: int = 0
    refusal: str = ""
    text: str = ""


def waves(look: Look, limit: int = 10) -> list[WavePicture]:
    """The newest waves first."""
    rows = look.rows(
        "SELECT w.id, w.session_id, w.state, "
        "(SELECT count(*) FROM parcel WHERE wave_id = w.id), "
        "(SELECT count(*) FROM parcel WHERE wave_id = w.id AND state <> 'sorting'), "
        "coalesce(sum(l.quantity - l.cancelled), 0), coalesce(sum(l.put), 0), coalesce(sum(l.short), 0) "
        "FROM wave w LEFT JOIN parcel p ON p.wave_id = w.id LEFT JOIN order_line l ON l.parcel_id = p.id "
        "GROUP BY w.id ORDER BY w.id DESC LIMIT ?",
        (limit,),
    )
    return [WavePicture(*row) for row in rows]


def waiting_orders(look: Look) -> list[tuple[str, str, int, int]]:
    """What no wave has yet: (session id, title, orders, units)."""
    return [
        (row[0], row[1], row[2], row[3])
        for row in look.rows(
            f"SELECT s.id, s.title, count(DISTINCT o.no), sum({_OPEN}) FROM live_session s "
            "JOIN shop_order o ON o.session_id = s.id JOIN order_line l ON l.order_no = o.no "
            f"WHERE o.state = 'accepted' AND l.parcel_id IS NULL AND {_OPEN} > 0 GROUP BY s.id ORDER BY s.id",
        )
    ]


def by_product(look: Look, wave_id: int) -> list[ProductRow]:
    """按商品分拣: every SKU of the wave with its totals."""
    rows = look.rows(
        "SELECT t.sku_id, s.code, d.name, s.spec, s.unit, s.zone, t.wanted, t.put, t.short, t.wanted - t.put - t.short "
        "FROM (SELECT l.sku_id, sum(l.quantity - l.cancelled) AS wanted, sum(l.put) AS put, sum(l.short) AS short "
        "FROM parcel p JOIN order_line l ON l.parcel_id = p.id WHERE p.wave_id = ? GROUP BY l.sku_id) t "
        "JOIN sku s ON s.id = t.sku_id JOIN product d ON d.id = s.product_id ORDER BY s.zone, d.name, s.spec",
        (wave_id,),
    )
    return [ProductRow(*row) for row in rows]


def by_customer(look: Look, wave_id: int, after: int = 0, limit: int = 50) -> list[ParcelRow]:
    """按顾客分拣: the parcels of a wave in the order of their numbers, `limit` of them after parcel `after`."""
    rows = look.rows(
        "SELECT p.id, p.slot, p.place, p.zone, p.state, p.number, p.of_total, c.name, c.phone, "
        "sum(l.quantity - l.cancelled), sum(l.put), sum(l.short) FROM "
        "(SELECT * FROM parcel WHERE wave_id = ? AND id > ? ORDER BY id LIMIT ?) p "
        "JOIN customer c ON c.id = p.customer_id JOIN order_line l ON l.parcel_id = p.id GROUP BY p.id ORDER BY p.id",
        (wave_id, after, limit),
    )
    return [
        ParcelRow(parcel, slot, place, zone, state, number, of, mask_name(name), phone_tail(phone), wanted, put, short)
        for parcel, slot, place, zone, state, number, of, name, phone, wanted, put, short in rows
    ]


def parcel_lines(look: Look, parcel_ids: list[int]) -> list[ParcelLine]:
    """What is to go into these parcels, in their order."""
    marks = ", ".join("?" * len(parcel_ids))
    rows = look.rows(
        "SELECT l.parcel_id, l.sku_id, d.name, s.spec, s.unit, sum(l.quantity - l.cancelled), sum(l.put), sum(l.short) "
        "FROM order_line l JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id "
        f"WHERE l.parcel_id IN ({marks}) GROUP BY l.parcel_id, l.sku_id ORDER BY l.parcel_id, d.name",
        parcel_ids,
    )
    return [ParcelLine(*row) for row in rows]


def parcel_row(look: Look, parcel_id: int) -> ParcelRow | None:
    wave = look.one("SELECT wave_id FROM parcel WHERE id = ?", (parcel_id,))
    found = by_customer(look, wave[0], parcel_id - 1, 1) if wave else []
    return found[0] if found and found[0].parcel_id == parcel_id else None


def station_picture(look: Look, station: str) -> StationPicture:
    """What one station's page and lamps show."""
    row = look.one(
        "SELECT t.wave_id, t.sku_id, t.refusal, t.text, s.code, d.name, s.spec, s.unit, s.zone FROM station t "
        "LEFT JOIN sku s ON s.id = t.sku_id LEFT JOIN product d ON d.id = s.product_id WHERE t.name = ?",
        (station,),
    )
    if row is None:
        return StationPicture(station=station)
    wave_id, sku_id, refusal, text, code, name, spec, unit, zone = row
    if sku_id is None:
        return StationPicture(station=station, refusal=refusal, text=text)
    wants = tuple(
        Want(*want)
        for want in look.rows(
            f"SELECT p.id, p.slot, p.place, p.zone, sum({_OPEN}), sum(l.put) FROM order_line l "
            "JOIN parcel p ON p.id = l.parcel_id WHERE p.wave_id = ? AND l.sku_id = ? GROUP BY p.id "
            f"HAVING sum({_OPEN}) > 0 ORDER BY p.slot, p.place",
            (wave_id, sku_id),
        )
    )
    return StationPicture(
        station, sku_id, code, name, spec, unit, zone, wants, sum(want.left for want in wants), refusal, text
    )


def wave_items(look: Look, wave_id: int, text: str = "", limit: int = 30) -> list[ProductRow]:
    """The SKUs of a wave whose name, code or barcode contains `text`: for goods that have no barcode to scan."""
    needle = text.strip()
    rows = by_product(look, wave_id)
    if needle:
        rows = [row for row in rows if needle in row.name or needle in row.spec or needle == row.sku]
    return rows[:limit]


def is_sorted_now(look: Look, number: str) -> bool:
    """Whether a number from a bar code is a SKU of ours while a wave is open; any other number is a misread."""
    row = look.one(
        "SELECT 1 FROM sku WHERE (barcode = ?1 OR code = ?1) AND EXISTS (SELECT 1 FROM wave WHERE state = 'open')",
        (number,),
    )
    return row is not None


def wave_by_customer(look: Look, wave_id: int) -> tuple[list[ParcelRow], list[ParcelLine]]:
    """A whole wave 按顾客, as `by_customer` and `parcel_lines` show it leaf by leaf: for a list or an export."""
    goods = {
        sku: (name, spec, unit)
        for sku, name, spec, unit in look.rows(
            "SELECT s.id, d.name, s.spec, s.unit FROM sku s JOIN product d ON d.id = s.product_id"
        )
    }
    lines: list[ParcelLine] = []
    sums: dict[int, list[int]] = {}
    before = (0, 0)
    for parcel, sku, wanted, put, short in look.rows(
        "SELECT l.parcel_id, l.sku_id, l.quantity - l.cancelled, l.put, l.short FROM parcel p "
        "JOIN order_line l ON l.parcel_id = p.id WHERE p.wave_id = ? ORDER BY p.id, l.sku_id",
        (wave_id,),
    ):
        total = sums.setdefault(parcel, [0, 0, 0])
        total[0] += wanted
        total[1] += put
        total[2] += short
        if before == (parcel, sku):  # two orders of one customer in one bag
            same = lines.pop()
            wanted, put, short = wanted + same.wanted, put + same.put, short + same.short
        name, spec, unit = goods[sku]
        lines.append(ParcelLine(parcel, sku, name, spec, unit, wanted, put, short))
        before = parcel, sku
    people = {
        customer: (mask_name(name), phone_tail(phone))
        for customer, name, phone in look.rows(
            "SELECT id, name, phone FROM customer WHERE id IN (SELECT customer_id FROM parcel WHERE wave_id = ?)",
            (wave_id,),
        )
    }
    parcels = [
        ParcelRow(parcel, slot, place, zone, state, number, of, *people[customer], *sums[parcel])
        for parcel, slot, place, zone, state, number, of, customer in look.rows(
            "SELECT id, slot, place, zone, state, number, of_total, customer_id FROM parcel WHERE wave_id = ? "
            "ORDER BY id",
            (wave_id,),
        )
    ]
    return parcels, lines
