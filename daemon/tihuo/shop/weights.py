"""称重商品: goods sold by weight: what the code of the scale says, and what a customer pays for what she got.

She never pays more than she did (多退少不补): what is heavier is hers, what is lighter goes back. A unit that nobody
weighed counts as the weight that it is sold as. Weights are grams, money is fen, half a fen is rounded up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tihuo.shop.catalog import gtin_fits
from tihuo.shop.events import AdjustedLine, OrderAdjusted
from tihuo.shop.orders import IMPORTED
from tihuo.shop.short_picks import give_back
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

TEMPLATE = re.compile(r"2[0-9][IWPVX]{10}C")
HEAVIEST = 1_000_000
"""Grams that one entry may say: a tonne is a slip of the finger."""
FAR_OFF = 2
"""So many times too heavy or too light is asked about."""
_DOUBLED = {"2-": (2, -1), "3": (3, 0), "5+": (5, 1), "5-": (5, -1)}


class WeightCode(msgspec.Struct, frozen=True):
    """店内码: what a scale printed. `item` is its number of the goods, no leading zeros; grams or a price in fen."""

    item: str
    grams: int | None = None
    price_fen: int | None = None


def template_fault(template: str) -> str:
    """What is wrong with a template such as `21IIIIIWWWWWC`; empty if it can be used.

    I: number of the goods; W: grams; P: price in fen; V: check digit of that price or weight; X: anything; C: check
    digit of the whole.
    """
    if not TEMPLATE.fullmatch(template):
        return "begins with 20 to 29, then ten of I, W, P, V, X, and C at the end"
    fields = [letter for letter in "IWPV" if re.search(f"{letter}.*[^{letter}].*{letter}", template)]
    if fields:
        return f"the letters {', '.join(fields)} must stand together"
    if "I" not in template or ("W" in template) == ("P" in template):
        return "needs I, and either W or P"
    if template.count("V") > 1 or ("V" in template and max(template.count("W"), template.count("P")) not in (4, 5)):
        return "V is one digit, for four or five of W or P"
    return ""


def read_weight_code(digits: str, templates: tuple[str, ...]) -> WeightCode | None:
    """Read an in-store EAN-13 by the shop's templates; None for any other number, which may be a GTIN.

    Numbers that begin with 20 to 29 mean something in this shop only: they are never looked up as a GTIN.
    Raises `Refusal`: `bad_check_digit`, `bad_price_digit`, `unknown_template` (no template begins like it).

    >>> read_weight_code("2100123004805", ("21IIIIIWWWWWC",))
    WeightCode(item='123', grams=480, price_fen=None)
    """
    if not is_in_store(digits):
        return None
    if not gtin_fits(digits):
        raise Refusal("bad_check_digit", text=digits)
    template = next((known for known in templates if digits.startswith(known[:2])), None)
    if template is None:
        raise Refusal("unknown_template", text=digits)
    said: dict[str, str] = defaultdict(str)
    for letter, digit in zip(template[2:], digits[2:], strict=True):
        said[letter] += digit
    amount = said["W"] or said["P"]
    if said["V"] and said["V"] != price_digit(amount):
        raise Refusal("bad_price_digit", text=digits)
    grams, price = (int(amount), None) if said["W"] else (None, int(amount))
    return WeightCode(scale_code(said["I"]), grams, price)


def is_in_store(digits: str) -> bool:
    """Whether a number is of the range that each shop fills by itself (GS1 General Specifications, 2.1.12)."""
    return len(digits) == 13 and digits.isascii() and digits.isdigit() and digits[0] == "2"


def scale_code(text: str) -> str:
    """The one spelling of the number that goods have on the scale: no leading zeros."""
    return text.strip().lstrip("0") or "0" if text.strip() else ""


def price_digit(digits: str) -> str:
    """The check digit of a price or weight of four or five digits (GS1 General Specifications, 7.9.2 to 7.9.4).

    >>> price_digit("2875"), price_digit("14685")
    ('9', '6')
    """
    weights = ("2-", "2-", "3", "5-") if len(digits) == 4 else ("5+", "2-", "5-", "5+", "2-")
    total = sum(_weighted(int(digit), weight) for digit, weight in zip(digits, weights, strict=True))
    if len(digits) == 4:
        return str(total * 3 % 10)
    return next(str(digit) for digit in range(10) if _weighted(digit, "5-") == -total % 10)


def _weighted(digit: int, weight: str) -> int:
    times, tens = _DOUBLED[weight]
    return (digit * times % 10 + tens * (digit * times // 10)) % 10


def price_of(grams: int, unit_price_fen: int, nominal_grams: int) -> int:
    """What so many grams cost, half a fen rounded up.

    >>> price_of(480, 1000, 500), price_of(1, 1, 2)
    (960, 1)
    """
    return (2 * unit_price_fen * grams + nominal_grams) // (2 * nominal_grams)


def grams_of(price_fen: int, unit_price_fen: int, nominal_grams: int) -> int:
    """What weighs as much as a label's price says, for goods whose unit has that price in the catalog."""
    return price_of(price_fen, nominal_grams, unit_price_fen) if unit_price_fen else 0


def weight_back(units: int, grams: int, unit_price_fen: int, nominal_grams: int, tolerance_percent: int = 0) -> int:
    """What goes back for `units` that were paid for and weigh `grams` together; nothing below the tolerance.

    >>> weight_back(2, 960, 1000, 500), weight_back(2, 1100, 1000, 500), weight_back(2, 990, 1000, 500, 2)
    (80, 0, 0)
    """
    paid = units * unit_price_fen
    back = max(0, paid - price_of(grams, unit_price_fen, nominal_grams))
    return back if back * 100 >= tolerance_percent * paid else 0


def far_off(units: int, grams: int, nominal_grams: int) -> bool:
    """Whether a weight is so far from what is usual that somebody should look once more."""
    usual = units * nominal_grams
    return grams * FAR_OFF < usual or grams > usual * FAR_OFF


def check_grams(grams: int) -> None:
    """Raises `Refusal("bad_weight")` for what no scale on a counter says."""
    if not 0 < grams <= HEAVIEST:
        raise Refusal("bad_weight", most=HEAVIEST)


def weigh_in(work: Work, picks: list[tuple[int, int, int]], grams: int) -> None:
    """Units were put that weigh `grams` together. `picks`: (order, line, units), as they were put.

    Several lines share it by their units. Nothing for goods that are not sold by weight.
    Raises `Refusal("bad_weight")`.
    """
    if not grams:
        return
    check_grams(grams)
    for order_no, line_no, units, share in _shared(picks, grams):
        work.sql(
            "UPDATE order_line SET picked_grams = picked_grams + ?, weighed = weighed + ? "
            "WHERE order_no = ? AND line_no = ? "
            "AND (SELECT nominal_grams FROM sku WHERE id = order_line.sku_id) IS NOT NULL",
            (share, units if share else 0, order_no, line_no),
        )


def weigh_out(work: Work, picks: list[tuple[int, int, int]], grams: int = 0) -> None:
    """Units were taken out again, `grams` of them if that is known. `picks` as in `weigh_in`; they are out already.

    If it is not known, units that nobody weighed came out first, then an even share of the others.
    """
    for order_no, line_no, units, share in _shared(picks, grams):
        row = work.one(
            "SELECT put, weighed, picked_grams FROM order_line WHERE order_no = ? AND line_no = ? AND weighed > 0",
            (order_no, line_no),
        )
        if row is None:
            continue
        put, weighed, picked = row
        left = max(0, min(put, weighed - units)) if grams else min(put, weighed)
        out = min(share, picked) if grams and left else picked - picked * left // weighed
        work.sql(
            "UPDATE order_line SET picked_grams = ?, weighed = ? WHERE order_no = ? AND line_no = ?",
            (picked - out, left if picked > out else 0, order_no, line_no),
        )


def _shared(picks: list[tuple[int, int, int]], grams: int) -> Iterator[tuple[int, int, int, int]]:
    """(order, line, units, their share of the grams)."""
    total = sum(units for *_, units in picks)
    before = 0
    for order_no, line_no, units in picks:
        yield order_no, line_no, units, grams * (before + units) // total - grams * before // total
        before += units


def settle_weights(work: Work, parcel_id: int) -> None:
    """多退少不补: a parcel is complete: what its weighed goods lack goes back, once, one refund for each order.

    What went back for a line before, and is not due any more, is not taken from the customer again: less goes back the
    next time.
    """
    due: dict[int, dict[int, int]] = defaultdict(dict)
    told: dict[int, list[AdjustedLine]] = defaultdict(list)
    for order_no, line_no, line_id, units, grams, price, nominal, short, gone, billed in work.sql(
        "SELECT l.order_no, l.line_no, l.line_id, l.weighed, l.picked_grams, l.unit_price_fen, s.nominal_grams, "
        "l.short - (SELECT coalesce(sum(quantity), 0) FROM short_pick k WHERE k.order_no = l.order_no "
        "AND k.line_no = l.line_no AND k.state = 'open'), l.gone_fen, l.billed_grams FROM order_line l "
        "JOIN sku s ON s.id = l.sku_id WHERE l.parcel_id = ? AND s.nominal_grams > 0 AND l.weighed > 0",
        (parcel_id,),
    ).fetchall():
        usual = units * nominal
        back = weight_back(units, grams, price, nominal, work.house.weight_tolerance_percent)
        more = short * price + back - gone
        bill = grams if back else usual
        if more < 0:  # it went back already and stays there
            bill = min(bill, billed or bill)
        work.sql("UPDATE order_line SET billed_grams = ? WHERE order_no = ? AND line_no = ?", (bill, order_no, line_no))
        if more > 0:
            due[order_no][line_no] = more
            told[order_no].append(
                AdjustedLine(line_id, units, "weight", ordered_grams=usual, picked_grams=grams, billed_grams=bill)
            )
    for order_no, lines in due.items():
        order = work.one("SELECT order_id, channel FROM shop_order WHERE no = ?", (order_no,))
        assert order is not None
        refund = give_back(work, order_no, lines)
        work.record(
            OrderAdjusted(order_id=order[0], imported=order[1] == IMPORTED, lines=tuple(told[order_no]), refund=refund)
        )
