"""The sorting floor: a wave by product, by customer, and what the item in somebody's hand is wanted for."""

from __future__ import annotations

import msgspec

from tihuo.shop.doors import building_of, door_order
from tihuo.shop.items import items_named
from tihuo.shop.waves import LIT, MINE, OPEN, WANTED, look_of, next_picker
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import House, Look


class WavePicture(msgspec.Struct, frozen=True):
    """One wave. `window_from` (None: all) and `building` (empty: all) are what it was chosen by; `cluster_of`: so many
    parcels are carried at once, 0 where each product is spread over all slots."""

    wave_id: int
    session_id: str
    state: str
    window_from: int | None
    building: str
    cluster_of: int
    parcels: int
    parcels_done: int
    units: int
    units_put: int
    units_short: int

    @property
    def left(self) -> int:
        return self.units - self.units_put - self.units_short


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
    """A slot that wants the item in the hand. `cluster`: the parcel is carried, 0 for none."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    left: int
    put: int
    cluster: int = 0


class ItemChoice(msgspec.Struct, frozen=True):
    """One of the SKUs that a barcode may mean; `left` units of it are wanted in all open waves."""

    sku_id: int
    sku: str
    name: str
    spec: str
    unit: str
    left: int


class StationPicture(msgspec.Struct, frozen=True):
    """One sorting station. `refusal` as `stages.sorting.Scanned`; `sku_id` is None with an empty hand.

    `wave_id` and `cluster` are what she works on (None: all that is open). `color` and `rhythm` are hers while
    something is sorted; before her first scan those that are free. `grams`: what a scale said of the piece she holds.
    """

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
    wave_id: int | None = None
    cluster: int | None = None
    picker: int = 0
    color: str = ""
    rhythm: str = ""
    grams: int = 0
    choices: tuple[ItemChoice, ...] = ()


class Sorter(msgspec.Struct, frozen=True):
    """Who works where: a station with its colour and rhythm, what it works on, and what is in the hand there."""

    station: str
    actor: str
    color: str
    rhythm: str
    wave_id: int | None
    cluster: int | None
    sku: str
    name: str
    slots: int


def waves(look: Look, limit: int = 10) -> list[WavePicture]:
    """The newest waves, those that are open first."""
    rows = look.rows(
        "SELECT w.id, w.session_id, w.state, w.window_from, w.building, w.cluster_of, "
        "(SELECT count(*) FROM parcel WHERE wave_id = w.id), "
        "(SELECT count(*) FROM parcel WHERE wave_id = w.id AND state <> 'sorting'), "
        "coalesce(sum(i.wanted), 0), coalesce(sum(i.put), 0), coalesce(sum(i.short), 0) "
        "FROM (SELECT * FROM wave ORDER BY id DESC LIMIT ?) w LEFT JOIN wave_item i ON i.wave_id = w.id "
        "GROUP BY w.id ORDER BY w.state = 'done', w.id DESC",
        (limit,),
    )
    return [WavePicture(*row) for row in rows]


def waiting_orders(look: Look) -> list[tuple[str, str, int, int]]:
    """What no wave has yet: (session id, title, orders, units)."""
    return [
        (row[0], row[1], row[2], row[3])
        for row in look.rows(
            f"SELECT s.id, s.title, count(DISTINCT o.no), sum({OPEN}) FROM live_session s "
            "JOIN shop_order o ON o.session_id = s.id JOIN order_line l ON l.order_no = o.no "
            f"WHERE o.state = 'accepted' AND l.parcel_id IS NULL AND {OPEN} > 0 GROUP BY s.id ORDER BY s.id",
        )
    ]


class WaitingPart(msgspec.Struct, frozen=True):
    """Orders that no wave has yet, of one window (`window`) or one building (`building`)."""

    orders: int
    units: int
    window: tuple[int, int] | None = None
    building: str = ""


def waiting_parts(look: Look, session_id: str) -> tuple[list[WaitingPart], list[WaitingPart]]:
    """What a wave of a session can be chosen by: its windows, and its buildings where doors have one."""
    rows = look.rows(
        f"SELECT o.window_from, o.window_to, c.door, o.no, sum({OPEN}) FROM shop_order o "
        "JOIN order_line l ON l.order_no = o.no JOIN customer c ON c.id = o.customer_id WHERE o.session_id = ? "
        f"AND o.state = 'accepted' AND l.parcel_id IS NULL AND {OPEN} > 0 GROUP BY o.no ORDER BY o.window_from",
        (session_id,),
    )
    windows: dict[tuple[int, int], list[int]] = {}
    buildings: dict[str, list[int]] = {}
    for start, end, door, _, units in rows:
        windows.setdefault((start, end), []).append(units)
        if building := building_of(door):
            buildings.setdefault(building, []).append(units)
    return (
        [WaitingPart(len(units), sum(units), window=window) for window, units in windows.items()],
        [
            WaitingPart(len(units), sum(units), building=name)
            for name, units in sorted(buildings.items(), key=lambda part: door_order(part[0]))
        ],
    )


def by_product(look: Look, wave_id: int) -> list[ProductRow]:
    """按商品分拣: every SKU of the wave with its totals."""
    rows = look.rows(
        "SELECT i.sku_id, s.code, d.name, s.spec, s.unit, s.zone, i.wanted, i.put, i.short, i.wanted - i.put - i.short "
        "FROM wave_item i JOIN sku s ON s.id = i.sku_id JOIN product d ON d.id = s.product_id WHERE i.wave_id = ? "
        "ORDER BY s.zone, d.name, s.spec",
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


def picker_of(look: Look, station: str) -> tuple[int, str, str]:
    """The number that a station has, or would get, with its colour and its rhythm."""
    row = look.one("SELECT picker FROM station WHERE name = ? AND picker IS NOT NULL", (station,))
    picker = int(row[0]) if row else next_picker(look.rows) or 0
    return picker, *look_of(picker)


def station_picture(look: Look, station: str) -> StationPicture:
    """What one station's page and lamps show."""
    row = look.one(
        "SELECT t.wave_id, t.cluster, t.sku_id, t.refusal, t.text, t.grams, s.code, d.name, s.spec, s.unit, "
        "s.zone FROM station t LEFT JOIN sku s ON s.id = t.sku_id LEFT JOIN product d ON d.id = s.product_id "
        "WHERE t.name = ?",
        (station,),
    )
    wave_id, cluster, sku_id, refusal, text, grams, *item = row or (None,) * 11
    picker, color, rhythm = picker_of(look, station)
    picture = StationPicture(
        station,
        refusal=refusal or "",
        text=text or "",
        wave_id=wave_id,
        cluster=cluster,
        picker=picker,
        color=color,
        rhythm=rhythm,
        choices=_choices(look, text) if refusal == "choose_product" else (),
    )
    if sku_id is None:
        return picture
    wants = tuple(
        Want(*want)
        for want in look.rows(
            f"SELECT p.id, p.slot, p.place, p.zone, sum({OPEN}), sum(l.put), p.cluster {LIT} AND t.name = ? "
            "GROUP BY p.id ORDER BY p.slot, p.place",
            (station,),
        )
    )
    code, name, spec, unit, zone = item
    return msgspec.structs.replace(
        picture,
        sku_id=sku_id,
        sku=code,
        name=name,
        spec=spec,
        unit=unit,
        zone=zone,
        wants=wants,
        left=sum(want.left for want in wants),
        grams=grams,
    )


def _choices(look: Look, text: str) -> tuple[ItemChoice, ...]:
    rows = look.rows(
        "SELECT s.id, s.code, d.name, s.spec, s.unit, (SELECT coalesce(sum(i.wanted - i.put - i.short), 0) "
        "FROM wave_item i JOIN wave w ON w.id = i.wave_id WHERE w.state = 'open' AND i.sku_id = s.id) AS still "
        "FROM sku s JOIN product d ON d.id = s.product_id WHERE s.barcode = ? ORDER BY still = 0, s.id",
        (text,),
    )
    return tuple(ItemChoice(*row) for row in rows)


def who_sorts(look: Look) -> list[Sorter]:
    """Every station at which somebody works, in the order of their numbers."""
    rows = look.rows(
        "SELECT t.name, t.actor, t.picker, t.wave_id, t.cluster, coalesce(s.code, ''), coalesce(d.name, ''), "
        f"(SELECT count(DISTINCT p.slot) FROM order_line l JOIN parcel p ON p.id = l.parcel_id "
        f"WHERE l.sku_id = t.sku_id AND {WANTED} AND {MINE}) "
        "FROM station t LEFT JOIN sku s ON s.id = t.sku_id LEFT JOIN product d ON d.id = s.product_id "
        "WHERE t.picker IS NOT NULL ORDER BY t.picker",
    )
    return [Sorter(name, actor, *look_of(picker), *rest) for name, actor, picker, *rest in rows]


def is_sorted_now(look: Look, number: str, house: House) -> bool:
    """Whether a number from a bar code is a SKU of ours while a wave is open; any other number is a misread."""
    open_now = look.one("SELECT 1 FROM wave WHERE state = 'open'") is not None
    return open_now and bool(items_named(look.rows, house, number).skus)
