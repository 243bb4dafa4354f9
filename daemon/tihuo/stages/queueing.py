"""排队: people take numbers, are called to a kiosk or the counter, and come or do not."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from tihuo.shop import paper
from tihuo.shop.days import shop_day
from tihuo.shop.events import TurnCalled, TurnMoved, TurnTaken
from tihuo.shop.identity import identify
from tihuo.shop.turns import COUNTER, Move, Open, begins_anew, due, open_turns
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of


class Taken(msgspec.Struct, frozen=True):
    """A number, and how many wait before her."""

    turn_id: int
    number: int
    ahead: int


def take_number(work: Work, kiosk: str = "", order_no: int | None = None) -> Taken:
    """取号: the next number of today; whoever shows the same order again keeps hers.

    Raises `Refusal("numbers_off")`.
    """
    if not work.house.numbers:
        raise Refusal("numbers_off")
    turns = open_turns(rows_of(work))
    if order_no is not None:
        for turn in turns:
            if turn.order_no is not None and _customer(work, turn.order_no) == _customer(work, order_no):
                return Taken(turn.turn_id, turn.number, _ahead(turns, turn.turn_id))
    last = work.one("SELECT series, number, day, taken_ticks FROM turn ORDER BY id DESC LIMIT 1")
    day = shop_day(work.now, work.house.timezone) if work.sure else ""
    series, number = 1, 1
    if last is not None:
        anew = begins_anew(last[2], last[3], day=day, ticks=work.ticks, anybody=bool(turns))
        series, number, day = (last[0] + 1, 1, day) if anew else (last[0], last[1] + 1, day or last[2])
        if anew:
            work.sql("UPDATE turn SET state = 'gone' WHERE state IN ('waiting', 'called', 'served')")
            turns = []
    turn_id = work.sql(
        "INSERT INTO turn(series, day, number, order_no, kiosk, state, taken_at, taken_ticks, calls, to_kiosk, "
        "last_call_ticks, visit_before) VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?, 0, '', 0, 0)",
        (series, day, number, order_no, kiosk, work.now, work.ticks),
    ).lastrowid
    assert turn_id is not None
    work.record(TurnTaken(turn_id=turn_id, number=number, kiosk=kiosk, order_no=order_no))
    taken = Taken(turn_id, number, _ahead(turns, turn_id))
    if work.house.number_slips:
        paper.queue(work, "list", f"turn:{turn_id}", _slip(work, taken))
    return taken


def take_by_code(work: Work, code: str) -> Taken:
    """取号 for whoever shows her pickup code at the door: her parcels can be fetched before she is called.

    Raises `Refusal`: `numbers_off`, and those of `identify`.
    """
    return take_number(work, order_no=identify(work, code, kiosk="").order_no)


def call_next(work: Work, kiosk: str) -> int:
    """下一位: the next number is called to a kiosk or to the counter; gives it. Whoever was called there and did not
    come is passed over. Raises `Refusal("nobody_waits")`."""
    turns = open_turns(rows_of(work))
    following = next((turn for turn in turns if turn.state == "waiting"), None)
    if following is None:
        raise Refusal("nobody_waits")
    for turn in turns:
        if turn.to_kiosk == kiosk and turn.state == "called":
            _do(work, Move("skip", turn))
        elif turn.to_kiosk == kiosk == COUNTER and turn.state == "served":
            _do(work, Move("end", turn))
    _do(work, Move("call", following, kiosk))
    return following.number


def recall(work: Work, turn_id: int, kiosk: str) -> int:
    """重呼: a number is called again, also one that was passed over; gives it. Raises `Refusal("turn_over")`."""
    turn = _turn(work, turn_id, ("waiting", "called", "gone"))
    _do(work, Move("call", turn, kiosk))
    return turn.number


def came(work: Work, turn_id: int) -> int:
    """到了: staff see that she is here; gives her number. Raises `Refusal("turn_over")`."""
    turn = _turn(work, turn_id, ("waiting", "called"))
    _do(work, Move("serve", turn))
    return turn.number


def skip(work: Work, turn_id: int) -> int:
    """过号: she is not here; gives her number. Raises `Refusal("turn_over")`."""
    turn = _turn(work, turn_id, ("waiting", "called"))
    _do(work, Move("skip", turn))
    return turn.number


def go_on(work: Work) -> int:
    """What time and the kiosks do to the queue: whoever checked in is served, whoever does not come is called again and
    then passed over, a kiosk that is free calls the next. Gives how many moved."""
    moves = due(rows_of(work), work.ticks, work.house)
    for move in moves:
        _do(work, move)
    return len(moves)


def _do(work: Work, move: Move) -> None:
    turn, ticks = move.turn, work.ticks
    if move.what == "call":
        work.sql(
            "UPDATE turn SET state = 'called', calls = calls + 1, to_kiosk = ?, last_call_ticks = ?, "
            "called_at = coalesce(called_at, ?), called_ticks = coalesce(called_ticks, ?), "
            "visit_before = (SELECT coalesce(max(id), 0) FROM visit) WHERE id = ?",
            (move.kiosk, ticks, work.now, ticks, turn.turn_id),
        )
        calls = turn.calls + 1
        work.record(
            TurnCalled(turn_id=turn.turn_id, number=turn.number, kiosk=move.kiosk, calls=calls, order_no=turn.order_no)
        )
    elif move.what == "serve":
        work.sql(
            "UPDATE turn SET state = 'served', served_at = ?, served_ticks = ?, visit_id = ? WHERE id = ?",
            (work.now, ticks, move.visit_id or None, turn.turn_id),
        )
        work.record(_moved(turn, "served"))
    elif move.what == "given":
        work.sql("UPDATE turn SET given_ticks = ? WHERE id = ?", (ticks, turn.turn_id))
    elif move.what == "skip":
        work.sql("UPDATE turn SET state = 'gone' WHERE id = ?", (turn.turn_id,))
        work.record(_moved(turn, "skipped"))
    else:
        work.sql("UPDATE turn SET state = 'done' WHERE id = ?", (turn.turn_id,))


def _moved(turn: Open, state: str) -> TurnMoved:
    return TurnMoved(turn_id=turn.turn_id, number=turn.number, state=state, order_no=turn.order_no)


def _turn(work: Work, turn_id: int, states: tuple[str, ...]) -> Open:
    row = work.one(
        "SELECT id, number, state, order_no, to_kiosk, calls, last_call_ticks, visit_before, visit_id FROM turn "
        "WHERE id = ? AND series = (SELECT max(series) FROM turn)",
        (turn_id,),
    )
    if row is None or row[2] not in states:
        raise Refusal("turn_over")
    return Open(*row)


def _customer(work: Work, order_no: int) -> str:
    row = work.one("SELECT customer_id FROM shop_order WHERE no = ?", (order_no,))
    return str(row[0]) if row else f"order {order_no}"


def _ahead(turns: list[Open], turn_id: int) -> int:
    return sum(turn.state == "waiting" and turn.turn_id < turn_id for turn in turns)


def _slip(work: Work, taken: Taken) -> dict[str, object]:
    at = f"{datetime.fromtimestamp(work.now / 1000, ZoneInfo(work.house.timezone)):%H:%M}"
    return {
        "title": f"{taken.number} 号",
        "subtitle": "请看屏幕叫号",
        "rows": [{"big": str(taken.number), "text": f"前面还有 {taken.ahead} 位", "note": at if work.sure else ""}],
        "foot": "",
    }
