"""配额: caps, the reserve for walk-ins and channels, changed while the session runs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, ITEMS, LittleShop
from tihuo.boards.allocation import differing_grants
from tihuo.boards.balance import imbalances
from tihuo.shop.events import (
    CapSet,
    GrantClosed,
    GrantIssued,
    GrantRevokeRequested,
    ReserveSet,
    SessionOpened,
)
from tihuo.stages import allocating, preparing, selling

TWO = msgspec.structs.replace(HOUSE, channels=(("mini_program", 70), ("douyin", 30)))


def facts(shop: LittleShop, sku: str, session: str = "s1") -> dict[str, Any]:
    names = ("cap", "cap_set_by", "offered", "reserve", "walk_in", "owed", "unsold")
    statement = f"SELECT {', '.join(names)} FROM session_item WHERE session_id = ? AND sku_id = ?"
    return dict(zip(names, shop.sql(statement, session, shop.sku(sku))[0], strict=True))


def asked(shop: LittleShop) -> list[tuple[str, int]]:
    return [(event.grant_id, event.quantity) for event in shop.events(GrantRevokeRequested)]


def lent(shop: LittleShop, sku: str) -> list[tuple[str, int]]:
    return [(event.channel, event.quantity) for event in shop.events(GrantIssued) if event.sku == sku]


@pytest.fixture
def bound(make_shop: Make) -> Make:
    """Makes shops with other rules, whose session has just begun."""

    def make(**changes: Any) -> LittleShop:
        shop = make_shop(seeded=False, house=msgspec.structs.replace(HOUSE, **changes))
        shop.seed()
        return shop

    return make


# 上限


def test_a_cap_is_raised_in_somebodys_name_and_lent_when_the_cloud_runs_low(shop: LittleShop) -> None:
    shop.do(allocating.set_cap, "s1", "MILK", 50, actor="店主")
    assert shop.item("MILK") == {"minted": 50, "free": 32, "granted": 18}
    assert (facts(shop, "MILK")["cap"], facts(shop, "MILK")["cap_set_by"]) == (50, "店主")
    assert shop.events(CapSet) == [CapSet(session_id="s1", sku="MILK", cap=50, before=30)]
    shop.do(allocating.set_cap, "s1", "MILK", 200)  # 18 of 182 is little
    assert lent(shop, "MILK") == [("mini_program", 18), ("mini_program", 109)]
    assert shop.read(imbalances) == {}


def test_a_cap_of_goods_on_hand_comes_out_of_the_shops_stock_and_goes_back_there(shop: LittleShop) -> None:
    assert shop.refusal(allocating.set_cap, "s1", "RICE", 21).code == "not_enough_on_hand"
    shop.do(preparing.receive, "RICE", 5)
    shop.do(allocating.set_cap, "s1", "RICE", 24)
    assert shop.item("RICE") == {"minted": 24, "free": 12, "granted": 12}
    shop.do(allocating.set_cap, "s1", "RICE", 14)
    assert shop.item("RICE") == {"minted": 14, "free": 2, "granted": 12}
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 11
    assert asked(shop) == []


def test_a_lowered_cap_takes_what_is_free_then_asks_and_what_was_sold_stays_sold(shop: LittleShop) -> None:
    order = shop.order("o1", RICE=9)
    shop.do(allocating.set_cap, "s1", "RICE", 5)  # 8 free, 12 lent
    assert shop.item("RICE") == {"minted": 12, "granted": 12}
    assert asked(shop) == [("g1-1", 7)]
    shop.do(selling.accept_order, order)
    shop.do(selling.take_back, "g1-1", 3)  # the cloud had only three left
    assert shop.item("RICE") == {"minted": 9, "ordered": 9}
    assert (facts(shop, "RICE")["cap"], facts(shop, "RICE")["offered"]) == (5, 9)
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 11
    shop.do(allocating.set_cap, "s1", "RICE", 8)  # still fewer than are sold
    assert shop.item("RICE") == {"minted": 9, "ordered": 9}
    shop.do(allocating.set_cap, "s1", "RICE", 10)  # one more than are sold
    assert shop.item("RICE") == {"minted": 10, "granted": 1, "ordered": 9}
    assert shop.read(imbalances) == {}


def test_a_cap_raised_again_before_the_cloud_answered_makes_nothing_twice(shop: LittleShop) -> None:
    shop.do(allocating.set_cap, "s1", "BUNS", 2)  # 4 free, 6 lent: asks for 4
    shop.do(allocating.set_cap, "s1", "BUNS", 5)
    assert shop.item("BUNS") == {"minted": 6, "granted": 6}
    shop.do(selling.take_back, "g1-4", 4)
    assert facts(shop, "BUNS")["offered"] == 5
    assert shop.item("BUNS") == {"minted": 5, "free": 3, "granted": 2}
    assert asked(shop) == [("g1-4", 4)]


@pytest.mark.parametrize(
    ("session", "sku", "cap", "code"),
    [("s1", "NONE", 1, "unknown_sku"), ("s9", "MILK", 1, "unknown_sku"), ("s1", "MILK", -1, "bad_quantity"),
     ("s1", "MILK", 10**7, "bad_quantity")],
)  # fmt: skip
def test_a_cap_that_cannot_be(shop: LittleShop, session: str, sku: str, cap: int, code: str) -> None:
    assert shop.refusal(allocating.set_cap, session, sku, cap).code == code


def test_nothing_is_changed_after_the_cutoff(shop: LittleShop) -> None:
    shop.do(preparing.close_session, "s1")
    for stage in (allocating.set_cap, allocating.set_reserve, allocating.ask_back):
        assert shop.refusal(stage, "s1", "MILK", 3).code == "session_not_open"
    assert shop.refusal(preparing.receive, "RICE", 3, "s1").code == "session_not_open"


def test_a_draft_can_be_changed_and_nothing_is_lent(shop: LittleShop) -> None:
    shop.plan("s2", ITEMS[2])
    shop.do(allocating.set_cap, "s2", "MILK", 12)
    shop.do(allocating.set_reserve, "s2", "MILK", 2)
    assert shop.item("MILK", "s2") == {"minted": 12, "free": 12}
    shop.do(preparing.open_session, "s2")
    assert shop.item("MILK", "s2") == {"minted": 12, "free": 6, "granted": 6}


# goods and items that come while the session runs


def test_goods_that_come_in_can_go_into_the_open_session(shop: LittleShop) -> None:
    shop.do(preparing.receive, "RICE", 40, "s1", actor="小李")
    assert facts(shop, "RICE")["cap_set_by"] == "小李"
    assert shop.item("RICE") == {"minted": 60, "free": 48, "granted": 12}
    assert facts(shop, "RICE")["cap"] == facts(shop, "RICE")["offered"] == 60
    assert shop.value("SELECT on_hand FROM sku WHERE code = 'RICE'") == 0
    shop.sell("o1", RICE=10)
    shop.do(preparing.receive, "RICE", 1, "s1")
    assert lent(shop, "RICE") == [("mini_program", 12), ("mini_program", 28)]
    shop.do(selling.take_back, "g1-5", 28)
    shop.do(preparing.receive, "RICE", 1, "s1")  # the cloud holds two of fifty: it is lent more at once
    assert lent(shop, "RICE")[2:] == [("mini_program", 30)]
    assert shop.refusal(preparing.receive, "MILK", 3, "s1").code == "not_on_hand"
    assert shop.refusal(preparing.receive, "RICE", 3, "s9").code == "session_not_open"


def test_an_item_that_joins_an_open_session_is_told_and_lent_at_once(shop: LittleShop) -> None:
    shop.plan("s2", ITEMS[2])
    shop.do(preparing.open_session, "s2")
    shop.do(preparing.add_item, "s2", preparing.NewItem(sku="BUNS", kind="presale", quantity=10, price_fen=1890))
    told = shop.events(SessionOpened, GrantIssued)[-2:]
    assert told[0] == SessionOpened(session_id="s2", skus=("BUNS",))
    assert (told[1].session_id, told[1].sku, told[1].quantity) == ("s2", "BUNS", 6)
    shop.do(preparing.close_session, "s2")
    late = preparing.NewItem(sku="EGGS", kind="presale", quantity=1, price_fen=1)
    assert shop.refusal(preparing.add_item, "s2", late).code == "session_not_open"
    shop.do(preparing.add_item, "s2", msgspec.structs.replace(late, quantity=0))  # its orders come by import


# 到店留货


def test_the_reserve_is_counted_from_what_was_offered_and_never_lent(bound: Any) -> None:
    shop = bound(walk_in_reserve_percent=50, first_grant_percent=100)
    assert shop.item("RICE") == {"minted": 20, "free": 10, "granted": 10}
    shop.sell("o1", RICE=10)
    assert shop.item("RICE") == {"minted": 20, "free": 10, "ordered": 10}  # not a half of the half again
    shop.do(selling.sell_walk_in, "s1", "RICE", 4)
    shop.do(allocating.set_reserve, "s1", "RICE", 10)
    assert shop.item("RICE") == {"minted": 20, "free": 6, "ordered": 10, "handed_over": 4}
    assert shop.events(ReserveSet) == [ReserveSet(session_id="s1", sku="RICE", reserve=10)]
    shop.do(allocating.set_reserve, "s1", "RICE", 5)  # of which four are sold
    assert shop.item("RICE") == {"minted": 20, "free": 1, "granted": 5, "ordered": 10, "handed_over": 4}


def test_a_reserve_that_is_more_than_is_free_is_asked_for(shop: LittleShop) -> None:
    shop.do(allocating.set_reserve, "s1", "RICE", 11)  # 8 free
    assert asked(shop) == [("g1-1", 3)]
    shop.do(allocating.set_reserve, "s1", "RICE", 11)
    assert asked(shop) == [("g1-1", 3)]
    shop.do(selling.take_back, "g1-1", 3)
    assert shop.item("RICE") == {"minted": 20, "free": 11, "granted": 9}
    shop.sell("o1", RICE=9)
    assert shop.item("RICE") == {"minted": 20, "free": 11, "ordered": 9}


def test_rights_asked_back_for_the_counter_stay_there(shop: LittleShop) -> None:
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    assert shop.do(allocating.ask_back, "s1", "RICE", 2) == 2
    shop.do(selling.take_back, "g1-1", 2)
    shop.sell("o1", "lin", RICE=9)  # one left of ten: would be refilled
    assert shop.item("RICE") == {"minted": 20, "free": 2, "granted": 1, "ordered": 9, "handed_over": 8}
    shop.do(selling.sell_walk_in, "s1", "RICE", 2)
    assert shop.read(imbalances) == {}


def test_repeated_asks_never_add_up_to_more_than_is_lent(shop: LittleShop) -> None:
    assert [shop.do(allocating.ask_back, "s1", "BUNS", 4) for _ in range(2)] == [4, 2]
    assert shop.refusal(allocating.ask_back, "s1", "BUNS", 1).code == "nothing_lent"
    assert asked(shop) == [("g1-4", 4), ("g1-4", 2)]
    shop.sell("o1", BUNS=5)  # the cloud sold meanwhile: only one can come back
    assert shop.sql("SELECT remaining, asked FROM stock_grant WHERE id = 'g1-4'") == [(1, 1)]
    shop.do(selling.take_back, "g1-4", 1)
    assert shop.item("BUNS") == {"minted": 10, "free": 5, "ordered": 5}
    assert shop.refusal(allocating.ask_back, "s1", "BUNS", 0).code == "bad_quantity"


def test_a_return_that_nobody_asked_for_answers_the_ask_as_far_as_it_goes(shop: LittleShop) -> None:
    shop.do(allocating.ask_back, "s1", "RICE", 5)
    shop.do(selling.take_back, "g1-1", 2)
    assert shop.sql("SELECT remaining, asked FROM stock_grant WHERE id = 'g1-1'") == [(10, 3)]
    shop.do(selling.take_back, "g1-1", 5)  # the answer, which had not heard of that
    assert shop.sql("SELECT remaining, asked FROM stock_grant WHERE id = 'g1-1'") == [(5, 0)]


def test_a_grant_is_no_larger_than_a_message_may_say(bound: Any) -> None:
    shop = bound(first_grant_percent=100)
    shop.do(preparing.plan_session, preparing.NewSession(
        session_id="s2", title="大场", starts_at=shop.clock(), ends_at=shop.clock() + 1, window=(1, 2),
        items=(preparing.NewItem(sku="MILK", kind="presale", quantity=250_000, price_fen=1),),
    ))  # fmt: skip
    shop.do(preparing.open_session, "s2")
    assert [event.quantity for event in shop.events(GrantIssued) if event.session_id == "s2"] == [100_000]
    assert shop.sql("SELECT free, granted FROM session_item WHERE session_id = 's2'") == [(150_000, 100_000)]


# 渠道


def test_each_channel_has_a_grant_of_its_share(bound: Any) -> None:
    shop = bound(channels=TWO.channels)
    assert lent(shop, "MILK") == [("mini_program", 12), ("douyin", 5)]
    for number, customer in enumerate("abc"):
        shop.sell(f"o{number}", customer, MILK=3 + (number == 2))  # of twelve two are left
    assert lent(shop, "MILK")[2:] == [("mini_program", 5)]
    assert shop.sql("SELECT channel, sum(remaining) FROM stock_grant WHERE sku_id = 3 GROUP BY 1") == [
        ("douyin", 5), ("mini_program", 7),
    ]  # fmt: skip


def test_an_order_is_judged_by_the_grant_it_cites_not_by_its_own_channel(bound: Any) -> None:
    shop = bound(channels=TWO.channels)
    other = msgspec.structs.replace(shop.order("o1", RICE=1), channel="something else")
    assert shop.do(selling.accept_order, other) == "accepted"


def test_the_channel_that_runs_low_is_refilled_alone(bound: Any) -> None:
    shop = bound(channels=TWO.channels)
    douyin = shop.value("SELECT id FROM stock_grant WHERE channel = 'douyin' AND sku_id = 1")
    order = shop.order("o1", "lin", RICE=3)
    line = msgspec.structs.replace(order.lines[0], grant_id=douyin)
    before = len(lent(shop, "RICE"))
    assert shop.do(selling.accept_order, msgspec.structs.replace(order, lines=(line,))) == "accepted"
    assert [channel for channel, _ in lent(shop, "RICE")[before:]] == ["douyin"]


def test_what_one_channel_gives_back_the_other_may_have_and_it_does_not_go_to_and_fro(bound: Any) -> None:
    shop = bound(channels=TWO.channels, first_grant_percent=100)
    mine, theirs = (
        shop.value("SELECT id FROM stock_grant WHERE channel = ? AND sku_id = 1", channel)
        for channel in ("mini_program", "douyin")
    )
    assert lent(shop, "RICE") == [("mini_program", 14), ("douyin", 6)]
    shop.do(selling.take_back, theirs, 6)
    assert lent(shop, "RICE")[2:] == []  # the other one has plenty, and it wants none itself
    assert shop.item("RICE")["free"] == 6
    order = shop.order("o1", "lin", RICE=14)
    shop.do(selling.accept_order, msgspec.structs.replace(order, lines=tuple(
        msgspec.structs.replace(line, grant_id=mine) for line in order.lines
    )))  # fmt: skip
    assert lent(shop, "RICE")[2:] == [("mini_program", 4), ("douyin", 1)]
    assert shop.read(imbalances) == {}


def test_one_channel_alone_is_not_lent_again_what_it_gave_back_until_it_sells(shop: LittleShop) -> None:
    shop.do(selling.take_back, "g1-1", 11)
    assert lent(shop, "RICE") == [("mini_program", 12)]
    shop.sell("o1", RICE=1)
    assert lent(shop, "RICE")[1:] == [("mini_program", 11)]


def test_who_sold_and_holds_nothing_more_is_lent_again_and_who_sold_nothing_is_not(shop: LittleShop) -> None:
    shop.sell("o1", RICE=2)
    shop.do(selling.close_grant, "g1-1", 2)
    assert lent(shop, "RICE") == [("mini_program", 12), ("mini_program", 10)]
    shop.do(selling.take_back, "g1-5", 10)
    assert lent(shop, "RICE")[2:] == []
    shop.do(allocating.set_cap, "s1", "RICE", 20)  # somebody looks at it: then it is lent once more
    assert lent(shop, "RICE")[2:] == [("mini_program", 10)]


# a grant that its holder closes


@pytest.mark.parametrize(("said", "differs"), [(2, False), (3, True), (1, True), (None, False)])
def test_what_the_holder_says_it_sold_is_compared_with_what_came(
    shop: LittleShop, said: int | None, differs: bool
) -> None:
    shop.sell("o1", RICE=2)
    shop.do(selling.close_grant, "g1-1", said)
    assert shop.events(GrantClosed) == [GrantClosed(grant_id="g1-1", sold=2, said=said)]
    assert [row.said for row in shop.read(differing_grants, "s1")] == ([said] if differs else [])


def test_a_refused_order_may_be_counted_by_the_holder_or_not(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=3)
    assert shop.sell("o2", "lin", MILK=2) == "refused"
    for said in (3, 5):
        shop.do(selling.close_grant, "g1-3", said)
        assert shop.read(differing_grants, "s1") == []
    shop.do(selling.close_grant, "g1-3", 6)
    assert [(row.sku, row.sold, row.said) for row in shop.read(differing_grants, "s1")] == [("MILK", 3, 6)]
