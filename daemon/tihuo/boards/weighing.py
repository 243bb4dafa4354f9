"""称重: what of the open bags is sold by weight, what it weighs, and what that comes to."""

from __future__ import annotations

import msgspec

from tihuo.shop.weights import price_of, weight_back
from tihuo.shop.work import Look, Row, Work


class Comes(msgspec.Struct, frozen=True):
    """What a weight comes to, in fen: `price_fen` on the scale, `pays_fen` for the customer, `back_fen` goes back."""

    price_fen: int
    pays_fen: int
    back_fen: int


class ToWeigh(msgspec.Struct, frozen=True):
    """One SKU in one parcel: `left` units still go in, `put` lie there, `weighed` of them weigh `grams` together.

    One unit is sold as `nominal_grams` for `unit_price_fen`.
    """

    parcel_id: int
    sku_id: int
    slot: str
    place: int
    zone: str
    product: str
    spec: str
    unit: str
    left: int
    put: int
    weighed: int
    grams: int
    nominal_grams: int
    unit_price_fen: int

    @property
    def done(self) -> bool:
        return not self.left and self.weighed == self.put

    def comes(self, grams: int, tolerance_percent: int) -> Comes:
        """What it comes to when the units that are put now, or those that lie there, weigh so much together."""
        units = self.left or self.put
        back = weight_back(units, grams, self.unit_price_fen, self.nominal_grams, tolerance_percent)
        price = price_of(grams, self.unit_price_fen, self.nominal_grams)
        return Comes(price, units * self.unit_price_fen - back, back)


_ROWS = (
    "SELECT p.id, s.id, p.slot, p.place, p.zone, d.name, s.spec, s.unit, "
    "sum(l.quantity - l.put - l.short - l.cancelled), sum(l.put), sum(l.weighed), sum(l.picked_grams), "
    "s.nominal_grams, min(l.unit_price_fen) FROM sku s CROSS JOIN parcel p "  # most goods are not weighed
    "CROSS JOIN order_line l ON l.parcel_id = p.id AND l.sku_id = s.id JOIN product d ON d.id = s.product_id "
    "WHERE s.nominal_grams > 0 AND p.state IN ('sorting', 'ready') AND l.handed_over = 0"
)
_GROUP = (
    "GROUP BY p.id, s.id HAVING sum(l.quantity - l.short - l.cancelled) > 0 ORDER BY d.name, s.spec, p.slot, p.place"
)


def to_weigh(look: Look) -> list[ToWeigh]:
    """Everything of the open bags that is sold by weight, product by product, slot by slot."""
    return [ToWeigh(*row) for row in look.rows(f"{_ROWS} {_GROUP}")]


def weigh_row(look: Look | Work, parcel_id: int, sku_id: int) -> ToWeigh | None:
    row: Row | None = look.one(f"{_ROWS} AND p.id = ? AND s.id = ? {_GROUP}", (parcel_id, sku_id))
    return ToWeigh(*row) if row else None


def unweighed(look: Look) -> int:
    """How many rows somebody still has to weigh."""
    return sum(not row.done for row in to_weigh(look))
