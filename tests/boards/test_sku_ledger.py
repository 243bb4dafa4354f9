"""流水账: every movement of a SKU in order, who made it and why, and whether it all adds up."""

from __future__ import annotations

import sqlite3

import pytest

from tests.conftest import Make
from tests.little_shop import ITEMS, LittleShop
from tihuo.boards.ledger_steps import KINDS, PLACES, Fault, Movement
from tihuo.boards.sku_ledger import Ledger, arrivals, sku_ledger
from tihuo.stages import adjusting, aftercare, allocating, counting, handing_over, preparing, selling, undoing


@pytest.fixture
def busy(shop: LittleShop) -> LittleShop:
    """Rice on an evening on which everything happens to it."""
    shop.sell("o1", "lin", RICE=2, MILK=1)
    shop.sell("o2", "ou", RICE=3)
    shop.sell("o3", "zhao", RICE=6)
    shop.do(adjusting.correct, "RICE", -2, "broken", "袋子破了", "", "", b"a photograph", actor="小李")
    shop.do(selling.cancel_order, "o2", "customer", actor="cloud")
    shop.do(aftercare.resell, "s1", "RICE", 2, actor="小李")
    shop.do(aftercare.discard, "s1", "RICE", 1, actor="小李")
    shop.do(selling.sell_walk_in, "s1", "RICE", 1, actor="小王")
    shop.do(selling.take_back, shop.grant("RICE"), 1, actor="cloud")
    shop.do(preparing.receive, "RICE", 5, "s1", actor="店主")
    shop.do(allocating.set_cap, "s1", "RICE", 22, actor="店主")
    shop.do(preparing.receive, "RICE", 5, actor="店主")
    shop.do(preparing.close_session, "s1", actor="店主")
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o1"), actor="小王")
    shop.do(undoing.undo_hand_over, shop.parcels()[0][0], "wrong bag", actor="小王")
    count = shop.do(counting.open_count, "all")
    shop.do(counting.count_type, count, "RICE", 12)
    shop.do(counting.apply_count, count, "月底", actor="店主")
    return shop


def ledger(shop: LittleShop, sku: str = "RICE", **how: object) -> Ledger:
    found = shop.read(sku_ledger, sku, **how)
    assert found is not None
    return found


def told(movement: Movement) -> tuple[object, ...]:
    return movement.what, movement.quantity, movement.actor, movement.reason, movement.links


def test_it_tells_the_whole_story_in_order(busy: LittleShop) -> None:
    story = [told(movement) for movement in reversed(ledger(busy, limit=None).movements)]
    assert story == [
        ("received", 20, "box", "", {}),
        ("taken", 20, "box", "", {}),
        ("offered", 20, "box", "", {}),
        ("lent", 12, "box", "", {}),
        ("sold", 2, "mini_program", "", {"order": 1}),
        ("sold", 3, "mini_program", "", {"order": 2}),
        ("sold", 6, "mini_program", "", {"order": 3}),
        ("lent", 4, "box", "", {}),
        ("corrected", 2, "小李", "broken", {"correction": 1, "photo": 1}),
        ("cancelled", 3, "cloud", "customer", {"order": 2}),
        ("kept", 2, "小李", "", {}),
        ("discarded", 1, "小李", "", {}),
        ("walk_in", 1, "小王", "", {}),
        ("returned", 1, "cloud", "", {}),
        ("offered", 5, "店主", "", {}),
        ("ended", 3, "店主", "", {}),
        ("received", 3, "店主", "", {}),
        ("received", 5, "店主", "", {}),
        ("ended", 6, "店主", "", {}),
        ("received", 6, "店主", "", {}),
        ("handed_over", 2, "小王", "", {"order": 1}),
        ("undone", 2, "小王", "wrong bag", {"order": 1}),
        ("corrected", 6, "店主", "count", {"correction": 2, "count": 1}),
    ]


def test_every_figure_is_the_sum_of_the_movements_above_it(busy: LittleShop) -> None:
    found = ledger(busy, limit=None)
    sums = [0] * len(PLACES)
    for movement in reversed(found.movements):
        sums = [value + movement.moved.get(place, 0) for place, value in zip(PLACES, sums, strict=True)]
        assert tuple(sums) == movement.after
        assert min(sums) >= 0
    assert found.faults == ()
    figures = dict(zip(PLACES, sums, strict=True))
    assert {place: figures[place] for place in ("on_hand", "free", "granted", "ordered", "quarantine", "void")} == {
        place: getattr(found.units, place) for place in ("on_hand", "free", "granted", "ordered", "quarantine", "void")
    }


def test_leaves_of_it_make_the_whole(busy: LittleShop) -> None:
    whole = [movement.key for movement in ledger(busy, limit=None).movements]
    for size in (1, 2, 3, 7):
        keys: list[str] = []
        before = ""
        while True:
            leaf = ledger(busy, before=before, limit=size)
            keys += [movement.key for movement in leaf.movements]
            before = leaf.older
            if not before:
                break
        assert keys == whole
    assert [move.key for move in ledger(busy, before="no such key").movements] == whole


def test_a_leaf_stays_where_it_was_when_more_happens(busy: LittleShop) -> None:
    first = ledger(busy, limit=5)
    rest = [move.key for move in ledger(busy, before=first.older, limit=None).movements]
    busy.do(adjusting.correct, "RICE", -1, "sample")
    assert [move.key for move in ledger(busy, before=first.older, limit=None).movements] == rest


def test_it_can_be_narrowed_down(busy: LittleShop) -> None:
    busy.plan("s2", ITEMS[0].__class__(sku="RICE", kind="on_hand", quantity=3, price_fen=3990))
    whole = ledger(busy, limit=None).movements
    for kind, whats in KINDS.items():
        found = ledger(busy, kind=kind, limit=None).movements
        assert found == tuple(move for move in whole if move.what in whats)
    assert [move.what for move in ledger(busy, session="s2").movements] == ["offered"]
    one = ledger(busy, session="s1", limit=None).movements
    assert {move.session_id for move in one} == {"s1"}
    assert [move.key for move in one] == [move.key for move in whole if move.session_id == "s1"]
    assert [(book.session_id, book.figures[1]) for book in ledger(busy).books] == [("s2", 3), ("s1", 0)]


def test_each_order_of_one_hand_over_is_named(shop: LittleShop) -> None:
    for order in ("o1", "o2", "o3"):
        shop.sell(order, "lin", RICE=1)
    shop.sort()
    shop.do(handing_over.hand_over_by_code, shop.code("o2"))
    gone = ledger(shop, kind="handed_over").movements
    assert [move.links for move in reversed(gone)] == [{"order": 1}, {"order": 2}, {"order": 3}]
    first = ledger(shop, kind="handed_over", limit=1)
    assert ledger(shop, kind="handed_over", before=first.older).movements == gone[1:]


def test_orders_of_another_program_come_from_outside(shop: LittleShop) -> None:
    order = selling.ImportedOrder(
        order_id="k1", part_ids=("k1",), customer_id="lin", customer_name="林", customer_phone="", door="",
        placed_at=1, lines=(shop.order("x", "lin", RICE=4).lines[0],), paid_fen=100,
    )  # fmt: skip
    shop.do(selling.import_order, "s1", order)
    newest = ledger(shop).movements[0]
    assert (newest.what, newest.moved, newest.links) == ("imported", {"ordered": 4}, {"order": 1})


def test_what_a_session_gives_back_is_there_before_it_is_taken(shop: LittleShop) -> None:
    """A correction into a session that is undone goes through the shop's own stock, which had none."""
    found = shop.do(adjusting.correct, "RICE", 2, "more", "", "s1")
    shop.do(adjusting.undo_correction, found.correction_id)
    on_hand = PLACES.index("on_hand")
    story = [(move.moved, move.after[on_hand]) for move in ledger(shop).movements[:3]]
    assert story == [({"on_hand": -2}, 0), ({"on_hand": 2}, 2), ({"free": -2}, 0)]


def test_what_does_not_add_up_is_named(make_shop: Make) -> None:
    shop = make_shop()
    shop.sell("o1", "lin", RICE=2)
    connection = sqlite3.connect(shop.path, isolation_level=None)
    connection.execute("UPDATE stock_move SET on_hand = on_hand + 1 WHERE sku_id = ? AND n = 1", (shop.sku("RICE"),))
    connection.execute("UPDATE unit_move SET free = free - 1 WHERE item_no = 1 AND n = 1")
    connection.execute("UPDATE order_line SET quantity = 3 WHERE order_no = 1")
    connection.close()
    assert set(ledger(shop).faults) == {
        Fault("", "on_hand", 0, 1),
        Fault("s1", "free", 8, 7),
        Fault("s1", "sales", 3, 2),
    }


def test_units_that_no_order_explains_are_shown_as_such(make_shop: Make) -> None:
    shop = make_shop()
    shop.sell("o1", "lin", RICE=2)
    connection = sqlite3.connect(shop.path, isolation_level=None)
    connection.execute("UPDATE item_rights SET granted = granted - 3, ordered = ordered + 3 WHERE no = 1")
    connection.close()
    found = ledger(shop)
    assert [(move.what, move.quantity, move.links) for move in found.movements[:2]] == [
        ("sold", 3, {}),
        ("sold", 2, {"order": 1}),
    ]
    assert found.faults == (Fault("s1", "sales", 2, 5),)


def test_a_thing_that_never_moved_has_an_empty_ledger(shop: LittleShop) -> None:
    shop.do(preparing.keep_sku, preparing.NewSku(code="TEA", product="茶", price_fen=100))
    assert (ledger(shop, "TEA").movements, ledger(shop, "TEA").faults) == ((), ())
    assert shop.read(sku_ledger, "nothing") is None
    assert shop.read(arrivals, "TEA") == []
