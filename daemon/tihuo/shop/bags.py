"""装袋: which bag each order line goes into, and in which slot the bag stands, when a wave is opened."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from tihuo.shop.doors import door_order
from tihuo.shop.labels import queue_label
from tihuo.shop.parcels import call_off_label
from tihuo.shop.waves import next_parcel
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work

Person = tuple[str, int, int]
"""A customer and her window: (customer id, from, to)."""


class Waiting(msgspec.Struct, frozen=True):
    """An order line that no wave has yet."""

    customer_id: str
    window_from: int
    window_to: int
    zone: str
    order_no: int
    line_no: int
    units: int
    door: str


def pack(work: Work, wave_id: int, lines: list[Waiting], cluster_of: int) -> int:
    """Give every line its parcel: one person × window × zone; gives how many parcels.

    A person who has a parcel in that zone on the shelf already gets this one beside it; all others the emptiest slot.
    Her parcels for one window count on from those of earlier waves, and labels that counted fewer are made anew.
    Raises `Refusal("no_slots")`.
    """
    bags: dict[tuple[Person, Zone], list[Waiting]] = defaultdict(list)
    people: dict[Person, list[Zone]] = defaultdict(list)
    for line in lines:
        person, zone = (line.customer_id, line.window_from, line.window_to), Zone(line.zone)
        if (person, zone) not in bags:
            people[person].append(zone)
        bags[person, zone].append(line)
    shelf = _Shelf(work)
    turns = _turns(bags, cluster_of)
    parcel_id = next_parcel(work)
    for person, zones in people.items():
        before, beside = _earlier(work, person)
        of_total = before + len(zones)
        for number, zone in enumerate((zone for zone in Zone if zone in zones), before + 1):
            slot, place = shelf.next_place(zone, beside.get(zone))
            work.sql(
                "INSERT INTO parcel(id, wave_id, customer_id, window_from, window_to, zone, slot, place, number, "
                "of_total, cluster, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sorting')",
                (parcel_id, wave_id, *person, zone.value, slot, place, number, of_total, turns[person, zone]),
            )
            work.many(
                "UPDATE order_line SET parcel_id = ? WHERE order_no = ? AND line_no = ?",
                [(parcel_id, line.order_no, line.line_no) for line in bags[person, zone]],
            )
            parcel_id += 1
        if before:
            _count_anew(work, person, of_total)
    return len(bags)


def _turns(bags: dict[tuple[Person, Zone], list[Waiting]], cluster_of: int) -> dict[tuple[Person, Zone], int]:
    """Which cluster each bag is carried with: neighbours together, and never two zones."""
    if not cluster_of:
        return dict.fromkeys(bags, 0)
    turns = {}
    number = 0
    for zone in Zone:
        here = [bag for bag in bags if bag[1] == zone]
        here.sort(key=lambda bag: door_order(bags[bag][0].door))
        for place, bag in enumerate(here):
            number += place % cluster_of == 0
            turns[bag] = number
    return turns


def _earlier(work: Work, person: Person) -> tuple[int, dict[str, str]]:
    """How many parcels a person has for that window, and where those stand that were not collected: zone -> slot."""
    rows = work.sql(
        "SELECT number, zone, slot, state FROM parcel WHERE customer_id = ? AND window_from = ? AND window_to = ? "
        "ORDER BY id",
        person,
    ).fetchall()
    beside = {zone: slot for _, zone, slot, state in rows if state in ("sorting", "ready")}
    return max([len(rows), *(row[0] for row in rows)]), beside


def _count_anew(work: Work, person: Person, of_total: int) -> None:
    """她的包裹 have become more: 1 of 1 is 1 of 2 now, on a label that is on the shelf too."""
    for parcel_id, state in work.sql(
        "UPDATE parcel SET of_total = ?1 WHERE customer_id = ?2 AND window_from = ?3 AND window_to = ?4 "
        "AND of_total <> ?1 RETURNING id, state",
        (of_total, *person),
    ).fetchall():
        if state == "ready":
            call_off_label(work, parcel_id)
            queue_label(work, parcel_id)


class _Shelf:
    """How full each slot is, while parcels are being given places."""

    def __init__(self, work: Work) -> None:
        self._slots = work.house.slots
        self._taken: dict[str, set[int]] = defaultdict(set)
        for slot, place in work.sql("SELECT slot, place FROM parcel WHERE state IN ('sorting', 'ready')"):
            self._taken[slot].add(place)

    def next_place(self, zone: Zone, beside: str | None) -> tuple[str, int]:
        """A slot of the zone and the first free place in it; the slot `beside` if it is one of them."""
        slots = self._slots.get(zone)
        if not slots:
            raise Refusal("no_slots", zone=zone.value)
        slot = beside if beside in slots else min(slots, key=lambda name: len(self._taken[name]))
        places = self._taken[slot]
        place = next(n for n in range(1, len(places) + 2) if n not in places)
        places.add(place)
        return slot, place
