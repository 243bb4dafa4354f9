"""中央商品池: the products a shop can sell, each in one or more SKUs (规格)."""

from __future__ import annotations


def gtin_fits(digits: str) -> bool:
    """True if `digits` is a GTIN-8/12/13/14 whose check digit is right (GS1 General Specifications, 7.9).

    >>> gtin_fits("6901234567892"), gtin_fits("6901234567890")
    (True, False)
    """
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (8, 12, 13, 14):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def gtin13(digits: str) -> str:
    """The one spelling of a barcode that we store: a UPC-A gets its leading zero, all else stays."""
    return f"0{digits}" if len(digits) == 12 and digits.isdigit() else digits
