"""筹备 and 直播: plan a session, open it, watch what it sells, close it."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, Response
from pydantic import StringConstraints
from starlette.datastructures import FormData

from tihuo.api.asking import actor_of, door_of, read, write
from tihuo.api.owner_pages import fen_of, form_of, local_of, millis_of, owner_fragment, owner_page, yuan_of
from tihuo.api.staff_pages import Once, Quantity
from tihuo.boards import allocation, orders, session_sheets, stock
from tihuo.boards.stock import ItemRow, SkuRow
from tihuo.ledger.database import Look
from tihuo.shop.words import Refusal
from tihuo.stages import preparing, selling

router = APIRouter()

LATEST = 20
"""Orders that the live page shows."""
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), Form()]


@router.get("/prepare")
def prepare_page(request: Request) -> HTMLResponse:
    return owner_page(request, "owner/prepare.html", **read(request, _prepare_picture), q="")


@router.get("/prepare/session")
def plan_page(request: Request, like: str = "") -> HTMLResponse:
    """A form for a new session; `like` an earlier one, if wanted."""
    return owner_page(request, "owner/plan.html", **_plan(request, like), times=_times(request))


@router.post("/prepare/session")
def plan_session(
    request: Request,
    once: Once,
    title: Word,
    starts_at: Word,
    ends_at: Word,
    window_from: Word,
    window_to: Word,
    fields: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Every SKU that was ticked, with the fields that carry its code: `kind:RICE`, `quantity:RICE`, …"""
    items = tuple(item_of(fields, str(code), actor_of(request)) for code in fields.getlist("sku"))
    starts = millis_of(request, starts_at)
    new = preparing.NewSession(
        session_id=_new_id(request, starts, once),
        title=title,
        starts_at=starts,
        ends_at=millis_of(request, ends_at),
        window=(millis_of(request, window_from), millis_of(request, window_to)),
        items=items,
    )
    write(request, preparing.plan_session, new, once=f"plan_session:{once}")
    return Response(status_code=204, headers={"HX-Redirect": f"/owner/sessions/{new.session_id}"})


@router.get("/sessions/{session_id}")
def session_page(request: Request, session_id: str) -> HTMLResponse:
    """One session as it was planned, or as it went."""
    found = read(request, _session_picture, session_id)
    if found["chosen"] is None:
        raise HTTPException(404)
    return owner_page(request, "owner/session.html", **found)


@router.post("/sessions/{session_id}/open")
def open_session(request: Request, session_id: str, once: Once) -> Response:
    write(request, preparing.open_session, session_id, once=f"open_session:{once}")
    return Response(status_code=204, headers={"HX-Redirect": f"/owner/live?session={session_id}"})


@router.post("/sessions/{session_id}/close")
def close_session(request: Request, session_id: str, once: Once) -> Response:
    """截单."""
    write(request, preparing.close_session, session_id, once=f"close_session:{once}")
    return Response(status_code=204, headers={"HX-Redirect": "/owner/sorting"})


@router.get("/live")
def live_page(request: Request, session: str = "") -> HTMLResponse:
    return owner_page(request, "owner/live.html", **read(request, _live_picture, session, _percent(request)))


@router.get("/live/goods")
def live_goods(request: Request, session: str = "") -> HTMLResponse:
    return owner_fragment(request, "owner/live_goods.html", **_live(request, session))


@router.get("/live/orders")
def live_orders(request: Request, session: str = "") -> HTMLResponse:
    """The newest orders, as they come in."""
    return owner_fragment(request, "owner/live_feed.html", **_live(request, session))


@router.post("/live/walk-in")
def sell_walk_in(request: Request, once: Once, session_id: Word, sku: Word, quantity: Quantity) -> HTMLResponse:
    """到店零售."""
    write(request, selling.sell_walk_in, session_id, sku, quantity, once=f"sell_walk_in:{once}")
    return owner_fragment(request, "owner/walk_in.html", sold_now=quantity, **_live(request, session_id))


def item_of(fields: FormData, code: str, actor: str) -> preparing.NewItem:
    """One row of the form. Raises `Refusal`: `bad_quantity`, `not_understood`."""
    said = {name: str(fields.get(f"{name}:{code}", "")).strip() for name in ("kind", "quantity", "price", "limit")}
    if not said["quantity"].isdecimal() or (said["limit"] and not said["limit"].isdecimal()):
        raise Refusal("bad_quantity", sku=code)
    return preparing.NewItem(
        sku=code,
        kind="on_hand" if said["kind"] == "on_hand" else "presale",
        quantity=int(said["quantity"]),
        price_fen=fen_of(said["price"]),
        limit_per_customer=int(said["limit"] or 0) or None,
        cap_set_by=actor,
    )


def _prepare_picture(look: Look) -> dict[str, Any]:
    return {"sessions": stock.sessions(look), "goods": stock.catalog(look)}


def _session_picture(look: Look, session_id: str) -> dict[str, Any]:
    chosen = next((row for row in stock.sessions(look) if row.session_id == session_id), None)
    return {"chosen": chosen, "items": stock.session_items(look, session_id) if chosen else []}


def _percent(request: Request) -> int:
    return door_of(request).house.walk_in_reserve_percent


def _live_picture(look: Look, session_id: str, reserve_percent: int) -> dict[str, Any]:
    sessions, chosen = session_sheets.chosen_session(look, session_id)
    found: dict[str, Any] = {"sessions": sessions, "chosen": chosen, "items": [], "sold": {}, "orders": []}
    if chosen:
        found["items"] = allocation.allotted(look, chosen.session_id, reserve_percent)
        found["differing"] = allocation.differing_grants(look, chosen.session_id)
        found["sold"] = {row.sku: row for row in session_sheets.sold_by_product(look, chosen.session_id)}
        found["orders"] = orders.orders(look, chosen.session_id, None, LATEST)
    return found


def _live(request: Request, session_id: str) -> dict[str, Any]:
    found = read(request, _live_picture, session_id, _percent(request))
    if found["chosen"] is None:
        raise HTTPException(404)
    return found


def _plan(request: Request, like: str) -> dict[str, Any]:
    """Every SKU with what it would be offered as: as in the session it is like, else all of what is in stock."""
    goods, items, sessions = read(
        request, lambda look: (stock.catalog(look), stock.session_items(look, like), stock.sessions(look))
    )
    before = {item.sku: item for item in items}
    rows = [_row(row, before.get(row.sku)) for row in goods]
    return {"rows": sorted(rows, key=lambda row: not row["ticked"]), "sessions": sessions, "like": like}


def _row(goods: SkuRow, before: ItemRow | None) -> dict[str, Any]:
    in_stock = before.kind == "on_hand" if before else goods.on_hand > 0
    quantity = before.minted if before else goods.on_hand
    return {
        "goods": goods,
        "ticked": before is not None and (goods.on_hand > 0 or not in_stock),
        "kind": "on_hand" if in_stock else "presale",
        "quantity": min(quantity, goods.on_hand) if in_stock else quantity,
        "price": yuan_of(before.price_fen if before else goods.price_fen),
    }


def _times(request: Request) -> dict[str, str]:
    """Tonight's usual times: sale from eight to ten, pickup the next afternoon."""
    zone = ZoneInfo(door_of(request).timezone)
    today = datetime.fromtimestamp(door_of(request).clock() / 1000, UTC).astimezone(zone).date()

    def at(days: int, hour: int) -> str:
        moment = datetime.combine(today + timedelta(days), time(hour), zone)
        return local_of(request, round(moment.timestamp() * 1000))

    return {"starts_at": at(0, 20), "ends_at": at(0, 22), "window_from": at(1, 16), "window_to": at(1, 20)}


def _new_id(request: Request, starts_at: int, once: str) -> str:
    """A session's number: its day, and a mark of the wish, so that a repeated wish names the same session."""
    return f"{local_of(request, starts_at)[:10].replace('-', '')}-{zlib.crc32(once.encode()) % 10_000:04d}"
