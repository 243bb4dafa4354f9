"""查看: the owner looks at who a customer is, and the journal keeps that she did."""

from __future__ import annotations

from tihuo.shop import customers
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work


def show_customer(work: Work, order_no: int) -> tuple[str, str]:
    """The whole name and phone number of an order's customer. Raises `Refusal("unknown_order")`."""
    if work.one("SELECT 1 FROM shop_order WHERE no = ?", (order_no,)) is None:
        raise Refusal("unknown_order")
    return customers.show(work, order_no)
