"""Tables of a session to take away: orders, goods, by product, by customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import Response

from tihuo.api.asking import read
from tihuo.api.languages import N_
from tihuo.api.pages import Language, language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.api.texts import ZONES
from tihuo.boards import doors, orders, session_sheets, short_picks, stock, wave_sheet, windows
from tihuo.boards.orders import OrderRow
from tihuo.ledger.database import Look
from tihuo.shop.short_picks import TIMETABLE

router = APIRouter(prefix="/export")

LEAF = 500
PROGRESS = {
    "refused": N_("refused"),
    "cancelled": N_("cancelled"),
    "waiting": N_("waiting to be sorted"),
    "sorting": N_("being sorted"),
    "ready": N_("on the shelf"),
    "partly": N_("partly collected"),
    "collected": N_("collected"),
    "nothing_left": N_("nothing came"),
}


@dataclass(frozen=True)
class Field:
    """A column of a table: its head, which attribute of a row it shows, and as what (see `Column.kind`)."""

    head: str
    name: str
    kind: str = "text"
    width: int = 12


@dataclass(frozen=True)
class Table:
    title: str
    rows: Callable[[Look, str], list[Any]]
    fields: tuple[Field, ...]


def _all_orders(look: Look, session_id: str) -> list[OrderRow]:
    def leaves() -> Iterator[OrderRow]:
        before = None
        while leaf := orders.orders(look, session_id, before, LEAF):
            yield from leaf
            before = leaf[-1].order_no

    return list(leaves())


SORTED = (
    Field(N_("Sorted"), "put", "number"),
    Field(N_("Units short"), "short", "number"),
    Field(N_("Handed over"), "handed_over", "number"),
)
GOODS = (
    Field(N_("SKU"), "sku"),
    Field(N_("Product"), "product", width=24),
    Field(N_("Spec"), "spec"),
    Field(N_("Zone"), "zone", "zone"),
)
MONEY = (Field(N_("Paid"), "paid_fen", "money"), Field(N_("Refunded"), "refunded_fen", "money"))
WORDS = {
    "refund": N_("money back"),
    "similar": N_("something similar"),
    "ask": N_("ask her"),
    "open": N_("waits for a decision"),
    "refunded": N_("money back"),
    "substituted": N_("something stands in"),
    "yes": N_("she agreed"),
    "no": N_("she declined"),
    "nobody": N_("no answer"),
    "damage": N_("broken"),
    "short_delivery": N_("never delivered"),
    "lost": N_("cannot be found"),
    "short": N_("not there when sorting"),
    "fewer": N_("cannot be found"),
    "broken": N_("broken"),
    "expired": N_("past its date"),
    "sample": N_("tasting or sample"),
    "miscounted": N_("counted wrongly before"),
    "count": N_("stock count"),
    "other": N_("something else"),
}
TABLES = {
    "orders": Table(
        N_("Orders"),
        _all_orders,
        (
            Field(N_("Order"), "order_id", width=22),
            Field(N_("Name"), "name"),
            Field(N_("Phone"), "phone", width=14),
            Field(N_("Time"), "accepted_at", "moment", 18),
            *MONEY,
            Field(N_("Units"), "units", "number"),
            *SORTED,
            Field(N_("Slots"), "slots"),
            Field(N_("State"), "progress", "progress"),
        ),
    ),
    "items": Table(
        N_("Goods"),
        stock.session_items,
        (
            GOODS[0],
            Field(N_("Product"), "name", width=24),
            *GOODS[2:],
            Field(N_("Price"), "price_fen", "money"),
            Field(N_("Offered now"), "minted", "number"),
            Field(N_("Free"), "free", "number"),
            Field(N_("Lent online"), "granted", "number"),
            Field(N_("Ordered"), "ordered", "number"),
            Field(N_("Owed"), "owed", "number"),
            Field(N_("To decide on"), "quarantine", "number"),
            Field(N_("Handed over"), "handed_over", "number"),
            Field(N_("Sold over the counter"), "walk_in", "number"),
            Field(N_("Short or broken"), "void", "number"),
        ),
    ),
    "by-product": Table(
        N_("By product"),
        session_sheets.sold_by_product,
        (
            *GOODS,
            Field(N_("Unit"), "unit"),
            Field(N_("Supplier"), "supplier"),
            Field(N_("Orders"), "orders", "number"),
            Field(N_("Ordered"), "sold", "number"),
            *SORTED,
            Field(N_("Money"), "money_fen", "money"),
            Field(N_("Sell-through"), "sell_through", "share"),
        ),
    ),
    "missing": Table(
        N_("Missing goods"),
        short_picks.decided,
        (
            Field(N_("Order"), "order_id", width=22),
            Field(N_("Name"), "name"),
            Field(N_("Product"), "product", width=24),
            Field(N_("Spec"), "spec"),
            Field(N_("Units"), "quantity", "number"),
            Field(N_("Why"), "reason", "word", 18),
            Field(N_("Noticed by"), "opened_by"),
            Field(N_("Noticed at"), "opened_at", "moment", 18),
            Field(N_("Her rule"), "rule", "word", 14),
            Field(N_("Calls"), "calls", "number"),
            Field(N_("Her answer"), "answer", "word"),
            Field(N_("Decision"), "state", "word", 18),
            Field(N_("What stands in"), "instead", width=24),
            Field(N_("Money back"), "refund_fen", "money"),
            Field(N_("Decided by"), "settled_by", "actor", 16),
            Field(N_("Decided at"), "settled_at", "moment", 18),
        ),
    ),
    "windows": Table(
        N_("Pickup windows"),
        windows.window_loads,
        (
            Field(N_("Begins"), "window_from", "moment", 18),
            Field(N_("Ends"), "window_to", "moment", 18),
            Field(N_("Meant for"), "capacity", "number"),
            Field(N_("Customers"), "customers", "number"),
            Field(N_("Have come"), "came", "number"),
            Field(N_("Parcels"), "parcels", "number"),
            Field(N_("Collected"), "taken", "number"),
            Field(N_("Units"), "units", "number"),
            Field(N_("Handed over"), "given", "number"),
        ),
    ),
    "by-building": Table(
        N_("By building"),
        doors.sold_by_building,
        (
            Field(N_("Building"), "building"),
            Field(N_("No."), "number", "number"),
            Field(N_("Product"), "product", width=24),
            Field(N_("Spec"), "spec"),
            Field(N_("Unit"), "unit"),
            Field(N_("Zone"), "zone", "zone"),
            Field(N_("Households"), "households", "number"),
            Field(N_("Ordered"), "sold", "number"),
            *SORTED[:2],
        ),
    ),
    "parcels": Table(
        N_("Parcels"),
        wave_sheet.parcels_of_session,
        (
            Field(N_("Slot"), "slot"),
            Field(N_("Place"), "place", "number"),
            Field(N_("Zone"), "zone", "zone"),
            Field(N_("Name"), "name"),
            Field(N_("Phone"), "tail"),
            Field(N_("Parcel"), "bag"),
            *GOODS[:3],
            Field(N_("Ordered"), "wanted", "number"),
            *SORTED[:2],
        ),
    ),
    "by-customer": Table(
        N_("By customer"),
        session_sheets.sold_by_customer,
        (
            Field(N_("Name"), "name"),
            Field(N_("Phone"), "tail"),
            Field(N_("Orders"), "orders", "number"),
            Field(N_("Units"), "units", "number"),
            *SORTED,
            *MONEY,
            Field(N_("Slots"), "slots", width=20),
        ),
    ),
}


@router.get("/{table}.xlsx")
def export(request: Request, table: str, session: str) -> Response:
    """One table of one session as an Excel file, in the language of the page."""
    asked = TABLES.get(table)
    if asked is None:
        raise HTTPException(404)
    language = language_of(request)
    session_title, rows = read(request, _rows, asked, session)
    columns = [Column(language.translate(field.head), field.kind, field.width) for field in asked.fields]
    get = attrgetter(*(field.name for field in asked.fields))
    kinds = [field.kind for field in asked.fields]
    cells = ([_cell(kind, value, language) for kind, value in zip(kinds, get(row), strict=True)] for row in rows)
    title = language.translate(asked.title)
    return download(f"{session_title} {title}", workbook(title, columns, cells))


def _rows(look: Look, table: Table, session_id: str) -> tuple[str, list[Any]]:
    sessions, _ = session_sheets.chosen_session(look)
    titles = {row.session_id: row.title for row in sessions}
    if session_id not in titles:
        raise HTTPException(404)
    return titles[session_id], table.rows(look, session_id)


def _cell(kind: str, value: Any, language: Language) -> Any:
    if value is None:
        return None
    if kind == "word":
        return language.translate(WORDS[value]) if value in WORDS else value
    if kind == "actor":
        return language.translate(N_("nobody decided in time")) if value == TIMETABLE else value
    if kind == "zone":
        return language.translate(ZONES[value])
    if kind == "progress":
        return language.translate(PROGRESS[value])
    return language.moments.here(value).replace(tzinfo=None) if kind == "moment" else value
