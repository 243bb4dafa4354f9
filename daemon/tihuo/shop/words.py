"""The small words everything else is written in: units, zones, slots, refusals, masking.

Quantities are positive integers in the SKU's base unit, money is integer fen (`Fen`), weights are integer grams,
and every time is `Millis`: integer milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NewType

Fen = NewType("Fen", int)
Millis = NewType("Millis", int)
Slot = NewType("Slot", str)

SLOT_PATTERN = re.compile(r"[ACF][0-9]{2,3}")


class Zone(StrEnum):
    """温区: how warm a thing may get. One parcel never mixes two zones."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"

    @property
    def letter(self) -> str:
        """The letter that stands beside the colour everywhere: A 常温, C 冷藏, F 冷冻."""
        return _LETTERS[self]


_LETTERS = {Zone.AMBIENT: "A", Zone.CHILLED: "C", Zone.FROZEN: "F"}


class Role(StrEnum):
    """Who may do what: 店主 owner, 店员 staff. A customer never logs in."""

    OWNER = "owner"
    STAFF = "staff"


class Refusal(Exception):
    """Nothing happened, and here is why: a stable `code`, translated at the rim, with the facts it needs.

    >>> str(Refusal("already_collected", at=0))
    'already_collected'
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def mask_name(name: str) -> str:
    """王小明 -> 王*. A public screen or label shows the family name only (PIPL arts. 5 and 6)."""
    name = name.strip()
    return f"{name[0]}*" if name else ""


def mask_phone(phone: str) -> str:
    """13812345678 -> 138****5678; a number too short to keep a secret shows its last two digits at most."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= 11:
        return f"{digits[-11:-8]}****{digits[-4:]}"
    return f"****{digits[-2:]}" if len(digits) > 4 else "****"


def phone_tail(phone: str) -> str:
    """The last four digits; an empty string when those would give away most of a short number."""
    digits = phone if phone.isdecimal() else re.sub(r"\D", "", phone)
    return digits[-4:] if len(digits) >= 7 else ""
