"""认人: whom a text stands for, or why it stands for nobody, without a network and in one look at the book.

Whatever the text is, it goes no further than this: who is refused is told what kind of code that was, and the journal
keeps the kind, never the text. What holds against whom is in docs/codes.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from tihuo.shop import delegates, guesses
from tihuo.shop.pickups import STEP_MS, Code, is_whole, read_code, read_digits
from tihuo.shop.scans import LONGEST, cleaned
from tihuo.shop.strangers import stranger
from tihuo.shop.uncollected import given_up
from tihuo.shop.words import Refusal
from tihuo.shop.work import House, Row, Work, rows_at_once

TOLERANCE = 2
"""How many steps of 30 s a changing code may be away from the box's clock."""
OLD_MS = 3 * 86_400_000
"""So long after its window the digits of an order that is over still get an answer of their own."""


class Identity(msgspec.Struct, frozen=True):
    """Who stands there. `method`: `qr`, `rotating`, `digits`, `delegate` or `phone_tail`. `lines`: (order, line) pairs
    that may be taken, None for whatever waits for the customer; `delegate` names a neighbour, masked."""

    order_no: int
    customer_id: str
    method: str
    lines: frozenset[tuple[int, int]] | None = None
    delegate: str = ""
    delegation: int | None = None


def identify(work: Work, text: str, *, kiosk: str) -> Identity:
    """Whom a text stands for: at a kiosk, or with an empty one on the phone of whoever is logged in.

    Raises `Refusal`: `unknown_code`, `other_shop`, `revoked`, `expired`, `stale_code`, `live_code_only`,
    `clock_unsure`, `payment_code`, `web_page`, `goods_code`, `damaged_code`, `cancelled`, `refused_order`; and
    `too_many_tries`, if eight digits came too soon after wrong ones. A wrong eight digits is counted in this very
    transaction: whoever lets the refusal undo it must count it himself.
    """
    return _whose(work, _read(work.house, text), kiosk, {})


def identify_each(work: Work, texts: list[str]) -> list[Identity]:
    """As `identify`, on the phones of those whose jobs are run together."""
    shown = [_read(work.house, text) for text in texts]
    codes = {code.order_no for code in shown if isinstance(code, Code)}
    orders = {row[0]: row[1:] for row in rows_at_once(work, _ORDERS, codes)} if len(codes) > 1 else {}
    found = []
    for number, code in enumerate(shown):
        work.act_for(number)
        found.append(_whose(work, code, "", orders))
    return found


def _whose(work: Work, shown: Code | str, kiosk: str, orders: _Orders) -> Identity:
    return _by_digits(work, shown, kiosk) if isinstance(shown, str) else _by_code(work, shown, kiosk, orders)


def _read(house: House, text: str) -> Code | str:
    """A pickup code of this shop, or eight digits."""
    if len(text) > LONGEST:
        raise Refusal("damaged_code")
    text = cleaned(text)
    digits = text.replace(" ", "")
    if len(digits) == 8 and digits.isascii() and digits.isdigit():
        return digits
    try:
        return read_code(text, house.store_id, house.code_key)
    except Refusal as refusal:
        if refusal.code == "other_shop":
            store = str(refusal.facts["store"])
            raise Refusal("other_shop", store=dict(house.sister_shops).get(store, store)) from None
        if refusal.code == "unknown_code" and not is_whole(text):
            raise Refusal(stranger(text)) from None
        raise


class _AboutOrder(Refusal):
    """A refusal of a code that did stand for an order."""

    order_no: int = 0


def about_order(refusal: Refusal) -> int | None:
    """The order that a refused code stood for, for the journal."""
    return refusal.order_no if isinstance(refusal, _AboutOrder) else None


def _about(order_no: int, code: str, **facts: object) -> _AboutOrder:
    refusal = _AboutOrder(code, **facts)
    refusal.order_no = order_no
    return refusal


def kind_of(text: str) -> str:
    """What the journal may say of a text that was shown: its kind, never itself."""
    text = cleaned(text)
    digits = text.replace(" ", "")
    if len(digits) == 8 and digits.isdigit():
        return "digits"
    return "qr" if text[:4].upper() == "TH1:" else "other"


def _by_code(work: Work, code: Code, kiosk: str, orders: _Orders) -> Identity:
    if code.delegation:
        return _by_delegation(work, code.delegation, code.order_no, kiosk)
    customer_id, _, turn = _order(work, code.order_no, orders)
    if code.turn < turn:
        raise _revoked(work, code.order_no, code.turn)
    if code.slot is not None:
        if not _known_time(work, kiosk):
            raise Refusal("clock_unsure")
        if work.sure and abs(work.now // STEP_MS - code.slot) > TOLERANCE:
            raise _about(code.order_no, "stale_code")
        return Identity(code.order_no, customer_id, "rotating")
    if kiosk and work.house.rotating_codes:
        raise _about(code.order_no, "live_code_only")
    return Identity(code.order_no, customer_id, "qr")


def _by_digits(work: Work, digits: str, kiosk: str) -> Identity:
    """Every refusal of digits that nobody has, or that lead to an order long over, is the same."""
    doors = guesses.doors_of(work, kiosk)
    guesses.keep_waiting(work, doors)
    if kiosk and work.house.rotating_codes:
        raise Refusal("live_code_only")
    meant = read_digits(digits, work.house.code_key)
    try:
        if meant.delegation:
            return _by_delegation(work, meant.delegation, 0, kiosk)
        order_no, turn = meant.order_no, 0
        if meant.renewal:
            order_no, turn = work.one("SELECT order_no, turn FROM code_turn WHERE no = ?", (meant.renewal,)) or (0, 0)
        customer_id, window_to, present = _order(work, order_no)
        if work.sure and work.now > window_to + OLD_MS and not _waits(work, order_no):
            raise Refusal("unknown_code")
        if turn < present:
            raise _revoked(work, order_no, turn)
        return Identity(order_no, customer_id, "digits")
    except Refusal as refusal:
        if refusal.code == "unknown_code":
            guesses.wrong(work, doors)
        raise


def _by_delegation(work: Work, number: int, order_no: int, kiosk: str) -> Identity:
    known = delegates.delegation(work, number)
    if known is None or order_no not in (0, known.order_no):
        raise Refusal("unknown_code")
    if known.revoked_at is not None:
        raise _about(known.order_no, "revoked", at=known.revoked_at)
    if not _known_time(work, kiosk):
        raise Refusal("clock_unsure")
    if work.sure and work.now > known.until:
        raise _about(known.order_no, "expired", at=known.until)
    customer_id, _, _ = _order(work, known.order_no)
    lines = None if known.lines is None else frozenset((known.order_no, line) for line in known.lines)
    return Identity(known.order_no, customer_id, "delegate", lines, known.who, number)


def _known_time(work: Work, kiosk: str) -> bool:
    """Whether it can be said that a moment has passed. Where it cannot, a person at the counter decides."""
    return work.sure or not kiosk


_Orders = Mapping[int, Sequence[Any]]
"""Orders that were looked up before: number -> customer, state, end of the window, turn of the code."""
_WHOSE = "customer_id, state, window_to, (SELECT max(turn) FROM code_turn WHERE order_no = shop_order.no)"
_ORDER = f"SELECT {_WHOSE} FROM shop_order WHERE no = ?"
_ORDERS = (
    f"SELECT json_group_array(json_array(no, {_WHOSE})) FROM shop_order WHERE no IN (SELECT value FROM json_each(?))"
)


def _order(work: Work, order_no: int, orders: _Orders = MappingProxyType({})) -> tuple[str, int, int]:
    """Its customer, the end of its window, and the present turn of its code."""
    row = orders.get(order_no) or work.one(_ORDER, (order_no,))
    if row is None:
        raise Refusal("unknown_code")
    if row[1] == "cancelled" and (gone := given_up(work, order_no)) is not None:
        raise _about(order_no, gone.code, **gone.facts)
    if row[1] != "accepted":
        raise _about(order_no, "cancelled" if row[1] == "cancelled" else "refused_order")
    return row[0], row[2], row[3] or 0


def _waits(work: Work, order_no: int) -> Row | None:
    return work.one(
        "SELECT 1 FROM order_line WHERE order_no = ? AND quantity > short + cancelled + handed_over", (order_no,)
    )


def _revoked(work: Work, order_no: int, turn: int) -> Refusal:
    """When the code of this turn was followed by another."""
    row = work.one("SELECT at FROM code_turn WHERE order_no = ? AND turn > ? ORDER BY turn", (order_no, turn))
    return _about(order_no, "revoked", at=row[0] if row else 0)
