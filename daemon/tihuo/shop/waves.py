"""分拣波次 and 包裹: the goods of one round of sorting, the bags they end up in, and who is sorting them.

A wave is worked in one of two ways. 总拣: each product is taken once and spread over every slot that wants it. 分车拣:
a few parcels are a cluster that one person carries along the goods, and only those are filled.
"""

from __future__ import annotations

from tihuo.shop.fence import numbers_from
from tihuo.shop.words import Refusal
from tihuo.shop.work import Row, Rows, Work, rows_of

COLORS = ("green", "blue", "violet", "amber", "cyan", "magenta")
"""What pickers are told apart by. White is the customer's, red means stop."""
RHYTHMS = ("on", "double", "fast", "long")
"""What they are told apart by where lamps have one colour. `blink` is the customer's."""
PICKERS = len(COLORS) * len(RHYTHMS)


OPEN = "l.quantity - l.put - l.short - l.cancelled"
WANTED = "l.parcel_id IS NOT NULL AND l.quantity > l.put + l.short + l.cancelled"
"""A line that still wants units: told in the very words of the index `order_line_wanted`."""
MINE = (
    "CASE WHEN t.cluster IS NOT NULL THEN p.wave_id = t.wave_id AND p.cluster = t.cluster "
    "WHEN t.wave_id IS NOT NULL THEN p.wave_id = t.wave_id ELSE p.cluster = 0 END"
)
"""Whether parcel `p` is among those that station `t` fills."""
LIT = (
    f"FROM station t JOIN order_line l ON l.sku_id = t.sku_id AND {WANTED} JOIN parcel p ON p.id = l.parcel_id "
    f"WHERE {MINE}"
)
"""What is lit: stations `t` with the lines `l` and parcels `p` that want the item in their hands."""


def look_of(picker: int) -> tuple[str, str]:
    """The colour and rhythm of a picker's number. The first four share neither, and no two of 24 share both.

    >>> look_of(0), look_of(1), look_of(4), look_of(12)
    (('green', 'on'), ('blue', 'double'), ('cyan', 'on'), ('green', 'double'))
    """
    return COLORS[picker % len(COLORS)], RHYTHMS[(picker + picker // 12) % len(RHYTHMS)]


def next_picker(rows: Rows) -> int | None:
    """The smallest number that no station has; None if all are taken."""
    taken = {row[0] for row in rows("SELECT picker FROM station WHERE picker IS NOT NULL", ())}
    return next((number for number in range(PICKERS) if number not in taken), None)


def take_picker(work: Work, station: str) -> int:
    """A number for a station, which keeps the one it has; one that rests gives its own up if there is no other.

    Raises `Refusal("too_many_stations")` if every number is somebody's who holds an item.
    """
    known = work.one("SELECT picker FROM station WHERE name = ? AND picker IS NOT NULL", (station,))
    if known is not None:
        return int(known[0])
    number = next_picker(rows_of(work))
    if number is None:
        rests = work.one("SELECT name, picker FROM station WHERE sku_id IS NULL ORDER BY seen LIMIT 1")
        if rests is None:
            raise Refusal("too_many_stations")
        work.sql("UPDATE station SET picker = NULL WHERE name = ?", (rests[0],))
        number = int(rests[1])
    return number


def lit_by(work: Work, station: str) -> list[Row]:
    """What is lit for a station: (slot, place, parcel, SKU, units), in the order of the shelf."""
    return work.sql(
        f"SELECT p.slot, p.place, p.id, t.sku_id, sum({OPEN}) {LIT} AND t.name = ? GROUP BY p.id "
        "ORDER BY p.slot, p.place",
        (station,),
    ).fetchall()


def next_parcel(work: Work) -> int:
    """The number of a new parcel: one that no label ever bore."""
    row = work.one("SELECT coalesce(max(id), 0) FROM parcel")
    assert row is not None
    return max(int(row[0]), numbers_from(work, "parcels")) + 1
