"""What a parcel's label and a customer's receipt say; drawn later, from these facts alone."""

from __future__ import annotations

import json
from typing import Any

from tihuo.shop import paper
from tihuo.shop.code_turns import codes_of, turn_of
from tihuo.shop.deliveries import use_by
from tihuo.shop.words import mask_name, mask_phone, phone_tail
from tihuo.shop.work import Work


def queue_label(work: Work, parcel_id: int, batch_id: int | None = None) -> bool:
    """Ask for a parcel's label: the first, or a further copy, which says so. Gives whether one was needed.

    One that says the same and is on paper, or will be, is label enough.
    """
    subject = f"parcel:{parcel_id}"
    facts = label_facts(work, parcel_id)
    earlier = work.one(
        "SELECT copy_no, content, state FROM print_job WHERE subject = ? AND kind = 'label' AND state <> 'cancelled' "
        "ORDER BY copy_no DESC, id DESC LIMIT 1",
        (subject,),
    )
    if earlier and earlier[2] in ("queued", "sending", "printed") and _same(json.loads(earlier[1]), facts):
        return False
    paper.queue(work, "label", subject, facts, earlier[0] + 1 if earlier else 1, zone=facts["zone"], batch_id=batch_id)
    return True


def label_facts(work: Work, parcel_id: int) -> dict[str, Any]:
    """自提标签: slot, zone, masked person, parcel i of n, window, lines, code. Names are masked here for good.

    While a parcel is being sorted its label says what will be in it.
    """
    row = work.one(
        "SELECT p.slot, p.place, p.zone, p.number, p.of_total, p.window_from, p.window_to, p.state, c.name, c.phone, "
        "(SELECT min(order_no) FROM order_line WHERE parcel_id = p.id), "
        "(SELECT count(*) FROM parcel o WHERE o.wave_id = p.wave_id AND o.id <= p.id), "
        "(SELECT count(*) FROM parcel o WHERE o.wave_id = p.wave_id), "
        "(SELECT count(*) FROM parcel o WHERE o.wave_id = p.wave_id AND o.slot = p.slot) "
        "FROM parcel p JOIN customer c ON c.id = p.customer_id WHERE p.id = ?",
        (parcel_id,),
    )
    assert row is not None
    slot, place, zone, number, of_total, window_from, window_to, state, name, phone, order_no, *counts = row
    nth, of_wave, of_slot = counts
    lines, eat_by = _lines(work, parcel_id, state)
    code, digits = codes_of(work.house, order_no, turn_of(work, order_no))
    return {
        "slot": slot,
        "place": place,
        "zone": zone,
        "number": number,
        "of": of_total,
        "in_slot": [place, max(place, of_slot)],
        "in_wave": [nth, of_wave],
        "window": [window_from, window_to],
        "name": mask_name(name),
        "phone": mask_phone(phone),
        "tail": phone_tail(phone),
        "lines": lines,
        "use_by": eat_by,
        "code": code,
        "short_code": digits,
    }


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two labels tell people the same; how many parcels there are beside this one changes by itself."""
    return {**one, "in_slot": 0, "in_wave": 0} == {**other, "in_slot": 0, "in_wave": 0}


def receipt_facts(
    work: Work, customer_id: str, units: list[tuple[int, int, int]], method: str, delegate: str = ""
) -> dict[str, Any]:
    """自提小票: what was taken now, what is left, when and by which way. `units`: (order, line, quantity).

    A `delegate` reads what he took, and neither what else waits for the customer nor a code that opens it.
    """
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
    waiting = "SELECT id FROM shelf_parcel WHERE customer_id = ?"
    left = work.sql(
        "SELECT d.name, s.spec, s.unit, sum(l.put - l.handed_over), p.slot FROM order_line l "
        "JOIN sku s ON s.id = l.sku_id JOIN product d ON d.id = s.product_id JOIN parcel p ON p.id = l.parcel_id "
        f"WHERE l.put > l.handed_over AND l.parcel_id IN ({waiting}) GROUP BY s.id, p.id ORDER BY p.number, p.id",
        (customer_id,),
    ).fetchall()
    left = [] if delegate else left
    later = work.one(
        "SELECT min(l.order_no), max(p.window_to) FROM parcel p JOIN order_line l ON l.parcel_id = p.id "
        f"WHERE l.put > l.handed_over AND p.id IN ({waiting})",
        (customer_id,),
    )
    assert later is not None
    code, digits = codes_of(work.house, later[0], turn_of(work, later[0])) if left else ("", "")
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
        "until": later[1] if left else None,
        "code": code,
        "short_code": digits,
        "orders": sorted({order_no for order_no, _, _ in units}),
        "at": work.now,
        "sure": work.sure,
        "method": method,
    }


def _lines(work: Work, parcel_id: int, state: str) -> tuple[list[dict[str, Any]], str]:
    """What is in a parcel, and the earliest date that any of it must be eaten by."""
    units = "l.quantity - l.short - l.cancelled" if state == "sorting" else "l.put"
    rows = work.sql(
        f"SELECT p.name, s.spec, s.unit, sum({units}), l.instead_of IS NOT NULL AS instead, s.id, o.session_id "
        "FROM order_line l JOIN sku s ON s.id = l.sku_id JOIN product p ON p.id = s.product_id "
        f"JOIN shop_order o ON o.no = l.order_no WHERE l.parcel_id = ? AND {units} > 0 GROUP BY s.id, instead "
        "ORDER BY min(l.order_no), min(l.line_no)",
        (parcel_id,),
    ).fetchall()
    dates = [date for *_, sku, session in rows if (date := use_by(work, sku, session))]
    lines = [
        {"name": name, "spec": spec, "unit": unit, "quantity": count, **({"instead": True} if instead else {})}
        for name, spec, unit, count, instead, *_ in rows
    ]
    return lines, min(dates)[5:] if dates else ""
