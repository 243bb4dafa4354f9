"""A whole wave 按顾客 at once, however long: for a list, an export, and for checking sums.

Thousands of rows are read as one JSON text that SQLite writes and msgspec reads: a third of the time of rows of Python
objects, most of which would only be taken apart again.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tihuo.boards.sorting import ProductRow, by_product
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look

Shape = TypeVar("Shape", bound=msgspec.Struct)


class SheetParcel(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A parcel: `name` and `tail` are masked; how much is in it stand in its lines."""

    parcel_id: int
    slot: str
    place: int
    zone: str
    state: str
    number: int
    of: int
    name: str
    tail: str


class SheetLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One order's units of a SKU in a parcel: two orders of one person in one bag are two lines."""

    parcel_id: int
    sku_id: int
    wanted: int
    put: int
    short: int


class WaveSheet(msgspec.Struct, frozen=True):
    """A wave in three tables that refer to each other by number: its goods with their totals, its parcels in the order
    of their numbers, and what goes into each, in the order of the parcels."""

    goods: list[ProductRow]
    parcels: list[SheetParcel]
    lines: list[SheetLine]


class _Parcel(msgspec.Struct, gc=False, array_like=True):
    parcel_id: int
    slot: str
    place: int
    zone: str
    state: str
    number: int
    of: int
    customer_id: str


class _Person(msgspec.Struct, gc=False, array_like=True):
    customer_id: str
    name: str
    phone: str


def wave_by_customer(look: Look, wave_id: int) -> WaveSheet:
    """Every parcel of a wave with every line in it."""
    people = {
        person.customer_id: (mask_name(person.name), phone_tail(person.phone))
        for person in _table(
            look,
            _Person,
            "SELECT id, name, phone FROM customer WHERE id IN (SELECT customer_id FROM parcel WHERE wave_id = ?)",
            wave_id,
        )
    }
    parcels = [
        SheetParcel(
            row.parcel_id, row.slot, row.place, row.zone, row.state, row.number, row.of, *people[row.customer_id]
        )
        for row in _table(
            look,
            _Parcel,
            "SELECT id, slot, place, zone, state, number, of_total, customer_id FROM parcel WHERE wave_id = ? "
            "ORDER BY id",
            wave_id,
        )
    ]
    lines = _table(
        look,
        SheetLine,
        "SELECT l.parcel_id, l.sku_id, l.quantity - l.cancelled, l.put, l.short FROM parcel p "
        "JOIN order_line l ON l.parcel_id = p.id WHERE p.wave_id = ? ORDER BY p.id, l.sku_id",
        wave_id,
    )
    return WaveSheet(by_product(look, wave_id), parcels, lines)


class SlotLine(msgspec.Struct, frozen=True):
    """What goes into a bag of one SKU, in units, and where the bag stands; `bag` is such as `1/3`."""

    slot: str
    place: int
    zone: str
    name: str
    tail: str
    bag: str
    sku: str
    product: str
    spec: str
    wanted: int
    put: int
    short: int


def parcels_of_session(look: Look, session_id: str) -> list[SlotLine]:
    """按顾客: every bag of every wave of a session, line by line, in the order of the slots."""
    found = []
    for (wave_id,) in look.rows("SELECT id FROM wave WHERE session_id = ? ORDER BY id", (session_id,)):
        sheet = wave_by_customer(look, wave_id)
        goods = {row.sku_id: row for row in sheet.goods}
        bags = {bag.parcel_id: bag for bag in sheet.parcels}
        for line in sheet.lines:
            bag, item = bags[line.parcel_id], goods[line.sku_id]
            place = (bag.slot, bag.place, bag.zone, bag.name, bag.tail, f"{bag.number}/{bag.of}")
            found.append(SlotLine(*place, item.sku, item.name, item.spec, line.wanted, line.put, line.short))
    return sorted(found, key=lambda line: (line.slot, line.place, line.sku))


def _table(look: Look, shape: type[Shape], select: str, wave_id: int) -> list[Shape]:
    """The rows of a SELECT about one wave, each as a Struct whose fields are its columns in order."""
    columns = ", ".join(f'"{name}"' for name in shape.__struct_fields__)
    statement = f"WITH t({columns}) AS ({select}) SELECT json_group_array(json_array({columns})) FROM t"
    row = look.one(statement, (wave_id,))
    assert row is not None
    return msgspec.json.decode(row[0], type=list[shape])  # type: ignore[valid-type]
