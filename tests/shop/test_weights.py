"""Goods sold by weight: what the code of a scale says, and what goes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tihuo.settings import SettingsTrouble, load
from tihuo.shop.catalog import gtin_fits
from tihuo.shop.weights import (
    WeightCode,
    far_off,
    grams_of,
    price_digit,
    price_of,
    read_weight_code,
    template_fault,
    weight_back,
)
from tihuo.shop.words import Refusal

TEMPLATES = ("21IIIIIWWWWWC", "22IIIIIPPPPPC", "23IIIIIVPPPPC", "24IIIIVWWWWWC", "25XIIIIWWWWWC")


def ean(twelve: str) -> str:
    """Twelve digits and the check digit that makes them an EAN-13."""
    return next(f"{twelve}{digit}" for digit in range(10) if gtin_fits(f"{twelve}{digit}"))


@pytest.mark.parametrize(
    ("twelve", "said"),
    [
        ("210012300480", WeightCode("123", grams=480)),
        ("219999999999", WeightCode("99999", grams=99_999)),
        ("210000000001", WeightCode("0", grams=1)),
        ("220012301290", WeightCode("123", price_fen=1290)),
        ("2300123" + "9" + "2875", WeightCode("123", price_fen=2875)),
        ("240123" + "6" + "14685", WeightCode("123", grams=14_685)),
        ("257012300480", WeightCode("123", grams=480)),
    ],
)
def test_a_code_says_which_goods_and_how_heavy_or_how_dear(twelve: str, said: WeightCode) -> None:
    assert read_weight_code(ean(twelve), TEMPLATES) == said


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("2100123004806", "bad_check_digit"),
        (ean("2300123" + "8" + "2875"), "bad_price_digit"),
        (ean("240123" + "5" + "14685"), "bad_price_digit"),
        (ean("260012300480"), "unknown_template"),
    ],
)
def test_a_code_that_cannot_be_trusted_is_refused_by_name(digits: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_weight_code(digits, TEMPLATES)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text", ["6901234567892", "2012345", "TH1:S01:AAAA:BBBB", "", "２１００１２３００４８０６", "210012300480"]
)
def test_what_is_not_the_scales_is_left_to_others(text: str) -> None:
    assert read_weight_code(text, TEMPLATES) is None


@given(
    st.integers(0, 99_999), st.integers(0, 99_999), st.sampled_from(["21", "22"]), st.integers(1, 9), st.integers(0, 12)
)
def test_one_wrong_digit_is_always_noticed(item: int, amount: int, prefix: str, by: int, place: int) -> None:
    good = ean(f"{prefix}{item:05d}{amount:05d}")
    said = read_weight_code(good, TEMPLATES)
    assert said is not None and said.item == str(item)
    assert (said.grams if prefix == "21" else said.price_fen) == amount
    wrong = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    if wrong[0] == "2":
        with pytest.raises(Refusal, match="bad_check_digit"):
            read_weight_code(wrong, TEMPLATES)


@pytest.mark.parametrize("length", [4, 5])
def test_the_check_digit_of_a_price_notices_one_wrong_digit(length: int) -> None:
    for number in range(0, 10**length, 37):
        digits = f"{number:0{length}d}"
        for place in range(length):
            other = digits[:place] + str((int(digits[place]) + 1 + number % 9) % 10) + digits[place + 1 :]
            assert other == digits or price_digit(other) != price_digit(digits)


@pytest.mark.parametrize(
    "template",
    [
        "11IIIIIWWWWWC",
        "21IIIIIWWWWC",
        "21IIIIIWWWWWX",
        "21IIWWWWWIIIC",
        "21WWWWWWWWWWC",
        "21IIIIIXXXXXC",
        "21IIIIVWWWPPC",
        "21IIIVVWWWWWC",
        "21IIIIIIVWWWC",
    ],
)
def test_a_template_that_cannot_be_read_is_refused_with_the_settings(
    template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert template_fault(template)
    with pytest.raises(SettingsTrouble, match="templates"):
        load(None, weights={"templates": [template]})


def test_two_templates_do_not_begin_alike() -> None:
    assert load(None, weights={"templates": list(TEMPLATES)}).weights.templates == TEMPLATES
    with pytest.raises(SettingsTrouble, match="two digits of its own"):
        load(None, weights={"templates": ["21IIIIIWWWWWC", "21IIIIIPPPPPC"]})


def test_half_a_fen_is_rounded_up() -> None:
    assert [price_of(grams, 999, 500) for grams in (0, 1, 250, 251, 500)] == [0, 2, 500, 501, 999]
    assert price_of(1, 1, 2) == 1 and price_of(1, 1, 3) == 0


@given(st.integers(1, 20), st.integers(1, 100_000), st.integers(0, 50_000), st.integers(1, 5000), st.integers(0, 20))
def test_never_more_goes_back_than_was_paid_and_nothing_for_what_is_heavier(
    units: int, grams: int, price: int, nominal: int, tolerance: int
) -> None:
    back = weight_back(units, grams, price, nominal, tolerance)
    assert 0 <= back <= units * price
    if grams >= units * nominal:
        assert back == 0
    else:
        exact = units * price - price * grams / nominal
        assert back == 0 or abs(back - exact) <= 0.5 + 1e-6 * exact
        assert back or exact <= 0.5 or exact * 100 < tolerance * units * price + 50
    assert weight_back(units, grams, price, nominal) >= back


def test_a_price_label_says_a_weight_by_the_price_of_the_catalog() -> None:
    assert grams_of(1290, 1500, 500) == 430
    assert grams_of(1290, 0, 500) == 0


def test_half_and_twice_of_what_is_usual_are_not_asked_about_yet() -> None:
    assert [far_off(2, grams, 500) for grams in (499, 500, 2000, 2001)] == [True, False, False, True]
