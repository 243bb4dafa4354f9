"""Rights: how many are lent at once, and that no statement can put one in two places."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.shop.grants import grant_size, kept_units
from tihuo.shop.stock import PLACES, move


@pytest.mark.parametrize(
    ("free", "granted", "lent"),
    [
        (100, 0, 60),
        (40, 12, 0),
        (40, 11, 0),
        (40, 10, 0),
        (40, 9, 24),
        (16, 3, 9),
        (4, 0, 2),
        (3, 0, 1),
        (2, 0, 1),
        (1, 0, 1),
        (1, 1, 0),
        (0, 0, 0),
        (0, 5, 0),
    ],
)
def test_sixty_percent_first_a_refill_below_a_fifth_and_the_last_three_one_by_one(
    free: int, granted: int, lent: int
) -> None:
    assert grant_size(free, granted, HOUSE) == lent


def test_the_last_three_go_one_by_one_even_where_all_is_lent_at_once() -> None:
    house = msgspec.structs.replace(HOUSE, first_grant_percent=100)
    assert [grant_size(free, 0, house) for free in (5, 4, 3, 2, 1)] == [5, 4, 1, 1, 1]


def test_what_is_kept_for_the_counter_is_counted_from_what_was_offered_less_what_walk_ins_bought() -> None:
    half = msgspec.structs.replace(HOUSE, walk_in_reserve_percent=50)
    assert kept_units(101, None, 0, half) == 50
    assert kept_units(101, None, 49, half) == 1
    assert kept_units(101, None, 60, half) == 0
    assert kept_units(101, 7, 3, half) == 4


def test_a_channel_gets_its_share_of_what_is_lendable_and_can_have_all_of_it_in_the_end() -> None:
    assert [grant_size(100, 0, HOUSE, share) for share in (70, 30)] == [42, 18]
    assert grant_size(40, 5, HOUSE, 30) == 0
    assert grant_size(40, 2, HOUSE, 30) == 7
    assert [grant_size(3, 0, HOUSE, share) for share in (99, 1)] == [1, 1]
    free, granted, sold = 100, 0, 0
    while more := grant_size(free, granted, HOUSE, 10):
        free, granted = free - more, granted + more
        while granted and not grant_size(free, granted, HOUSE, 10):
            granted, sold = granted - 1, sold + 1
    assert (free, granted, sold) == (0, 0, 100)


@pytest.mark.parametrize("first", [1, 60, 100])
def test_everything_free_can_be_lent_in_the_end_and_never_more(first: int) -> None:
    house = msgspec.structs.replace(HOUSE, first_grant_percent=first)
    for minted in range(1, 60):
        free, granted, sold = minted, 0, 0
        while True:
            more = grant_size(free, granted, house)
            assert 0 <= more <= free
            free, granted = free - more, granted + more
            if not granted:
                break
            granted, sold = granted - 1, sold + 1
        assert (free, sold) == (0, minted)


@pytest.mark.parametrize("source", PLACES)
@pytest.mark.parametrize("target", PLACES)
def test_no_move_leaves_a_place_with_less_than_nothing(make_shop: Make, source: str, target: str) -> None:
    if source == target:
        return
    shop = make_shop(running=False)
    before = shop.item("RICE")
    there = before.get(source, 0)
    with pytest.raises(sqlite3.IntegrityError, match=f"{source}_not_negative"):
        shop.do(move, source, target, [("s1", shop.sku("RICE"), there + 1)])
    assert shop.item("RICE") == before
    if there:
        shop.do(move, source, target, [("s1", shop.sku("RICE"), there)])
        assert shop.item("RICE").get(source, 0) == 0
        assert shop.item("RICE")["minted"] == before["minted"]


@pytest.mark.parametrize("place", PLACES)
def test_a_right_made_out_of_nothing_is_refused_by_the_database(shop: LittleShop, place: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="every_right_in_one_place"):
        shop.do(lambda work: work.sql(f"UPDATE item_rights SET {place} = {place} + 1"))


def test_a_grant_cannot_lose_a_right_either(shop: LittleShop) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="every_granted_right_in_one_place"):
        shop.do(lambda work: work.sql("UPDATE grant_rights SET remaining = remaining - 1"))


def test_what_changes_is_stamped_newer_than_all_before(make_shop: Make) -> None:
    shop = make_shop(running=False)
    stamps = [shop.value("SELECT max(version) FROM session_item")]
    for number in range(4):
        shop.sell(f"o{number}", "lin", RICE=1)
        stamps.append(shop.value("SELECT version FROM session_item WHERE sku_id = ?", shop.sku("RICE")))
    assert stamps == sorted(set(stamps))
