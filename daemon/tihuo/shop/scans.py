"""扫码: one meaning for every text that a scanner, a camera or a photograph brings.

| text | kind | what it is |
|---|---|---|
| `TH1:…` | `pickup` | the QR of a customer's pickup code |
| `TH:SLOT:A07` | `slot` | the label on a slot (货位) |
| `TH:SKU:MILK` | `sku` | an item by its SKU code and nothing else |
| `TH:CMD:PUT` | `command` | a bar code of the command sheet (口令单); `QTY-12` is `QTY` with the number 12 |
| 13 digits from 20 on to 29 | `weighed` | an in-store code: what the shop's own scales print, nobody's GTIN |
| 12, 13 or 14 digits | `gtin` | a product's barcode, in the one spelling that is stored |
| 8 digits | `eight` | a GTIN-8 if the catalog knows it, else the short form of a pickup code |
| all else | `code` | a SKU code, or nothing that is known |
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

from tihuo.shop.catalog import gtin13, gtin_fits
from tihuo.shop.words import Refusal
from tihuo.shop.work import House

Kind = Literal["pickup", "slot", "sku", "command", "weighed", "gtin", "eight", "code"]

LONGEST = 512
NUMBER = "QTY"
COMMANDS = ("PUT", "SHORT", "DAMAGE", "UNDO", "NEXT", "DONE")
"""What the sheet says besides numbers: put all that is lit, no more of it, it is broken, take back, the next product,
lay it down."""
IRREVOCABLE = ("SHORT", "DAMAGE")
"""Money goes back by these."""
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 24)
"""How many the next command is about."""

_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
"""What some scanners say about the kind of code before they say the code (ISO/IEC 15424)."""
_NUMBERED = re.compile(rf"{NUMBER}-([1-9][0-9]{{0,2}})")


class Scan(msgspec.Struct, frozen=True):
    """What a text is. `text` is the part that matters, such as `A07`; `number` belongs to the command `QTY`."""

    kind: Kind
    text: str
    number: int = 0


def read_scan(text: str, house: House) -> Scan:
    """What `text` means. Looks nothing up: whether anybody knows the product or the customer is for others to say.

    Raises `Refusal`: `nothing_read`, `bad_check_digit`, `unknown_slot`, `unknown_command`, `unknown_code`.
    """
    text = cleaned(text)
    if not text:
        raise Refusal("nothing_read")
    loud = text.upper()
    if loud.startswith("TH1:"):
        return Scan("pickup", loud)
    if loud.startswith("TH:"):
        return _own(text, house)
    if text.isascii() and text.isdigit():
        return _digits(text)
    return Scan("code", text[:64])


def cleaned(text: str) -> str:
    """A scanner's text without what its keyboard, its radio or an input method wrapped around it."""
    text = unicodedata.normalize("NFKC", text[:LONGEST])
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    return _AIM.sub("", text.strip()).strip()


def command_text(command: str, number: int = 0) -> str:
    """What the bar code of a command holds.

    >>> command_text("PUT"), command_text("QTY", 12)
    ('TH:CMD:PUT', 'TH:CMD:QTY-12')
    """
    return f"TH:CMD:{command}-{number}" if number else f"TH:CMD:{command}"


def slot_text(slot: str) -> str:
    """What the code on a slot's label holds.

    >>> slot_text("A07")
    'TH:SLOT:A07'
    """
    return f"TH:SLOT:{slot}"


def sku_text(code: str) -> str:
    """An item by its SKU code, however much the code looks like a barcode."""
    return f"TH:SKU:{code}"


def _own(text: str, house: House) -> Scan:
    """Codes that the shop prints for itself; their letters may come in any case but for the SKU's."""
    _, what, rest = (*text.split(":", 2), "", "")[:3]
    match what.upper():
        case "SLOT":
            slot = rest.upper()
            if not any(slot in slots for slots in house.slots.values()):
                raise Refusal("unknown_slot", slot=slot[:12])
            return Scan("slot", slot)
        case "SKU" if rest:
            return Scan("sku", rest[:64])
        case "CMD":
            command = rest.upper()
            if command in COMMANDS:
                return Scan("command", command)
            if numbered := _NUMBERED.fullmatch(command):
                return Scan("command", NUMBER, int(numbered[1]))
            raise Refusal("unknown_command", command=command[:24])
    raise Refusal("unknown_code")


def _digits(text: str) -> Scan:
    if len(text) == 8:
        return Scan("eight", text)
    if len(text) not in (12, 13, 14):
        return Scan("code", text[:64])  # a SKU may well be called 1001
    number = gtin13(text)
    if not gtin_fits(number):
        raise Refusal("bad_check_digit", text=text)
    if len(number) == 14 and number[0] == "0":
        number = number[1:]
    if len(number) == 13 and "20" <= number[:2] <= "29":
        return Scan("weighed", number)
    return Scan("gtin", number)
