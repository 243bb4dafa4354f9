"""排队: the order in which people at the door are served, when numbers begin at one again, and who is called next."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import House, Rows

QUIET_MS = 6 * 3_600_000
"""Without a sure clock, a day ends when nobody took a number for so long, or the box was switched on anew."""
CALL_MS = 25_000
"""After so long without an answer a number is called again."""
CALLS = 3
"""Whoever does not come when called so often is passed over."""
COUNTER = "counter"
"""Where staff serve, beside the kiosks."""


class Open(msgspec.Struct, frozen=True):
    """A turn that is not over: `waiting`, `called`, or `served` (she stands there now)."""

    turn_id: int
    number: int
    state: str
    order_no: int | None
    to_kiosk: str
    calls: int
    last_call_ticks: int
    visit_before: int
    visit_id: int | None


class Move(msgspec.Struct, frozen=True):
    """What is due for one turn: `call` to a kiosk, `serve` with a visit, `given` (she got something), `end`, `skip`."""

    what: str
    turn: Open
    kiosk: str = ""
    visit_id: int = 0


def begins_anew(last_day: str, last_ticks: int, *, day: str, ticks: int, anybody: bool) -> bool:
    """Whether numbers begin at one again after a last one of `last_day`; days are empty where no clock was sure.

    >>> begins_anew("2027-01-15", 0, day="2027-01-16", ticks=9, anybody=True)
    True
    >>> begins_anew("", 5, day="2027-01-16", ticks=9, anybody=False)
    False
    >>> begins_anew("", 5, day="", ticks=4, anybody=False)
    True
    """
    if day and last_day:
        return day != last_day
    return not anybody and not 0 <= ticks - last_ticks <= QUIET_MS


def open_turns(rows: Rows) -> list[Open]:
    """Whoever waits, was called or stands at a kiosk, in the order of their numbers."""
    found = rows(
        "SELECT id, number, state, order_no, to_kiosk, calls, last_call_ticks, visit_before, visit_id FROM turn "
        "WHERE state IN ('waiting', 'called', 'served') ORDER BY id",
        (),
    )
    return [Open(*row) for row in found]


def due(rows: Rows, ticks: int, house: House) -> list[Move]:
    """What happens to the queue now by itself, nobody having tapped anything."""
    turns = open_turns(rows)
    if not turns:
        return []
    moves: list[Move] = []
    taken = {turn.to_kiosk for turn in turns if turn.state != "waiting"}
    for turn in turns:
        if turn.state == "called":
            moves += _called(rows, turn, ticks)
        elif turn.state == "served":
            moves += _served(rows, turn)
    if house.calls_by_themselves:
        waiting = [turn for turn in turns if turn.state == "waiting"]
        busy = {row[0] for row in rows("SELECT kiosk FROM visit WHERE closed_at IS NULL", ())}
        free = [kiosk for kiosk in house.kiosks if kiosk not in taken | busy]
        moves += [Move("call", turn, kiosk) for turn, kiosk in zip(waiting, free, strict=False)]
    return moves


def _called(rows: Rows, turn: Open, ticks: int) -> list[Move]:
    """She came: somebody checked in where she was sent, or with her order anywhere."""
    came = rows(
        "SELECT v.id FROM visit v LEFT JOIN shop_order o ON o.no = ?2 WHERE v.id > ?1 AND v.customer_id IS NOT NULL "
        "AND iif(?2 IS NULL, v.kiosk = ?3, v.customer_id = o.customer_id) ORDER BY v.id LIMIT 1",
        (turn.visit_before, turn.order_no, turn.to_kiosk),
    )
    if came:
        return [Move("serve", turn, turn.to_kiosk, came[0][0])]
    if 0 <= ticks - turn.last_call_ticks < CALL_MS:
        return []
    return [Move("call", turn, turn.to_kiosk) if turn.calls < CALLS else Move("skip", turn)]


def _served(rows: Rows, turn: Open) -> list[Move]:
    if turn.visit_id is None:  # at the counter: the next call, or a tap, ends it
        return []
    visit = rows("SELECT outcome, closed_at FROM visit WHERE id = ?", (turn.visit_id,))
    if not visit:
        return [Move("end", turn)]
    outcome, closed_at = visit[0]
    given = rows("SELECT 1 FROM turn WHERE id = ? AND given_ticks IS NULL", (turn.turn_id,))
    moves = [Move("given", turn)] if given and outcome in ("partly", "done") else []
    return [*moves, Move("end", turn)] if closed_at is not None else moves
