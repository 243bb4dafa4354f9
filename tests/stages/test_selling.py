"""直播: an order is taken whole from the grants it cites, or not at all; rights come back when their holder says so."""

from __future__ import annotations

import random

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, ITEMS, PEOPLE, WINDOW, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.shop.events import (
    GrantIssued,
    LineQuantity,
    OrderAccepted,
    OrderCancelled,
    OrderImported,
    OrderRefused,
    Refund,
    RightsReturned,
    WalkInSold,
)
from tihuo.shop.grants import issue_grant
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.words import Zone
from tihuo.stages import preparing, selling, sorting

GRANTS = "SELECT id, issued, remaining, sold, returned, asked, state FROM stock_grant"


def lines(*wanted: tuple[str, int, str]) -> tuple[NewLine, ...]:
    return tuple(NewLine(f"l{n}", sku, count, 1000, grant) for n, (sku, count, grant) in enumerate(wanted, 1))


def replace(order: NewOrder, **changes: object) -> NewOrder:
    return msgspec.structs.replace(order, **changes)


def reason(shop: LittleShop, order: NewOrder) -> str:
    """Why an order is refused. Nothing but the order itself may have changed."""
    before = shop.sql("SELECT * FROM session_item"), shop.sql(GRANTS)
    assert shop.do(selling.accept_order, order) == "refused"
    assert before == (shop.sql("SELECT * FROM session_item"), shop.sql(GRANTS))
    assert shop.value("SELECT count(*) FROM order_line WHERE order_no = (SELECT max(no) FROM shop_order)") == 0
    return str(shop.events(OrderRefused)[-1].reason)


# 收单


def test_an_order_is_taken_from_the_grants_it_cites(shop: LittleShop) -> None:
    order = shop.order("o1", "lin", RICE=2, MILK=1)
    assert shop.do(selling.accept_order, order) == "accepted"
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 10, "ordered": 2}
    assert shop.item("MILK") == {"minted": 30, "free": 12, "granted": 17, "ordered": 1}
    assert shop.sql("SELECT remaining, sold FROM stock_grant WHERE id = ?", order.lines[0].grant_id) == [(10, 2)]
    assert shop.events(OrderAccepted) == [OrderAccepted(order_id="o1", order_no=1, window=WINDOW)]
    assert shop.sql("SELECT id, name, phone FROM customer") == [("lin", *PEOPLE["lin"])]


def test_the_same_order_again_changes_nothing(shop: LittleShop) -> None:
    shop.sell("o1", RICE=2)
    entry, item = shop.value("SELECT max(entry) FROM journal"), shop.item("RICE")
    assert shop.sell("o1", "zhao", MILK=1) == "repeated"
    assert (shop.value("SELECT max(entry) FROM journal"), shop.item("RICE")) == (entry, item)
    assert shop.sql("SELECT id FROM customer") == [("lin",)]
    assert shop.sell("o2", RICE=99) == "refused"
    assert shop.sell("o2", RICE=1) == "repeated"


def test_an_order_may_choose_its_own_window(shop: LittleShop) -> None:
    shop.do(selling.accept_order, replace(shop.order("o1", RICE=1), window=(EVENING, EVENING + HOUR)))
    assert shop.sql("SELECT window_from, window_to FROM shop_order") == [(EVENING, EVENING + HOUR)]


def test_an_order_that_cites_a_grant_with_rights_left_is_taken_however_late(shop: LittleShop) -> None:
    order = shop.order("o1", RICE=2)
    shop.do(preparing.close_session, "s1")
    shop.clock.tick(48 * HOUR)
    assert shop.do(selling.accept_order, order) == "accepted"


def test_the_last_rights_of_a_grant_can_be_sold_and_not_one_more(shop: LittleShop) -> None:
    assert shop.do(selling.accept_order, replace(shop.order("o1"), lines=lines(("BUNS", 6, "g1-4")))) == "accepted"
    assert reason(shop, replace(shop.order("o2"), lines=lines(("BUNS", 1, "g1-4")))) == "sold_out"


def test_an_order_is_refused_whole_with_all_its_money(shop: LittleShop) -> None:
    order = shop.order("o1", MILK=1, RICE=13)
    assert reason(shop, order) == "sold_out"
    (event,) = shop.events(OrderRefused)
    assert event == OrderRefused(
        order_id="o1",
        reason="sold_out",
        lines=(LineQuantity("o1-1", 1, "sold_out"), LineQuantity("o1-2", 13, "sold_out")),
        refund=Refund("o1-r1", order.paid_fen),
    )
    assert shop.sql("SELECT state, paid_fen - refunded_fen FROM shop_order") == [("refused", 0)]


def test_lines_of_one_order_share_the_grant_they_cite(shop: LittleShop) -> None:
    assert reason(shop, replace(shop.order("o1"), lines=lines(("RICE", 7, "g1-1"), ("RICE", 6, "g1-1")))) == "sold_out"
    order = replace(shop.order("o2"), lines=lines(("RICE", 7, "g1-1"), ("RICE", 5, "g1-1")))
    assert shop.do(selling.accept_order, order) == "accepted"
    assert shop.read(imbalances) == {}


def test_grants_that_are_not_ours_or_not_for_this(shop: LittleShop) -> None:
    order = shop.order("o0", RICE=1)
    assert reason(shop, replace(order, order_id="o1", lines=lines(("RICE", 1, "g9-9")))) == "unknown_grant"
    assert reason(shop, replace(order, order_id="o2", lines=lines(("RICE", 1, "g1-2")))) == "unknown_grant"
    assert reason(shop, replace(order, order_id="o3", lines=lines(("PEARLS", 1, "g9-9")))) == "unknown_sku"
    assert reason(shop, replace(order, order_id="o4", session_id="s9")) == "unknown_grant"


def test_a_grant_of_another_session_does_not_count(shop: LittleShop) -> None:
    shop.plan("s2", ITEMS[3])
    shop.do(preparing.open_session, "s2")
    order = replace(shop.order("o1"), lines=lines(("BUNS", 1, shop.grant("BUNS", "s2"))))
    assert reason(shop, order) == "unknown_grant"
    assert shop.read(imbalances) == {}


def test_a_closed_grant_sells_nothing(shop: LittleShop) -> None:
    order = shop.order("o1", RICE=1)
    shop.do(selling.close_grant, "g1-1")
    assert reason(shop, order) == "grant_closed"


def test_the_limit_counts_a_person_over_orders_channels_and_ids(shop: LittleShop) -> None:
    assert shop.sell("o1", "lin", MILK=3) == "accepted"
    assert reason(shop, shop.order("o2", "lin", MILK=2)) == "over_limit"
    cousin = replace(shop.order("o3", "cousin", MILK=2), customer_phone=PEOPLE["lin"][1])
    assert reason(shop, cousin) == "over_limit"
    assert shop.sell("o4", "lin", MILK=1) == "accepted"
    assert shop.sell("o5", "zhao", MILK=4) == "accepted"
    assert (
        reason(shop, replace(shop.order("o6", "ou"), lines=lines(("MILK", 3, "g1-3"), ("MILK", 2, "g1-3"))))
        == "over_limit"
    )


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    "people",
    [
        [("a", "1"), ("b", "1"), ("c", "1")],  # one phone, three accounts
        [("a", "1"), ("b", "1"), ("a", "")],  # the cloud leaves the phone out: her account is known
        [("a", "1"), ("b", ""), ("b", "1")],  # her second account names its phone only now
        [("a", "1"), ("a", "2"), ("b", "2")],  # a new phone leads to the old account
    ],
)
def test_one_account_leads_to_its_phone_and_that_to_other_accounts(
    shop: LittleShop, people: list[tuple[str, str]], at_once: bool
) -> None:
    orders = [
        replace(shop.order(f"o{n}", customer, MILK=2), customer_phone=phone and f"1990000000{phone}")
        for n, (customer, phone) in enumerate(people)
    ]
    *answers, last = (
        shop.do(selling.accept_orders, orders)
        if at_once
        else [shop.do(selling.accept_order, order) for order in orders]
    )
    assert "refused" not in answers[:2]
    assert last == "refused"
    assert shop.events(OrderRefused)[-1].reason == "over_limit"


def test_a_refused_order_tells_which_phone_an_account_has(shop: LittleShop) -> None:
    shop.sell("o1", "a", MILK=4)
    assert (
        shop.do(selling.accept_order, replace(shop.order("o2", "a", MILK=9), customer_phone="19900000001")) == "refused"
    )
    assert (
        shop.do(selling.accept_order, replace(shop.order("o3", "b", MILK=1), customer_phone="19900000001")) == "refused"
    )


def test_people_without_a_phone_are_different_people(shop: LittleShop) -> None:
    for number in range(3):
        assert shop.sell(f"o{number}", f"nobody {number}", MILK=4) == "accepted"


def test_what_was_cancelled_or_never_came_does_not_count_towards_the_limit(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=4)
    shop.do(selling.cancel_order, "o1", "changed her mind")
    assert shop.sell("o2", "lin", MILK=4) == "accepted"
    shop.do(sorting.open_wave, "s1")
    shop.do(sorting.short, 1, shop.sku("MILK"), 1)
    assert shop.sell("o3", "lin", MILK=2) == "refused"
    assert shop.sell("o4", "lin", MILK=1) == "accepted"


def test_orders_that_arrive_together_end_as_if_they_had_come_one_after_another(make_shop: Make) -> None:
    chance = random.Random(20)
    for round_ in range(12):
        together, single = make_shop(running=False), make_shop(running=False)
        orders = []
        for number in range(chance.randint(2, 25)):
            wanted = {sku: chance.randint(1, 5) for sku in chance.sample(["RICE", "EGGS", "MILK", "BUNS"], 2)}
            name = f"o{round_}-{chance.randint(0, number)}"
            orders.append(together.order(name, chance.choice(["lin", "zhao", "ou", f"c{number}"]), "s1", **wanted))
        answers = together.do(selling.accept_orders, orders)
        assert answers == [single.do(selling.accept_order, order) for order in orders]
        assert set(answers) >= {"accepted"}
        for statement in (
            "SELECT no, order_id, customer_id, state, reason, paid_fen, refunded_fen FROM shop_order ORDER BY no",
            "SELECT order_no, line_no, sku_id, grant_id, quantity FROM order_line ORDER BY 1, 2",
            "SELECT sku_id, minted, ordered, free + granted FROM session_item ORDER BY 1",
            "SELECT id, sold FROM stock_grant WHERE sold > 0 ORDER BY 1",
            "SELECT id, name, phone FROM customer ORDER BY 1",
            "SELECT kind, json_extract(data, '$.order_id') FROM journal WHERE kind LIKE 'order.%' ORDER BY entry",
        ):
            assert together.sql(statement) == single.sql(statement)
        assert together.read(imbalances) == {}


# refills


def test_many_items_sold_at_once_are_each_taken_from_their_own_rights(shop: LittleShop) -> None:
    codes = [f"SKU{n:02d}" for n in range(39)]  # more than go into one statement, and not a multiple of it
    for n, code in enumerate(codes):
        shop.do(preparing.keep_sku, preparing.NewSku(code=code, product=code, price_fen=100 + n, zone=Zone.AMBIENT))
    items = [
        preparing.NewItem(sku=code, kind="presale", quantity=100, price_fen=100 + n, cap_set_by="店主")
        for n, code in enumerate(codes)
    ]
    shop.plan("s2", *items)
    shop.do(preparing.open_session, "s2")
    wanted = {code: n % 7 + 1 for n, code in enumerate(codes)}
    orders = [shop.order(f"m{n}", "lin", "s2", **dict(list(wanted.items())[n::3])) for n in range(3)]
    assert shop.do(selling.accept_orders, orders) == ["accepted"] * 3
    assert {code: shop.item(code, "s2")["ordered"] for code in codes} == wanted
    sold = "SELECT s.code, g.sold FROM stock_grant g JOIN sku s ON s.id = g.sku_id WHERE g.session_id = 's2' AND g.sold"
    assert dict(shop.sql(sold)) == wanted
    assert not any(shop.read(imbalances).values())


def test_a_grant_is_refilled_when_it_runs_low(shop: LittleShop) -> None:
    shop.sell("o1", "a", RICE=10)
    assert len(shop.events(GrantIssued)) == 4
    shop.sell("o2", "b", RICE=1)  # 1 of 8 + 1 is below a fifth
    assert shop.events(GrantIssued)[4:] == [
        GrantIssued(
            grant_id="g1-5",
            session_id="s1",
            sku="RICE",
            channel="mini_program",
            quantity=4,
            price_fen=3990,
            sell_until=EVENING + 2 * HOUR,
        )
    ]


def test_nothing_more_is_lent_after_the_cutoff(shop: LittleShop) -> None:
    order = shop.order("o1", RICE=12)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.accept_order, order)
    assert len(shop.events(GrantIssued)) == 4


def test_an_order_over_two_grants_of_one_item_refills_it_once(shop: LittleShop) -> None:
    buns = shop.sku("BUNS")
    shop.do(selling.take_back, "g1-4", 4)
    first, second = "g1-4", shop.do(issue_grant, "s1", buns, 2)
    shop.do(selling.sell_walk_in, "s1", "BUNS", 5)
    assert shop.item("BUNS") == {"minted": 10, "free": 1, "granted": 4, "handed_over": 5}
    order = replace(shop.order("o1"), lines=lines(("BUNS", 2, first), ("BUNS", 2, second)))
    assert shop.do(selling.accept_order, order) == "accepted"
    assert shop.item("BUNS") == {"minted": 10, "granted": 1, "ordered": 4, "handed_over": 5}
    assert shop.read(imbalances) == {}


# 退单


def test_the_rights_of_a_cancelled_order_wait_until_somebody_decides(shop: LittleShop) -> None:
    shop.sell("o1", RICE=2, MILK=1)
    shop.do(selling.cancel_order, "o1", "changed her mind")
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 10, "quarantine": 2}
    assert shop.line("o1", "RICE") == {"quantity": 2, "cancelled": 2}
    assert shop.events(OrderCancelled) == [
        OrderCancelled(
            order_id="o1",
            lines=(LineQuantity("o1-1", 2), LineQuantity("o1-2", 1)),
            reason="changed her mind",
            at=shop.clock.now,
        )
    ]


def test_an_order_can_be_cancelled_until_it_is_being_sorted(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.sell("o2", "zhao", RICE=99)
    assert shop.refusal(selling.cancel_order, "o9", "").code == "unknown_order"
    assert shop.refusal(selling.cancel_order, "o2", "").code == "refused_order"
    shop.sort()
    assert shop.refusal(selling.cancel_order, "o1", "").code == "too_late"
    shop.sell("o3", "lin", RICE=1)
    shop.do(selling.cancel_order, "o3", "")
    assert shop.refusal(selling.cancel_order, "o3", "").code == "already_cancelled"


# rights that come back


def test_rights_given_back_are_free_again(shop: LittleShop) -> None:
    shop.do(selling.take_back, "g1-1", 5)
    assert shop.item("RICE") == {"minted": 20, "free": 13, "granted": 7}
    assert shop.events(RightsReturned) == [RightsReturned(grant_id="g1-1", quantity=5)]


def test_rights_given_back_after_the_cutoff_end(shop: LittleShop) -> None:
    shop.do(preparing.close_session, "s1")
    shop.do(selling.take_back, "g1-1", 5)
    assert shop.item("RICE") == {"minted": 7, "granted": 7}
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 8 + 5
    shop.do(selling.take_back, "g1-3", 18)
    assert shop.item("MILK") == {}
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'MILK'") == 0


@pytest.mark.parametrize(
    ("grant", "quantity", "code"),
    [("g9-9", 1, "unknown_grant"), ("g1-1", 13, "more_than_granted"), ("g1-1", -1, "bad_quantity")],
)
def test_nobody_gives_back_what_he_has_not(shop: LittleShop, grant: str, quantity: int, code: str) -> None:
    shop.do(selling.take_back, "g1-2", 3)
    assert shop.refusal(selling.take_back, grant, quantity).code == code


def test_closing_a_grant_gives_back_all_that_is_left_once(shop: LittleShop) -> None:
    shop.sell("o1", RICE=2)
    for _ in range(2):
        shop.do(selling.close_grant, "g1-1")
        assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 10, "ordered": 2}  # lent again: it sells
    assert shop.sql("SELECT state, remaining, returned FROM stock_grant WHERE id = 'g1-1'") == [("closed", 0, 10)]
    assert shop.refusal(selling.close_grant, "g9-9").code == "unknown_grant"


# 到店零售


def test_the_counter_sells_what_is_free(shop: LittleShop) -> None:
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    assert shop.item("RICE") == {"minted": 20, "granted": 12, "handed_over": 8}
    assert shop.events(WalkInSold) == [WalkInSold(session_id="s1", sku="RICE", quantity=8)]
    assert shop.refusal(selling.sell_walk_in, "s1", "RICE", 1).code == "sold_out"


@pytest.mark.parametrize(
    ("session", "sku", "quantity", "code"),
    [("s1", "RICE", 0, "bad_quantity"), ("s1", "RICE", -1, "bad_quantity"), ("s1", "RICE", 9, "sold_out"),
     ("s1", "NONE", 1, "unknown_sku"), ("s9", "RICE", 1, "unknown_sku")],
)  # fmt: skip
def test_the_counter_sells_nothing_else(shop: LittleShop, session: str, sku: str, quantity: int, code: str) -> None:
    assert shop.refusal(selling.sell_walk_in, session, sku, quantity).code == code


# imported orders


def imported(order_id: str, *wanted: tuple[str, int], parts: tuple[str, ...] = ()) -> selling.ImportedOrder:
    return selling.ImportedOrder(
        order_id=order_id,
        part_ids=parts or (order_id,),
        customer_id="ktt-7",
        customer_name="林小树",
        customer_phone="19900001001",
        door="3-601",
        placed_at=EVENING,
        lines=tuple(NewLine(f"l{n}", sku, count, 500, "") for n, (sku, count) in enumerate(wanted, 1)),
        paid_fen=500 * sum(count for _, count in wanted),
    )


def test_an_order_that_another_program_took_is_minted_as_it_is_booked(shop: LittleShop) -> None:
    assert shop.do(selling.import_order, "s1", imported("k1", ("RICE", 30), ("BUNS", 1))) == "imported"
    assert shop.item("RICE") == {"minted": 50, "free": 8, "granted": 12, "ordered": 30}
    assert shop.sql("SELECT door FROM customer") == [("3-601",)]
    assert shop.events(OrderImported) == [OrderImported(order_id="k1", order_no=1)]
    assert shop.sql("SELECT window_from, window_to, channel FROM shop_order") == [(*WINDOW, "import")]
    assert shop.read(imbalances) == {}


def test_the_same_file_again_imports_nothing(shop: LittleShop) -> None:
    shop.do(selling.import_order, "s1", imported("k1", ("RICE", 3)))
    entry = shop.value("SELECT max(entry) FROM journal")
    assert shop.do(selling.import_order, "s1", imported("k1", ("RICE", 3))) == "repeated"
    assert shop.value("SELECT max(entry) FROM journal") == entry


def test_an_order_of_which_a_part_was_imported_before_takes_a_person(shop: LittleShop) -> None:
    shop.do(selling.import_order, "s1", imported("k1", ("RICE", 3), parts=("k1", "k2")))
    assert shop.do(selling.import_order, "s1", imported("k2", ("RICE", 1))) == "repeated"
    both = imported("k3", ("RICE", 1), ("EGGS", 1), parts=("k2", "k3"))
    assert shop.refusal(selling.import_order, "s1", both).code == "partly_imported"
    assert shop.do(selling.import_order, "s1", imported("k3", ("EGGS", 1))) == "imported"


def test_an_order_that_cannot_be_imported_is_not_half_booked(shop: LittleShop) -> None:
    assert shop.refusal(selling.import_order, "s9", imported("k1", ("RICE", 1))).code == "unknown_session"
    assert shop.refusal(selling.import_order, "s1", imported("k1", ("RICE", 1), ("NONE", 1))).code == "unknown_sku"
    assert shop.do(selling.import_order, "s1", imported("k1", ("RICE", 1))) == "imported"
