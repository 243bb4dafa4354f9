"""扫码: one meaning for every text, whoever read it."""

from __future__ import annotations

import pytest

from tests.little_shop import HOUSE
from tihuo.shop.scans import COMMANDS, NUMBERS, Scan, command_text, read_scan, sku_text, slot_text
from tihuo.shop.words import Refusal


def code_of(text: str) -> str:
    with pytest.raises(Refusal) as refused:
        read_scan(text, HOUSE)
    return refused.value.code


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        ("TH1:S01:7:CP6C7T5YCSWVB7GL", Scan("pickup", "TH1:S01:7:CP6C7T5YCSWVB7GL")),
        ("th1:s01:7:cp6c7t5ycswvb7gl", Scan("pickup", "TH1:S01:7:CP6C7T5YCSWVB7GL")),
        ("TH:SLOT:A03", Scan("slot", "A03")),
        ("th:slot:c02", Scan("slot", "C02")),
        ("TH:CMD:PUT", Scan("command", "PUT")),
        ("TH:CMD:QTY-3", Scan("command", "QTY", 3)),
        ("TH:CMD:QTY-120", Scan("command", "QTY", 120)),
        ("TH:SKU:Milk:1", Scan("sku", "Milk:1")),
        ("6901234567892", Scan("gtin", "6901234567892")),
        ("036000291452", Scan("gtin", "0036000291452")),
        ("06901234567892", Scan("gtin", "6901234567892")),
        ("10614141000415", Scan("gtin", "10614141000415")),
        ("2100123004805", Scan("weighed", "2100123004805")),
        ("96385074", Scan("eight", "96385074")),
        ("12345678", Scan("eight", "12345678")),
        ("MILK", Scan("code", "MILK")),
        ("1001", Scan("code", "1001")),
        ("鲜牛奶", Scan("code", "鲜牛奶")),
    ],
)
def test_a_text_means_one_thing(text: str, scan: Scan) -> None:
    assert read_scan(text, HOUSE) == scan


@pytest.mark.parametrize(
    "text",
    [
        " TH:SLOT:A03\r\n",
        "TH\uff1aSLOT\uff1aA03",
        "\uff34\uff28\uff1aSLOT\uff1aA\uff10\uff13",
        "]C1TH:SLOT:A03",
        "\x1dTH:SLOT:A03",
        "]Q1\ufeffTH:SLOT:A03",
    ],
)
def test_what_keyboards_radios_and_input_methods_add_is_taken_off(text: str) -> None:
    assert read_scan(text, HOUSE) == Scan("slot", "A03")


@pytest.mark.parametrize("prefix", range(20, 30))
def test_an_in_store_code_is_never_a_gtin(prefix: int) -> None:
    body = f"{prefix}0012300480"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10
    assert read_scan(f"{body}{check}", HOUSE) == Scan("weighed", f"{body}{check}")


@pytest.mark.parametrize("text", ["6901234567890", "036000291453", "10614141000416", "2100123004806"])
def test_a_wrong_check_digit_is_refused(text: str) -> None:
    assert code_of(text) == "bad_check_digit"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "nothing_read"),
        (" \r\n", "nothing_read"),
        ("TH:SLOT:A99", "unknown_slot"),
        ("TH:SLOT:", "unknown_slot"),
        ("TH:CMD:EXPLODE", "unknown_command"),
        ("TH:CMD:QTY-0", "unknown_command"),
        ("TH:CMD:QTY-1000", "unknown_command"),
        ("TH:CMD:QTY", "unknown_command"),
        ("TH:SKU:", "unknown_code"),
        ("TH:", "unknown_code"),
        ("TH:NONSENSE:1", "unknown_code"),
    ],
)
def test_what_means_nothing_is_refused(text: str, code: str) -> None:
    assert code_of(text) == code


def test_what_the_shop_prints_is_read_back() -> None:
    for command in COMMANDS:
        assert read_scan(command_text(command), HOUSE) == Scan("command", command)
    for number in NUMBERS:
        assert read_scan(command_text("QTY", number), HOUSE) == Scan("command", "QTY", number)
    for slot in (slot for slots in HOUSE.slots.values() for slot in slots):
        assert read_scan(slot_text(slot), HOUSE) == Scan("slot", slot)
    assert read_scan(sku_text("6901234567890"), HOUSE) == Scan("sku", "6901234567890")


def test_a_text_without_end_is_cut() -> None:
    assert len(read_scan("x" * 100_000, HOUSE).text) <= 64
