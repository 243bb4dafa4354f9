"""顾客: the people who order. They never log in here; a code or a phone stands for them."""

from __future__ import annotations

from tihuo.shop.events import PhoneShown
from tihuo.shop.work import Work


def keep_all(work: Work, people: list[tuple[str, str, str, str]]) -> None:
    """Remember customers, or what changed of them: (id, name, phone, door). An empty value never wipes a known one."""
    work.many(
        "INSERT INTO customer(id, name, phone, door, first_seen) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET name = coalesce(nullif(excluded.name, ''), name), "
        "phone = coalesce(nullif(excluded.phone, ''), phone), door = coalesce(nullif(excluded.door, ''), door) "
        "WHERE excluded.name NOT IN ('', name) OR excluded.phone NOT IN ('', phone) OR excluded.door NOT IN ('', door)",
        [(*person, work.now) for person in people],
    )


def show(work: Work, order_no: int) -> tuple[str, str]:
    """The whole name and phone number of an order's customer; that somebody looked is kept. Whether she may be shown is
    asked by whoever calls this."""
    row = work.one(
        "SELECT c.name, c.phone, o.order_id FROM shop_order o JOIN customer c ON c.id = o.customer_id WHERE o.no = ?",
        (order_no,),
    )
    assert row is not None
    work.record(PhoneShown(order_id=row[2]))
    return row[0], row[1]
