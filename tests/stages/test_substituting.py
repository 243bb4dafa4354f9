"""缺货处理: units that did not come, decided about by the rule that their customer chose."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.little_shop import LittleShop, copy_of
from tihuo.boards import orders, review, session_sheets, tonight
from tihuo.boards import short_picks as board
from tihuo.boards.balance import imbalances
from tihuo.boards.sorting import by_customer, by_product, waves
from tihuo.shop.events import OrderAdjusted, OrderCancelled, OrderReady, OrderShort, PhoneShown, ShortDecided
from tihuo.shop.words import Refusal, Zone
from tihuo.stages import aftercare, caring, handing_over, preparing, selling, sorting, substituting
from tihuo.timetable import Timetable

HOUR = 3_600_000
OTHERS = (
    preparing.NewSku(code="RICE-2", product="大米", spec="2.5 kg", unit="袋", price_fen=2200, supplier="粮店"),
    preparing.NewSku(code="MILLET", product="小米", spec="1 kg", unit="袋", price_fen=1500, supplier="粮店"),
    preparing.NewSku(code="RICE-10", product="大米", spec="10 kg", unit="袋", price_fen=7900),
)


def with_shelf(shop: LittleShop) -> LittleShop:
    """Session `s1` is over for the goods of the shelf: small rice and millet are the shop's own stock."""
    for sku in OTHERS:
        shop.do(preparing.keep_sku, sku)
        shop.do(preparing.receive, sku.code, 3)
    return shop


@pytest.fixture(scope="module")
def shelf_file(seeded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = copy_of(seeded_file, tmp_path_factory.mktemp("shelf") / "shop.db")
    with_shelf(LittleShop(path)).close()
    return path


@pytest.fixture
def shop(shelf_file: Path, tmp_path: Path) -> Iterator[LittleShop]:
    shop = LittleShop(copy_of(shelf_file, tmp_path / "shop.db"))
    yield shop
    shop.close()


def buy(shop: LittleShop, order_id: str, rule: str, customer: str = "lin", **wanted: int) -> None:
    new = shop.order(order_id, customer, "s1", **wanted)
    assert shop.do(selling.accept_order, msgspec.structs.replace(new, substitution=rule)) == "accepted"


def parcel_of(shop: LittleShop, order_id: str) -> int:
    return int(
        shop.value(
            "SELECT l.parcel_id FROM order_line l JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? LIMIT 1",
            order_id,
        )
    )


def miss(shop: LittleShop, order_id: str, sku: str = "RICE", units: int = 1) -> int:
    """Units of it are not there when it is sorted; gives the case."""
    shop.do(sorting.short, parcel_of(shop, order_id), shop.sku(sku), units)
    return int(shop.value("SELECT max(id) FROM short_pick"))


def end_sale(shop: LittleShop) -> None:
    """截单, and every right that was lent and not sold has come home."""
    shop.do(preparing.close_session, "s1")
    for (grant,) in shop.sql("SELECT id FROM stock_grant WHERE state = 'open'"):
        shop.do(selling.close_grant, grant)


def refunded(shop: LittleShop, order_id: str = "o1") -> int:
    return int(shop.value("SELECT refunded_fen FROM shop_order WHERE order_id = ?", order_id))


def stock(shop: LittleShop, sku: str) -> int:
    return int(shop.value("SELECT on_hand FROM sku WHERE code = ?", sku))


def test_who_wants_her_money_has_it_at_once(shop: LittleShop) -> None:
    buy(shop, "o1", "refund", RICE=2)
    shop.do(sorting.open_wave, "s1")
    miss(shop, "o1")
    assert refunded(shop) == 3990 and shop.read(board.waiting) == []
    (case,) = shop.read(board.decided, "s1")
    assert (case.rule, case.state, case.refund_fen, case.quantity) == ("refund", "refunded", 3990, 1)


@pytest.mark.parametrize("rule", ["similar", "ask"])
def test_the_rest_of_a_parcel_does_not_wait_for_a_decision(shop: LittleShop, rule: str) -> None:
    buy(shop, "o1", rule, RICE=2)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1")
    assert refunded(shop) == 0 and shop.events(OrderShort) == []
    assert shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku("RICE"), 1) == "ready"
    (waits,) = shop.read(board.waiting)
    assert (waits.pick_id, waits.rule, waits.product, waits.quantity, waits.name) == (pick, rule, "大米", 1, "林*")
    assert waits.phone == "199****1001" and waits.may_choose == (rule == "similar")
    assert not shop.read(imbalances)


def test_something_similar_goes_into_the_same_parcel_and_the_difference_goes_back(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=2)
    shop.do(sorting.open_wave, "s1")
    parcel = parcel_of(shop, "o1")
    pick = miss(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)

    assert shop.do(substituting.substitute, pick, shop.sku("RICE-2")) == 1
    assert refunded(shop) == 3990 - 2200
    (told,) = shop.events(OrderAdjusted)
    assert [(line.line_id, line.quantity, line.reason, line.sku, line.unit_price_fen) for line in told.lines] == [
        ("o1-1", 1, "substituted", "RICE-2", 2200)
    ]
    assert stock(shop, "RICE-2") == 2
    assert shop.item("RICE-2") == {"minted": 1, "ordered": 1}
    assert shop.item("RICE")["void"] == 1
    assert shop.parcels()[0][-1] == "sorting"  # its label is called off, another comes when it is complete
    assert not shop.read(imbalances)

    assert shop.do(sorting.put, parcel, shop.sku("RICE-2"), 1) == "ready"
    assert shop.value("SELECT count(*) FROM print_job WHERE state = 'queued' AND subject = ?", f"parcel:{parcel}") == 1
    assert len(shop.events(OrderReady)) == 2
    shop.do(handing_over.hand_over_parcel, parcel)
    assert shop.item("RICE-2") == {"minted": 1, "handed_over": 1}
    (case,) = shop.read(board.decided_of_order, 1)
    assert (case.state, case.instead, case.refund_fen) == ("substituted", "大米 2.5 kg", 1790)
    assert not shop.read(imbalances)


def test_free_units_of_the_session_stand_in_before_the_shelfs(shop: LittleShop) -> None:
    shop.do(preparing.receive, "EGGS", 4)
    buy(shop, "o1", "similar", RICE=1)
    shop.do(sorting.open_wave, "s1")
    before = shop.item("EGGS")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("EGGS"))
    assert shop.item("EGGS") == {**before, "free": before["free"] - 1, "ordered": before.get("ordered", 0) + 1}
    assert stock(shop, "EGGS") == 4


def test_as_many_as_are_there_stand_in_and_the_rest_waits(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=4)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1", units=4)
    assert shop.parcels()[0][-1] == "empty"
    assert shop.do(substituting.substitute, pick, shop.sku("RICE-2")) == 3
    (waits,) = shop.read(board.waiting)
    assert waits.quantity == 1 and refunded(shop) == 3 * 1790
    shop.do(substituting.substitute, waits.pick_id, shop.sku("MILLET"))
    assert shop.read(board.waiting) == [] and refunded(shop) == 3 * 1790 + 2490
    assert [row[:2] for row in shop.open_units()] == [(1, shop.sku("RICE-2")), (1, shop.sku("MILLET"))]
    assert not shop.read(imbalances)


def test_what_stands_in_costs_no_more_and_is_kept_as_warm(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=1)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1")
    for sku, refusal in (("RICE-10", "dearer"), ("BUNS", "nothing_spare"), ("MILK", "nothing_spare")):
        with pytest.raises(Refusal, match=refusal):
            shop.do(substituting.substitute, pick, shop.sku(sku))
    assert [(row.sku, row.there, row.why, row.less_fen) for row in shop.read(board.candidates, pick)] == [
        ("RICE-2", 3, "same_product", 1790),
        ("MILLET", 3, "same_supplier", 2490),
        ("EGGS", 4, "", 1310),
    ]


def test_the_likeliest_stands_first(shop: LittleShop) -> None:
    """The same product, then the same supplier, then a name that shares letters, then whatever costs most nearly as
    much."""
    for code, product, price, supplier in (
        ("CHEAP", "面条", 900, ""),
        ("LONG", "长粒大米香", 3000, ""),
        ("FARM", "红豆", 800, "粮店"),
    ):
        shop.do(preparing.keep_sku, preparing.NewSku(code=code, product=product, price_fen=price, supplier=supplier))
        shop.do(preparing.receive, code, 1)
    buy(shop, "o1", "similar", RICE=1)
    shop.do(sorting.open_wave, "s1")
    found = shop.read(board.candidates, miss(shop, "o1"))
    assert [(row.sku, row.why) for row in found] == [
        ("RICE-2", "same_product"),
        ("MILLET", "same_supplier"),
        ("FARM", "same_supplier"),
        ("LONG", "alike"),
        ("EGGS", ""),
        ("CHEAP", ""),
    ]


def test_she_is_asked_before_anything_stands_in(shop: LittleShop) -> None:
    buy(shop, "o1", "ask", RICE=1)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1")
    with pytest.raises(Refusal, match="not_asked_yet"):
        shop.do(substituting.substitute, pick, shop.sku("RICE-2"))
    assert shop.do(substituting.show_phone, pick, actor="小李") == "19900001001"
    assert [event.order_id for event in shop.events(PhoneShown)] == ["o1"]
    shop.do(substituting.note_answer, pick, "nobody", actor="小李")
    with pytest.raises(Refusal, match="not_asked_yet"):
        shop.do(substituting.substitute, pick, shop.sku("RICE-2"))
    with pytest.raises(Refusal, match="bad_answer"):
        shop.do(substituting.note_answer, pick, "perhaps")
    shop.do(substituting.note_answer, pick, "yes", actor="小王")
    shop.do(substituting.substitute, pick, shop.sku("RICE-2"), actor="小王")
    (case,) = shop.read(board.decided, "s1")
    assert (case.calls, case.answer, case.answered_by, case.settled_by) == (2, "yes", "小王", "小王")
    assert [event.outcome for event in shop.events(ShortDecided)] == ["nobody", "yes", "substituted"]
    with pytest.raises(Refusal, match="pick_settled"):
        shop.do(substituting.show_phone, pick)


def test_no_means_her_money(shop: LittleShop) -> None:
    buy(shop, "o1", "ask", RICE=1)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1")
    shop.do(substituting.note_answer, pick, "no")
    assert refunded(shop) == 3990
    with pytest.raises(Refusal, match="pick_settled"):
        shop.do(substituting.refund, pick)


def test_a_phone_is_only_shown_for_a_customer_who_is_to_be_asked(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=1)
    shop.do(sorting.open_wave, "s1")
    with pytest.raises(Refusal, match="not_to_be_asked"):
        shop.do(substituting.show_phone, miss(shop, "o1"))
    assert shop.events(PhoneShown) == []


def test_what_nobody_decides_in_time_goes_back_whatever_the_clock_says(shop: LittleShop) -> None:
    buy(shop, "o1", "ask", RICE=1)
    buy(shop, "o2", "similar", "zhao", RICE=1)
    shop.do(sorting.open_wave, "s1")
    miss(shop, "o1")
    shop.clock.tick(HOUR // 2)
    miss(shop, "o2")
    shop.clock.off = 5 * HOUR  # the clock jumps; the count does not
    assert shop.do(substituting.refund_overdue) == 0
    shop.clock.off = 0
    shop.clock.tick(HOUR // 2)
    assert shop.do(substituting.refund_overdue, actor="timetable") == 1
    assert (refunded(shop, "o1"), refunded(shop, "o2")) == (3990, 0)
    assert shop.read(board.decided, "s1")[0].settled_by == "timetable"

    shop.do(substituting.go_on)  # a restart: what waits has all of its time again
    shop.clock.tick(HOUR - 1)
    assert shop.do(substituting.refund_overdue) == 0
    shop.clock.tick(1)
    assert shop.do(substituting.refund_overdue) == 1
    assert refunded(shop, "o2") == 3990


def test_the_timetable_looks_for_what_ran_out(shop: LittleShop) -> None:
    buy(shop, "o1", "ask", RICE=1)
    shop.do(sorting.open_wave, "s1")
    miss(shop, "o1")
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    timetable.step()
    assert refunded(shop) == 0
    shop.clock.tick(HOUR)
    timetable.step()
    assert refunded(shop) == 3990
    assert shop.read(board.decided, "s1")[0].settled_by == "timetable"


def test_when_the_parcel_has_left_only_money_is_left(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=2)
    shop.do(sorting.open_wave, "s1")
    parcel = parcel_of(shop, "o1")
    pick = miss(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("RICE"), 1)
    shop.do(handing_over.hand_over_parcel, parcel)
    with pytest.raises(Refusal, match="already_collected"):
        shop.do(substituting.substitute, pick, shop.sku("RICE-2"))
    (waits,) = shop.read(board.waiting)
    assert waits.gone and not waits.may_choose
    shop.do(substituting.refund, pick)
    assert refunded(shop) == 3990


def test_a_bag_that_was_given_up_gets_a_place_that_nobody_has(shop: LittleShop) -> None:
    """Every other slot is full, so that the next parcel takes the place that the empty one left."""
    buy(shop, "o1", "similar", "lin", RICE=1)
    shop.do(sorting.open_wave, "s1")
    pick = miss(shop, "o1")
    for number, who in enumerate(["zhao", "ou", "p3"], 2):
        shop.sell(f"o{number}", who, EGGS=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(substituting.substitute, pick, shop.sku("RICE-2"))
    twice = "SELECT 1 FROM parcel WHERE state IN ('sorting', 'ready') GROUP BY slot, place HAVING count(*) > 1"
    assert shop.sql(twice) == []


def test_a_cancelled_order_gives_back_what_waited_and_what_stood_in(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=3)
    shop.do(sorting.open_wave, "s1")
    parcel = parcel_of(shop, "o1")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("RICE-2"))
    miss(shop, "o1")
    shop.do(sorting.put, parcel, shop.sku("RICE-2"), 1)
    shop.do(aftercare.cancel, 1, "她不要了")
    assert refunded(shop) == 3 * 3990
    assert shop.read(board.waiting) == []
    (told,) = shop.events(OrderCancelled)
    assert told.refund.amount_fen == 2200 + 3990
    assert not shop.read(imbalances)


def test_what_stands_in_can_be_short_too(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=1)
    shop.do(sorting.open_wave, "s1")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("RICE-2"))
    pick = miss(shop, "o1", "RICE-2")
    shop.do(substituting.substitute, pick, shop.sku("MILLET"))
    assert refunded(shop) == 3990 - 1500
    shop.do(substituting.refund, miss(shop, "o1", "MILLET"))
    assert refunded(shop) == 3990
    assert [event.lines[0].line_id for event in shop.events(OrderShort)] == ["o1-1"]
    assert not shop.read(imbalances)


def test_a_shortage_at_arrival_follows_the_rule_of_each_order(shop: LittleShop) -> None:
    for number, (who, rule) in enumerate([("lin", "similar"), ("zhao", "refund"), ("ou", "ask")], 1):
        buy(shop, f"o{number}", rule, who, MILK=2)
    end_sale(shop)
    assert shop.do(aftercare.lose, "s1", "MILK", 6, "short_delivery") == (0, 0, 6)
    assert [event.order_id for event in shop.events(OrderShort)] == ["o2"]
    assert [(row.order_id, row.quantity, row.slot) for row in shop.read(board.waiting)] == [
        ("o1", 2, ""),
        ("o3", 2, ""),
    ]
    assert not shop.read(imbalances)


def test_what_was_chosen_before_the_wave_is_sorted_with_it(shop: LittleShop) -> None:
    shop.do(preparing.keep_sku, preparing.NewSku(code="YOGURT", product="酸奶", price_fen=900, zone=Zone.CHILLED))
    shop.do(preparing.receive, "YOGURT", 5)
    buy(shop, "o1", "similar", MILK=2, RICE=1)
    end_sale(shop)
    shop.do(aftercare.lose, "s1", "MILK", 2, "short_delivery")
    (waits,) = shop.read(board.waiting)
    shop.do(substituting.substitute, waits.pick_id, shop.sku("YOGURT"))
    wave = shop.do(sorting.open_wave, "s1")
    assert {sku for _, sku, _ in shop.open_units(wave)} == {shop.sku("YOGURT"), shop.sku("RICE")}
    assert not shop.read(imbalances)


def test_the_cloud_cancels_an_order_of_which_something_waits(shop: LittleShop) -> None:
    """It does not know yet that units are missing: their money is told first, then what is cancelled."""
    buy(shop, "o1", "ask", MILK=2, RICE=1)
    end_sale(shop)
    shop.do(aftercare.lose, "s1", "MILK", 1, "short_delivery")
    shop.do(selling.cancel_order, "o1", "customer")
    assert [event.refund.amount_fen for event in shop.events(OrderShort)] == [1250]
    (told,) = shop.events(OrderCancelled)
    assert [line.quantity for line in told.lines] == [1, 1] and told.refund is None
    assert shop.read(board.waiting) == []


def test_a_customer_may_complain_of_what_stands_in(shop: LittleShop) -> None:
    """To her it is the line that she ordered."""
    buy(shop, "o1", "similar", RICE=2)
    shop.do(sorting.open_wave, "s1")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("RICE-2"))
    for sku in ("RICE", "RICE-2"):
        shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku(sku), 1)
    shop.do(handing_over.hand_over_parcel, parcel_of(shop, "o1"))
    shop.do(caring.request_aftersales, "q1", "o1", "return", [("o1-1", 2)], "both were wet")
    assert shop.sql("SELECT line_no, quantity FROM ticket_line ORDER BY 1") == [(1, 1), (2, 1)]
    with pytest.raises(Refusal, match="more_than_bought"):
        shop.do(caring.request_aftersales, "q2", "o1", "return", [("o1-1", 1)], "another")


STEP = st.tuples(
    st.sampled_from(["short", "put", "undo", "stand in", "stand in", "refund", "answer", "damage", "time", "take"]),
    st.integers(0, 99),
)
RULES = st.sampled_from(["refund", "similar", "ask"])


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.tuples(RULES, RULES), units=st.integers(1, 3), steps=st.lists(STEP, max_size=20))
def test_whatever_is_decided_rights_and_money_agree(
    shelf_file: Path, rules: tuple[str, str], units: int, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = LittleShop(copy_of(shelf_file, Path(folder) / "shop.db"), running=False)
        buy(shop, "o1", rules[0], "lin", RICE=units, EGGS=1)
        buy(shop, "o2", rules[1], "zhao", RICE=1, MILK=units)
        shop.do(sorting.open_wave, "s1")
        for what, pick in steps:
            with suppress(Refusal):
                one_step(shop, what, pick)
            agree(shop)
        shop.clock.tick(HOUR)
        shop.do(substituting.refund_overdue)
        agree(shop)
        assert shop.read(board.waiting) == []
        shop.close()


def one_step(shop: LittleShop, what: str, pick: int) -> None:
    wanted = shop.open_units()
    case = shop.sql("SELECT id FROM short_pick ORDER BY state = 'open' DESC, id")
    case_id = case[pick % len(case)][0] if case else 1
    parcel, sku, _ = wanted[pick % len(wanted)] if wanted else (1, 1, 1)
    match what:
        case "short":
            shop.do(sorting.short, parcel, sku, 1)
        case "damage":
            shop.do(sorting.damage, parcel, sku, 1)
        case "put":
            shop.do(sorting.put, parcel, sku, 1)
        case "undo":
            lying = shop.sql("SELECT parcel_id, sku_id FROM order_line WHERE put > handed_over")
            if lying:
                shop.do(sorting.undo_put, *lying[pick % len(lying)], 1)
        case "stand in":
            shop.do(substituting.substitute, case_id, 1 + pick % 7)
        case "refund":
            shop.do(substituting.refund, case_id)
        case "answer":
            shop.do(substituting.note_answer, case_id, ("yes", "no", "nobody")[pick % 3])
        case "time":
            shop.clock.tick(HOUR // 3)
            shop.do(substituting.refund_overdue)
        case "take":
            shop.do(handing_over.hand_over_parcel, 1 + pick % 3)


def agree(shop: LittleShop) -> None:
    assert not shop.read(imbalances)
    told: dict[str, int] = {}
    event: Any
    for event in shop.events(OrderAdjusted, OrderShort):
        if event.refund:
            told[event.order_id] = told.get(event.order_id, 0) + event.refund.amount_fen
    for order_no, order_id, paid, back in shop.sql("SELECT no, order_id, paid_fen, refunded_fen FROM shop_order"):
        billed = shop.value(
            "SELECT sum(quantity * unit_price_fen - gone_fen) FROM order_line WHERE order_no = ?", order_no
        )
        assert billed + back == paid and back == told.get(order_id, 0)
        waits = shop.value(
            "SELECT coalesce(sum(k.quantity * l.unit_price_fen), 0) FROM short_pick k JOIN order_line l "
            "ON l.order_no = k.order_no AND l.line_no = k.line_no WHERE k.state = 'open' AND k.order_no = ?",
            order_no,
        )
        comes = shop.value(
            "SELECT sum((quantity - short - cancelled) * unit_price_fen) FROM order_line WHERE order_no = ?", order_no
        )
        assert billed == comes + waits
    twice = "SELECT 1 FROM parcel WHERE state IN ('sorting', 'ready') GROUP BY slot, place HAVING count(*) > 1"
    assert shop.sql(twice) == []
    for wave in shop.read(waves):
        products, parcels = shop.read(by_product, wave.wave_id), shop.read(by_customer, wave.wave_id)
        for figure in ("wanted", "put", "short"):
            assert sum(getattr(row, figure) for row in products) == sum(getattr(row, figure) for row in parcels)


def test_the_label_says_what_stands_in(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=2)
    shop.do(sorting.open_wave, "s1")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("RICE-2"))
    for sku in ("RICE", "RICE-2"):
        shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku(sku), 1)
    content = json.loads(shop.value("SELECT content FROM print_job WHERE state = 'queued' AND kind = 'label'"))
    assert [(line["spec"], line.get("instead", False)) for line in content["lines"]] == [
        ("5 kg", False),
        ("2.5 kg", True),
    ]


def test_what_stands_in_is_not_counted_as_ordered_besides(shop: LittleShop) -> None:
    buy(shop, "o1", "similar", RICE=2)
    shop.do(sorting.open_wave, "s1")
    shop.do(substituting.substitute, miss(shop, "o1"), shop.sku("RICE-2"))
    for sku in ("RICE", "RICE-2"):
        shop.do(sorting.put, parcel_of(shop, "o1"), shop.sku(sku), 1)
    shop.do(handing_over.hand_over_parcel, parcel_of(shop, "o1"))
    row = shop.read(orders.order_row, 1)
    assert (row.units, row.put, row.short, row.handed_over, row.progress) == (2, 2, 0, 2, "collected")
    glance, figures = shop.read(tonight.tonight), shop.read(review.review, "s1")
    assert (glance.units, glance.units_put, glance.units_short) == (2, 2, 0)
    assert (figures.units, figures.units_short, figures.collected) == (2, 0, 1)
    assert sum(item.money_fen for item in shop.read(session_sheets.sold_by_product, "s1")) == 2 * 3990
    (customer,) = shop.read(session_sheets.sold_by_customer, "s1")
    assert (customer.units, customer.short, customer.refunded_fen) == (2, 0, 1790)
