"""筹备: the catalog, goods that arrive, and a session before it begins and after it ends."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, ITEMS, LittleShop
from tihuo.shop.events import GoodsReceived, GrantIssued, ItemOffered, SessionClosed, SessionOpened, SkuKept
from tihuo.shop.words import Refusal, Zone
from tihuo.stages import preparing
from tihuo.stages.preparing import NewItem, NewSku

TEA = NewSku(code="TEA", product="茉莉花茶", barcode="036000291452", price_fen=2500)
PLAN = preparing.NewSession(
    session_id="s2",
    title="明天",
    starts_at=EVENING,
    ends_at=EVENING + HOUR,
    window=(EVENING, EVENING + HOUR),
    items=ITEMS[2:],
)


@pytest.fixture
def empty(make_shop: Make) -> LittleShop:
    return make_shop(seeded=False)


def on_hand(shop: LittleShop, sku: str) -> int:
    return int(shop.value("SELECT on_hand FROM sku WHERE code = ?", sku))


def test_a_sku_enters_the_catalog_and_is_brought_up_to_date_under_its_own_number(empty: LittleShop) -> None:
    number = empty.do(preparing.keep_sku, TEA)
    again = empty.do(preparing.keep_sku, msgspec.structs.replace(TEA, price_fen=2300, zone=Zone.CHILLED))
    assert again == number
    assert empty.sql("SELECT code, price_fen, zone FROM sku") == [("TEA", 2300, "chilled")]
    assert [event.price_fen for event in empty.events(SkuKept)] == [2500, 2300]


def test_one_product_may_have_many_skus_and_keeps_its_supplier(empty: LittleShop) -> None:
    empty.do(preparing.keep_sku, msgspec.structs.replace(TEA, supplier="老王"))
    empty.do(preparing.keep_sku, msgspec.structs.replace(TEA, code="TEA-L", spec="大", barcode=None))
    assert empty.sql("SELECT name, supplier FROM product") == [("茉莉花茶", "老王")]
    assert empty.sql("SELECT count(*) FROM sku") == [(2,)]


def test_a_barcode_is_stored_in_its_one_spelling(empty: LittleShop) -> None:
    empty.do(preparing.keep_sku, TEA)
    assert empty.value("SELECT barcode FROM sku") == "0036000291452"
    with pytest.raises(Refusal, match="barcode_taken") as refused:
        empty.do(preparing.keep_sku, msgspec.structs.replace(TEA, code="COFFEE", barcode="0036000291452"))
    assert refused.value.facts["sku"] == "TEA"
    empty.do(preparing.keep_sku, TEA)


@pytest.mark.parametrize("barcode", [None, "", " "])
def test_many_skus_may_have_no_barcode(empty: LittleShop, barcode: str | None) -> None:
    for code in ("A", "B"):
        empty.do(preparing.keep_sku, NewSku(code=code, product=code, barcode=barcode, price_fen=1))
    assert empty.sql("SELECT barcode FROM sku") == [(None,), (None,)]


def test_goods_received_are_stock(shop: LittleShop) -> None:
    shop.do(preparing.receive, "RICE", 3)
    shop.do(preparing.receive, "RICE", 4)
    assert on_hand(shop, "RICE") == 7
    assert shop.events(GoodsReceived)[-2:] == [GoodsReceived(sku="RICE", quantity=n) for n in (3, 4)]


@pytest.mark.parametrize(
    ("sku", "quantity", "code"), [("RICE", 0, "bad_quantity"), ("RICE", -1, "bad_quantity"), ("NONE", 1, "unknown_sku")]
)
def test_goods_that_cannot_be_received(shop: LittleShop, sku: str, quantity: int, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        shop.do(preparing.receive, sku, quantity)
    assert on_hand(shop, "RICE") == 0


def test_a_draft_takes_goods_from_stock_and_mints_presales_on_somebodys_word(shop: LittleShop) -> None:
    shop.do(preparing.receive, "RICE", 9)
    before = shop.events(GrantIssued)
    rice = NewItem(sku="RICE", kind="on_hand", quantity=6, price_fen=3000)
    milk = NewItem(sku="MILK", kind="presale", quantity=8, price_fen=1000)
    shop.do(preparing.plan_session, msgspec.structs.replace(PLAN, items=(rice, milk)), actor="老板")
    assert on_hand(shop, "RICE") == 3
    assert shop.item("RICE", "s2") == {"minted": 6, "free": 6}
    assert shop.item("MILK", "s2") == {"minted": 8, "free": 8}
    assert shop.value("SELECT cap_set_by FROM session_item WHERE session_id = 's2' AND kind = 'presale'") == "老板"
    assert shop.events(ItemOffered)[-1] == ItemOffered(session_id="s2", sku="MILK", quantity=8, cap_set_by="老板")
    assert shop.events(GrantIssued) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"session_id": "s1"}, "session_exists"),
        ({"items": ()}, "session_without_items"),
        ({"items": ITEMS[2:3] * (preparing.MOST_ITEMS + 1)}, "too_many_items"),
        ({"ends_at": EVENING}, "bad_times"),
        ({"window": (EVENING, EVENING)}, "bad_times"),
        ({"items": (NewItem(sku="NONE", kind="presale", quantity=1, price_fen=1),)}, "unknown_sku"),
        ({"items": (NewItem(sku="MILK", kind="presale", quantity=-1, price_fen=1),)}, "bad_quantity"),
        ({"items": (NewItem(sku="MILK", kind="on_hand", quantity=0, price_fen=1),)}, "bad_quantity"),
        ({"items": (ITEMS[2], ITEMS[2])}, "item_exists"),
        ({"items": (ITEMS[2], NewItem(sku="RICE", kind="on_hand", quantity=1, price_fen=1))}, "not_enough_on_hand"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_session_that_cannot_be_is_not_half_written(shop: LittleShop, change: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        shop.do(preparing.plan_session, msgspec.structs.replace(PLAN, **change))
    assert refused.value.code == code
    assert shop.sql("SELECT id FROM live_session") == [("s1",)]
    assert shop.value("SELECT count(*) FROM session_item") == len(ITEMS)


def test_an_item_of_no_session_is_refused(shop: LittleShop) -> None:
    with pytest.raises(Refusal, match="unknown_session"):
        shop.do(preparing.add_item, "s9", ITEMS[2])


def test_an_item_for_imported_orders_needs_no_cap(shop: LittleShop) -> None:
    shop.plan("s2", ITEMS[2])
    shop.do(preparing.add_item, "s2", NewItem(sku="BUNS", kind="presale", quantity=0, price_fen=1890))
    assert shop.item("BUNS", "s2") == {}


def test_opening_tells_the_cloud_what_is_for_sale_before_it_lends_the_first_grants(shop: LittleShop) -> None:
    told = shop.events(SessionOpened, GrantIssued)
    assert told[0] == SessionOpened(session_id="s1")
    assert [(event.sku, event.quantity) for event in told[1:]] == [("RICE", 12), ("EGGS", 6), ("MILK", 18), ("BUNS", 6)]
    milk = told[3]
    assert (milk.grant_id, milk.price_fen, milk.limit_per_customer, milk.sell_until) == (
        "g1-3", 1250, 4, EVENING + 2 * HOUR,
    )  # fmt: skip
    assert shop.item("RICE") == {"minted": 20, "free": 8, "granted": 12}


def test_opening_lends_nothing_where_there_is_nothing(shop: LittleShop) -> None:
    shop.plan("s2", NewItem(sku="BUNS", kind="presale", quantity=0, price_fen=1890))
    shop.do(preparing.open_session, "s2")
    assert shop.grant("BUNS", "s2") == ""


def test_only_a_draft_can_be_opened_and_only_an_open_session_closed(shop: LittleShop) -> None:
    for session in ("s1", "s9"):
        with pytest.raises(Refusal, match="session_not_draft"):
            shop.do(preparing.open_session, session)
    shop.plan("s2", ITEMS[2])
    shop.do(preparing.close_session, "s1")
    for session in ("s1", "s2", "s9"):
        with pytest.raises(Refusal, match="session_not_open"):
            shop.do(preparing.close_session, session)
    assert len(shop.events(SessionOpened)) == len(shop.events(SessionClosed)) == 1


def test_the_cutoff_ends_free_rights_and_leaves_what_the_cloud_holds(shop: LittleShop) -> None:
    shop.do(preparing.close_session, "s1")
    assert shop.item("RICE") == {"minted": 12, "granted": 12}
    assert shop.item("MILK") == {"minted": 18, "granted": 18}
    assert on_hand(shop, "RICE") == 8
    assert on_hand(shop, "MILK") == 0
    assert shop.events(SessionClosed) == [SessionClosed(session_id="s1")]
