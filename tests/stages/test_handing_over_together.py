"""核销交付 by many at once: who shares a commit with others gets what she would get alone, in her own name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Make
from tests.little_shop import HOUR, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.shop import guesses
from tihuo.shop.pickups import short_code_for
from tihuo.shop.words import Refusal
from tihuo.stages import delegating, handing_over, reporting

SEEN = (
    "SELECT * FROM handover_line ORDER BY id",
    "SELECT order_no, line_no, put, handed_over FROM order_line ORDER BY 1, 2",
    "SELECT id, state, handed_over_at FROM parcel ORDER BY id",
    "SELECT no, minted, free, granted, ordered, quarantine, handed_over, void, owed FROM item_rights ORDER BY no",
    "SELECT item_no, n, ordered, handed_over, held FROM unit_move ORDER BY 1, 2",
    "SELECT kind, subject, content FROM print_job ORDER BY id",
    "SELECT actor, kind, data FROM journal ORDER BY entry",
    "SELECT key, answer FROM once ORDER BY key",
    "SELECT parcel_id, step FROM uncollected ORDER BY 1",
)
"""All that a hand-over leaves, but for the numbers of commits."""


def prepared(make_shop: Make) -> LittleShop:
    """Four customers with things of one kind in common; a bag of a later wave; a box that is missing."""
    shop = make_shop(running=False)
    shop.sell("o1", "lin", RICE=2, EGGS=1, MILK=1)
    shop.sell("o2", "zhao", RICE=1, MILK=2)
    shop.sell("o3", "ou", EGGS=2, BUNS=1)
    shop.sell("o4", "anna", RICE=1, EGGS=1)
    shop.sell("o5", "zhao", EGGS=1)
    shop.sort()
    shop.sell("o6", "lin", BUNS=1)
    shop.sort()
    missing = shop.do(handing_over.check_in, "k1", shop.code("o4"))
    parcel = shop.value("SELECT parcel_id FROM order_line WHERE order_no = 4 AND sku_id = ?", shop.sku("EGGS"))
    shop.do(reporting.report_goods, missing, parcel, {shop.sku("EGGS"): 1}, "refund_only")
    shop.do(handing_over.leave, missing)
    return shop


def neighbour(shop: LittleShop, order_no: int, sku: str) -> str:
    """A code for a neighbour who may take only that of an order."""
    lines = [
        line
        for (line,) in shop.sql(
            "SELECT line_no FROM order_line WHERE order_no = ? AND sku_id = ?", order_no, shop.sku(sku)
        )
    ]
    return str(shop.do(delegating.delegate, order_no, shop.clock.now + HOUR, lines, "王大爷").code)


CASES: dict[str, list[str]] = {
    "everybody": ["o1", "o2", "o3", "o4"],
    "one of them by digits": ["o3", "digits o1", "o2"],
    "one customer with both of her orders": ["o2", "o1", "o5"],
    "the same code twice": ["o1", "o3", "o3", "o2"],
    "a neighbour for some of it": ["neighbour o3 EGGS", "o1", "o2"],
    "a neighbour, then the customer": ["o1", "neighbour o3 EGGS", "o3", "o2"],
    "the customer, then a neighbour": ["o3", "neighbour o3 EGGS", "o4"],
    "somebody with no code of ours": ["o1", "https://example.org", "o2"],
}


@pytest.mark.parametrize("case", CASES)
def test_together_is_as_one_after_the_other(make_shop: Make, case: str) -> None:
    outcomes, left = [], []
    for together in (True, False):
        shop = prepared(make_shop)
        codes = [code_of(shop, word) for word in CASES[case]]
        commits = shop.writer.commits
        asked = []
        for turn, code in enumerate(codes):
            how = {"once": f"tap-{turn:04}", "actor": f"店员{turn}", "device": f"手机{turn}"}
            asked.append(shop.writer.write(handing_over.hand_over_by_code, code, **how))
            if not together:
                shop.writer.step(0)
        if together:
            shop.writer.step(0)
        assert shop.writer.commits - commits == (1 if together else len(codes))
        outcomes.append([one.exception(0) or one.result(0) for one in asked])
        left.append([shop.sql(statement) for statement in SEEN])
        assert shop.read(imbalances) == {}
    assert [said(one) for one in outcomes[0]] == [said(one) for one in outcomes[1]]
    for statement, here, there in zip(SEEN, *left, strict=True):
        assert here == there, statement
    assert any(not isinstance(one, Refusal) for one in outcomes[0])


def code_of(shop: LittleShop, word: str) -> str:
    match word.split():
        case ["digits", order_id]:
            return short_code_for(int(order_id[1:]), shop.house.code_key)
        case ["neighbour", order_id, sku]:
            return neighbour(shop, int(order_id[1:]), sku)
        case [order_id] if order_id.startswith("o"):
            return shop.code(order_id)
    return word


def said(outcome: Any) -> Any:
    return (outcome.code, outcome.facts) if isinstance(outcome, Refusal) else outcome


def test_each_is_signed_by_who_had_the_phone_in_hand(make_shop: Make) -> None:
    shop = prepared(make_shop)
    for turn, order_id in enumerate(("o1", "o2", "o3")):
        shop.writer.write(
            handing_over.hand_over_by_code, shop.code(order_id), actor=f"店员{turn}", device=f"手机{turn}"
        )
    shop.writer.step(0)
    assert shop.sql("SELECT DISTINCT order_no, actor FROM handover_line WHERE order_no < 4 ORDER BY 1") == [
        (1, "店员0"),
        (2, "店员1"),
        (3, "店员2"),
    ]
    signed = "SELECT json_extract(data, '$.order_id'), actor FROM journal WHERE kind = 'order.handed_over' ORDER BY 1"
    assert shop.sql(signed) == [
        ("o1", "店员0 @ 手机0"),
        ("o2", "店员1 @ 手机1"),
        ("o3", "店员2 @ 手机2"),
        ("o5", "店员1 @ 手机1"),
        ("o6", "店员0 @ 手机0"),
    ]


def test_whose_digits_pause_is_refused_and_nobody_else(make_shop: Make) -> None:
    shop = prepared(make_shop)
    for _ in range(guesses.LOGIN.free):
        shop.do(lambda work: guesses.wrong(work, guesses.doors_of(work, "")[:1]), actor="店员1")
    digits = [short_code_for(number, shop.house.code_key) for number in (1, 2, 3)]
    asked = [
        shop.writer.write(handing_over.hand_over_by_code, code, actor=f"店员{turn}")
        for turn, code in enumerate((shop.code("o1"), digits[1], digits[2]))
    ]
    shop.writer.step(0)
    assert isinstance(refused := asked[1].exception(0), Refusal)
    assert refused.code == "too_many_tries"
    assert [asked[0].result(0).units, asked[2].result(0).units] == [5, 3]
