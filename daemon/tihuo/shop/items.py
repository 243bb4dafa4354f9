"""认货: which product a text from a scanner stands for. Nothing is guessed: two products with one barcode stay two."""

from __future__ import annotations

import msgspec

from tihuo.shop.catalog import gtin_fits
from tihuo.shop.scans import cleaned, read_scan
from tihuo.shop.strangers import stranger
from tihuo.shop.weights import grams_of, read_weight_code
from tihuo.shop.words import Refusal
from tihuo.shop.work import House, Rows


class Named(msgspec.Struct, frozen=True):
    """The SKUs that a text names: (number, code) each; none, and `refusal` says why; or several, and a person chooses.

    `grams` is what a scale said of this very piece, 0 if none did.
    """

    skus: tuple[tuple[int, str], ...] = ()
    grams: int = 0
    refusal: str = ""


def items_named(rows: Rows, house: House, text: str) -> Named:
    """What an item's text means: its SKU code before all, then a scale's code, then a barcode.

    An in-store code (prefix 20 to 29) is read by the shop's own templates and never looked up as a barcode.
    `refusal`: `unknown_barcode`, `unknown_scale_code`, `bad_check_digit`, `not_an_item` (a slot, a command, somebody's
    code), and what `shop.scans.read_scan` and `shop.weights.read_weight_code` refuse.
    """
    known = rows("SELECT id, code FROM sku WHERE code = ?", (cleaned(text)[:64],))
    if known:
        return Named(tuple(known))
    if stranger(cleaned(text)) == "payment_code":
        return Named(refusal="payment_code")
    try:
        scan = read_scan(text, house)
        if scan.kind == "weighed":
            return _weighed(rows, house, scan.text)
    except Refusal as refusal:
        return Named(refusal=refusal.code)
    if scan.kind in ("pickup", "slot", "command"):
        return Named(refusal="not_an_item")
    if scan.kind == "sku":
        found = rows("SELECT id, code FROM sku WHERE code = ?", (scan.text,))
    else:
        found = rows("SELECT id, code FROM sku WHERE barcode = ? ORDER BY id", (scan.text,))
    if not found and scan.kind == "eight" and not gtin_fits(scan.text):
        return Named(refusal="bad_check_digit")
    return Named(tuple(found), refusal="" if found else "unknown_barcode")


def _weighed(rows: Rows, house: House, digits: str) -> Named:
    said = read_weight_code(digits, house.weight_templates)
    found = rows(
        "SELECT id, code, price_fen, nominal_grams FROM sku WHERE scale_code = ?", (said.item if said else "",)
    )
    if said is None or not found:
        return Named(refusal="unknown_scale_code")
    sku_id, code, price_fen, nominal = found[0]
    grams = said.grams or (grams_of(said.price_fen, price_fen, nominal) if said.price_fen and nominal else 0)
    return Named(((sku_id, code),), grams)
