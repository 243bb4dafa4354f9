"""到货: what each supplier is to bring, and how far the counting of what he brought is."""

from __future__ import annotations

import msgspec

from tihuo.shop.purchases import BuyRow, to_buy, told
from tihuo.shop.work import Look


class Change(msgspec.Struct, frozen=True):
    """Units of a thing that must be bought `now`, where the supplier was told `before`."""

    product: str
    spec: str
    unit: str
    before: int
    now: int


class SupplierList(msgspec.Struct, frozen=True):
    """采购单 of one supplier. `sent_at` is None until he is told; `changes` are what is different since. `delivery_id`
    is a delivery of his that is being counted."""

    supplier: str
    rows: tuple[BuyRow, ...]
    sent_at: int | None
    sent_by: str
    changes: tuple[Change, ...]
    delivery_id: int | None

    @property
    def units(self) -> int:
        return sum(row.buy for row in self.rows)


class DeliveryRow(msgspec.Struct, frozen=True):
    """One delivery, in units. `good` + `damaged` + `wrong` have been counted in; `missing` are rights that it cost."""

    delivery_id: int
    session_id: str
    title: str
    supplier: str
    state: str
    opened_at: int
    opened_by: str
    counted_by: str
    closed_at: int | None
    closed_by: str
    expected: int
    good: int
    damaged: int
    wrong: int
    missing: int


class CountLine(msgspec.Struct, frozen=True):
    """One thing of a delivery as it is being counted; `batch` and `use_by` are the last that somebody wrote down."""

    sku_id: int
    sku: str
    product: str
    spec: str
    unit: str
    zone: str
    expected: int
    good: int
    damaged: int
    wrong: int
    batch: str
    use_by: str

    @property
    def left(self) -> int:
        return max(0, self.expected - self.good)


class CountRow(msgspec.Struct, frozen=True):
    """One count, by whom and when (`Millis`). `product` is what was scanned, for a thing nobody knows."""

    count_id: int
    product: str
    spec: str
    unit: str
    how: str
    quantity: int
    batch: str
    use_by: str
    actor: str
    at: int
    undone: bool


def purchase_lists(look: Look, session_id: str, percent: int = 0) -> list[SupplierList]:
    """By supplier, everything of a session that is sold, wished for or told; `percent` as in `to_buy`."""
    by_supplier: dict[str, list[BuyRow]] = {}
    for row in to_buy(look.rows, session_id, percent):
        by_supplier.setdefault(row.supplier, []).append(row)
    lists = told(look.rows, session_id)
    sent = {
        list_id: (at, by)
        for list_id, at, by in look.rows(
            "SELECT id, sent_at, sent_by FROM purchase_list WHERE session_id = ? AND delivery_id IS NULL", (session_id,)
        )
    }
    opened: dict[str, int] = dict(
        look.rows("SELECT supplier, id FROM delivery WHERE session_id = ? AND state = 'open'", (session_id,))
    )
    found = []
    for supplier, rows in by_supplier.items():
        list_id, asked = lists.get(supplier, (None, {}))
        at, by = sent[list_id] if list_id is not None else (None, "")
        changes = [
            Change(row.product, row.spec, row.unit, asked.get(row.sku_id, 0), row.buy)
            for row in rows
            if list_id is not None and asked.get(row.sku_id, 0) != row.buy
        ]
        found.append(SupplierList(supplier, tuple(rows), at, by, tuple(changes), opened.get(supplier)))
    return found


_DELIVERY = (
    "SELECT d.id, d.session_id, l.title, d.supplier, d.state, d.opened_at, d.opened_by, d.counted_by, d.closed_at, "
    "d.closed_by, (SELECT coalesce(sum(expected), 0) FROM delivery_line WHERE delivery_id = d.id), "
    "coalesce(sum(c.quantity) FILTER (WHERE c.how = 'good'), 0), "
    "coalesce(sum(c.quantity) FILTER (WHERE c.how = 'damaged'), 0), "
    "coalesce(sum(c.quantity) FILTER (WHERE c.how = 'wrong'), 0), "
    "(SELECT coalesce(sum(missing), 0) FROM delivery_line WHERE delivery_id = d.id) "
    "FROM delivery d JOIN live_session l ON l.id = d.session_id "
    "LEFT JOIN delivery_count c ON c.delivery_id = d.id AND c.undone_at IS NULL "
)


def deliveries(look: Look, session_id: str = "", limit: int = 100) -> list[DeliveryRow]:
    """The newest first, of one session or of all; those that wait to be closed at the head."""
    rows = look.rows(
        f"{_DELIVERY} WHERE d.state <> 'dropped' AND (?1 = '' OR d.session_id = ?1) GROUP BY d.id "
        "ORDER BY d.state DESC, d.id DESC LIMIT ?2",
        (session_id, limit),
    )
    return [DeliveryRow(*row) for row in rows]


def delivery_row(look: Look, delivery_id: int) -> DeliveryRow | None:
    row = look.one(f"{_DELIVERY} WHERE d.id = ? AND d.state <> 'dropped' GROUP BY d.id", (delivery_id,))
    return DeliveryRow(*row) if row else None


def count_lines(look: Look, delivery_id: int) -> list[CountLine]:
    """What is expected or was counted, in the order of the list."""
    rows = look.rows(
        "SELECT s.id, s.code, p.name, s.spec, s.unit, s.zone, v.expected, coalesce(c.good, 0), coalesce(c.damaged, 0), "
        "coalesce(c.wrong, 0), coalesce(t.batch, ''), coalesce(t.use_by, '') "
        "FROM delivery_line v JOIN sku s ON s.id = v.sku_id JOIN product p ON p.id = s.product_id "
        "LEFT JOIN (SELECT sku_id, sum(quantity) FILTER (WHERE how = 'good') AS good, "
        "sum(quantity) FILTER (WHERE how = 'damaged') AS damaged, sum(quantity) FILTER (WHERE how = 'wrong') AS wrong, "
        "max(id) FILTER (WHERE how = 'good') AS newest FROM delivery_count WHERE delivery_id = ?1 "
        "AND undone_at IS NULL AND sku_id IS NOT NULL GROUP BY sku_id) c ON c.sku_id = v.sku_id "
        "LEFT JOIN delivery_count t ON t.id = c.newest WHERE v.delivery_id = ?1 ORDER BY s.zone, p.name, s.spec, s.id",
        (delivery_id,),
    )
    return [CountLine(*row) for row in rows]


def counts(look: Look, delivery_id: int, limit: int = 30) -> list[CountRow]:
    """The newest first, undone ones too."""
    rows = look.rows(
        "SELECT c.id, coalesce(p.name, c.text), coalesce(s.spec, ''), coalesce(s.unit, ''), c.how, c.quantity, "
        "c.batch, c.use_by, c.actor, c.at, c.undone_at IS NOT NULL FROM delivery_count c "
        "LEFT JOIN sku s ON s.id = c.sku_id LEFT JOIN product p ON p.id = s.product_id "
        "WHERE c.delivery_id = ? ORDER BY c.id DESC LIMIT ?",
        (delivery_id, limit),
    )
    return [CountRow(*row) for row in rows]
