"""库存校准: more or fewer than the book says, photographs that go with it, and taking it back."""

from __future__ import annotations

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUSE, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.boards.sku_ledger import correction_photo, units
from tihuo.shop.corrections import LESS, MORE, Corrected
from tihuo.shop.counts import PHOTO_BYTES
from tihuo.shop.events import GrantRevokeRequested, OrderShort, PhotosForgotten, StockCorrected
from tihuo.shop.words import Refusal
from tihuo.stages import adjusting, preparing, selling, sorting
from tihuo.timetable import Timetable

DAY = 86_400_000


def refusal(shop: LittleShop, *args: object, stage: object = adjusting.correct) -> str:
    with pytest.raises(Refusal) as refused:
        shop.do(stage, *args)
    return refused.value.code


def there(shop: LittleShop, sku: str = "RICE") -> int:
    return int(shop.read(units, sku).there)


def on_hand(shop: LittleShop, sku: str = "RICE") -> int:
    return int(shop.value("SELECT on_hand FROM sku WHERE code = ?", sku))


def test_fewer_are_taken_from_the_shops_own_stock_first(shop: LittleShop) -> None:
    shop.do(preparing.receive, "RICE", 5)
    before = shop.item("RICE")
    done = shop.do(adjusting.correct, "RICE", -3, "broken", "the bag was open", actor="小李")
    assert done == Corrected(1, -3, -3)
    assert (on_hand(shop), shop.item("RICE")) == (2, before)
    assert shop.events(StockCorrected) == [
        StockCorrected(correction_id=1, sku="RICE", quantity=-3, on_hand=-3, reason="broken", note="the bag was open")
    ]
    assert shop.read(imbalances) == {}


def test_then_what_nobody_bought_then_what_is_lent_then_customers(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=4)
    shop.sell("o2", "zhao", RICE=3)
    shop.do(preparing.receive, "RICE", 2)
    free, lent = shop.item("RICE")["free"], shop.item("RICE")["granted"]
    done = shop.do(adjusting.correct, "RICE", -(2 + free + lent + 1), "fewer")
    assert done == Corrected(1, -(2 + free + lent + 1), -2, covered=free, owed=lent, short=1)
    assert sum(event.quantity for event in shop.events(GrantRevokeRequested)) == lent
    assert [event.order_id for event in shop.events(OrderShort)] == ["o2"], "whoever paid first keeps hers"
    assert there(shop) == 6
    assert shop.read(imbalances) == {}


def test_a_presale_loses_only_what_has_come_of_it_unless_it_is_named(shop: LittleShop) -> None:
    shop.sell("o1", "lin", MILK=2)
    assert refusal(shop, "MILK", -1, "broken") == "more_than_there"
    assert shop.do(adjusting.correct, "MILK", -1, "broken", "", "s1").covered == 1
    assert shop.read(imbalances) == {}


def test_a_named_session_alone_loses_beyond_the_stock(shop: LittleShop) -> None:
    shop.do(preparing.receive, "EGGS", 4)
    shop.plan("s2", preparing.NewItem(sku="EGGS", kind="on_hand", quantity=4, price_fen=2680))
    shop.do(preparing.open_session, "s2")
    shop.do(adjusting.correct, "EGGS", -2, "expired", "", "s1")
    assert (shop.item("EGGS", "s1")["void"], shop.item("EGGS", "s2").get("void", 0)) == (2, 0)
    assert refusal(shop, "EGGS", -5, "expired", "", "s2") == "more_than_there"


def test_units_in_parcels_and_handed_over_cannot_be_lost_here(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=4)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.close_grant, shop.grant("RICE"))
    shop.sort()
    assert there(shop) == 20
    assert refusal(shop, "RICE", -17, "fewer") == "more_than_there"
    assert shop.do(adjusting.correct, "RICE", -16, "fewer").on_hand == -16
    assert shop.line("o1", "RICE") == {"quantity": 4, "put": 4}


def test_more_are_the_shops_own_or_for_sale_at_once(shop: LittleShop) -> None:
    assert shop.do(adjusting.correct, "RICE", 3, "more") == Corrected(1, 3, 3)
    minted = shop.item("RICE")["minted"]
    assert shop.do(adjusting.correct, "RICE", 2, "miscounted", "", "s1") == Corrected(2, 2, 0)
    assert (on_hand(shop), shop.item("RICE")["minted"], there(shop)) == (3, minted + 2, 25)
    assert refusal(shop, "MILK", 2, "more", "", "s1") == "not_on_hand"
    assert refusal(shop, "RICE", 2, "more", "", "s9") == "session_not_open"


def test_what_is_for_sale_at_once_is_lent_at_once(shop: LittleShop) -> None:
    shop.do(selling.sell_walk_in, "s1", "RICE", 8)
    shop.sell("o1", "lin", RICE=12)
    assert shop.item("RICE").get("granted", 0) == 0
    shop.do(adjusting.correct, "RICE", 3, "more", "", "s1")
    assert shop.item("RICE")["granted"] > 0


def test_what_is_more_makes_good_what_is_owed(shop: LittleShop) -> None:
    shop.do(adjusting.correct, "RICE", -10, "fewer")
    assert shop.value("SELECT owed FROM session_item WHERE sku_id = ?", shop.sku("RICE")) == 2
    shop.do(adjusting.correct, "RICE", 2, "more", "", "s1")
    assert shop.value("SELECT owed FROM session_item WHERE sku_id = ?", shop.sku("RICE")) == 0
    assert shop.read(imbalances) == {}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("RICE", 0, "more"), "bad_quantity"),
        (("RICE", 2_000_000, "more"), "bad_quantity"),
        (("RICE", 1, "broken"), "bad_reason"),
        (("RICE", -1, "more"), "bad_reason"),
        (("RICE", -1, "count"), "bad_reason"),
        (("RICE", -1, "broken", "", "", "by_dice"), "bad_reason"),
        (("TEA", -1, "broken"), "unknown_sku"),
        (("RICE", -21, "broken"), "more_than_there"),
        (("RICE", -1, "broken", "", "", "", b"x" * (PHOTO_BYTES + 1)), "photo_too_large"),
    ],
)
def test_what_makes_no_sense_changes_nothing(shop: LittleShop, args: tuple[object, ...], code: str) -> None:
    before = shop.value("SELECT max(entry) FROM journal")
    assert refusal(shop, *args) == code
    assert shop.value("SELECT max(entry) FROM journal") == before


@pytest.mark.parametrize("quantity", [-1, -8, -9, -10, -20])
def test_taking_it_back_leaves_everything_as_it_was(shop: LittleShop, quantity: int) -> None:
    item = shop.item("RICE")
    done = shop.do(adjusting.correct, "RICE", quantity, "miscounted")
    assert shop.do(adjusting.undo_correction, done.correction_id, actor="小李") == -quantity
    assert (shop.item("RICE"), shop.value("SELECT owed FROM session_item WHERE sku_id = 1")) == (item, 0)
    assert shop.sql("SELECT id FROM shortage") == []
    assert shop.events(StockCorrected)[-1].undoes == done.correction_id
    assert shop.sql("SELECT undone_by FROM correction") == [("小李",)]
    assert refusal(shop, 1, stage=adjusting.undo_correction) == "already_undone"
    assert shop.read(imbalances) == {}


def test_what_came_back_meanwhile_is_free_again_when_the_loss_is_taken_back(shop: LittleShop) -> None:
    done = shop.do(adjusting.correct, "RICE", -10, "fewer")
    shop.do(selling.take_back, shop.grant("RICE"), 2)
    assert shop.item("RICE")["void"] == 10
    shop.do(adjusting.undo_correction, done.correction_id)
    assert sum(shop.item("RICE").get(place, 0) for place in ("free", "granted")) == 20
    assert shop.read(imbalances) == {}


def test_two_losses_and_the_first_is_taken_back(shop: LittleShop) -> None:
    first = shop.do(adjusting.correct, "RICE", -6, "fewer")
    shop.do(adjusting.correct, "RICE", -6, "broken")
    owed = shop.value("SELECT owed FROM session_item WHERE sku_id = ?", shop.sku("RICE"))
    shop.do(adjusting.undo_correction, first.correction_id)
    assert owed == 4
    assert shop.value("SELECT owed FROM session_item WHERE sku_id = ?", shop.sku("RICE")) == 0
    assert there(shop) == 14
    assert shop.read(imbalances) == {}


def test_after_the_session_what_is_found_again_is_the_shops_own(shop: LittleShop) -> None:
    done = shop.do(adjusting.correct, "RICE", -3, "fewer")
    shop.do(preparing.close_session, "s1")
    before = on_hand(shop)
    shop.do(adjusting.undo_correction, done.correction_id)
    assert (on_hand(shop), there(shop)) == (before + 3, 20)
    assert shop.read(imbalances) == {}


def test_it_cannot_be_taken_back_once_a_customer_was_told(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=4)
    told = shop.do(adjusting.correct, "RICE", -17, "fewer")
    assert told.short == 1
    assert refusal(shop, told.correction_id, stage=adjusting.undo_correction) == "refund_told"


def test_nor_once_what_was_owed_has_been_sold(shop: LittleShop) -> None:
    owed = shop.do(adjusting.correct, "RICE", -10, "fewer")
    shop.sell("o1", "lin", RICE=11)
    assert [event.order_id for event in shop.events(OrderShort)] == ["o1"]
    assert refusal(shop, owed.correction_id, stage=adjusting.undo_correction) == "refund_told"
    assert shop.read(imbalances) == {}


def test_what_came_on_top_can_be_taken_back_until_it_is_gone(shop: LittleShop) -> None:
    own = shop.do(adjusting.correct, "RICE", 3, "more")
    assert shop.do(adjusting.undo_correction, own.correction_id) == -3
    again = shop.do(adjusting.correct, "RICE", 3, "more")
    shop.do(adjusting.correct, "RICE", -1, "sample")
    assert refusal(shop, again.correction_id, stage=adjusting.undo_correction) == "too_late_to_undo"
    item = shop.item("RICE")
    offered = shop.do(adjusting.correct, "RICE", 2, "more", "", "s1")
    shop.do(adjusting.undo_correction, offered.correction_id)
    assert (shop.item("RICE"), on_hand(shop)) == (item, 2)
    sold = shop.do(adjusting.correct, "RICE", 1, "more", "", "s1")
    shop.do(selling.sell_walk_in, "s1", "RICE", shop.item("RICE")["free"])
    assert refusal(shop, sold.correction_id, stage=adjusting.undo_correction) == "too_late_to_undo"
    assert refusal(shop, 99, stage=adjusting.undo_correction) == "unknown_correction"
    assert shop.read(imbalances) == {}


def test_every_reason_has_a_direction(shop: LittleShop) -> None:
    for reason in LESS:
        shop.do(adjusting.correct, "RICE", -1, reason)
    for reason in MORE:
        shop.do(adjusting.correct, "RICE", 1, reason)
    assert there(shop) == 20 - len(LESS) + len(MORE)
    assert shop.read(imbalances) == {}


def test_a_broken_unit_frees_the_slots_that_wanted_it(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(preparing.close_session, "s1")
    shop.do(selling.close_grant, shop.grant("RICE"))
    shop.do(sorting.open_wave, "s1")
    shop.do(adjusting.correct, "RICE", -20, "broken")
    assert shop.parcels()[0][-1] == "empty", "nobody waits for what will never come"


def test_photographs_are_kept_in_bounds_and_the_journal_says_what_went(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(HOUSE, photo_bytes=100, photo_days=3))
    for number in range(3):
        shop.do(adjusting.correct, "RICE", -1, "broken", "", "", "", bytes([number]) * 40)
    assert [shop.read(correction_photo, number) for number in (1, 2, 3)] == [None, b"\x01" * 40, b"\x02" * 40]
    assert shop.events(PhotosForgotten) == [PhotosForgotten(corrections=(1,), why="full")]
    shop.clock.tick(3 * DAY + 1)
    shop.clock.sure = False
    assert shop.do(adjusting.forget_photos) == 0, "nobody knows what day it is"
    shop.clock.sure = True
    assert shop.read(adjusting.has_photos)
    assert shop.do(adjusting.forget_photos) == 2
    assert not shop.read(adjusting.has_photos)
    assert shop.events(PhotosForgotten)[-1] == PhotosForgotten(corrections=(2, 3), why="old")
    assert shop.do(adjusting.forget_photos) == 0
    assert shop.clock.now > EVENING


def test_old_photographs_go_by_themselves(shop: LittleShop) -> None:
    shop.do(adjusting.correct, "RICE", -1, "broken", "", "", "", b"a photograph")
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    timetable.step()
    shop.clock.tick(shop.house.photo_days * DAY + 1)
    timetable.step()
    assert shop.read(correction_photo, 1) is None


def test_an_undone_correction_keeps_no_photograph(shop: LittleShop) -> None:
    shop.do(adjusting.correct, "RICE", -1, "broken", "", "", "", b"a photograph")
    shop.do(adjusting.undo_correction, 1)
    assert shop.read(correction_photo, 1) is None
