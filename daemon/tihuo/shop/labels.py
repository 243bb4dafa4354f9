"""What a parcel's label and a customer's receipt say; drawn later, from these facts alone."""

from __future__ import annotations

from typing import Any

from tihuo.shop import paper
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.words import mask_name, mask_phone, phone_tail
from tihuo.shop.work import Work


def queue_label(work: Work, parcel_id: int) -> None:
    """Ask for a parcel's label: the first, or a further copy, which says so."""
    subject = f"parcel:{parcel_id}"
    earlier = work.one(
        "SELECT coalesce(max(copy_no), 0) FROM print_job WHERE subject = ? AND state <> 'cancelled'", (subject,)
    )
    assert earlier is not None
    paper.queue(work, "label", subject, label_facts(work, parcel_id), earlier[0] + 1)


def label_facts(work: Work, parcel_id: int) -> dict[str, Any]:
    """自提标签: slot, zone, masked person, parcel i of n, window, lines, code. Names are masked here for good."""
    row = work.one(
        "SELECT p.slot, p.place, p.zone, p.number, p.of_total, p.window_from, p.window_to, c.name, c.phone, "
        "(SELECT min(order_no) FROM order_line WHERE parcel_id = p.id) "
        "FROM parcel p JOIN customer c ON c.id = p.customer_id WHERE p.id = ?",
        (parcel_id,),
    )
    assert row is not None
    slot, place, zone, number, of_total, window_from, window_to, name, phone, order_no = row
    return {
        "slot": slot,
        "place": place,
        "zone": zone,
        "number": number,
        "of": of_total,
        "window": [window_from, window_to],
        "name": mask_name(name),
        "phone": mask_phone(phone),
        "tail": phone_tail(phone),
        "lines": _lines(work, parcel_id),
        "code": code_for(work.house.store_id, order_no, work.house.code_key),
        "short_code": short_code_for(order_no, work.house.code_key),
    }


def receipt_facts(work: Work, customer_id: str, units: list[tuple[int, int, int]], method: str) -> dict[str, Any]:
    """自提小票: what was taken now, what is left, when and by which way. `units`: (order, line, quantity)."""
    person = work.one("SELECT name, phone FROM customer WHERE id = ?", (customer_id,))
    assert person is not None
    taken: dict[tuple[str, str, str], int] = {}
    for order_no, line_no, quantity in units:
        row = work.one(
            "SELECT p.name, s.spec, s.unit FROM order_line l JOIN sku s ON s.id = l.sku_id "
            "JOIN product p ON p.id = s.product_id WHERE l.order_no = ? AND l.line_no = ?",
            (order_no, line_no),
        )
        assert row is not None
        taken[row] = taken.get(row, 0) + quantity
    waiting = "SELECT id FROM parcel WHERE customer_id = ? AND state = 'ready'"
    left = work.sql(
        "SELECT d.name, s.spec, s.unit, sum(l.put - l.handed_over), p.slot FROM order_line l "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id JOIN parcel p ON p.id = l.parcel_id "
        f"WHERE l.put > l.handed_over AND l.parcel_id IN ({waiting}) GROUP BY s.id, p.id ORDER BY p.number, p.id",
        (customer_id,),
    ).fetchall()
    later = work.one(
        "SELECT min(l.order_no), max(p.window_to) FROM parcel p JOIN order_line l ON l.parcel_id = p.id "
        f"WHERE l.put > l.handed_over AND p.id IN ({waiting})",
        (customer_id,),
    )
    assert later is not None
    key = work.house.code_key
    return {
        "name": mask_name(person[0]),
        "phone": mask_phone(person[1]),
        "taken": [
            {"name": name, "spec": spec, "unit": unit, "quantity": quantity}
            for (name, spec, unit), quantity in taken.items()
        ],
        "left": [
            {"name": name, "spec": spec, "unit": unit, "quantity": quantity, "slot": slot}
            for name, spec, unit, quantity, slot in left
        ],
        "until": later[1],
        "code": code_for(work.house.store_id, later[0], key) if left else "",
        "short_code": short_code_for(later[0], key) if left else "",
        "orders": sorted({order_no for order_no, _, _ in units}),
        "at": work.now,
        "sure": work.sure,
        "method": method,
    }


def _lines(work: Work, parcel_id: int) -> list[dict[str, Any]]:
    rows = work.sql(
        "SELECT p.name, s.spec, s.unit, sum(l.put) FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN product p ON p.id = s.product_id WHERE l.parcel_id = ? AND l.put > 0 GROUP BY s.id "
        "ORDER BY min(l.order_no), min(l.line_no)",
        (parcel_id,),
    )
    return [{"name": name, "spec": spec, "unit": unit, "quantity": count} for name, spec, unit, count in rows]
