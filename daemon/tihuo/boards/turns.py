"""排队: who is called, who waits, and how long it took."""

from __future__ import annotations

from statistics import median

import msgspec

from tihuo.shop import turns
from tihuo.shop.words import mask_name
from tihuo.shop.work import House, Look

NEWEST = 10
"""Turns that a waiting time is said from: as it is now, not as it was an hour ago."""
SHOWN = 12


class Call(msgspec.Struct, frozen=True):
    number: int
    kiosk: str
    calls: int


class NowServing(msgspec.Struct, frozen=True):
    """What a television shows: numbers and places, nothing of anybody. `wait_ms`: what people waited lately, or None.

    `cue` changes with each call.
    """

    called: tuple[Call, ...]
    waiting: tuple[int, ...]
    more: int
    wait_ms: int | None
    cue: str


class TurnRow(msgspec.Struct, frozen=True):
    """One number for staff: with her masked name and where her parcels are, if she showed a code."""

    turn_id: int
    number: int
    state: str
    to_kiosk: str
    calls: int
    taken_at: int
    taken_ticks: int
    order_no: int | None
    name: str
    slots: str


class Waits(msgspec.Struct, frozen=True):
    """How long people of the newest day waited, in ms, the middle one of them; None where nobody did."""

    taken: int = 0
    served: int = 0
    gone: int = 0
    to_call: int | None = None
    to_come: int | None = None
    to_given: int | None = None


class TurnTimes(msgspec.Struct, frozen=True):
    """One turn for a table; each step in ms after the one before, None where there is none."""

    day: str
    number: int
    state: str
    kiosk: str
    taken_at: int
    to_call: int | None
    to_come: int | None
    to_given: int | None
    calls: int


def now_serving(look: Look) -> NowServing:
    rows = look.rows(
        "SELECT id, number, state, to_kiosk, calls FROM turn WHERE state IN ('waiting', 'called', 'served') "
        "ORDER BY last_call_ticks DESC, id",
    )
    called = tuple(Call(number, kiosk, calls) for _, number, state, kiosk, calls in rows if state != "waiting")
    waiting = sorted((turn_id, number) for turn_id, number, state, _, _ in rows if state == "waiting")
    cue = ".".join(f"{number}x{calls}" for _, number, state, _, calls in sorted(rows) if state == "called")
    numbers = tuple(number for _, number in waiting)
    return NowServing(called, numbers[:SHOWN], len(numbers[SHOWN:]), _lately(look), cue)


def queue(look: Look) -> list[TurnRow]:
    """Everybody who waits, is called or stands somewhere, and who was passed over lately."""
    rows = look.rows(
        "SELECT t.id, t.number, t.state, t.to_kiosk, t.calls, t.taken_at, t.taken_ticks, t.order_no, c.name, "
        "(SELECT group_concat(slot, ' ') FROM (SELECT DISTINCT slot FROM shelf_parcel WHERE customer_id = c.id "
        "ORDER BY slot)) FROM turn t LEFT JOIN shop_order o ON o.no = t.order_no "
        "LEFT JOIN customer c ON c.id = o.customer_id WHERE t.series = (SELECT max(series) FROM turn) AND (t.state IN "
        "('waiting', 'called', 'served') OR (t.state = 'gone' AND t.id > (SELECT max(id) - 10 FROM turn))) "
        "ORDER BY t.id"
    )
    return [
        TurnRow(turn_id, number, state, kiosk, calls, at, ticks, order_no, mask_name(name or ""), slots or "")
        for turn_id, number, state, kiosk, calls, at, ticks, order_no, name, slots in rows
    ]


def waits(look: Look) -> Waits:
    rows = turn_times(look)
    if not rows:
        return Waits()
    served = sum(row.state in ("served", "done") for row in rows)
    gone = sum(row.state == "gone" for row in rows)
    middle = [_median([value for row in rows if (value := getattr(row, name)) is not None]) for name in _STEPS]
    return Waits(len(rows), served, gone, *middle)


def turn_times(look: Look) -> list[TurnTimes]:
    """Every number of the newest day. A step over which the box was switched off counts for nothing."""
    rows = look.rows(
        "SELECT day, number, state, to_kiosk, taken_at, taken_ticks, called_ticks, served_ticks, given_ticks, calls "
        "FROM turn WHERE series = (SELECT max(series) FROM turn) ORDER BY number"
    )
    return [
        TurnTimes(day, number, state, kiosk, at, _between(taken, called), _between(called, served),
                  _between(served, given), calls)
        for day, number, state, kiosk, at, taken, called, served, given, calls in rows
    ]  # fmt: skip


def turns_due(look: Look, ticks: int, house: House) -> bool:
    """Whether the queue moves by itself now."""
    return bool(turns.due(look.rows, ticks, house))


_STEPS = ("to_call", "to_come", "to_given")


def _lately(look: Look) -> int | None:
    rows = look.rows(
        "SELECT taken_ticks, called_ticks FROM turn WHERE series = (SELECT max(series) FROM turn) "
        "AND called_ticks IS NOT NULL ORDER BY id DESC LIMIT ?",
        (NEWEST,),
    )
    return _median([value for taken, called in rows if (value := _between(taken, called)) is not None])


def _between(before: int | None, after: int | None) -> int | None:
    return after - before if before is not None and after is not None and after >= before else None


def _median(values: list[int]) -> int | None:
    return round(median(values)) if values else None
