"""自提码: how it stands with the codes of one order; and what about codes should make the staff look up."""

from __future__ import annotations

from typing import Any

import msgspec

from tihuo.shop import delegates, guesses, tails
from tihuo.shop.code_turns import codes_of, turn_of
from tihuo.shop.shown_again import all_of_them, newest
from tihuo.shop.words import Refusal, mask_name
from tihuo.shop.work import House, Look


class Neighbour(msgspec.Struct, frozen=True):
    """代取: one neighbour of an order. `lines` are goods, empty for whatever waits; `digits` to read out, empty when
    they are worthless. `state`: `open`, `over` or `revoked`."""

    delegation_id: str
    name: str
    until: int
    lines: tuple[str, ...]
    digits: str
    state: str


class OrderCodes(msgspec.Struct, frozen=True):
    """An order's codes. `lines`: (line number, goods) of what may be named to a neighbour; `renewed`: (when, by whom,
    why)."""

    order_no: int
    order_id: str
    name: str
    digits: str
    renewed: tuple[tuple[int, str, str], ...]
    neighbours: tuple[Neighbour, ...]
    lines: tuple[tuple[int, str], ...]
    window_to: int


class ShownAgain(msgspec.Struct, frozen=True):
    """A code that was shown when everything was gone: whose it is, when that was taken, when and where it was shown."""

    order_no: int
    name: str
    taken_at: int
    shown_at: int
    kiosk: str


def order_codes(look: Look, order_no: int, house: House, now: int) -> OrderCodes | None:
    """None if there is no such order, or it is not one to be collected."""
    order = look.one(
        "SELECT o.order_id, c.name, o.window_to FROM shop_order o JOIN customer c ON c.id = o.customer_id "
        "WHERE o.no = ? AND o.state = 'accepted'",
        (order_no,),
    )
    if order is None:
        return None
    goods: dict[int, str] = {
        line: name.strip()
        for line, name in look.rows(
            "SELECT l.line_no, d.name || ' ' || s.spec FROM order_line l JOIN sku s ON s.id = l.sku_id "
            "JOIN product d ON d.id = s.product_id WHERE l.order_no = ? AND l.quantity > l.short + l.cancelled "
            "ORDER BY l.line_no",
            (order_no,),
        )
    }
    neighbours = []
    for (number,) in look.rows("SELECT no FROM delegation WHERE order_no = ? ORDER BY no DESC", (order_no,)):
        known = delegates.delegation(look, number)
        assert known is not None
        state = "revoked" if known.revoked_at is not None else "over" if known.until < now else "open"
        digits = delegates.codes_of(house, known)[1] if state == "open" else ""
        lines = tuple(goods.get(line, "") for line in sorted(known.lines or ()))
        neighbours.append(Neighbour(known.delegation_id, known.who, known.until, lines, digits, state))
    renewed = look.rows("SELECT at, actor, reason FROM code_turn WHERE order_no = ? ORDER BY turn DESC", (order_no,))
    return OrderCodes(
        order_no,
        order[0],
        mask_name(order[1]),
        codes_of(house, order_no, turn_of(look, order_no))[1],
        tuple((at, actor, reason) for at, actor, reason in renewed),
        tuple(neighbours),
        tuple(goods.items()),
        order[2],
    )


def shown_again(look: Look, now: int) -> list[ShownAgain]:
    """Codes that were shown at a kiosk within ten minutes though everything had been taken before, newest first."""
    rows = all_of_them(look, now)
    return [ShownAgain(order_no, mask_name(name), *rest) for order_no, name, *rest in rows]


def doors_pausing(look: Look, ticks: int) -> list[str]:
    """Kiosks (`kiosk k1`, `kiosks` for all together) and logins at which somebody guessed so often that they pause."""
    return guesses.pausing(look, ticks)


def codes_trouble(look: Look, now: int, ticks: int) -> tuple[str, dict[str, Any]]:
    """What a banner says of the codes: `guessing` at which doors, `code_shown_again` of whose; or nothing."""
    if doors := guesses.pausing(look, ticks):
        return "guessing", {"doors": doors}
    if again := newest(look, now):
        return "code_shown_again", {"name": mask_name(again[1]), "at": again[2], "kiosk": again[4]}
    return "", {}


def tail_question(look: Look, tail: str, house: House) -> tails.Question | None:
    """What a kiosk asks whoever says these four digits; None where there is too little to ask about."""
    try:
        return tails.question(look.rows, house.code_key, tail)
    except Refusal:
        return None
