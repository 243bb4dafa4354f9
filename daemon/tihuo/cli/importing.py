"""`tihuo import`: the orders of another program's export, previewed, then booked once."""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tihuo.cli.saying import OK, WRONG, WRONG_CALL, fail, say, say_json
from tihuo.intake.advice import ADVICE
from tihuo.intake.orders import products_of, read_orders, sku_code
from tihuo.intake.records import ImportedOrder, Reading
from tihuo.ledger.writer import Writer
from tihuo.settings import Settings
from tihuo.shop.orders import NewLine
from tihuo.shop.words import Refusal
from tihuo.stages import preparing, selling
from tihuo.wiring.alone import alone

DAY_MS = 24 * 3600 * 1000


def import_file(settings: Settings, file: Path, session: str, *, yes: bool, preview: bool, json: bool) -> int:
    """Read, show, ask, book; gives the exit code."""
    reading = read_orders(file, group=session or None)
    if not session and not reading.group:
        fail("Give the session a name, the same one each time this group is imported: --session NAME", code=WRONG_CALL)
    session = session or f"import-{hashlib.blake2b(reading.group.encode(), digest_size=4).hexdigest()}"
    picture = summary(reading, session)
    if not json:
        _show(picture)
    if not reading.bookable:
        if json:
            say_json(picture)
        return WRONG
    if preview or not (yes or _agreed()):
        if json:
            say_json(picture)
        elif not preview:
            say("Nothing was booked.")
        return OK if preview else WRONG
    with alone(settings) as writer:
        booked = book(writer, reading, session)
    if json:
        say_json({**picture, **asdict(booked)})
    else:
        say(f"Session {session}: {booked.imported} orders booked, {booked.repeated} were there already.")
        if booked.cancelled:
            say(f"{booked.cancelled} were cancelled in the meantime; their goods wait for a decision.")
        for order, why in booked.left:
            say(f"! {order} needs a person: {why}")
    return WRONG if booked.left else OK


@dataclass(frozen=True)
class Booked:
    """What an import did. `left`: (order, refusal code) of those that a person must look at."""

    imported: int
    repeated: int
    cancelled: int
    left: list[tuple[str, str]]


def summary(reading: Reading, session: str) -> dict[str, Any]:
    """What is in the file, before anything is booked."""
    totals = reading.totals
    return {
        "session": session,
        "title": reading.title,
        "orders": len(reading.orders),
        "lines": totals.lines,
        "units": totals.units,
        "paid_fen": totals.paid_fen,
        "voided": len(reading.voided),
        "products": [
            {"code": seen.code, "product": seen.title, "units": seen.quantity, "price_fen": seen.unit_price_fen}
            for seen in products_of(reading)
        ],
        "problems": [
            {
                "code": problem.code,
                "scope": problem.scope,
                "rows": list(problem.rows),
                "text": _advice(problem.code, {**problem.facts, "rows": ", ".join(map(str, problem.rows))}),
            }
            for problem in reading.problems
        ],
    }


def book(writer: Writer, reading: Reading, session: str) -> Booked:
    """Put products, session and orders into the ledger, and cancel what the file calls cancelled. Safe to repeat."""
    now = time.time_ns() // 1_000_000
    _prepare(writer, reading, session, now)
    imports = [
        (order.external_id, writer.write(selling.import_order, session, as_order(order, now), actor="import"))
        for order in reading.orders
    ]
    cancels = [
        (void.external_id, writer.write(selling.cancel_order, void.external_id, void.why, actor="import"))
        for void in reading.voided
    ]
    outcomes: list[str] = []
    left = []
    for order, job in imports + cancels:
        try:
            outcomes.append(job.result(timeout=60) or "cancelled")
        except Refusal as refusal:
            if refusal.code not in ("unknown_order", "already_cancelled"):
                left.append((order, refusal.code))
    return Booked(outcomes.count("imported"), outcomes.count("repeated"), outcomes.count("cancelled"), left)


def _prepare(writer: Writer, reading: Reading, session: str, now: int) -> None:
    seen = products_of(reading)
    for product in seen:
        sku = preparing.NewSku(
            code=product.code, product=product.product, spec=product.spec, price_fen=product.unit_price_fen or 0
        )
        writer.write(preparing.meet_sku, sku, actor="import").result(timeout=30)
    items = tuple(
        preparing.NewItem(sku=p.code, kind="presale", quantity=0, price_fen=p.unit_price_fen or 0, cap_set_by="import")
        for p in seen
    )
    plan = preparing.NewSession(
        session_id=session,
        title=reading.title or session,
        starts_at=now,
        ends_at=now + DAY_MS,
        window=(now, now + DAY_MS),
        items=items,
    )
    try:
        writer.write(preparing.plan_session, plan, actor="import").result(timeout=30)
    except Refusal as refusal:
        if refusal.code != "session_exists":
            raise
        for item in items:
            _add(writer, session, item)


def as_order(order: ImportedOrder, now: int) -> selling.ImportedOrder:
    """The shop's picture of an order from a file. One person is one phone, or one name at one door."""
    person = order.phone or f"{order.name}|{order.door or order.address}"
    customer_id = f"import-{hashlib.blake2b(person.encode(), digest_size=8).hexdigest()}"
    return selling.ImportedOrder(
        order_id=order.external_id,
        part_ids=order.part_ids,
        customer_id=customer_id,
        customer_name=order.name,
        customer_phone=order.phone,
        door=order.door,
        placed_at=order.placed_at or now,
        lines=tuple(
            NewLine(str(n), sku_code(line.product, line.spec), line.quantity, line.unit_price_fen or 0, "")
            for n, line in enumerate(order.lines, 1)
        ),
        paid_fen=order.paid_fen,
        note=order.note[:500],
    )


def _add(writer: Writer, session: str, item: preparing.NewItem) -> None:
    try:
        writer.write(preparing.add_item, session, item, actor="import").result(timeout=30)
    except Refusal as refusal:
        if refusal.code != "item_exists":
            raise


def _advice(code: str, facts: dict[str, Any]) -> str:
    what, then = ADVICE[code]
    told = {
        name: ", ".join(map(str, fact)) if isinstance(fact, (list, tuple)) else fact for name, fact in facts.items()
    }
    return f"{what} {then}".format_map(told)


def _show(picture: dict[str, Any]) -> None:
    say(f"{picture['title'] or 'Orders'}: {picture['orders']} orders, {picture['lines']} lines, "
        f"{picture['units']} units, ¥{picture['paid_fen'] / 100:.2f}")  # fmt: skip
    for product in picture["products"]:
        say(f"  {product['units']:5}  {product['product']}")
    for problem in picture["problems"]:
        say(f"! {problem['text']}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Book these orders? [y/N] ").strip().lower() in ("y", "yes", "是")
