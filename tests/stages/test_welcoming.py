"""接待: elderly mode and language at a kiosk, for one customer and no longer."""

from __future__ import annotations

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.boards.kiosk import kiosk_picture, screens_seen, shop_lines
from tihuo.shop.manners import STAYS_MS, Manner, now
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, welcoming
from tihuo.stages.handing_over import CONFIRM_MS, DONE_MS, REFUSED_MS, WELCOME_MS


@pytest.fixture
def shop(make_shop: Make) -> LittleShop:
    shop = make_shop()
    shop.sell("o1", "lin", RICE=1, MILK=1)
    shop.sell("o2", "zhao", RICE=1)
    shop.sort()
    return shop


def manner(shop: LittleShop, kiosk: str = "k1") -> Manner:
    picture = shop.read(kiosk_picture, kiosk)
    return now(picture.manner, shop.clock.ticks(), visited=picture.visit_id is not None)


def left(shop: LittleShop, kiosk: str = "k1") -> int:
    return int(shop.read(kiosk_picture, kiosk).ends_at - shop.clock.ticks())


def later(shop: LittleShop, ms: int) -> None:
    shop.clock.tick(ms)
    shop.do(handing_over.ask_again)


def test_elderly_mode_doubles_every_time_of_a_visit_and_goes_with_her(shop: LittleShop) -> None:
    shop.do(welcoming.choose_manner, "k1", "en", True)
    assert (manner(shop).lang, manner(shop).slow) == ("en", True) and manner(shop, "k2") == Manner()
    visit = shop.do(handing_over.check_in, "k1", shop.code("o1"))
    assert left(shop) == 2 * WELCOME_MS
    later(shop, 2 * WELCOME_MS)
    assert (shop.read(kiosk_picture, "k1").state, left(shop)) == ("confirm", 2 * CONFIRM_MS)
    shop.do(handing_over.hand_over, visit)
    assert left(shop) == 2 * DONE_MS and manner(shop).slow
    later(shop, 2 * DONE_MS)
    assert manner(shop) == Manner()
    shop.do(handing_over.check_in, "k1", shop.code("o2"))
    assert left(shop) == WELCOME_MS


def test_a_choice_that_nobody_uses_ends_and_does_not_come_back(shop: LittleShop) -> None:
    shop.do(welcoming.choose_manner, "k1", "", True)
    shop.clock.tick(2 * STAYS_MS - 1)
    assert manner(shop).slow
    shop.clock.tick(1)
    assert manner(shop) == Manner()
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    assert (manner(shop), left(shop)) == (Manner(), WELCOME_MS)


def test_after_a_refusal_she_keeps_it_for_a_moment(shop: LittleShop) -> None:
    shop.do(welcoming.choose_manner, "k1", "", True)
    shop.do(handing_over.check_in, "k1", "TH1:S01:1:AAAAAAAAAAAAAAAA")
    assert left(shop) == 2 * REFUSED_MS
    later(shop, 2 * REFUSED_MS)
    assert manner(shop).slow
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    assert left(shop) == 2 * WELCOME_MS


def test_the_same_code_again_keeps_it_and_somebody_else_does_not(shop: LittleShop) -> None:
    shop.do(welcoming.choose_manner, "k1", "", True)
    for _ in range(2):
        shop.do(handing_over.check_in, "k1", shop.code("o1"))
        assert manner(shop).slow
    shop.do(handing_over.check_in, "k1", shop.code("o2"))
    assert manner(shop) == Manner()


def test_a_restart_keeps_it_for_who_is_there_and_for_nobody_else(shop: LittleShop) -> None:
    shop.do(welcoming.choose_manner, "k1", "en", True)
    shop.do(welcoming.choose_manner, "k2", "en", True)
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    shop.do(handing_over.go_on)
    assert (manner(shop).slow, left(shop)) == (True, 2 * WELCOME_MS)
    assert manner(shop, "k2") == Manner() == shop.read(kiosk_picture, "k2").manner


def test_no_other_language_is_known_and_the_kiosks_own_is_none(shop: LittleShop) -> None:
    for lang in ("zh", "fr", "", "en'; --"):
        shop.do(welcoming.choose_manner, "k1", lang, False)
        assert shop.read(kiosk_picture, "k1").manner == Manner()


def test_frozen_parcels_are_taken_last(shop: LittleShop) -> None:
    shop.sell("o9", "lin", BUNS=1)
    shop.sort()
    shop.do(handing_over.check_in, "k1", shop.code("o1"))
    zones = [parcel.zone for parcel in shop.read(kiosk_picture, "k1").parcels]
    assert zones == sorted(zones, key=["ambient", "chilled", "frozen"].index) and zones[-1] == "frozen"


def test_a_line_is_one_line_and_short(shop: LittleShop) -> None:
    shop.do(welcoming.write_lines, {"zh": " 周二\n有鲜奶 ", "en": ""})
    assert shop.read(shop_lines) == {"zh": "周二 有鲜奶", "en": ""}
    with pytest.raises(Refusal) as refused:
        shop.do(welcoming.write_lines, {"zh": "好", "en": "x" * 61})
    assert refused.value.code == "bad_line"
    assert shop.read(shop_lines)["zh"] == "周二 有鲜奶", "all or nothing"


def test_a_screen_is_noted_once_and_forgotten_on_wish(shop: LittleShop) -> None:
    for _ in range(2):
        shop.do(welcoming.note_screen, "k1")
    assert shop.read(screens_seen) == ["k1"]
    shop.do(welcoming.forget_screen, "k1")
    assert shop.read(screens_seen) == []
