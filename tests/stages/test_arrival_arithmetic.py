"""到货入库, whatever was sold, counted and decided: every unit is accounted for, and the preview tells the truth."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.little_shop import ITEMS, LittleShop, copy_of
from tihuo.boards import arrival as board
from tihuo.boards.balance import imbalances
from tihuo.shop import arrival
from tihuo.shop.arrival import LATER, Choice, LinePlan
from tihuo.shop.shortages import BY_HAND, POLICIES
from tihuo.shop.words import Refusal
from tihuo.stages import aftercare, preparing, purchasing, receiving, selling, sorting

PEOPLE = ("lin", "zhao", "ou", "c4")
SKUS = tuple(item.sku for item in ITEMS)
FEW = st.integers(0, 6)
BASKETS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1),
        st.sampled_from(("refund", "refund", "ask")),
        st.integers(0, 100),
    ),
    max_size=6,
)
"""Who orders what, her rule for what is missing, and the percentage of the price that she paid."""
DELIVERY = st.fixed_dictionaries(
    {
        "wish": st.dictionaries(st.sampled_from(SKUS), FEW),
        "stock": st.dictionaries(st.sampled_from(SKUS), FEW),
        "sent": st.booleans(),
        "cancel": st.lists(st.integers(1, 6), max_size=2),
        "put": st.integers(0, 3),
        "good": st.dictionaries(st.sampled_from(SKUS), st.integers(1, 12)),
        "damaged": st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3)),
        "wrong": st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3)),
        "policy": st.sampled_from((*POLICIES, BY_HAND, LATER)),
        "over": st.sampled_from(("back", "keep", "sell")),
        "kept": st.booleans(),
    }
)


def begin(shop: LittleShop, baskets: list[Any], sale: str) -> None:
    for number, (customer, wanted, rule, percent) in enumerate(baskets, 1):
        order = shop.order(f"o{number}", customer, **wanted)
        paid = order.paid_fen * percent // 100
        shop.do(selling.accept_order, msgspec.structs.replace(order, substitution=rule, paid_fen=paid))
        shop.clock.tick(1000)
    if sale != "on":
        shop.do(preparing.close_session, "s1")
    if sale == "over":
        for grant, sold in shop.sql("SELECT id, sold FROM stock_grant WHERE state = 'open'"):
            shop.do(selling.close_grant, grant, sold)


def decide(data: st.DataObject, line: LinePlan, told: dict[str, Any]) -> Choice:
    taken = {}
    if told["policy"] == BY_HAND:
        left = line.short_of
        for n, want in enumerate(line.wants):
            rest = sum(later.units for later in line.wants[n + 1 :])
            taken[want.key] = data.draw(st.integers(max(0, left - rest), min(left, want.units)))
            left -= taken[want.key]
    over = told["over"] if line.on_sale or told["over"] != "sell" else "keep"
    return Choice(policy=told["policy"], over=over, wrong="keep" if told["kept"] else "back", taken=taken)


def units_there(shop: LittleShop, sku: str) -> int:
    """Units of a SKU that stand behind nobody's order: the shop's own, and those of rights of goods on hand."""
    row = shop.sql(
        "SELECT s.on_hand + CASE i.kind WHEN 'on_hand' THEN i.minted - i.void ELSE 0 END "
        "FROM sku s JOIN session_item i ON i.sku_id = s.id WHERE s.code = ? AND i.session_id = 's1'",
        sku,
    )
    return int(row[0][0])


def arrive(shop: LittleShop, data: st.DataObject, told: dict[str, Any]) -> None:
    for sku, units in told["wish"].items():
        shop.do(purchasing.wish, "s1", sku, units)
    for sku, units in told["stock"].items():
        with suppress(Refusal):
            shop.do(preparing.receive, sku, units)
    if told["sent"]:
        with shop.readers.look() as look, suppress(Refusal):
            rows = purchasing.to_buy(look.rows, "s1")
            shop.do(purchasing.send_list, "s1", "", {row.sku: row.buy for row in rows if row.buy})
    for order in told["cancel"]:
        with suppress(Refusal):
            shop.do(aftercare.cancel, order, "改主意了")
    delivery = shop.do(receiving.open_delivery, "s1", "")
    if told["put"]:
        with suppress(Refusal):
            shop.do(sorting.open_wave, "s1")
        for parcel, sku_id, units in shop.open_units()[: told["put"]]:
            shop.do(sorting.put, parcel, sku_id, units)
    for how in ("good", "damaged", "wrong"):
        for sku, units in told[how].items():
            shop.do(receiving.count, delivery, sku, units, how)
    with shop.readers.look() as look:
        lines = arrival.plan(look.rows, delivery)
    choices = {line.sku: decide(data, line, told) for line in lines}
    check(shop, delivery, lines, choices)


def check(shop: LittleShop, delivery: int, lines: list[LinePlan], choices: dict[str, Choice]) -> None:
    seen = shop.read(board.preview, delivery, choices)
    before = shop.value("SELECT coalesce(sum(refunded_fen), 0) FROM shop_order")
    stock = {line.sku: units_there(shop, line.sku) for line in lines}
    short = {line.sku: shorts(shop, line.sku) for line in lines}
    assert seen.fits
    closed = shop.do(receiving.close_delivery, delivery, seen.seen, choices)
    after = shop.value("SELECT coalesce(sum(refunded_fen), 0) FROM shop_order")
    assert after - before == seen.refund_fen
    assert closed.orders == seen.orders
    for line in lines:
        row = shop.sql(
            "SELECT expected, good, short, over, wrong, arrived, from_stock, to_stock, minted, back, missing, later "
            "FROM delivery_line WHERE delivery_id = ? AND sku_id = ?",
            delivery,
            line.sku_id,
        )[0]
        expected, good, missed, over, wrong, arrived, from_stock, to_stock, minted, back, missing, later = row
        assert expected + over == good + missed
        behind = arrived - from_stock - line.unexplained - (minted if line.presale else 0)
        assert good + wrong == behind + to_stock + minted + back
        assert missing + later == line.missing
        assert units_there(shop, line.sku) - stock[line.sku] == to_stock - from_stock + (0 if line.presale else minted)
        taken = dict(zip([want.key for want in line.wants], arrival.share(line, choices[line.sku]), strict=True))
        now = shorts(shop, line.sku)
        assert {key: now[key] - short[line.sku][key] for key in now if now[key] > short[line.sku][key]} == {
            key: units for key, units in taken.items() if units
        }
    assert not shop.read(imbalances)
    assert not shop.sql("SELECT no FROM shop_order WHERE refunded_fen > paid_fen")


def shorts(shop: LittleShop, sku: str) -> dict[str, int]:
    rows = shop.sql("SELECT order_no, line_no, short FROM order_line WHERE sku_id = ?", shop.sku(sku))
    return {f"{order_no}/{line_no}": units for order_no, line_no, units in rows}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    baskets=BASKETS,
    sale=st.sampled_from(("on", "ended", "over")),
    told=st.lists(DELIVERY, min_size=1, max_size=3),
)
def test_every_unit_is_accounted_for_and_the_preview_is_what_happens(
    seeded_file: Path, data: st.DataObject, baskets: list[Any], sale: str, told: list[dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = LittleShop(copy_of(seeded_file, Path(folder) / "shop.db"), running=False)
        try:
            begin(shop, baskets, sale)
            for delivery in told:
                arrive(shop, data, delivery)
            if sale != "on" and all(delivery["policy"] != LATER for delivery in told):
                nothing_is_still_to_come(shop)
        finally:
            shop.close()


def nothing_is_still_to_come(shop: LittleShop) -> None:
    """Each unit that somebody still waits for has come: of a sale that is over, nothing must be bought any more."""
    delivery = shop.do(receiving.open_delivery, "s1", "")
    with shop.readers.look() as look:
        lines = arrival.plan(look.rows, delivery)
    assert not [line for line in lines if line.presale and line.short_of]
