"""条码: check digits, and the one spelling that is stored."""

from __future__ import annotations

import pytest

from tihuo.shop.catalog import gtin13, gtin_fits


@pytest.mark.parametrize(
    "digits",
    ["6901234567892", "4006381333931", "036000291452", "0036000291452", "96385074", "10614141000415", "0000000000000"],
)
def test_a_right_check_digit_fits_and_every_other_does_not(digits: str) -> None:
    assert gtin_fits(digits)
    for wrong in "0123456789":
        if wrong != digits[-1]:
            assert not gtin_fits(digits[:-1] + wrong)


@pytest.mark.parametrize("place", range(12))
def test_any_one_digit_misread_is_noticed(place: int) -> None:
    digits = "6901234567892"
    for wrong in "0123456789":
        if wrong != digits[place]:
            assert not gtin_fits(digits[:place] + wrong + digits[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0000000",
        "00000000000",
        "000000000000000",
        "690123456789",
        "69012345678923",
        "69012345678９2",
        "690123456789X",
        "²" * 13,
        " " * 13,
    ],
)
def test_what_is_no_trade_item_number_never_fits(text: str) -> None:
    assert not gtin_fits(text)


@pytest.mark.parametrize(
    ("read", "stored"),
    [
        ("036000291452", "0036000291452"),
        ("6901234567892", "6901234567892"),
        ("96385074", "96385074"),
        ("TEA-5", "TEA-5"),
    ],
)
def test_an_american_number_gets_its_leading_zero(read: str, stored: str) -> None:
    assert gtin13(read) == stored
