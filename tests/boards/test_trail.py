"""履约数据链: every step of an order, and no other order's, is found without reading the journal from end to end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.boards.test_plans import scans
from tests.little_shop import LittleShop
from tihuo.boards.trail import about_orders, steps
from tihuo.ledger.seals import Sealer
from tihuo.shop.events import OrderAccepted
from tihuo.stages import handing_over, revealing, undoing


def seal(shop: LittleShop) -> None:
    Sealer(shop.writer, shop.readers, about_orders).step()


def told(shop: LittleShop, order_no: int) -> list[str]:
    return [step.kind for step in shop.read(steps, order_no)]


@pytest.fixture
def collected(shop: LittleShop) -> LittleShop:
    """Two orders of two people; one came and took hers."""
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    visit = shop.do(handing_over.check_in, "k1", shop.code("o1"), actor="kiosk k1")
    shop.do(handing_over.hand_over, visit, actor="kiosk k1")
    shop.do(undoing.undo_hand_over, 1, "拿错了", actor="小安", device="phone 3fa1")
    return shop


def test_an_order_has_its_steps_in_order_sealed_or_not(collected: LittleShop) -> None:
    before = collected.read(steps, 1)
    assert {step.sealed for step in before} == {False}
    seal(collected)
    after = collected.read(steps, 1)
    assert [step.entry for step in after] == [step.entry for step in before]
    assert {step.sealed for step in after} == {True}
    kinds = [step.kind for step in after]
    assert [kind for kind in kinds if kind.startswith("order.")] == [
        "order.accepted", "order.ready", "order.handed_over", "order.handover_undone",
    ]  # fmt: skip
    assert {"units.put", "parcel.ready", "paper.queued", "visit.checked_in"} <= set(kinds)
    assert [step.entry for step in after] == sorted({step.entry for step in after})


def test_who_and_with_what_and_when_by_both_clocks(collected: LittleShop) -> None:
    collected.clock.off, collected.clock.sure = -3_000, False
    collected.do(revealing.show_customer, 1, actor="周宁", device="phone 01ab")
    step = collected.read(steps, 1)[-1]
    assert (step.kind, step.who, step.device, step.sure) == ("phone.shown", "周宁", "phone 01ab", False)
    assert step.at - step.ticks == -3_000
    undone = next(step for step in collected.read(steps, 1) if step.kind == "order.handover_undone")
    assert (undone.who, undone.device, undone.said["reason"]) == ("小安", "phone 3fa1", "拿错了")


def test_another_order_is_not_in_it(collected: LittleShop) -> None:
    seal(collected)
    mine, hers = collected.read(steps, 1), collected.read(steps, 2)
    assert {step.entry for step in mine} & {step.entry for step in hers} == set()
    assert "order.handed_over" not in told(collected, 2)
    assert collected.read(steps, 3) == []


def test_what_was_put_for_another_order_of_hers_is_not_in_it(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "lin", EGGS=1)
    shop.sort()
    seal(shop)
    put = [[step.said["sku"] for step in shop.read(steps, no) if step.kind == "units.put"] for no in (1, 2)]
    assert put == [["RICE"], ["EGGS"]]


def test_it_goes_on_after_a_seal(collected: LittleShop) -> None:
    seal(collected)
    collected.do(revealing.show_customer, 1)
    found = collected.read(steps, 1)
    assert [step.sealed for step in found[-2:]] == [True, False]


def test_no_end_of_the_journal_is_read(collected: LittleShop) -> None:
    collected.do(lambda work: [work.record(OrderAccepted(order_id="x", order_no=9, window=(0, 1))) for _ in range(3)])
    seal(collected)
    assert scans(collected, steps, 1) == set()


@pytest.mark.parametrize("said", [{}, {"order_no": None}, {"order_id": "nobody"}, {"parcel_id": 77}, {"job_id": 0}])
def test_what_is_about_no_order_is_found_nowhere(shop: LittleShop, said: dict[str, Any]) -> None:
    from tihuo.boards.trail import _Asked

    with shop.readers.look() as look:
        assert [*_Asked(look).orders(said)] == []
