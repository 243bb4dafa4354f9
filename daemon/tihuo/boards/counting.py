"""盘点: the counts of the shop, and how far one of them is. What should be there is only shown of what is complete, so
that everybody counts what she sees."""

from __future__ import annotations

import msgspec

from tihuo.shop.counts import LOOSE
from tihuo.shop.work import Look, Row


class CountRow(msgspec.Struct, frozen=True):
    """A count of a place: `all`, or the `zone` or `supplier` of that `name`; `state` is `open`, `applied` or `dropped`.
    `skus` were counted, `units` together; customers went without `short`. Times in `Millis`."""

    count_id: int
    place: str
    name: str
    state: str
    opened_by: str
    opened_at: int
    closed_by: str
    closed_at: int | None
    skus: int
    units: int
    short: int = 0


class CountedRow(msgspec.Struct, frozen=True):
    """One SKU of a count. `counted` is None where nobody has counted yet; `complete` where somebody said so, and only
    then is `expected` known. Of what is over, `to_come` may be goods of a pre-sale that nobody received."""

    sku: str
    name: str
    spec: str
    unit: str
    zone: str
    counted: int | None
    complete: bool
    expected: int | None
    to_come: int
    actor: str
    rounds: int

    @property
    def over(self) -> int:
        """Units more than there should be, or fewer."""
        return (self.counted or 0) - self.expected if self.expected is not None else 0

    @property
    def change(self) -> int:
        """What the book will be changed by."""
        return max(0, self.over - self.to_come) if self.over > 0 else self.over


def counts(look: Look, limit: int = 20) -> list[CountRow]:
    """The open ones, then the newest."""
    rows = look.rows(
        "SELECT c.id, c.place, c.name, c.state, c.opened_by, c.opened_at, c.closed_by, c.closed_at, count(l.sku_id), "
        "coalesce(sum(l.counted), 0) FROM stock_count c LEFT JOIN count_line l ON l.count_id = c.id "
        "GROUP BY c.id ORDER BY c.state <> 'open', c.id DESC LIMIT ?",
        (limit,),
    )
    return [CountRow(*row) for row in rows]


def stock_count(look: Look, count_id: int) -> CountRow | None:
    row = look.one(
        "SELECT c.id, c.place, c.name, c.state, c.opened_by, c.opened_at, c.closed_by, c.closed_at, "
        "(SELECT count(*) FROM count_line WHERE count_id = c.id), "
        "(SELECT coalesce(sum(counted), 0) FROM count_line WHERE count_id = c.id), (SELECT coalesce(sum(h.short), 0) "
        "FROM correction k JOIN json_each(k.losses) j JOIN shortage h ON h.id = j.value WHERE k.count_id = c.id) "
        "FROM stock_count c WHERE c.id = ?",
        (count_id,),
    )
    return CountRow(*row) if row else None


def count_sheet(look: Look, count_id: int) -> list[CountedRow]:
    """Every SKU that was counted, or, while it goes on, should lie in the place: what differs first, then what is not
    complete."""
    rows = look.rows(
        f"SELECT s.code, d.name, s.spec, s.unit, s.zone, l.counted, l.expected IS NOT NULL, l.expected, "
        f"coalesce(l.to_come, 0), coalesce(l.actor, ''), coalesce(l.rounds, 0) FROM stock_count c JOIN ({LOOSE}) u "
        "JOIN sku s ON s.id = u.sku_id JOIN product d ON d.id = s.product_id "
        "LEFT JOIN count_line l ON l.count_id = c.id AND l.sku_id = s.id WHERE c.id = ? "
        "AND (l.sku_id IS NOT NULL OR (c.state = 'open' AND u.loose > 0 AND CASE c.place "
        "WHEN 'zone' THEN s.zone = c.name "
        "WHEN 'supplier' THEN d.supplier = c.name ELSE true END)) "
        "ORDER BY coalesce(l.counted = l.expected, 0), l.counted IS NULL, l.expected IS NULL, s.zone, d.name, s.spec",
        (count_id,),
    )
    return [_row(row) for row in rows]


def counted_row(look: Look, count_id: int, code: str) -> CountedRow | None:
    """One SKU of a count, as far as it is."""
    row = look.one(
        "SELECT s.code, d.name, s.spec, s.unit, s.zone, l.counted, l.expected IS NOT NULL, l.expected, l.to_come, "
        "l.actor, l.rounds FROM count_line l JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id "
        "WHERE l.count_id = ? AND s.code = ?",
        (count_id, code),
    )
    return _row(row) if row else None


def _row(row: Row) -> CountedRow:
    *named, complete, expected, to_come, actor, rounds = row
    return CountedRow(*named, bool(complete), expected, to_come, actor, rounds)  # type: ignore[call-arg]


def suppliers(look: Look) -> list[str]:
    """Whose goods one can count."""
    return [row[0] for row in look.rows("SELECT DISTINCT supplier FROM product WHERE supplier <> '' ORDER BY 1")]
