"""口令: a scanner alone sorts, and nothing that it says can go wrong in silence."""

from __future__ import annotations

import pytest

from tests.little_shop import LittleShop
from tihuo.boards import balance
from tihuo.boards import sorting as board
from tihuo.reactions.commands import Heard, at_slot, obey, take_item
from tihuo.shop.words import Refusal
from tihuo.stages import sorting

HERS = "小安"


@pytest.fixture
def wave(shop: LittleShop) -> LittleShop:
    """o1 wants 3 rice in A01 and 2 milk, o2 one rice in A02, o3 two rice and eggs in A03."""
    shop.sell("o1", "lin", RICE=3, MILK=2)
    shop.sell("o2", "zhao", RICE=1)
    shop.sell("o3", "ou", RICE=2, EGGS=1)
    shop.do(sorting.open_wave, "s1")
    return shop


def hear(shop: LittleShop, *scans: str) -> Heard:
    """What the last of these came to: an item's code, a slot, or a command such as `QTY-2`."""
    for scan in scans:
        command, _, number = scan.partition("-")
        if scan in ("A01", "A02", "A03", "C01"):
            heard = shop.do(at_slot, HERS, scan)
        elif command in ("PUT", "SHORT", "DAMAGE", "UNDO", "NEXT", "DONE", "QTY"):
            heard = shop.do(obey, HERS, command, int(number or 0))
        else:
            heard = shop.do(take_item, HERS, scan)
    assert isinstance(heard, Heard)
    assert not shop.read(balance.imbalances)
    return heard


def refusal(shop: LittleShop, *scans: str) -> str:
    with pytest.raises(Refusal) as refused:
        hear(shop, *scans)
    return refused.value.code


def lit(shop: LittleShop) -> dict[str, int]:
    return {want.slot: want.left for want in shop.read(board.station_picture, HERS).wants}


def test_a_slot_takes_what_is_lit_in_it(wave: LittleShop) -> None:
    assert hear(wave, "RICE", "A01") == Heard("put", (("A01", 1, 3),), ("A01",))
    assert lit(wave) == {"A02": 1, "A03": 2}


def test_put_fills_all_that_is_lit(wave: LittleShop) -> None:
    assert hear(wave, "RICE", "PUT").slots == (("A01", 1, 3), ("A02", 1, 1), ("A03", 1, 2))
    assert lit(wave) == {}
    assert refusal(wave, "PUT") == "nothing_lit"


def test_a_number_is_for_the_next_verb_alone(wave: LittleShop) -> None:
    assert hear(wave, "RICE", "QTY-2") == Heard("number", number=2)
    assert hear(wave, "A01").slots == (("A01", 1, 2),)
    assert hear(wave, "A01").slots == (("A01", 1, 1),)


def test_a_number_is_about_the_item_it_was_said_of(wave: LittleShop) -> None:
    assert hear(wave, "RICE", "QTY-1", "MILK", "C01").slots == (("C01", 1, 2),)


def test_a_number_and_several_slots_need_a_slot(wave: LittleShop) -> None:
    assert refusal(wave, "RICE", "QTY-1", "PUT") == "which_slot"
    assert hear(wave, "A03").slots == (("A03", 1, 1),), "the number waits for another verb"


def test_more_than_a_slot_wants_is_refused_whole(wave: LittleShop) -> None:
    assert refusal(wave, "RICE", "QTY-9", "A01") == "more_than_wanted"
    assert lit(wave) == {"A01": 3, "A02": 1, "A03": 2}
    assert hear(wave, "UNDO") == Heard("number"), "the number that was wrong is taken back"
    assert hear(wave, "A01").slots == (("A01", 1, 3),)


def test_another_slot_and_an_empty_hand_are_refused(wave: LittleShop) -> None:
    assert refusal(wave, "A01") == "nothing_in_hand"
    assert refusal(wave, "PUT") == "nothing_in_hand"
    assert refusal(wave, "MILK", "A01") == "slot_not_lit"
    assert refusal(wave, "BUNS", "PUT") == "nothing_in_hand", "a wrong item is in no hand"


def test_undo_takes_the_last_put_back_and_lights_its_slots_again(wave: LittleShop) -> None:
    hear(wave, "RICE", "PUT", "MILK")
    assert hear(wave, "UNDO").slots == (("A01", 1, 3), ("A02", 1, 1), ("A03", 1, 2))
    assert lit(wave) == {"A01": 3, "A02": 1, "A03": 2}
    assert refusal(wave, "UNDO") == "nothing_to_undo"


def test_short_is_all_that_is_still_lit(wave: LittleShop) -> None:
    assert {slot: units for slot, _, units in hear(wave, "RICE", "A01", "SHORT").slots} == {"A02": 1, "A03": 2}
    assert wave.line("o2", "RICE") == {"quantity": 1, "short": 1}
    assert wave.line("o3", "RICE") == {"quantity": 2, "short": 2}


def test_some_short_leaves_whoever_paid_last_without(wave: LittleShop) -> None:
    assert hear(wave, "RICE", "QTY-3", "SHORT").slots == (("A03", 1, 2), ("A02", 1, 1))
    assert lit(wave) == {"A01": 3}
    assert refusal(wave, "QTY-4", "SHORT") == "more_than_wanted"
    assert lit(wave) == {"A01": 3}


def test_a_broken_one_is_made_good_from_what_nobody_bought(wave: LittleShop) -> None:
    assert hear(wave, "EGGS", "DAMAGE").slots == (("A03", 1, 1),)
    assert lit(wave) == {"A03": 1}
    assert hear(wave, "A03").ready == ()


def test_next_walks_through_the_wave_and_round_again(wave: LittleShop) -> None:
    seen = []
    for _ in range(4):
        assert hear(wave, "NEXT") == Heard("item")
        seen.append(wave.read(board.station_picture, HERS).sku)
    assert sorted(seen[:3]) == ["EGGS", "MILK", "RICE"]
    assert seen[3] == seen[0]


def test_next_leaves_what_somebody_else_holds_to_her(wave: LittleShop) -> None:
    hear(wave, "NEXT")
    mine = wave.read(board.station_picture, HERS).sku
    others = [code for code in ("RICE", "EGGS", "MILK") if code != mine]
    wave.do(sorting.scan_item, "小陈", others[0])
    hear(wave, "NEXT")
    assert wave.read(board.station_picture, HERS).sku == others[1]


def test_the_whole_wave_by_next_and_put(wave: LittleShop) -> None:
    for _ in range(3):
        hear(wave, "NEXT", "PUT")
    assert refusal(wave, "NEXT") == "nothing_to_sort"
    assert not wave.open_units()
    hear(wave, "DONE")
    assert wave.read(board.station_picture, HERS).sku_id is None
