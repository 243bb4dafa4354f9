"""流水账: the page that explains every unit of a SKU, and the same as an Excel file."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import read
from tihuo.api.languages import N_
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.pages import language_of
from tihuo.api.sheets import Column, download, workbook
from tihuo.boards import sku_ledger
from tihuo.boards.ledger_steps import KINDS, PLACES
from tihuo.ledger.database import Look

router = APIRouter(prefix="/ledger")

WHAT = {
    "received": N_("into the stock"),
    "taken": N_("out of the stock"),
    "offered": N_("put up for sale"),
    "ended": N_("no longer for sale"),
    "imported": N_("sold elsewhere"),
    "corrected": N_("corrected"),
    "lent": N_("lent online"),
    "returned": N_("came back from online"),
    "sold": N_("sold online"),
    "cancelled": N_("order cancelled"),
    "kept": N_("kept after a cancellation"),
    "substituted": N_("stands in for another"),
    "lost": N_("lost"),
    "owed": N_("missing, asked back"),
    "short": N_("customer goes without"),
    "discarded": N_("thrown away"),
    "found": N_("found again"),
    "set_aside": N_("set aside"),
    "handed_over": N_("handed over"),
    "undone": N_("hand-over undone"),
    "brought_back": N_("brought back"),
    "walk_in": N_("sold at the counter"),
}
"""A movement in words."""
WHERE = {
    "on_hand": N_("In stock"),
    "free": N_("Free"),
    "granted": N_("Lent online"),
    "ordered": N_("Ordered"),
    "quarantine": N_("To decide on"),
    "handed_over": N_("Handed over"),
    "void": N_("Short or broken"),
    "owed": N_("Owed"),
}
WHICH = {
    "stock": N_("Stock and offers"),
    "lending": N_("Lending online"),
    "sales": N_("Sales"),
    "losses": N_("Losses and corrections"),
    "handed_over": N_("Hand-overs"),
}
REASONS = {
    "fewer": N_("fewer than the box says"),
    "more": N_("more than the box says"),
    "broken": N_("broken"),
    "damage": N_("broken"),
    "expired": N_("past its date"),
    "sample": N_("tasting or sample"),
    "miscounted": N_("counted wrongly before"),
    "other": N_("something else"),
    "count": N_("stock count"),
    "lost": N_("cannot be found"),
    "short": N_("not there when sorting"),
    "short_delivery": N_("never delivered"),
    "discarded": N_("thrown away"),
    "customer": N_("the customer changed her mind"),
    "customer_request": N_("the customer changed her mind"),
}
"""Why units are more or fewer; what is not here was written by a person and stands as it is."""
WHO = {
    "box": N_("the box"),
    "timetable": N_("the box"),
    "cloud": N_("the cloud"),
    "mini_program": N_("mini program"),
    "kiosk": N_("at the kiosk"),
}
assert WHICH.keys() == KINDS.keys() and WHERE.keys() == set(PLACES)


@router.get("")
def ledger_page(request: Request, sku: str, session: str = "", kind: str = "", before: str = "") -> HTMLResponse:
    found = _found(request, sku, session, kind, before)
    return owner_page(request, "owner/ledger.html", **found, which=WHICH, where=WHERE, **_words())


@router.get("/rows")
def ledger_rows(request: Request, sku: str, session: str = "", kind: str = "", before: str = "") -> HTMLResponse:
    """The next leaf of the list."""
    return owner_fragment(request, "owner/ledger_rows.html", **_found(request, sku, session, kind, before), **_words())


@router.get("/all.xlsx")
def export(request: Request, sku: str, session: str = "", kind: str = "") -> Response:
    """Every movement as an Excel file, in the language of the page, the oldest first."""
    language = language_of(request)
    ledger = read(request, sku_ledger.sku_ledger, sku, session, kind, "", None)
    if ledger is None:
        raise HTTPException(404)
    titles = {book.session_id: book.title for book in ledger.books}
    columns = [
        Column(language.translate(head), kind, width)
        for head, kind, width in (
            (N_("Time"), "moment", 18), (N_("What"), "text", 20), (N_("Units"), "number", 8),
            (N_("Session"), "text", 18), *((word, "number", 10) for word in WHERE.values()),
            (N_("Who"), "text", 14), (N_("Why"), "text", 24), (N_("Order"), "text", 10),
        )
    ]  # fmt: skip

    def words_of(table: dict[str, str], code: str) -> str:
        return language.translate(table[code]) if code in table else code

    rows = (
        [
            language.moments.here(move.at).replace(tzinfo=None) if move.at else None,
            words_of(WHAT, move.what),
            move.quantity,
            titles.get(move.session_id, ""),
            *move.after,
            words_of(WHO, move.actor),
            " ".join(filter(None, (words_of(REASONS, move.reason), move.note))),
            move.links.get("order", ""),
        ]
        for move in reversed(ledger.movements)
    )
    title = language.translate(N_("Ledger"))
    return download(f"{ledger.name} {ledger.spec} {title}", workbook(title, columns, rows))


def _words() -> dict[str, Any]:
    return {"whats": WHAT, "reasons": REASONS, "whos": WHO, "places": PLACES}


def _found(request: Request, sku: str, session: str, kind: str, before: str) -> dict[str, Any]:
    found = read(request, _picture, sku, session, kind, before)
    if found["ledger"] is None:
        raise HTTPException(404)
    return {**found, "session": session, "kind": kind}


def _picture(look: Look, sku: str, session: str, kind: str, before: str) -> dict[str, Any]:
    return {
        "ledger": sku_ledger.sku_ledger(look, sku, session, kind, before),
        "arrivals": [] if before else sku_ledger.arrivals(look, sku),
    }
