"""换码: which code of an order is the present one. A code that was lost or leaked is followed by another (the next turn
of its seal), and every older one is refused. Only orders that have had more than one code have rows."""

from __future__ import annotations

import msgspec

from tihuo.shop.fence import numbers_from
from tihuo.shop.pickups import code_for, extra_digits_for, short_code_for
from tihuo.shop.work import House, Look, Work


class Turn(msgspec.Struct, frozen=True):
    """One renewal: `no` counts all of this box, `turn` those of one order."""

    no: int
    turn: int


def turn_of(look: Look | Work, order_no: int) -> Turn | None:
    """The newest renewal of an order's code; None while its first one counts."""
    row = look.one("SELECT no, turn FROM code_turn WHERE order_no = ? ORDER BY turn DESC LIMIT 1", (order_no,))
    return Turn(*row) if row else None


def codes_of(house: House, order_no: int, turn: Turn | None = None) -> tuple[str, str]:
    """The QR's text and the eight digits of an order at a turn of its code."""
    if turn is None:
        return code_for(house.store_id, order_no, house.code_key), short_code_for(order_no, house.code_key)
    code = code_for(house.store_id, order_no, house.code_key, turn.turn)
    return code, extra_digits_for(house.code_key, renewal=turn.no)


def next_turn(work: Work, order_no: int, reason: str) -> Turn:
    """From now on only a new code opens the order."""
    present = turn_of(work, order_no)
    row = work.one("SELECT coalesce(max(no), 0) FROM code_turn")
    assert row is not None
    turn = Turn(max(row[0], numbers_from(work, "codes")) + 1, present.turn + 1 if present else 1)
    keep_turn(work, order_no, turn, reason)
    return turn


def keep_turn(work: Work, order_no: int, turn: Turn, reason: str) -> None:
    work.sql(
        "INSERT INTO code_turn(no, order_no, turn, reason, actor, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (turn.no, order_no, turn.turn, reason, work.actor, work.now),
    )
