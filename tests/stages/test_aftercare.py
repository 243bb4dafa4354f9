"""售后: goods that are lost, orders that a person cancels, goods that wait for a decision."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.orders import order_row
from tihuo.shop import paper
from tihuo.shop.cancelling import TakenOut
from tihuo.shop.events import (
    GrantIssued,
    GrantRevokeRequested,
    OrderCancelled,
    OrderReady,
    OrderShort,
    ParcelReady,
    QuarantineDecided,
    UnitsLost,
    WaveDone,
)
from tihuo.stages import aftercare, allocating, handing_over, preparing, selling, sorting


def short(shop: LittleShop) -> list[tuple[str, int, str]]:
    return [(event.order_id, event.lines[0].quantity, event.lines[0].reason) for event in shop.events(OrderShort)]


def owed(shop: LittleShop, sku: str) -> int:
    return int(shop.value("SELECT owed FROM session_item WHERE session_id = 's1' AND sku_id = ?", shop.sku(sku)))


def losses(shop: LittleShop) -> list[tuple[Any, ...]]:
    """(quantity, covered, short, settled)"""
    return shop.sql("SELECT quantity, covered, short, settled_at IS NOT NULL FROM shortage ORDER BY id")


@pytest.fixture
def lent_out(shop: LittleShop) -> LittleShop:
    """Rice: nothing free, 12 with the cloud, the eight others sold over the counter."""
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    return shop


# losses


def test_a_loss_comes_out_of_what_is_free(shop: LittleShop) -> None:
    assert shop.do(aftercare.lose, "s1", "RICE", 3, "damage", actor="小李") == (3, 0, 0)
    assert shop.item("RICE") == {"minted": 20, "free": 5, "granted": 12, "void": 3}
    assert shop.sql("SELECT quantity, covered, short, reason, policy, actor, at, settled_at FROM shortage") == [
        (3, 3, 0, "damage", "first_paid", "小李", shop.clock.now, shop.clock.now)
    ]
    assert shop.events(UnitsLost) == [
        UnitsLost(session_id="s1", sku="RICE", quantity=3, covered=3, owed=0, short=0, reason="damage")
    ]
    assert shop.events(GrantRevokeRequested) == []


def test_then_the_cloud_is_asked_and_what_comes_back_makes_it_good(lent_out: LittleShop) -> None:
    shop = lent_out
    assert shop.do(aftercare.lose, "s1", "RICE", 5, "damage") == (0, 5, 0)
    assert shop.item("RICE") == {"minted": 20, "granted": 12, "handed_over": 8}
    assert shop.events(GrantRevokeRequested) == [GrantRevokeRequested(grant_id="g1-1", session_id="s1", quantity=5)]
    shop.do(selling.take_back, "g1-1", 2)
    assert (owed(shop, "RICE"), losses(shop)) == (3, [(5, 2, 0, 0)])
    shop.do(selling.take_back, "g1-1", 4)
    assert (owed(shop, "RICE"), losses(shop)) == (0, [(5, 5, 0, 1)])
    assert shop.item("RICE") == {"minted": 20, "free": 1, "granted": 6, "handed_over": 8, "void": 5}
    assert short(shop) == []
    assert shop.read(imbalances) == {}


def test_what_the_cloud_sells_meanwhile_customers_go_without(lent_out: LittleShop) -> None:
    """Nine of twelve are gone when the loss of five is heard of: two can never come back."""
    shop = lent_out
    shop.do(aftercare.lose, "s1", "RICE", 5, "short_delivery")
    for number in range(3):
        assert shop.sell(f"o{number}", f"c{number}", RICE=3) == "accepted"
        shop.clock.tick(1000)
    assert shop.item("RICE") == {"minted": 20, "granted": 3, "ordered": 7, "handed_over": 8, "void": 2}
    assert (owed(shop, "RICE"), losses(shop)) == (3, [(5, 0, 2, 0)])
    assert short(shop) == [("o2", 2, "short_delivery")]
    assert shop.value("SELECT refunded_fen FROM shop_order WHERE order_id = 'o2'") == 2 * 3990
    shop.do(selling.close_grant, "g1-1", 9)
    assert (owed(shop, "RICE"), losses(shop)) == (0, [(5, 3, 2, 1)])
    assert shop.item("RICE") == {"minted": 20, "ordered": 7, "handed_over": 8, "void": 5}
    assert shop.read(imbalances) == {}


def test_a_whole_batch_of_orders_that_sells_what_is_owed_charges_the_same(lent_out: LittleShop) -> None:
    shop = lent_out
    shop.do(aftercare.lose, "s1", "RICE", 12, "lost")
    orders = [shop.order(f"o{number}", f"c{number}", RICE=4, EGGS=1) for number in range(3)]
    assert shop.do(selling.accept_orders, orders) == ["accepted"] * 3
    assert (owed(shop, "RICE"), losses(shop)) == (0, [(12, 0, 12, 1)])
    assert shop.item("RICE") == {"minted": 20, "handed_over": 8, "void": 12}
    assert shop.item("EGGS") == {"minted": 10, "free": 4, "granted": 3, "ordered": 3}
    assert shop.read(imbalances) == {}


def test_a_loss_after_the_cutoff_waits_for_the_cloud_too(lent_out: LittleShop) -> None:
    shop = lent_out
    shop.sell("o1", RICE=2)
    shop.do(preparing.close_session, "s1")
    assert shop.do(aftercare.lose, "s1", "RICE", 4, "damage") == (0, 4, 0)
    shop.sort()
    shop.do(selling.close_grant, "g1-1", 2)
    assert shop.item("RICE") == {"minted": 14, "ordered": 2, "handed_over": 8, "void": 4}
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 6
    assert short(shop) == []


@pytest.mark.parametrize(
    ("policy", "without"),
    [
        ("", {"o2": 1, "o3": 2}),
        ("first_paid", {"o2": 1, "o3": 2}),
        ("pro_rata", {"o1": 1, "o2": 1, "o3": 1}),
        ("one_each", {"o1": 2, "o2": 1}),
    ],
)
def test_the_policy_says_who_goes_without(shop: LittleShop, policy: str, without: dict[str, int]) -> None:
    for number in (1, 2, 3):
        shop.sell(f"o{number}", f"c{number}", RICE=5 - number)
    shop.do(allocating.set_reserve, "s1", "RICE", 20)
    shop.do(selling.close_grant, "g1-1", 9)
    shop.do(selling.sell_walk_in, "s1", "RICE", 11)
    assert shop.do(aftercare.lose, "s1", "RICE", 3, "damage", policy) == (0, 0, 3)
    assert {order: units for order, units, _ in short(shop)} == without
    assert shop.item("RICE") == {"minted": 20, "ordered": 6, "handed_over": 11, "void": 3}
    assert shop.value("SELECT policy FROM shortage") == (policy or "first_paid")
    assert shop.read(imbalances) == {}


def test_the_shops_own_policy_is_a_setting(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, shortage_policy="one_each"))
    shop.do(aftercare.lose, "s1", "RICE", 1, "damage")
    assert shop.value("SELECT policy FROM shortage") == "one_each"


def test_only_what_is_in_no_parcel_can_be_lost_and_its_parcels_are_settled(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, EGGS=1)
    shop.sell("o2", "zhao", RICE=2)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.close_grant, "g1-1")
    shop.do(aftercare.lose, "", "RICE", 16, "lost")
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.put, 1, shop.sku("EGGS"), 1)
    refused = shop.refusal(aftercare.lose, "s1", "RICE", 4, "damage")
    assert (refused.code, refused.facts) == ("more_than_there", {"there": 3})
    shop.do(aftercare.lose, "s1", "RICE", 3, "damage")
    assert [(row[0], row[-1]) for row in shop.parcels()] == [(1, "ready"), (2, "empty")]
    assert [event.parcel_id for event in shop.events(ParcelReady)] == [1]
    assert [event.order_id for event in shop.events(OrderReady)] == ["o1"]
    assert len(shop.events(WaveDone)) == 1
    assert shop.read(imbalances) == {}


def test_goods_of_no_session_are_lost_from_the_shops_stock(shop: LittleShop) -> None:
    shop.do(preparing.receive, "RICE", 5)
    assert shop.do(aftercare.lose, "", "RICE", 2, "damage") == (2, 0, 0)
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 3
    assert losses(shop) == []
    assert shop.refusal(aftercare.lose, "", "RICE", 4, "damage").code == "more_than_there"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("s1", "RICE", 0, "damage"), "bad_quantity"),
        (("s1", "RICE", 1, "because"), "bad_reason"),
        (("s1", "RICE", 1, "damage", "whoever"), "bad_reason"),
        (("s1", "NONE", 1, "damage"), "unknown_sku"),
        (("", "NONE", 1, "damage"), "unknown_sku"),
        (("s9", "RICE", 1, "damage"), "unknown_sku"),
        (("s1", "RICE", 21, "damage"), "more_than_there"),
    ],
)
def test_a_loss_that_cannot_be(shop: LittleShop, args: tuple[Any, ...], code: str) -> None:
    assert shop.refusal(aftercare.lose, *args).code == code


# cancelled by a person


def test_an_order_on_the_shelf_is_cancelled_and_staff_are_told_what_comes_out_of_which_slot(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "lin", EGGS=1)
    shop.sort()
    out = shop.do(aftercare.cancel, 1, "顾客改了主意", actor="店主")
    assert out == [
        TakenOut("A01", 1, "ambient", "大米", "5 kg", "袋", 2),
        TakenOut("C01", 1, "chilled", "鲜牛奶", "950 ml", "瓶", 1),
    ]
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 10, "quarantine": 2}
    assert [(row[0], row[-1]) for row in shop.parcels()] == [(1, "ready"), (2, "empty")]
    labels = "SELECT subject, state, copy_no FROM print_job WHERE kind = 'label' ORDER BY id"
    assert shop.sql(labels) == [
        ("parcel:1", "cancelled", 1), ("parcel:2", "cancelled", 1), ("parcel:1", "queued", 1),
    ]  # fmt: skip
    (event,) = shop.events(OrderCancelled)
    assert [(line.line_id, line.quantity) for line in event.lines] == [("o1-1", 2), ("o1-2", 1)]
    assert shop.value("SELECT state FROM shop_order WHERE no = 1") == "cancelled"
    assert [event.order_id for event in shop.events(OrderReady)] == ["o2", "o1"]  # told once each, and not again
    assert shop.read(imbalances) == {}
    assert shop.refusal(aftercare.cancel, 1, "again").code == "already_cancelled"


def test_a_label_that_is_on_paper_is_followed_by_a_copy_that_says_what_is_left(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", RICE=1)
    shop.sort()
    shop.do(paper.moved, 1, ("queued",), "printed")
    shop.do(aftercare.cancel, 1, "sorry")
    assert shop.sql("SELECT state, copy_no FROM print_job WHERE kind = 'label' ORDER BY id") == [
        ("printed", 1), ("queued", 2),
    ]  # fmt: skip
    assert '"quantity": 1' in shop.value("SELECT content FROM print_job WHERE copy_no = 2")


def test_an_order_in_the_middle_of_sorting_completes_its_parcel_by_leaving(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.sell("o2", "lin", EGGS=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.put, 1, shop.sku("RICE"), 1)
    shop.do(sorting.put, 1, shop.sku("EGGS"), 1)
    (out,) = shop.do(aftercare.cancel, 1, "sorry")
    assert (out.slot, out.product, out.quantity) == ("A01", "大米", 1)
    assert shop.line("o1", "RICE") == {"quantity": 2, "cancelled": 2}
    assert [row[-1] for row in shop.parcels()] == ["ready"]
    assert [event.order_id for event in shop.events(OrderReady)] == ["o2"]
    assert shop.read(imbalances) == {}


def test_of_an_order_partly_handed_over_only_the_rest_is_cancelled(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sort()
    shop.do(handing_over.hand_over_parcel, 1, {shop.sku("RICE"): 1})
    assert [row.slot for row in shop.do(aftercare.cancel, 1, "sorry")] == ["A01", "C01"]
    assert shop.line("o1", "RICE") == {"quantity": 2, "put": 1, "cancelled": 1, "handed_over": 1}
    assert [(row[0], row[-1]) for row in shop.parcels()] == [(1, "handed_over"), (2, "empty")]
    assert shop.value("SELECT state FROM shop_order") == "accepted"
    assert shop.read(order_row, 1).progress == "collected"
    assert shop.refusal(aftercare.cancel, 1, "sorry").code == "already_collected"
    assert shop.refusal(handing_over.hand_over_by_code, shop.code("o1")).code == "already_collected"
    assert shop.read(imbalances) == {}


def test_a_person_may_cancel_before_sorting_too(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2)
    assert shop.do(aftercare.cancel, 1, "sorry") == []
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 10, "quarantine": 2}


def test_an_order_that_cannot_be_cancelled(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=99)
    assert shop.refusal(aftercare.cancel, 1, "sorry").code == "refused_order"
    assert shop.refusal(aftercare.cancel, 9, "sorry").code == "unknown_order"
    assert shop.refusal(aftercare.cancel, 1, "  ").code == "no_reason"


# 待处理库存


def test_goods_that_are_good_are_for_sale_again(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=11)
    shop.do(aftercare.cancel, 1, "sorry")
    for grant in ("g1-1", "g1-5"):
        shop.do(selling.close_grant, grant)
    before = len(shop.events(GrantIssued))
    shop.do(aftercare.resell, "s1", "RICE", 10, actor="小李")
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 11, "quarantine": 1}
    assert [event.quantity for event in shop.events(GrantIssued)[before:]] == [11]
    assert shop.events(QuarantineDecided) == [
        QuarantineDecided(session_id="s1", sku="RICE", quantity=10, outcome="resell")
    ]


def test_after_the_session_they_are_the_shops_own_and_a_presales_rights_end(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=2, MILK=2)
    shop.do(preparing.close_session, "s1")
    shop.do(aftercare.cancel, 1, "sorry")
    on_hand = dict(shop.sql("SELECT code, on_hand FROM sku"))
    shop.do(aftercare.resell, "s1", "RICE", 2)
    shop.do(aftercare.resell, "s1", "MILK", 2)
    assert dict(shop.sql("SELECT code, on_hand FROM sku")) == {**on_hand, "RICE": on_hand["RICE"] + 2}
    assert "quarantine" not in shop.item("MILK")


def test_what_is_owed_comes_before_everything_else(lent_out: LittleShop) -> None:
    shop = lent_out
    shop.sell("o1", "lin", RICE=3)
    shop.do(aftercare.cancel, 1, "sorry")
    shop.do(aftercare.lose, "s1", "RICE", 2, "damage")
    shop.do(aftercare.resell, "s1", "RICE", 3)
    assert (owed(shop, "RICE"), losses(shop)) == (0, [(2, 2, 0, 1)])
    assert shop.item("RICE") == {"minted": 20, "free": 1, "granted": 9, "handed_over": 8, "void": 2}


@pytest.mark.parametrize("how", ["cap", "received"])
def test_new_goods_make_good_what_is_owed_before_any_is_free(lent_out: LittleShop, how: str) -> None:
    shop = lent_out
    shop.do(aftercare.lose, "s1", "RICE", 2, "damage")
    if how == "cap":
        shop.do(preparing.receive, "RICE", 5)
        shop.do(allocating.set_cap, "s1", "RICE", 25)
    else:
        shop.do(preparing.receive, "RICE", 5, "s1")
    assert (owed(shop, "RICE"), losses(shop)) == (0, [(2, 2, 0, 1)])
    assert shop.item("RICE") == {"minted": 25, "free": 3, "granted": 12, "handed_over": 8, "void": 2}
    assert shop.read(imbalances) == {}


def test_goods_that_are_not_fit_to_be_sold_end(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=2)
    shop.do(aftercare.cancel, 1, "sorry")
    shop.do(aftercare.discard, "s1", "MILK", 1, actor="小李")
    assert shop.item("MILK") == {"minted": 30, "free": 12, "granted": 16, "quarantine": 1, "void": 1}
    assert shop.sql("SELECT quantity, covered, reason, actor FROM shortage") == [(1, 1, "discarded", "小李")]
    for stage in (aftercare.discard, aftercare.resell):
        assert shop.refusal(stage, "s1", "MILK", 2).facts == {"there": 1}
        assert shop.refusal(stage, "s1", "MILK", 0).code == "bad_quantity"
        assert shop.refusal(stage, "s9", "MILK", 1).code == "more_than_there"
    assert shop.read(imbalances) == {}
