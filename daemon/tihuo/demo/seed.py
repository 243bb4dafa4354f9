"""Fills an empty box with the demo shop: people, catalog, goods, a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tihuo.demo import shop
from tihuo.shop.staff import keep_user
from tihuo.stages import preparing

PEOPLE = (("老板", "owner", "2468"), ("小林", "staff", "1357"))
"""Name, role and PIN of who may work in the demo shop."""
HOUR_MS = 3_600_000
Do = Callable[..., Any]
"""`do(stage, *args)`: run a stage and wait for its commit."""


def seed_people(do: Do, hash_pin: Callable[[str], str]) -> None:
    for name, role, pin in PEOPLE:
        do(keep_user, name, role, hash_pin(pin))


def seed_catalog(do: Do) -> None:
    """About 40 SKUs in three zones, and the goods that are in the shop already."""
    for product in shop.PRODUCTS:
        sku = preparing.NewSku(
            code=product.code,
            product=product.name,
            spec=product.spec,
            unit=product.unit,
            barcode=product.barcode,
            zone=product.zone,
            price_fen=product.price_fen,
            supplier=product.supplier,
        )
        do(preparing.keep_sku, sku)
        if product.kind == "on_hand":
            do(preparing.receive, product.code, product.quantity)


def seed_session(do: Do, number: int, now: int, *, hours: int = 2, scarce: dict[str, int] | None = None) -> str:
    """Plan and open the session `number` over the whole catalog; gives its id. `scarce`: SKU -> how few there are."""
    session_id = f"s{number}"
    items = tuple(
        preparing.NewItem(
            sku=product.code,
            kind="presale",
            quantity=(scarce or {}).get(product.code, product.quantity),
            price_fen=product.price_fen,
            limit_per_customer=4 if product.code == "caomei" else None,
            cap_set_by=PEOPLE[0][0],
        )
        if product.kind == "presale" or number > 1
        else preparing.NewItem(sku=product.code, kind="on_hand", quantity=product.quantity, price_fen=product.price_fen)
        for product in shop.PRODUCTS
    )
    session = preparing.NewSession(
        session_id=session_id,
        title=f"今晚直播 第{number}场",
        starts_at=now,
        ends_at=now + hours * HOUR_MS,
        window=(now, now + 24 * HOUR_MS),
        items=items,
    )
    do(preparing.plan_session, session)
    do(preparing.open_session, session_id)
    return session_id
