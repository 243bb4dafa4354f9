"""自提码: recognised without looking anything up, and nobody can make one."""

from __future__ import annotations

import random
import re
import string
import sys
from itertools import pairwise

import pytest

from tihuo.shop.pickups import code_for, order_of_code, order_of_short_code, short_code_for
from tihuo.shop.words import Refusal

KEY = b"the key of a little shop"
STORE = "S01"
QR_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]+")
BYTES_OF_A_VERSION_4_QR = 90
"""Alphanumeric characters that a QR of version 4 holds at error correction M (ISO/IEC 18004, table 7)."""


def refusal(text: str, store: str = STORE, key: bytes = KEY) -> Refusal:
    with pytest.raises(Refusal) as refused:
        order_of_code(text, store, key)
    return refused.value


@pytest.mark.parametrize("number", [1, 31, 32, 1023, 1024, 99_999_999, 32**7 - 1])
def test_a_code_stands_for_its_order(number: int) -> None:
    code = code_for(STORE, number, KEY)
    assert order_of_code(code, STORE, KEY) == number
    assert QR_ALPHANUMERIC.fullmatch(code)
    assert len(code) < BYTES_OF_A_VERSION_4_QR


@pytest.mark.parametrize("read", ["{}\r\n", "\t{}", "  {}"])
def test_a_code_read_carelessly_is_still_the_code(read: str) -> None:
    code = code_for(STORE, 1234, KEY)
    for careless in (code, code.lower(), code.title()):
        assert order_of_code(read.format(careless), STORE, KEY) == 1234


def test_every_single_edit_of_a_code_is_noticed() -> None:
    code = code_for(STORE, 1234, KEY)
    for place in range(len(code)):
        for letter in string.ascii_uppercase + string.digits + ":-_ ":
            edited = code[:place] + letter + code[place + 1 :]
            if edited != code:
                assert refusal(edited).code in ("unknown_code", "other_shop")
        assert refusal(code[:place] + code[place + 1 :]).code in ("unknown_code", "other_shop")


def test_the_seal_of_one_order_opens_no_other() -> None:
    seal = code_for(STORE, 1234, KEY).rsplit(":", 1)[1]
    assert refusal(f"TH1:{STORE}:{code_for(STORE, 1235, KEY).split(':')[2]}:{seal}").code == "unknown_code"
    assert refusal(f"TH1:{STORE}:0{code_for(STORE, 1234, KEY).split(':')[2]}:{seal}").code == "unknown_code"


def test_a_code_made_with_another_key_is_unknown() -> None:
    assert refusal(code_for(STORE, 7, b"a guess")).code == "unknown_code"


def test_a_code_of_another_shop_says_which() -> None:
    refused = refusal(code_for("B-2_x", 7, KEY))
    assert (refused.code, refused.facts) == ("other_shop", {"store": "B-2_X"})


def test_a_shop_named_in_small_letters_knows_its_own_codes() -> None:
    assert order_of_code(code_for("north-gate", 7, KEY), "North-Gate", KEY) == 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "TH1:::",
        "TH2:S01:7:2Y7DLTHNMCC2IIAG",
        "https://example.org/pay?id=1",
        "6901234567892",
        "订单 7",
        "TH1:S01:7:" + "A" * 16,
        "TH1:S01:-7:" + "A" * 16,
        "\x00" * 40,
        "TH1:" * 100_000,
        "9" * 10_000_000,
        "TH1:S01:" + "7" * 5_000_000 + ":" + "A" * 16,
    ],
    ids=lambda text: f"{text[:20]!r} ({len(text)})",
)
def test_anything_else_is_unknown(text: str) -> None:
    assert refusal(text).code == "unknown_code"


def test_letters_of_other_alphabets_do_not_pass_for_ours() -> None:
    code = code_for(STORE, 7, KEY)
    assert refusal(code.replace("T", "Τ", 1)).code == "unknown_code"  # a Greek tau
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    assert refusal(wide).code == "unknown_code"


def test_short_codes_are_unique_and_lead_back() -> None:
    numbers = range(1, 100_001)
    codes = [short_code_for(number, KEY) for number in numbers]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    for number in random.Random(1).sample(numbers, 2000):
        assert order_of_short_code(codes[number - 1], KEY) == number


def test_every_number_of_eight_digits_is_the_code_of_one_order() -> None:
    for value in random.Random(2).sample(range(100_000_000), 2000):
        assert short_code_for(order_of_short_code(f"{value:08d}", KEY), KEY) == f"{value:08d}"


def test_short_codes_of_neighbours_have_nothing_in_common() -> None:
    codes = [short_code_for(number, KEY) for number in range(1, 20_001)]
    for place in range(8):
        counts = [sum(1 for code in codes if code[place] == digit) for digit in string.digits]
        assert max(counts) < 2300  # 2000 expected, and 300 are seven standard deviations
        assert min(counts) > 1700
    values = [int(code) for code in codes]
    steps = {(b - a) % 100_000_000 for a, b in pairwise(values)}
    assert len(steps) > 19_900
    rising = sum(1 for a, b in pairwise(values) if b > a)
    assert abs(rising - 10_000) < 500


def test_another_key_gives_other_short_codes() -> None:
    same = sum(short_code_for(number, KEY) == short_code_for(number, b"another") for number in range(2000))
    assert same < 3


def test_spaces_that_help_to_read_a_short_code_do_not_matter() -> None:
    code = short_code_for(42, KEY)
    assert order_of_short_code(f" {code[:4]} {code[4:]} ", KEY) == 42


@pytest.mark.parametrize(
    "digits", ["", "1234567", "123456789", "1234567a", "１２３４５６７８", "-1234567", "1.234567", "²" * 8]
)
def test_what_is_not_eight_digits_is_no_short_code(digits: str) -> None:
    with pytest.raises(Refusal, match="unknown_code"):
        order_of_short_code(digits, KEY)


def test_checking_a_huge_text_does_not_recurse_or_convert_it() -> None:
    limit = sys.get_int_max_str_digits()
    assert refusal("1" * (limit + 1)).code == "unknown_code"
    with pytest.raises(Refusal, match="unknown_code"):
        order_of_short_code("1" * (limit + 1), KEY)
