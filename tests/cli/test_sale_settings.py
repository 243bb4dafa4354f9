"""[sale] in the settings: how much is lent, to whom, and who goes without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.little_shop import LittleShop
from tihuo.settings import SettingsTrouble, load
from tihuo.wiring.box import house_of


def write(folder: Path, text: str) -> Path:
    path = folder / "tihuo.toml"
    path.write_text(text)
    return path


def test_a_shop_that_says_nothing_sells_through_the_mini_program_by_the_contracts_numbers(shop: LittleShop) -> None:
    house = house_of(load(None), shop.readers)
    assert house.channels == (("mini_program", 100),)
    assert (house.first_grant_percent, house.refill_below_percent, house.single_below) == (60, 20, 3)
    assert (house.walk_in_reserve_percent, house.shortage_policy) == (0, "first_paid")


def test_channels_and_the_policy_reach_the_stages_the_largest_channel_first(shop: LittleShop, tmp_path: Path) -> None:
    text = '[sale]\nshortage_policy = "one_each"\n[sale.channels]\ndouyin = 30\nmini_program = 70\n'
    house = house_of(load(write(tmp_path, text)), shop.readers)
    assert house.channels == (("mini_program", 70), ("douyin", 30))
    assert house.shortage_policy == "one_each"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[sale]\nchannels = {}\n", "at least one"),
        ("[sale.channels]\na = 60\nb = 60\n", "make 120 percent"),
        ("[sale.channels]\na = 100\nb = 0\n", "1 to 100 percent"),
        ('[sale.channels]\n"Mini Program" = 100\n', "small letters"),
        ('[sale]\nshortage_policy = "whoever"\n', "sale.shortage_policy"),
    ],
)
def test_shares_that_make_no_whole_are_refused(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(SettingsTrouble) as trouble:
        load(write(tmp_path, text))
    assert fault in str(trouble.value)
