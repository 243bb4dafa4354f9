"""手机尾号: a customer without her code says her phone's last four digits, and shows by two things more that it is she.

She is asked for her family name among six and for what she ordered among six goods. Everybody is asked, also for a tail
that nobody has, and whoever asks again is asked the same: what is shown for a tail follows from a key of the box, so
that neither the question nor its repetition tells anything. Wrong goods are drawn as other people's orders are, so that
a much-bought thing among them is no hint.
"""

from __future__ import annotations

import hmac
import math

import msgspec

from tihuo.shop.words import Refusal
from tihuo.shop.work import Rows

SHOWN = 6
HERS = 2
"""At most so many of the goods that are shown are right."""
_SURNAMES = tuple("王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗")
"""The twenty commonest family names, for the wrong ones."""
_READY = "p.state IN ('sorting', 'ready') AND p.state = 'ready'"
"""Said as the index of parcels on the shelf says it, so that years of others are not read."""


class Question(msgspec.Struct, frozen=True):
    """What is shown for a tail: family names, and goods as (product number, name)."""

    surnames: tuple[str, ...]
    goods: tuple[tuple[int, str], ...]


class Person(msgspec.Struct, frozen=True):
    customer_id: str
    order_no: int
    surname: str
    products: frozenset[int]


def question(rows: Rows, key: bytes, tail: str) -> Question:
    """What to ask whoever says these four digits. Raises `Refusal`: `bad_tail`, `tail_not_now` (too little is on the
    shelf to ask about)."""
    if len(tail) != 4 or not tail.isascii() or not tail.isdigit():
        raise Refusal("bad_tail")
    pool = _pool(rows)
    if len(pool) < SHOWN:
        raise Refusal("tail_not_now")
    people = _people(rows, tail)
    dice = _Dice(key, tail)
    right: list[int] = []
    for person in people:
        others = {product for other in people if other is not person for product in other.products}
        own = dice.ranked({product: 1 for product in person.products - others if product in pool})
        right += own[: HERS if len(people) == 1 else 1]
    right = right[: SHOWN // 2]
    taken = {product for person in people for product in person.products}
    wrong = dice.ranked({product: count for product, (_, count) in pool.items() if product not in taken})
    goods = sorted([*right, *wrong[: SHOWN - len(right)]], key=dice.order)
    surnames = list(dict.fromkeys(person.surname for person in people))[: SHOWN // 2]
    surnames += [name for name in sorted(_SURNAMES, key=dice.order) if name not in surnames]
    return Question(
        tuple(sorted(surnames[:SHOWN], key=dice.order)), tuple((product, pool[product][0]) for product in goods)
    )


def answered(rows: Rows, key: bytes, tail: str, surname: str, goods: frozenset[int]) -> Person | None:
    """The one customer whose name and goods these are; None if it is nobody, or could be two."""
    shown = {product for product, _ in question(rows, key, tail).goods}
    found = [
        person
        for person in _people(rows, tail)
        if goods and goods == person.products & shown and surname == person.surname and len(shown - goods) >= SHOWN // 2
    ]
    return found[0] if len(found) == 1 else None


class _Dice:
    """Numbers that follow from the box's key and a tail alone."""

    def __init__(self, key: bytes, tail: str) -> None:
        self._key = hmac.digest(key, f"tail question:{tail}".encode(), "sha256")

    def order(self, what: object) -> bytes:
        return hmac.digest(self._key, str(what).encode(), "sha256")

    def ranked(self, weights: dict[int, int]) -> list[int]:
        """A draw without putting back, by weight (Efraimidis and Spirakis, 2006)."""

        def luck(one: int) -> float:
            chance = (int.from_bytes(self.order(f"luck {one}")[:6]) + 1) / (1 << 48)
            return -math.log(chance) / weights[one]

        return sorted(weights, key=luck)


def _pool(rows: Rows) -> dict[int, tuple[str, int]]:
    """Product -> its name, and how many customers bought it, in the sessions that something is on the shelf of; and
    whatever else the shop sells, as if one had."""
    bought = rows(
        "SELECT s.product_id, count(DISTINCT o.customer_id) FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN shop_order o ON o.no = l.order_no WHERE o.session_id IN (SELECT DISTINCT w.session_id FROM parcel p "
        f"CROSS JOIN wave w ON w.id = p.wave_id WHERE {_READY}) GROUP BY s.product_id",
        (),
    )
    counts: dict[int, int] = dict(bought)
    if len(counts) < 2 * SHOWN:
        names = rows("SELECT id, name FROM product", ())
        return {product: (name, counts.get(product, 1)) for product, name in names}
    marks = ", ".join("?" * len(counts))
    names = rows(f"SELECT id, name FROM product WHERE id IN ({marks})", list(counts))
    return {product: (name, counts[product]) for product, name in names}


def _people(rows: Rows, tail: str) -> list[Person]:
    """Customers with this tail for whom something waits."""
    found = rows(
        "SELECT c.id, c.name, min(l.order_no), json_group_array(DISTINCT s.product_id) FROM parcel p "
        "CROSS JOIN customer c ON c.id = p.customer_id CROSS JOIN order_line l ON l.parcel_id = p.id "
        f"AND l.put > l.handed_over JOIN sku s ON s.id = l.sku_id WHERE {_READY} AND length(c.phone) >= 7 "
        "AND substr(c.phone, -4) = ? "
        "GROUP BY c.id ORDER BY c.id",
        (tail,),
    )
    return [
        Person(customer_id, order_no, name.strip()[0], frozenset(msgspec.json.decode(products)))
        for customer_id, name, order_no, products in found
        if name.strip()
    ]
