"""到货入库: counting a delivery, and what becomes of goods, rights and money when it is closed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import GOODS, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.receiving import deliveries
from tihuo.shop import arrival
from tihuo.shop.arrival import Choice, LinePlan
from tihuo.shop.deliveries import use_by
from tihuo.shop.events import DeliveryClosed, OrderShort, UnitsCounted
from tihuo.shop.purchases import to_buy
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work
from tihuo.stages import aftercare, preparing, purchasing, receiving, selling, substituting

FARM, DAIRY = "青禾农场", "牧场直送"


@pytest.fixture
def shop(make_shop: Make) -> LittleShop:
    """Rice and eggs are on hand and the farm's, milk and buns are to come and the dairy's. 11 milk and 5 buns are sold,
    then the sale is over: lin 4 milk, zhao 4 milk and 2 buns, ou 3 milk and 3 buns."""
    shop = make_shop()
    for sku in GOODS:
        supplier = FARM if sku.code in ("RICE", "EGGS") else DAIRY
        shop.do(preparing.keep_sku, msgspec.structs.replace(sku, supplier=supplier))
    for order_id, customer, wanted in (
        ("o1", "lin", {"MILK": 4}),
        ("o2", "zhao", {"MILK": 4, "BUNS": 2}),
        ("o3", "ou", {"MILK": 3, "BUNS": 3}),
    ):
        assert shop.sell(order_id, customer, **wanted) == "accepted"
        shop.clock.tick(1000)
    end(shop)
    return shop


def end(shop: LittleShop) -> None:
    """The sale is over, and the cloud has given back what it had not sold."""
    shop.do(preparing.close_session, "s1")
    for grant, sold in shop.sql("SELECT id, sold FROM stock_grant WHERE state = 'open'"):
        shop.do(selling.close_grant, grant, sold)


def buying(shop: LittleShop, supplier: str = DAIRY) -> dict[str, int]:
    with shop.readers.look() as look:
        return {row.sku: row.buy for row in to_buy(look.rows, "s1") if row.supplier == supplier and row.buy}


def plan(shop: LittleShop, delivery: int) -> dict[str, LinePlan]:
    with shop.readers.look() as look:
        return {line.sku: line for line in arrival.plan(look.rows, delivery)}


def close(shop: LittleShop, delivery: int, **choices: Choice) -> Any:
    seen = arrival.fingerprint(list(plan(shop, delivery).values()))
    return shop.do(receiving.close_delivery, delivery, seen, choices)


def test_what_must_be_bought_is_what_was_sold_and_wished_for_less_what_is_there(shop: LittleShop) -> None:
    assert buying(shop) == {"MILK": 11, "BUNS": 5}
    assert buying(shop, FARM) == {}
    shop.do(preparing.receive, "MILK", 2)
    shop.do(purchasing.wish, "s1", "BUNS", 4, "大包装")
    assert buying(shop) == {"MILK": 9, "BUNS": 9}
    shop.do(purchasing.wish, "s1", "RICE", 25)
    assert buying(shop, FARM) == {"RICE": 5}


def test_a_sent_list_is_what_the_supplier_is_expected_to_bring(shop: LittleShop) -> None:
    told = buying(shop)
    shop.do(purchasing.send_list, "s1", DAIRY, told, actor="店主")
    shop.do(aftercare.cancel, 2, "改主意了")
    assert buying(shop) == {"MILK": 7, "BUNS": 3}
    with pytest.raises(Refusal, match="list_changed"):
        shop.do(purchasing.send_list, "s1", DAIRY, told)
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    assert {sku: line.asked for sku, line in plan(shop, delivery).items()} == told
    assert shop.do(receiving.open_delivery, "s1", DAIRY) == delivery
    assert buying(shop) == {}


def test_without_a_list_what_was_sold_is_expected(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    assert {sku: line.expected for sku, line in plan(shop, delivery).items()} == {"MILK": 11, "BUNS": 5}
    shop.do(receiving.drop_delivery, delivery)
    assert buying(shop) == {"MILK": 11, "BUNS": 5}
    assert shop.do(receiving.open_delivery, "s1", DAIRY) != delivery
    with pytest.raises(Refusal, match="delivery_closed"):
        shop.do(receiving.count, delivery, "MILK", 1)
    assert [row.delivery_id for row in shop.read(deliveries)] == [delivery + 1]


def test_a_list_that_a_dropped_delivery_took_up_is_expected_again(shop: LittleShop) -> None:
    shop.do(purchasing.wish, "s1", "MILK", 9)
    shop.do(purchasing.send_list, "s1", DAIRY, buying(shop))
    shop.do(purchasing.wish, "s1", "MILK", 0)
    shop.do(receiving.drop_delivery, shop.do(receiving.open_delivery, "s1", DAIRY))
    assert plan(shop, shop.do(receiving.open_delivery, "s1", DAIRY))["MILK"].asked == 20


def test_all_that_was_sold_has_come(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    for sku, units in (("MILK", 5), ("MILK", 6), ("BUNS", 5)):
        shop.do(receiving.count, delivery, sku, units)
    assert all(line.clean for line in plan(shop, delivery).values())
    closed = close(shop, delivery)
    assert (closed.arrived, closed.to_stock, closed.missing, closed.orders) == (16, 0, 0, 0)
    assert shop.item("MILK") == {"minted": 11, "ordered": 11}
    assert shop.sql("SELECT on_hand FROM sku WHERE code IN ('MILK', 'BUNS')") == [(0,), (0,)]
    assert not shop.read(imbalances)
    assert not any(line.need for line in plan(shop, shop.do(receiving.open_delivery, "s1", DAIRY)).values())


def test_who_goes_without_is_refunded_and_told_in_the_same_transaction(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 7)
    shop.do(receiving.count, delivery, "MILK", 2, "damaged")
    shop.do(receiving.count, delivery, "BUNS", 5)
    line = plan(shop, delivery)["MILK"]
    assert (line.expected, line.good, line.damaged, line.short, line.short_of) == (11, 7, 2, 4, 4)
    closed = close(shop, delivery, MILK=Choice(policy="one_each"))
    assert (closed.missing, closed.orders) == (4, 3)
    assert [shop.line(order, "MILK").get("short", 0) for order in ("o1", "o2", "o3")] == [1, 2, 1]
    told = shop.events(OrderShort)
    assert [(event.order_id, event.refund.amount_fen) for event in told] == [("o1", 1250), ("o2", 2500), ("o3", 1250)]
    assert shop.item("MILK") == {"minted": 11, "ordered": 7, "void": 4}
    assert not shop.read(imbalances)


def test_by_hand_the_owner_says_who_goes_without(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 8)
    shop.do(receiving.count, delivery, "BUNS", 5)
    for taken in ({"1/1": 2}, {"1/1": 4}, {"1/1": -1, "2/1": 4}, {"3/1": 1, "9/9": 2}):
        with pytest.raises(Refusal, match="by_hand_does_not_fit"):
            close(shop, delivery, MILK=Choice(policy="by_hand", taken=taken))
    close(shop, delivery, MILK=Choice(policy="by_hand", taken={"1/1": 2, "3/1": 1}))
    assert [shop.line(order, "MILK").get("short", 0) for order in ("o1", "o2", "o3")] == [2, 0, 1]
    assert not shop.read(imbalances)


def test_rights_of_cancelled_orders_make_good_first(shop: LittleShop) -> None:
    shop.do(purchasing.send_list, "s1", DAIRY, buying(shop))
    shop.do(aftercare.cancel, 1, "改主意了")
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 6)
    shop.do(receiving.count, delivery, "BUNS", 5)
    line = plan(shop, delivery)["MILK"]
    assert (line.expected, line.quarantined, line.short_of) == (11, 4, 1)
    close(shop, delivery)
    assert shop.item("MILK") == {"minted": 11, "ordered": 6, "void": 5}
    assert not shop.read(imbalances)


def test_while_the_sale_is_on_free_rights_end_first_and_lent_ones_are_asked_back(make_shop: Make) -> None:
    shop = make_shop()
    shop.sell("o1", "lin", BUNS=4)
    delivery = shop.do(receiving.open_delivery, "s1", "")
    item = shop.item("BUNS")
    shop.do(purchasing.wish, "s1", "BUNS", 6)
    shop.do(receiving.drop_delivery, delivery)
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.do(receiving.count, delivery, "BUNS", 3)
    line = plan(shop, delivery)["BUNS"]
    assert (line.expected, line.free, line.owed, line.short_of) == (10, item["free"], item["granted"], 1)
    close(shop, delivery)
    assert shop.line("o1", "BUNS") == {"quantity": 4, "short": 1}
    assert shop.value("SELECT owed FROM session_item WHERE sku_id = ?", shop.sku("BUNS")) == item["granted"]
    assert not shop.read(imbalances)


def test_what_is_over_waits_for_the_owner_to_decide(make_shop: Make) -> None:
    for over, on_hand, lent in (("back", 0, 0), ("keep", 3, 0), ("sell", 0, 3)):
        shop = make_shop()
        shop.do(purchasing.wish, "s1", "RICE", 25)
        before = shop.item("RICE")["minted"]
        delivery = shop.do(receiving.open_delivery, "s1", "")
        shop.do(receiving.count, delivery, "RICE", 8)
        assert (plan(shop, delivery)["RICE"].planned, plan(shop, delivery)["RICE"].over) == (5, 3)
        close(shop, delivery, RICE=Choice(policy="first_paid", over=over))
        assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 5 + on_hand
        assert shop.item("RICE")["minted"] == before + lent
        assert shop.value("SELECT back FROM delivery_line WHERE sku_id = ?", shop.sku("RICE")) == 3 - on_hand - lent
        assert not shop.read(imbalances)


def test_what_nobody_asked_for_is_kept_apart_and_never_for_sale(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    for how in ("good", "damaged"):
        with pytest.raises(Refusal, match="not_expected"):
            shop.do(receiving.count, delivery, "RICE", 2, how)
    shop.do(receiving.count, delivery, "RICE", 2, "wrong")
    shop.do(receiving.count, delivery, "", 1, "wrong", "", "", "4006381333931")
    with pytest.raises(Refusal, match="bad_reason"):
        shop.do(receiving.count, delivery, "", 1, "good", "", "", "4006381333931")
    rights, on_hand = shop.item("RICE"), shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'")
    close(shop, delivery, MILK=Choice(policy="later"), BUNS=Choice(policy="later"))
    assert (shop.item("RICE"), shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'")) == (rights, on_hand)
    assert shop.value("SELECT back FROM delivery_line WHERE sku_id = ?", shop.sku("RICE")) == 2


def test_the_supplier_brings_the_rest_another_day(shop: LittleShop) -> None:
    first = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, first, "MILK", 6)
    shop.do(receiving.count, first, "BUNS", 5)
    assert close(shop, first, MILK=Choice(policy="later")).later == 5
    assert not shop.events(OrderShort)
    second = shop.do(receiving.open_delivery, "s1", DAIRY)
    assert {sku: line.asked for sku, line in plan(shop, second).items()} == {"MILK": 5}
    shop.do(receiving.count, second, "MILK", 4)
    assert close(shop, second).missing == 1
    assert shop.item("MILK") == {"minted": 11, "ordered": 10, "void": 1}
    assert not shop.read(imbalances)


def test_units_that_broke_after_they_came_are_not_missed_twice(shop: LittleShop) -> None:
    first = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, first, "MILK", 6)
    close(shop, first, MILK=Choice(policy="later"), BUNS=Choice(policy="later"))
    shop.do(aftercare.lose, "s1", "MILK", 2, "damage")
    second = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, second, "MILK", 5)
    line = plan(shop, second)["MILK"]
    assert (line.need, line.use, line.over, line.missing) == (5, 5, 0, 0)


def test_the_shop_s_own_stock_serves_a_pre_sale(shop: LittleShop) -> None:
    shop.do(preparing.receive, "MILK", 5)
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 5)
    shop.do(receiving.count, delivery, "BUNS", 5)
    line = plan(shop, delivery)["MILK"]
    assert (line.asked, line.expected, line.from_stock, line.short_of) == (6, 11, 5, 1)
    close(shop, delivery)
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'MILK'") == 0
    assert shop.item("MILK") == {"minted": 11, "ordered": 10, "void": 1}


def test_nothing_happens_if_something_changed_since_the_owner_looked(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    count = shop.do(receiving.count, delivery, "MILK", 10)
    seen = arrival.fingerprint(list(plan(shop, delivery).values()))
    shop.do(receiving.count, delivery, "MILK", 1)
    with pytest.raises(Refusal, match="preview_stale"):
        shop.do(receiving.close_delivery, delivery, seen, {})
    shop.do(receiving.undo_count, count)
    assert plan(shop, delivery)["MILK"].good == 1
    assert not shop.events(DeliveryClosed, OrderShort)


def test_an_order_that_is_cancelled_meanwhile_makes_the_preview_stale(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 9)
    seen = arrival.fingerprint(list(plan(shop, delivery).values()))
    shop.do(aftercare.cancel, 3, "改主意了")
    with pytest.raises(Refusal, match="preview_stale"):
        shop.do(receiving.close_delivery, delivery, seen, {})


def test_a_second_tap_closes_nothing_twice(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 9)
    seen = arrival.fingerprint(list(plan(shop, delivery).values()))
    for _ in range(2):
        shop.do(receiving.close_delivery, delivery, seen, {}, once="close:tap-1")
    assert len(shop.events(DeliveryClosed)) == 1
    with pytest.raises(Refusal, match="delivery_closed"):
        shop.do(receiving.close_delivery, delivery, seen, {})
    with pytest.raises(Refusal, match="delivery_closed"):
        shop.do(receiving.count, delivery, "MILK", 1)


def test_goods_that_lie_in_parcels_already_were_there(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.sort()
    shop.do(receiving.count, delivery, "MILK", 10)
    shop.do(receiving.count, delivery, "BUNS", 5)
    line = plan(shop, delivery)["MILK"]
    assert (line.unexplained, line.missing) == (1, 0)
    assert close(shop, delivery).arrived == 16
    assert not shop.read(imbalances)


def test_a_count_can_be_undone_as_long_as_the_delivery_is_open(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    count = shop.do(receiving.count, delivery, "MILK", 9, actor="小安")
    shop.do(receiving.finish_counting, delivery, actor="小安")
    for _ in range(2):
        shop.do(receiving.undo_count, count)
    assert plan(shop, delivery)["MILK"].good == 0
    assert shop.value("SELECT counted_by FROM delivery") == ""
    shop.do(receiving.count, delivery, "MILK", 11)
    shop.do(receiving.count, delivery, "BUNS", 5)
    close(shop, delivery)
    with pytest.raises(Refusal, match="delivery_closed"):
        shop.do(receiving.undo_count, count)
    assert len(shop.events(UnitsCounted)) == 3


@pytest.mark.parametrize(
    ("refusal", "wrong"),
    [
        ("bad_quantity", {"quantity": 0}),
        ("bad_quantity", {"quantity": receiving.MOST + 1}),
        ("bad_reason", {"how": "stolen"}),
        ("bad_date", {"use_by": "11-30"}),
        ("unknown_sku", {"sku": "NOTHING"}),
        ("unknown_delivery", {"delivery_id": 99}),
    ],
)
def test_a_count_that_makes_no_sense_is_refused(shop: LittleShop, refusal: str, wrong: dict[str, Any]) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    told = {"delivery_id": delivery, "sku": "MILK", "quantity": 1, "how": "good", "batch": "", "use_by": ""} | wrong
    with pytest.raises(Refusal, match=refusal):
        shop.do(receiving.count, *told.values())


def test_the_earliest_date_of_what_came_stands_on_the_label(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 5, "good", "B2", "2027-02-01")
    soonest = shop.do(receiving.count, delivery, "MILK", 5, "good", "B1", "2027-01-20")
    shop.do(receiving.count, delivery, "MILK", 1, "damaged", "B0", "2027-01-01")
    assert shop.do(use_by, shop.sku("MILK")) == "2027-01-20"
    shop.do(receiving.undo_count, soonest)
    assert shop.do(use_by, shop.sku("MILK")) == shop.do(use_by, shop.sku("MILK"), "s1") == "2027-02-01"
    assert shop.do(use_by, shop.sku("RICE")) == ""


def test_nothing_moves_behind_a_fence(shop: LittleShop) -> None:
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    count = shop.do(receiving.count, delivery, "MILK", 1)
    shop.do(raise_fence)
    for stage, *args in (
        (purchasing.wish, "s1", "MILK", 1),
        (purchasing.send_list, "s1", DAIRY, {}),
        (receiving.open_delivery, "s1", DAIRY),
        (receiving.drop_delivery, delivery),
        (receiving.count, delivery, "MILK", 1),
        (receiving.undo_count, count),
        (receiving.finish_counting, delivery),
        (receiving.close_delivery, delivery, "", {}),
    ):
        with pytest.raises(Refusal, match="restoring"):
            shop.do(stage, *args)


def raise_fence(work: Work) -> None:
    work.sql(
        "INSERT INTO fence(why, raised_at, backup_at, epoch, seq, acked_epoch, acked_seq, said_again, told_epoch, "
        "told_seq, stock_told, down_epoch, down_seq, down_first, state, trouble, passed_by) "
        "VALUES ('restored', 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 'asking', '', '')"
    )


def test_what_was_cancelled_before_the_list_was_sent_is_not_missed(shop: LittleShop) -> None:
    shop.do(aftercare.cancel, 1, "改主意了")
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 7)
    line = plan(shop, delivery)["MILK"]
    assert (line.need, line.expected, line.use, line.missing) == (11, 7, 7, 0)


def test_what_another_van_brings_is_not_missed_here(shop: LittleShop) -> None:
    first = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(preparing.keep_sku, msgspec.structs.replace(GOODS[2], supplier=FARM))
    second = shop.do(receiving.open_delivery, "s1", FARM)
    shop.do(receiving.count, second, "MILK", 2)
    line = plan(shop, second)["MILK"]
    assert (line.need, line.use, line.over, line.missing) == (0, 0, 2, 0)
    assert plan(shop, first)["MILK"].need == 11


def test_orders_that_came_after_the_list_are_served_from_what_is_over(make_shop: Make) -> None:
    shop = make_shop()
    shop.sell("o1", "lin", MILK=4)
    shop.do(purchasing.send_list, "s1", "", {"MILK": 4})
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.sell("o2", "zhao", MILK=3)
    shop.do(receiving.count, delivery, "MILK", 7)
    line = plan(shop, delivery)["MILK"]
    assert (line.asked, line.expected, line.use, line.over) == (4, 7, 7, 0)


def test_a_right_without_goods_helps_no_customer(shop: LittleShop) -> None:
    """Milk of lin was cancelled before anything was bought: that right is no bottle for zhao."""
    shop.do(aftercare.cancel, 1, "改主意了")
    delivery = shop.do(receiving.open_delivery, "s1", DAIRY)
    shop.do(receiving.count, delivery, "MILK", 6)
    line = plan(shop, delivery)["MILK"]
    assert (line.expected, line.quarantined, line.short_of) == (7, 0, 1)
    close(shop, delivery, BUNS=Choice(policy="later"))
    assert shop.item("MILK") == {"minted": 11, "ordered": 6, "quarantine": 4, "void": 1}


def test_rights_that_the_cloud_has_not_given_back_are_no_goods_either(make_shop: Make) -> None:
    shop = make_shop()
    shop.sell("o1", "lin", MILK=4)
    shop.do(preparing.close_session, "s1")
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.do(receiving.count, delivery, "MILK", 3)
    line = plan(shop, delivery)["MILK"]
    assert (line.expected, line.owed, line.short_of) == (4, 0, 1)
    close(shop, delivery, BUNS=Choice(policy="later"))
    assert shop.line("o1", "MILK") == {"quantity": 4, "short": 1}
    assert not shop.read(imbalances)


def test_what_stood_in_for_something_else_was_there(make_shop: Make) -> None:
    """A bottle of soy milk out of the shop's own fridge stands in for milk: it is not missed when the others come."""
    shop = make_shop()
    soy = preparing.NewSku(code="SOY", product="豆浆", zone=Zone.CHILLED, price_fen=600)
    shop.do(preparing.keep_sku, soy)
    shop.do(preparing.add_item, "s1", preparing.NewItem(sku="SOY", kind="presale", quantity=9, price_fen=600))
    order = msgspec.structs.replace(shop.order("o1", "lin", MILK=1), substitution="similar")
    shop.do(selling.accept_order, order)
    shop.sell("o2", "zhao", SOY=2)
    end(shop)
    shop.do(preparing.receive, "SOY", 1)
    shop.do(aftercare.lose, "s1", "MILK", 1, "lost")
    (pick,) = shop.sql("SELECT id FROM short_pick WHERE state = 'open'")
    shop.do(substituting.substitute, pick[0], shop.sku("SOY"))
    assert buying(shop, "") == {"SOY": 2}
    delivery = shop.do(receiving.open_delivery, "s1", "")
    shop.do(receiving.count, delivery, "SOY", 2)
    line = plan(shop, delivery)["SOY"]
    assert (line.need, line.use, line.missing) == (2, 2, 0)
