"""分拣: from paid orders to labelled parcels, one item in the hand at a time."""

from __future__ import annotations

import msgspec

from tihuo.shop.bags import Waiting, pack
from tihuo.shop.doors import building_of
from tihuo.shop.events import ItemScanned, PutUndone, UnitsDamaged, UnitsPut, WaveOpened
from tihuo.shop.fence import keep_out
from tihuo.shop.items import items_named
from tihuo.shop.parcels import call_off_label, settle_parcel
from tihuo.shop.short_picks import shorten
from tihuo.shop.shortages import BY_HAND, enter, lose
from tihuo.shop.stock import book
from tihuo.shop.strangers import keepable
from tihuo.shop.waves import LIT, MINE, OPEN, WANTED, lit_by, take_picker
from tihuo.shop.weights import far_off, weigh_in, weigh_out
from tihuo.shop.windows import share_out
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of


class Scanned(msgspec.Struct, frozen=True):
    """What a scan at a sorting station came to.

    `refusal` is empty, `not_in_wave`, `nobody_wants_it`, `not_your_parcels` (others work on the parcels that want it),
    `choose_product` (several have this barcode), `weight_far_off`, or what `shop.items.items_named` says.
    `grams`: what a scale said.
    """

    sku_id: int | None
    sku: str
    refusal: str
    grams: int = 0


class Confirmed(msgspec.Struct, frozen=True):
    """What lay lit in a slot is in it: (parcel, place, units) each, and the parcels that are complete now."""

    sku_id: int
    slot: str
    puts: tuple[tuple[int, int, int], ...]
    ready: tuple[int, ...]


def open_wave(
    work: Work,
    session_id: str,
    *,
    window_from: int | None = None,
    buildings: tuple[str, ...] = (),
    cluster_of: int = 0,
) -> int:
    """Open a wave (分拣波次) over the accepted orders of a session that no wave has yet; gives its number.

    `window_from` or `buildings` take only those of a pickup window, or of some buildings (楼). With `cluster_of`, that
    many parcels are carried at once; without, each product is spread over all slots. Waves may be open side by side.
    Raises `Refusal`: `nothing_to_sort`, `no_slots` (the shelf has none in that zone).
    """
    keep_out(work)
    shared = share_out(work, session_id)
    lines = [
        Waiting(*row)
        for row in work.sql(
            f"SELECT o.customer_id, o.window_from, o.window_to, s.zone, l.order_no, l.line_no, {OPEN}, c.door "
            "FROM shop_order o JOIN order_line l ON l.order_no = o.no JOIN sku s ON s.id = l.sku_id "
            "JOIN customer c ON c.id = o.customer_id WHERE o.session_id = ? AND o.state = 'accepted' "
            f"AND l.parcel_id IS NULL AND {OPEN} > 0 ORDER BY o.no, l.line_no",
            (session_id,),
        )
    ]
    if window_from is not None:  # whoever chose no window stood under the session's own when this one was chosen
        own = work.one("SELECT 1 FROM live_session WHERE id = ? AND window_from = ?", (session_id, window_from))
        lines = [ln for ln in lines if ln.window_from == window_from or (own is not None and ln.order_no in shared)]
    if buildings:
        lines = [line for line in lines if building_of(line.door) in buildings]
    if not lines:
        raise Refusal("nothing_to_sort", session=session_id)
    if not work.one("SELECT 1 FROM wave WHERE state = 'open'"):  # what was held when all was sorted is nobody's now
        work.sql(
            "UPDATE station SET wave_id = NULL, cluster = NULL, picker = NULL, sku_id = NULL, refusal = '', text = '', "
            "grams = 0"
        )
    wave_id = work.sql(
        "INSERT INTO wave(session_id, state, opened_at, window_from, building, cluster_of) "
        "VALUES (?, 'open', ?, ?, ?, ?)",
        (session_id, work.now, window_from, "、".join(buildings), max(cluster_of, 0)),
    ).lastrowid
    assert wave_id is not None
    parcels = pack(work, wave_id, lines, cluster_of)
    units = sum(line.units for line in lines)
    work.record(WaveOpened(wave_id=wave_id, session_id=session_id, parcels=parcels, units=units))
    return wave_id


def scan_item(work: Work, station: str, text: str) -> Scanned:
    """Somebody holds an item: remember it at her station, so that the slots that want it light up.

    `text` is whatever a scanner brought, or a SKU code. A wrong item is a fact and is recorded.
    Raises `Refusal("too_many_stations")`.
    """
    text = text.strip()[:64]
    named = items_named(rows_of(work), work.house, text)
    refusal, sku_id, sku = named.refusal, None, ""
    if len(named.skus) == 1:
        sku_id, sku = named.skus[0]
        refusal = _wrong(work, station, sku_id) or _odd_weight(work, station, text, sku_id, named.grams)
    elif named.skus:
        refusal = "choose_product" if any(_in_wave(work, sku) for sku, _ in named.skus) else "not_in_wave"
        barcode = work.one("SELECT barcode FROM sku WHERE id = ?", (named.skus[0][0],))
        text = str(barcode[0]) if barcode else text
    text = keepable(text) if refusal else text
    found = Scanned(None if refusal else sku_id, sku, refusal, 0 if refusal else named.grams)
    work.sql(
        "INSERT INTO station(name, picker, sku_id, actor, refusal, text, scanned_at, grams, seen) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(name) DO UPDATE SET "
        "picker = ?2, sku_id = ?3, actor = ?4, refusal = ?5, text = ?6, scanned_at = ?7, grams = ?8, seen = ?9",
        (
            station,
            take_picker(work, station),
            found.sku_id,
            work.actor,
            refusal,
            text,
            work.now,
            found.grams,
            work.version,
        ),
    )
    work.record(ItemScanned(station=station, sku=found.sku, text=text, refusal=refusal))
    return found


def _odd_weight(work: Work, station: str, text: str, sku_id: int, grams: int) -> str:
    """A piece of half or twice of what is usual is asked about once: scanned again, it is right."""
    usual = work.one("SELECT nominal_grams FROM sku WHERE id = ?", (sku_id,))
    if not grams or usual is None or usual[0] is None or not far_off(1, grams, usual[0]):
        return ""
    asked = "SELECT 1 FROM station WHERE name = ? AND text = ? AND refusal = 'weight_far_off'"
    return "" if work.one(asked, (station, text)) else "weight_far_off"


def lay_down(work: Work, station: str) -> None:
    """The item in the hand is put away: its lamps go out."""
    if work.sql(
        "UPDATE station SET sku_id = NULL, refusal = '', text = '', grams = 0 "
        "WHERE name = ? AND (sku_id IS NOT NULL OR refusal <> '')",
        (station,),
    ).rowcount:
        work.record(ItemScanned(station=station, sku=""))


def put(work: Work, parcel_id: int, sku_id: int, quantity: int, grams: int = 0) -> str:
    """分货入格: units of a SKU went into a parcel's slot; gives the parcel's state afterwards.

    `grams` is what they weigh together, where they are sold by weight. The unit that completes a parcel queues its
    label in the same transaction. Raises `Refusal`: `bad_quantity`, `more_than_wanted`, `already_put` (`by` whom),
    `bad_weight`.
    """
    keep_out(work)
    picks = _spread(work, parcel_id, sku_id, quantity)
    for order_no, line_no, units in picks:
        work.sql(
            "UPDATE order_line SET put = put + ?, put_by = ? WHERE order_no = ? AND line_no = ?",
            (units, work.actor, order_no, line_no),
        )
    if grams:
        weigh_in(work, picks, grams)
        work.sql("UPDATE station SET grams = 0 WHERE sku_id = ? AND grams = ?", (sku_id, grams))  # that piece is gone
    work.record(UnitsPut(parcel_id=parcel_id, sku=_code(work, sku_id), quantity=quantity, grams=grams))
    return settle_parcel(work, parcel_id)


def confirm_slot(work: Work, slot: str, station: str = "") -> Confirmed:
    """确认: the button of a slot was pressed, or its label scanned: what is lit there is in it now.

    A scan says at which `station`; a button does not, so it counts for the only one that lights the slot. A piece that
    was weighed is one unit, for the first parcel there. Raises `Refusal`: `unknown_slot`, `slot_not_lit`,
    `two_people_here`, and what `put` raises.
    """
    if not any(slot in slots for slots in work.house.slots.values()):
        raise Refusal("unknown_slot", slot=slot[:12])
    if not station:
        stations = work.sql(f"SELECT DISTINCT t.name {LIT} AND p.slot = ?", (slot,)).fetchall()
        if len(stations) > 1:
            raise Refusal("two_people_here", slot=slot)
        station = stations[0][0] if stations else ""
    here = [row[1:] for row in lit_by(work, station) if row[0] == slot]
    if not here:
        raise Refusal("slot_not_lit", slot=slot)
    weight = work.one("SELECT grams FROM station WHERE name = ?", (station,))
    if weight is not None and weight[0]:
        here = [(*here[0][:3], 1)]
    grams = weight[0] if weight is not None else 0
    states = {parcel: put(work, parcel, sku, units, grams=grams) for _, parcel, sku, units in here}
    return Confirmed(
        here[0][2],
        slot,
        tuple((parcel, place, units) for place, parcel, _, units in here),
        tuple(parcel for parcel, state in states.items() if state == "ready"),
    )


def undo_put(work: Work, parcel_id: int, sku_id: int, quantity: int, grams: int = 0) -> str:
    """Take units back out of a slot, `grams` of them if that is known; a label not printed yet is called off.

    Raises `Refusal`: `bad_quantity`, `not_put`, `already_collected`.
    """
    keep_out(work)
    parcel = work.one("SELECT state FROM parcel WHERE id = ?", (parcel_id,))
    if parcel is None or quantity <= 0:
        raise Refusal("bad_quantity")
    if parcel[0] == "handed_over":
        raise Refusal("already_collected")
    left = quantity
    picks = []
    for order_no, line_no, units in work.sql(
        "SELECT order_no, line_no, put - handed_over FROM order_line WHERE parcel_id = ? AND sku_id = ? "
        "AND put > handed_over ORDER BY order_no DESC, line_no DESC",
        (parcel_id, sku_id),
    ).fetchall():
        back = min(left, units)
        if back:
            picks.append((order_no, line_no, back))
        left -= back
    if left:
        raise Refusal("not_put")
    for order_no, line_no, back in picks:
        work.sql("UPDATE order_line SET put = put - ? WHERE order_no = ? AND line_no = ?", (back, order_no, line_no))
    weigh_out(work, picks, grams)
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
    enter(work, _session(work, parcel_id), sku_id, quantity, "short", BY_HAND, short=quantity)
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


def _wrong(work: Work, station: str, sku_id: int) -> str:
    """Why an item is not wanted at a station; empty if it is."""
    mine = "(SELECT max(wave_id) AS wave_id, max(cluster) AS cluster FROM station WHERE name = ?2) t"  # always one row
    wanted = f"order_line l JOIN parcel p ON p.id = l.parcel_id WHERE l.sku_id = ?1 AND {WANTED}"
    if work.one(f"SELECT 1 FROM {mine} JOIN {wanted} AND {MINE} LIMIT 1", (sku_id, station)):
        return ""
    if work.one(f"SELECT 1 FROM {wanted} LIMIT 1", (sku_id,)):
        return "not_your_parcels"
    return "nobody_wants_it" if _in_wave(work, sku_id) else "not_in_wave"


def _in_wave(work: Work, sku_id: int) -> bool:
    found = "SELECT 1 FROM wave_item i JOIN wave w ON w.id = i.wave_id WHERE w.state = 'open' AND i.sku_id = ?"
    return work.one(found, (sku_id,)) is not None


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
        f"SELECT l.order_no, l.line_no, {OPEN} FROM order_line l "
        f"WHERE l.parcel_id = ? AND l.sku_id = ? AND {OPEN} > 0 ORDER BY l.order_no, l.line_no",
        (parcel_id, sku_id),
    ).fetchall():
        units = min(left, open_units)
        if units:
            picks.append((order_no, line_no, units))
        left -= units
    if left:
        quicker = work.one(
            "SELECT max(put_by) FROM order_line WHERE parcel_id = ? AND sku_id = ? AND put > 0", (parcel_id, sku_id)
        )
        if not picks and quicker is not None and quicker[0]:
            raise Refusal("already_put", by=quicker[0])
        raise Refusal("more_than_wanted", wanted=quantity - left)
    return picks


def _code(work: Work, sku_id: int) -> str:
    row = work.one("SELECT code FROM sku WHERE id = ?", (sku_id,))
    return str(row[0]) if row else ""
