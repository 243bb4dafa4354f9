"""分拣: from paid orders to labelled parcels, one item in the hand at a time."""

from __future__ import annotations

import msgspec

from tihuo.shop.catalog import gtin13
from tihuo.shop.events import (
    ItemScanned,
    PutUndone,
    UnitsDamaged,
    UnitsPut,
    WaveOpened,
)
from tihuo.shop.fence import keep_out
from tihuo.shop.orders import shorten
from tihuo.shop.parcels import call_off_label, settle_parcel
from tihuo.shop.shortages import BY_HAND, lose
from tihuo.shop.stock import book
from tihuo.shop.waves import next_parcel
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work

_OPEN = "(l.quantity - l.put - l.short - l.cancelled)"


class Scanned(msgspec.Struct, frozen=True):
    """What a scan at a sorting station came to.

    `refusal` is empty, `unknown_barcode`, `not_in_wave` or `nobody_wants_it`.
    """

    sku_id: int | None
    sku: str
    refusal: str


def open_wave(work: Work, session_id: str) -> int:
    """Open a wave (分拣波次) over the accepted orders that no wave has yet; gives its number.

    A parcel is one person × window × zone, and each gets the emptiest slot of its zone.
    Raises `Refusal`: `nothing_to_sort`, `no_slots` (the shelf has none in that zone).
    """
    keep_out(work)
    lines = work.sql(
        "SELECT o.customer_id, o.window_from, o.window_to, s.zone, l.order_no, l.line_no, "
        f"{_OPEN} FROM shop_order o JOIN order_line l ON l.order_no = o.no "
        "JOIN sku s ON s.id = l.sku_id WHERE o.session_id = ? AND o.state = 'accepted' AND l.parcel_id IS NULL "
        f"AND {_OPEN} > 0 ORDER BY o.no, l.line_no",
        (session_id,),
    ).fetchall()
    if not lines:
        raise Refusal("nothing_to_sort", session=session_id)
    bags: dict[tuple[str, int, int], dict[str, list[tuple[int, int]]]] = {}
    for customer, window_from, window_to, zone, order_no, line_no, _ in lines:
        bags.setdefault((customer, window_from, window_to), {}).setdefault(zone, []).append((order_no, line_no))
    wave_id = work.sql(
        "INSERT INTO wave(session_id, state, opened_at) VALUES (?, 'open', ?)", (session_id, work.now)
    ).lastrowid
    assert wave_id is not None
    shelf = _Shelf(work)
    parcels = 0
    for (customer, window_from, window_to), zones in bags.items():
        for number, zone in enumerate((zone for zone in Zone if zone in zones), 1):
            slot, place = shelf.next_place(zone)
            parcel_id = next_parcel(work)
            work.sql(
                "INSERT INTO parcel(id, wave_id, customer_id, window_from, window_to, zone, slot, place, number, "
                "of_total, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sorting')",
                (parcel_id, wave_id, customer, window_from, window_to, zone.value, slot, place, number, len(zones)),
            )
            work.many(
                "UPDATE order_line SET parcel_id = ? WHERE order_no = ? AND line_no = ?",
                [(parcel_id, order_no, line_no) for order_no, line_no in zones[zone]],
            )
            parcels += 1
    units = sum(line[6] for line in lines)
    work.record(WaveOpened(wave_id=wave_id, session_id=session_id, parcels=parcels, units=units))
    return wave_id


class _Shelf:
    """How full each slot is, while parcels are being given places."""

    def __init__(self, work: Work) -> None:
        self._slots = work.house.slots
        self._taken: dict[str, list[int]] = {}
        for slot, place in work.sql("SELECT slot, place FROM parcel WHERE state IN ('sorting', 'ready')"):
            self._taken.setdefault(slot, []).append(place)

    def next_place(self, zone: Zone) -> tuple[str, int]:
        slots = self._slots.get(zone)
        if not slots:
            raise Refusal("no_slots", zone=zone.value)
        slot = min(slots, key=lambda name: len(self._taken.get(name, ())))
        places = self._taken.setdefault(slot, [])
        place = next(n for n in range(1, len(places) + 2) if n not in places)
        places.append(place)
        return slot, place


def scan_item(work: Work, station: str, text: str) -> Scanned:
    """Somebody holds an item: remember it at her station, so that the slots that want it light up.

    `text` is a barcode, or a SKU code for goods that have none. A wrong item is a fact and is recorded.
    """
    text = text.strip()[:64]
    wave = work.one("SELECT max(id) FROM wave WHERE state = 'open'")
    wave_id = wave[0] if wave else None
    sku = work.one("SELECT id, code FROM sku WHERE barcode = ? OR code = ?", (gtin13(text), text))
    refusal = "unknown_barcode"
    if sku is not None:
        counts = work.one(
            f"SELECT count(*), coalesce(sum({_OPEN}), 0) FROM order_line l JOIN parcel p ON p.id = l.parcel_id "
            "WHERE p.state IN ('sorting', 'ready', 'empty') AND p.wave_id = ? AND l.sku_id = ?",
            (wave_id, sku[0]),
        )
        assert counts is not None
        refusal = "" if counts[1] else "nobody_wants_it" if counts[0] else "not_in_wave"
    found = Scanned(sku[0] if sku and not refusal else None, sku[1] if sku else "", refusal)
    work.sql(
        "INSERT INTO station(name, wave_id, sku_id, actor, refusal, text, scanned_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(name) DO UPDATE SET "
        "wave_id = ?2, sku_id = ?3, actor = ?4, refusal = ?5, text = ?6, scanned_at = ?7",
        (station, wave_id, found.sku_id, work.actor, refusal, text, work.now),
    )
    work.record(ItemScanned(station=station, sku=found.sku, text=text, refusal=refusal))
    return found


def lay_down(work: Work, station: str) -> None:
    """The item in the hand is put away: its lamps go out."""
    if work.sql(
        "UPDATE station SET sku_id = NULL, refusal = '', text = '' "
        "WHERE name = ? AND (sku_id IS NOT NULL OR refusal <> '')",
        (station,),
    ).rowcount:
        work.record(ItemScanned(station=station, sku=""))


def put(work: Work, parcel_id: int, sku_id: int, quantity: int) -> str:
    """分货入格: units of a SKU went into a parcel's slot; gives the parcel's state afterwards.

    The unit that completes a parcel queues its label in the same transaction.
    Raises `Refusal`: `bad_quantity`, `more_than_wanted` (somebody else put it, or it was cancelled).
    """
    keep_out(work)
    for order_no, line_no, units in _spread(work, parcel_id, sku_id, quantity):
        work.sql("UPDATE order_line SET put = put + ? WHERE order_no = ? AND line_no = ?", (units, order_no, line_no))
    work.record(UnitsPut(parcel_id=parcel_id, sku=_code(work, sku_id), quantity=quantity))
    return settle_parcel(work, parcel_id)


def undo_put(work: Work, parcel_id: int, sku_id: int, quantity: int) -> str:
    """Take units back out of a slot; a label not printed yet is called off.

    Raises `Refusal`: `bad_quantity`, `not_put`, `already_collected`.
    """
    keep_out(work)
    parcel = work.one("SELECT state FROM parcel WHERE id = ?", (parcel_id,))
    if parcel is None or quantity <= 0:
        raise Refusal("bad_quantity")
    if parcel[0] == "handed_over":
        raise Refusal("already_collected")
    left = quantity
    for order_no, line_no, units in work.sql(
        "SELECT order_no, line_no, put - handed_over FROM order_line WHERE parcel_id = ? AND sku_id = ? "
        "AND put > handed_over ORDER BY order_no DESC, line_no DESC",
        (parcel_id, sku_id),
    ).fetchall():
        back = min(left, units)
        work.sql("UPDATE order_line SET put = put - ? WHERE order_no = ? AND line_no = ?", (back, order_no, line_no))
        left -= back
    if left:
        raise Refusal("not_put")
    work.record(PutUndone(parcel_id=parcel_id, sku=_code(work, sku_id), quantity=quantity))
    work.sql("UPDATE parcel SET state = 'sorting', ready_at = NULL WHERE id = ?", (parcel_id,))
    work.sql(
        "UPDATE wave SET state = 'open', done_at = NULL WHERE id = (SELECT wave_id FROM parcel WHERE id = ?)",
        (parcel_id,),
    )
    call_off_label(work, parcel_id)
    return "sorting"


def short(work: Work, parcel_id: int, sku_id: int, quantity: int) -> str:
    """缺货: units that a parcel wants are not there; refunds them and gives the parcel's state.

    Raises as `put` does.
    """
    keep_out(work)
    picks = _spread(work, parcel_id, sku_id, quantity)
    work.sql(
        "INSERT INTO shortage(session_id, sku_id, quantity, covered, short, reason, policy, actor, at, settled_at) "
        "VALUES (?1, ?2, ?3, 0, ?3, 'short', ?4, ?5, ?6, ?6)",
        (_session(work, parcel_id), sku_id, quantity, BY_HAND, work.actor, work.now),
    )
    for order_no, line_no, units in picks:
        shorten(work, order_no, line_no, units, "short")
    return settle_parcel(work, parcel_id)


def damage(work: Work, parcel_id: int, sku_id: int, quantity: int) -> str:
    """破损: units in the hand are broken. Units that nobody bought make them good; the rest becomes a shortage.

    After the cutoff those are back in the shop's stock, so they are taken from there; what the cloud still holds is
    asked for, and another unit goes into the parcel meanwhile. Raises as `put` does.
    """
    keep_out(work)
    picks = _spread(work, parcel_id, sku_id, quantity)
    loss = lose(work, _session(work, parcel_id), sku_id, quantity, "damage", work.house.shortage_policy)
    missing = loss.short
    for order_no, line_no, units in picks:
        lost = min(missing, units)
        if lost:
            shorten(work, order_no, line_no, lost, "damage")
            missing -= lost
    if loss.short:
        book(work, loss.shortage_id, "short", loss.short)
    work.record(UnitsDamaged(sku=_code(work, sku_id), quantity=quantity, replaced=quantity - loss.short))
    return settle_parcel(work, parcel_id)


def _session(work: Work, parcel_id: int) -> str:
    row = work.one(
        "SELECT session_id FROM wave JOIN parcel ON parcel.wave_id = wave.id WHERE parcel.id = ?", (parcel_id,)
    )
    assert row is not None
    return str(row[0])


def _spread(work: Work, parcel_id: int, sku_id: int, quantity: int) -> list[tuple[int, int, int]]:
    """Which lines of the parcel the units belong to, oldest order first: (order, line, units)."""
    if quantity <= 0:
        raise Refusal("bad_quantity")
    left = quantity
    picks = []
    for order_no, line_no, open_units in work.sql(
        f"SELECT l.order_no, l.line_no, {_OPEN} FROM order_line l "
        f"WHERE l.parcel_id = ? AND l.sku_id = ? AND {_OPEN} > 0 ORDER BY l.order_no, l.line_no",
        (parcel_id, sku_id),
    ).fetchall():
        units = min(left, open_units)
        if units:
            picks.append((order_no, line_no, units))
        left -= units
    if left:
        raise Refusal("more_than_wanted", wanted=quantity - left)
    return picks


def _code(work: Work, sku_id: int) -> str:
    row = work.one("SELECT code FROM sku WHERE id = ?", (sku_id,))
    return str(row[0]) if row else ""
