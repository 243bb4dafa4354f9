"""核销记录: who took what, when, by which code, and who gave it; what may be taken back; what went with the wrong
person."""

from __future__ import annotations

import msgspec

from tihuo.shop.handovers import MOST_RECORDS, may_be_undone
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look, Row


class HandedParcel(msgspec.Struct, frozen=True):
    """What of one parcel went in a hand-over; `units` of it came back where `undone_at` is set."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    units: int
    goods: str
    undone_at: int | None = None
    undone_by: str = ""
    undone_why: str = ""


class HandOver(msgspec.Struct, frozen=True):
    """One hand-over. `kiosk` is where she stood, `shown` the order whose code she showed, `delegate` who came for her.

    `undoable`: staff may still take it back.
    """

    number: int
    at: int
    method: str
    actor: str
    name: str
    tail: str
    order_no: int
    kiosk: str
    shown: str
    delegate: str
    undoable: bool
    parcels: tuple[HandedParcel, ...]

    @property
    def out(self) -> bool:
        """Whether anything of it is still with the customer."""
        return any(parcel.undone_at is None for parcel in self.parcels)


class AstrayParcel(msgspec.Struct, frozen=True):
    """拿错: whose parcel it is, and who took it home; `holder_no` is an order of the latter."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    name: str
    tail: str
    order_no: int
    holder_no: int
    holder: str
    holder_tail: str
    at: int
    actor: str


_LINES = (
    "SELECT coalesce(h.handover, h.id), h.at, h.ticks, h.method, h.actor, c.name, c.phone, h.order_no, "
    "coalesce(v.kiosk, ''), coalesce(x.order_id, ''), h.delegate, h.parcel_id, p.slot, p.place, p.zone, h.quantity, "
    "d.name, h.undone_at, h.undone_by, h.undone_why FROM handover_line h JOIN order_line l "
    "ON l.order_no = h.order_no AND l.line_no = h.line_no JOIN sku s ON s.id = l.sku_id "
    "JOIN product d ON d.id = s.product_id JOIN parcel p ON p.id = h.parcel_id "
    "JOIN customer c ON c.id = p.customer_id LEFT JOIN visit v ON v.id = h.visit_id "
    "LEFT JOIN shop_order x ON x.no = h.shown_no WHERE "
)


def last_handovers(look: Look, moment: tuple[int, bool, int], within: int, limit: int = 20) -> list[HandOver]:
    """The last hand-overs, the newest first. `moment` is time, whether it is sure, ticks; `within` milliseconds staff
    may take one back."""
    first = look.one(
        "SELECT min(id) FROM (SELECT id FROM handover_line WHERE handover IS NULL ORDER BY id DESC LIMIT ?)", (limit,)
    )
    rows = look.rows(f"{_LINES} h.id >= ? ORDER BY h.id", (first[0] if first and first[0] else 0,))
    return _grouped(look, rows, moment, within)[::-1]


def handover(look: Look, handover_no: int, moment: tuple[int, bool, int], within: int) -> HandOver | None:
    """One hand-over by its number."""
    rows = look.rows(
        f"{_LINES} h.id BETWEEN ?1 AND ?1 + ?2 AND (h.id = ?1 OR h.handover = ?1) ORDER BY h.id",
        (handover_no, MOST_RECORDS),
    )
    found = _grouped(look, rows, moment, within)
    return found[0] if found else None


def _grouped(look: Look, rows: list[Row], moment: tuple[int, bool, int], within: int) -> list[HandOver]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return [_handover(look, lines, moment, within) for lines in found.values()]


def _handover(look: Look, lines: list[Row], moment: tuple[int, bool, int], within: int) -> HandOver:
    number, at, ticks, method, actor, name, phone, order_no, kiosk, shown, delegate = lines[0][:11]
    parcels: dict[int, HandedParcel] = {}
    for parcel_id, slot, place, zone, units, what, undone_at, undone_by, undone_why in (row[11:] for row in lines):
        before = parcels.get(parcel_id)
        goods = f"{what} ×{units}"
        parcels[parcel_id] = HandedParcel(
            parcel_id,
            slot,
            place,
            zone,
            units + before.units if before else units,
            f"{before.goods}　{goods}" if before else goods,
            undone_at,
            undone_by,
            undone_why,
        )
    return HandOver(
        number=number,
        at=at,
        method=method,
        actor=actor,
        name=mask_name(name),
        tail=phone_tail(phone),
        order_no=order_no,
        kiosk=kiosk,
        shown=shown,
        delegate=delegate,
        undoable=may_be_undone(look, number, ticks, at, moment, within),
        parcels=tuple(parcels.values()),
    )


def astray(look: Look) -> list[AstrayParcel]:
    """Parcels that went home with the wrong person and are not back, the newest first."""
    rows = look.rows(
        "SELECT a.parcel_id, p.slot, p.place, p.zone, c.name, c.phone, (SELECT min(order_no) FROM order_line "
        "WHERE parcel_id = p.id), a.holder_no, t.name, t.phone, a.at, a.actor FROM astray a "
        "CROSS JOIN parcel p ON p.id = a.parcel_id JOIN customer c ON c.id = p.customer_id "
        "JOIN shop_order o ON o.no = a.holder_no JOIN customer t ON t.id = o.customer_id ORDER BY a.at DESC, p.id"
    )
    return [
        AstrayParcel(parcel, slot, place, zone, mask_name(name), phone_tail(phone), order_no, holder_no,
                     mask_name(holder), phone_tail(holder_phone), at, actor)
        for parcel, slot, place, zone, name, phone, order_no, holder_no, holder, holder_phone, at, actor in rows
    ]  # fmt: skip
