"""Masking: a public screen never shows who somebody is. And the other small words."""

from __future__ import annotations

import pytest

from tihuo.shop.words import SLOT_PATTERN, Refusal, Zone, mask_name, mask_phone, phone_tail


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("林小树", "林*"),
        ("  林小树 ", "林*"),
        ("林", "林*"),
        ("欧阳青山", "欧*"),
        ("John", "J*"),
        ("13900001001", "1*"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_name_is_shown_by_its_first_letter(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown", "tail"),
    [
        ("19900001234", "199****1234", "1234"),
        ("199 0000 1234", "199****1234", "1234"),
        ("199-0000-1234", "199****1234", "1234"),
        ("+8619900001234", "199****1234", "1234"),
        ("+86 199 0000 1234", "199****1234", "1234"),
        ("0086-19900001234", "199****1234", "1234"),
        ("021-50001234", "021****1234", "1234"),
        ("0755-50001234", "755****1234", "1234"),
        ("50001234", "****34", "1234"),
        ("5001234", "****34", "1234"),
        ("500123", "****23", ""),
        ("12345", "****45", ""),
        ("1234", "****", ""),
        ("1", "****", ""),
        ("", "****", ""),
        ("没有电话", "****", ""),
    ],
)
def test_a_phone_is_shown_by_its_ends_and_a_short_one_by_almost_nothing(phone: str, shown: str, tail: str) -> None:
    assert mask_phone(phone) == shown
    assert phone_tail(phone) == tail


@pytest.mark.parametrize("length", range(1, 16))
def test_no_length_of_number_can_be_guessed_from_what_is_shown(length: int) -> None:
    digits = "123456789012345"[:length]
    hidden = length - sum(character.isdigit() for character in mask_phone(digits))
    assert hidden >= min(length, 3)
    assert not phone_tail(digits) or length - 4 >= 3


def test_each_zone_has_its_letter() -> None:
    assert {zone.value: zone.letter for zone in Zone} == {"ambient": "A", "chilled": "C", "frozen": "F"}


@pytest.mark.parametrize(
    ("slot", "good"), [("A01", True), ("F123", True), ("B01", False), ("A1", False), ("a01", False)]
)
def test_a_slot_is_a_zone_letter_and_digits(slot: str, good: bool) -> None:
    assert bool(SLOT_PATTERN.fullmatch(slot)) is good


def test_a_refusal_carries_its_code_and_facts() -> None:
    refusal = Refusal("already_collected", at=5)
    assert (str(refusal), refusal.code, refusal.facts) == ("already_collected", "already_collected", {"at": 5})
