"""猜码: how often somebody may be wrong about something that can be guessed, at each door and at all of them together.

Eight digits and a phone's tail can be guessed, so every wrong one costs: after a few, each one more makes its door
pause, longer each time. Wrong ones are forgotten slowly; right ones change nothing, or an order of one's own would wash
a guesser clean. It is all in the database and counted in `Work.ticks`; after a start of the box a pause begins anew.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from tihuo.shop.events import CodesGuessed
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look, Work


class Ration(NamedTuple):
    """`free` wrong ones cost nothing, the next ones `first_ms`, twice that, … up to `most_ms`; each is forgotten after
    `forget_ms`."""

    free: int
    first_ms: int
    most_ms: int
    forget_ms: int


KIOSK = Ration(5, 30_000, 600_000, 300_000)
KIOSKS = Ration(15, 10_000, 300_000, 60_000)
"""All kiosks of the box together."""
LOGIN = Ration(20, 5_000, 60_000, 60_000)
LOGINS = Ration(60, 5_000, 60_000, 20_000)
TAILS = Ration(3, 60_000, 1_800_000, 1_800_000)
"""Tails of phones at all kiosks together: there are only ten thousand, so these are rationed harder."""
PERSON = Ration(2, 43_200_000, 43_200_000, 43_200_000)
"""One phone's tail, wherever it is typed."""

Doors = tuple[tuple[str, Ration], ...]


def doors_of(work: Work, kiosk: str) -> Doors:
    """Where somebody types: a kiosk, or with an empty one the phone of whoever is logged in."""
    if kiosk:
        return (f"kiosk {kiosk}", KIOSK), ("kiosks", KIOSKS)
    return (f"login {work.actor}", LOGIN), ("logins", LOGINS)


def doors_of_tails(key: bytes, tail: str) -> Doors:
    """Where a tail is typed: at any kiosk, and this one tail. Who reads the database does not read the tail in it."""
    name = hmac.digest(key, f"tail:{tail}".encode(), hashlib.sha256)[:6].hex()
    return ("tails", TAILS), (f"tail {name}", PERSON)


def keep_waiting(work: Work, doors: Doors) -> None:
    """Raises `Refusal("too_many_tries", wait=ms)` while one of the doors pauses, whatever was typed."""
    marks = ", ".join("?" * len(doors))
    row = work.one(f"SELECT max(free_at) FROM guess_door WHERE door IN ({marks})", [door for door, _ in doors])
    if row and row[0] and row[0] > work.ticks:
        raise Refusal("too_many_tries", wait=row[0] - work.ticks)


def is_shut(work: Work, door: str) -> bool:
    row = work.one("SELECT free_at FROM guess_door WHERE door = ?", (door,))
    return row is not None and row[0] > work.ticks


def wrong(work: Work, doors: Doors) -> None:
    """Somebody was wrong at these doors. The staff hear of it when the first of them begins to pause."""
    for number, (door, ration) in enumerate(doors):
        count, since = work.one("SELECT wrong, counted_at FROM guess_door WHERE door = ?", (door,)) or (0, work.ticks)
        forgotten = max(work.ticks - since, 0) // ration.forget_ms
        count, since = (
            (count - forgotten, since + forgotten * ration.forget_ms) if forgotten < count else (0, work.ticks)
        )
        count += 1
        pause = min(ration.first_ms << min(count - ration.free, 16), ration.most_ms) if count >= ration.free else 0
        work.sql(
            "INSERT INTO guess_door(door, wrong, counted_at, pause, free_at) VALUES (?1, ?2, ?3, ?4, ?5) "
            "ON CONFLICT(door) DO UPDATE SET wrong = ?2, counted_at = ?3, pause = ?4, free_at = ?5",
            (door, count, since, pause, work.ticks + pause),
        )
        if pause and number == 0:
            work.record(CodesGuessed(door=door, wrong=count))
    work.sql(
        "DELETE FROM guess_door WHERE door LIKE 'tail %' AND free_at <= ?1 AND counted_at + wrong * ?2 <= ?1",
        (work.ticks, PERSON.forget_ms),
    )


def go_on(work: Work) -> None:
    """The box has started: the count of milliseconds may have begun anew, so every pause does."""
    work.sql("UPDATE guess_door SET counted_at = ?1, free_at = ?1 + pause", (work.ticks,))


def pausing(look: Look, ticks: int) -> list[str]:
    """The doors (kiosks and logins) at which somebody has guessed so often that they pause."""
    return [
        door
        for (door,) in look.rows(
            "SELECT door FROM guess_door WHERE pause > 0 AND free_at > ? AND door NOT LIKE 'tail %' ORDER BY door",
            (ticks,),
        )
    ]
