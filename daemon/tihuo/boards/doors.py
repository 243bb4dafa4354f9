"""按楼: a wave as it goes to the doors: building by building, household by household, and a label for every piece.

All of it is one list of lines, grouped in different ways, so that no two of these lists can disagree. Numbers of
products (1, 2, 3 …) count in the order in which a session's orders first named them, the same in all of its waves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeVar

import msgspec

from tihuo.shop.doors import building_of, door_order, short_door
from tihuo.shop.orders import IMPORTED
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look

Key = TypeVar("Key")


class DoorLine(msgspec.Struct, frozen=True, gc=False):
    """One order's units of a SKU on their way to a door. `order` is the number it has in its group (跟团号), or its id;
    `home` tells households apart, with or without a door."""

    number: int
    sku_id: int
    name: str
    spec: str
    unit: str
    zone: str
    building: str
    door: str
    home: str
    person: str
    tail: str
    order: str
    order_no: int
    parcel_id: int
    slot: str
    place: int
    wanted: int
    put: int
    short: int


class Bundle(msgspec.Struct, frozen=True):
    """Lines of one SKU that go together: to one building, or to one household. Totals in units."""

    number: int
    sku_id: int
    name: str
    spec: str
    unit: str
    zone: str
    building: str
    wanted: int
    put: int
    short: int
    lines: tuple[DoorLine, ...]


class Building(msgspec.Struct, frozen=True):
    """楼: what goes to one building (empty: nobody knows which), SKU by SKU."""

    building: str
    households: int
    wanted: int
    put: int
    short: int
    goods: tuple[Bundle, ...]


class ProductAtDoors(msgspec.Struct, frozen=True):
    """One SKU of the wave, building by building."""

    number: int
    name: str
    spec: str
    wanted: int
    put: int
    short: int
    buildings: tuple[Bundle, ...]


class BuildingRow(msgspec.Struct, frozen=True):
    """One SKU for one building of a whole session, for a table: units ordered, put and short, and how many doors."""

    building: str
    number: int
    product: str
    spec: str
    unit: str
    zone: str
    households: int
    sold: int
    put: int
    short: int


class Household(msgspec.Struct, frozen=True):
    """一户: what goes to one door, for everybody behind it: `people` are (masked name, last digits)."""

    building: str
    door: str
    people: tuple[tuple[str, str], ...]
    wanted: int
    put: int
    short: int
    goods: tuple[Bundle, ...]


class ItemLabel(msgspec.Struct, frozen=True):
    """One piece: the `n`th `of` all of its SKU in the wave, and the `n_here`th `of_here` for its building."""

    number: int
    name: str
    spec: str
    door: str
    person: str
    tail: str
    order: str
    order_no: int
    sku_id: int
    zone: str
    slot: str
    place: int
    n: int
    of: int
    n_here: int
    of_here: int


def by_building(look: Look, wave_id: int) -> list[Building]:
    """按楼再按商品: building after building, in the order of their numbers."""
    return _buildings(_lines(look, *_OF_WAVE, wave_id))


def sold_by_building(look: Look, session_id: str) -> list[BuildingRow]:
    """按楼 of a whole session, whether it has been sorted or not."""
    return [
        BuildingRow(
            building.building,
            one.number,
            one.name,
            one.spec,
            one.unit,
            one.zone,
            len({line.home for line in one.lines}),
            one.wanted,
            one.put,
            one.short,
        )
        for building in _buildings(_lines(look, *_OF_SESSION, session_id))
        for one in building.goods
    ]


def _buildings(lines: list[DoorLine]) -> list[Building]:
    lines = sorted(lines, key=lambda line: (door_order(line.building), line.number, door_order(line.door)))
    return [
        Building(building, len({line.home for line in here}), *_sums(here), _bundles(here, lambda line: line.number))
        for building, here in _runs(lines, lambda line: line.building)
    ]


def product_at_doors(look: Look, wave_id: int) -> list[ProductAtDoors]:
    """按商品再按楼: where each SKU goes."""
    lines = sorted(_lines(look, *_OF_WAVE, wave_id), key=lambda line: (line.number, door_order(line.door)))
    return [
        ProductAtDoors(number, here[0].name, here[0].spec, *_sums(here), _bundles(here, lambda line: line.building))
        for number, here in _runs(lines, lambda line: line.number)
    ]


def by_household(look: Look, wave_id: int) -> list[Household]:
    """按户: door after door; where no door is known, person after person."""
    lines = sorted(_lines(look, *_OF_WAVE, wave_id), key=lambda line: (door_order(line.door), line.home, line.number))
    return [
        Household(
            here[0].building,
            here[0].door,
            tuple(dict.fromkeys((line.person, line.tail) for line in here)),
            *_sums(here),
            _bundles(here, lambda line: line.number),
        )
        for _, here in _runs(lines, lambda line: line.home)
    ]


def item_labels(look: Look, wave_id: int) -> list[ItemLabel]:
    """A label for every piece that is to come, product by product, in the order of the doors."""
    labels = []
    for product in product_at_doors(look, wave_id):
        n, of = 0, product.wanted - product.short
        for here in product.buildings:
            n_here = 0
            for line in here.lines:
                for _ in range(line.wanted - line.short):
                    n, n_here = n + 1, n_here + 1
                    labels.append(
                        ItemLabel(
                            line.number,
                            line.name,
                            line.spec,
                            short_door(line.door),
                            line.person,
                            line.tail,
                            line.order,
                            line.order_no,
                            line.sku_id,
                            line.zone,
                            line.slot,
                            line.place,
                            n,
                            of,
                            n_here,
                            here.wanted - here.short,
                        )
                    )
    return labels


_OF_WAVE = ("p.wave_id = ?", "(SELECT session_id FROM wave WHERE id = ?)")
_OF_SESSION = ("o.session_id = ? AND o.state = 'accepted'", "?")
"""Which lines, and whose session counts the numbers of products."""


def _lines(look: Look, which: str, session: str, subject: int | str) -> list[DoorLine]:
    numbered = look.rows(
        "SELECT l.sku_id FROM shop_order o JOIN order_line l ON l.order_no = o.no WHERE o.state <> 'refused' "
        f"AND o.session_id = {session} GROUP BY l.sku_id ORDER BY min(l.order_no * 1000000 + l.line_no)",
        (subject,),
    )
    numbers = {sku_id: number for number, (sku_id,) in enumerate(numbered, 1)}
    rows = look.rows(
        "SELECT l.sku_id, d.name, s.spec, s.unit, s.zone, c.door, c.id, c.name, c.phone, o.order_id, o.channel, "
        "o.no, coalesce(p.id, 0), coalesce(p.slot, ''), coalesce(p.place, 0), l.quantity - l.cancelled, l.put, l.short "
        "FROM order_line l JOIN shop_order o ON o.no = l.order_no JOIN customer c ON c.id = o.customer_id "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id LEFT JOIN parcel p ON p.id = l.parcel_id "
        f"WHERE {which} AND l.quantity > l.cancelled ORDER BY l.order_no, l.line_no",
        (subject,),
    )
    homes: dict[str, str] = {}
    lines = []
    for sku_id, name, spec, unit, zone, door, customer, person, phone, order_id, channel, *rest in rows:
        home = homes.setdefault(door or customer, door or f"?{len(homes)}")
        order = order_id.rpartition(":")[2] if channel == IMPORTED else order_id
        who = (building_of(door), door, home, mask_name(person), phone_tail(phone), order)
        lines.append(DoorLine(numbers[sku_id], sku_id, name, spec, unit, zone, *who, *rest))
    return lines


def _bundles(lines: list[DoorLine], key: Callable[[DoorLine], Key]) -> tuple[Bundle, ...]:
    return tuple(
        Bundle(one.number, one.sku_id, one.name, one.spec, one.unit, one.zone, one.building, *_sums(here), tuple(here))
        for _, here in _runs(lines, key)
        for one in here[:1]
    )


def _runs(lines: Iterable[DoorLine], key: Callable[[DoorLine], Key]) -> list[tuple[Key, list[DoorLine]]]:
    """Neighbours with the same key together."""
    return [(value, list(here)) for value, here in groupby(lines, key)]


def _sums(lines: list[DoorLine]) -> tuple[int, int, int]:
    """Units wanted, put and short."""
    return sum(line.wanted for line in lines), sum(line.put for line in lines), sum(line.short for line in lines)
