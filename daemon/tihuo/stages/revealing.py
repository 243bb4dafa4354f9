"""查看: the owner looks at who a customer is, and the journal keeps that she did."""

from __future__ import annotations

from tihuo.shop.events import PhoneShown
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def show_customer(work: Work, order_no: int) -> tuple[str, str]:
    """The whole name and phone number of an order's customer. Raises `Refusal("unknown_order")`."""
    row = work.one(
        "SELECT c.name, c.phone, o.order_id FROM shop_order o JOIN customer c ON c.id = o.customer_id WHERE o.no = ?",
        (order_no,),
    )
    if row is None:
        raise Refusal("unknown_order")
    work.record(PhoneShown(order_id=row[2]))
    return row[0], row[1]
