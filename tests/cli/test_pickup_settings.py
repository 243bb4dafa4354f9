"""[pickup] and [uncollected] in the settings: when customers are reminded, and how long goods wait for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.little_shop import LittleShop
from tihuo.settings import SettingsTrouble, load
from tihuo.shop.days import day_ends
from tihuo.shop.windows import when_staff
from tihuo.wiring.box import house_of

HOUR = 3_600_000
FOUR = 1_800_086_400_000
"""Four in the afternoon of a day in Shanghai."""


def write(folder: Path, text: str) -> Path:
    path = folder / "tihuo.toml"
    path.write_text(text)
    return path


def test_half_an_hour_before_and_four_hours_in_the_freezer(shop: LittleShop) -> None:
    house = house_of(load(None), shop.readers)
    assert (house.remind_before_ms, house.remind_answer_ms) == (HOUR // 2, HOUR // 12)
    assert house.kept_ms == (72 * HOUR, 12 * HOUR, 4 * HOUR)
    assert (house.opens, house.timezone) == ((8 * 60, 21 * 60), "Asia/Shanghai")


def test_what_the_owner_says_reaches_the_stages(shop: LittleShop, tmp_path: Path) -> None:
    text = 'timezone = "Asia/Urumqi"\n[pickup]\nremind_minutes = 60\nopens = "06:30-23:15"\n'
    house = house_of(load(write(tmp_path, f"{text}[uncollected]\nfrozen_hours = 2\n")), shop.readers)
    assert (house.remind_before_ms, house.opens, house.timezone) == (HOUR, (390, 1395), "Asia/Urumqi")
    assert house.kept_ms == (72 * HOUR, 12 * HOUR, 2 * HOUR)


@pytest.mark.parametrize("text", ['[pickup]\nopens = "8-21"\n', "[uncollected]\nfrozen_hours = 0\n"])
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsTrouble):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("half", "limit", "opens", "turn"),
    [
        (FOUR, FOUR + 9 * HOUR, (480, 1260), FOUR),
        (FOUR + 12 * HOUR, FOUR + 24 * HOUR, (480, 1260), FOUR + 16 * HOUR),  # at night: when it opens
        (FOUR + 6 * HOUR, FOUR + 12 * HOUR, (480, 1260), FOUR + 4 * HOUR),  # too late then: before it closes
        (FOUR + 9 * HOUR, FOUR + 11 * HOUR, (480, 1260), FOUR + 4 * HOUR),  # past midnight the same
        (FOUR + 9 * HOUR, FOUR + 11 * HOUR, (1080, 120), FOUR + 9 * HOUR),  # a shop of the night
    ],
)
def test_staff_are_sent_while_somebody_is_there(half: int, limit: int, opens: tuple[int, int], turn: int) -> None:
    assert when_staff(half, limit, "Asia/Shanghai", opens) == turn


def test_the_day_of_the_shop_ends_at_four_in_the_morning() -> None:
    assert day_ends(FOUR, "Asia/Shanghai") == day_ends(FOUR + 12 * HOUR - 1, "Asia/Shanghai") == FOUR + 12 * HOUR
    assert day_ends(FOUR + 12 * HOUR, "Asia/Shanghai") == FOUR + 36 * HOUR
