"""扫码 on the phone: one button and one scanner that go to whatever was scanned; a photograph where there is none."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.staff_lookup import looked_up
from tihuo.api.staff_pages import Once, Scanned, staff_fragment, staff_page, station_of
from tihuo.boards import goods, scanned, sorting
from tihuo.devices.photograph import codes_in_photo
from tihuo.reactions import commands
from tihuo.reactions.commands import Heard
from tihuo.shop.items import items_named
from tihuo.shop.scans import Scan, read_scan
from tihuo.shop.strangers import must_not_be_kept, stranger
from tihuo.shop.words import Refusal

router = APIRouter(prefix="/scan")

At = Annotated[str, Form(max_length=24)]
"""The place of the bottom bar that the page with the scanner belongs to."""


@router.post("")
def scan(request: Request, text: Scanned, once: Once, at: At = "sorting") -> Response:
    """Whatever was scanned, from whatever page: it is done, or its page is opened."""
    if must_not_be_kept(text) and not _item_codes(request, text):
        raise Refusal(stranger(text))
    try:
        seen = read_scan(text, door_of(request).house)
    except Refusal as refusal:
        if refusal.code != "bad_check_digit":
            raise
        seen = Scan("code", text)  # a wrong item, unless a product is called so
    station = station_of(request)
    if seen.kind == "command":
        return _said(request, write(request, commands.obey, station, seen.text, seen.number, once=f"scan:{once}"))
    if seen.kind == "slot":
        return _slot(request, station, seen.text, at, once)
    if seen.kind == "pickup" or (seen.kind == "eight" and not _item_codes(request, seen.text)):
        return _customer(request, seen)
    return _item(request, station, text, at, once)


@router.get("/slots/{slot}")
def slot_page(request: Request, slot: str) -> HTMLResponse:
    return staff_page(request, "staff/slot.html", slot=slot, parcels=read(request, scanned.parcels_in, slot))


@router.post("/photo")
def photo(request: Request, picture: UploadFile) -> HTMLResponse:
    """The codes in a photograph; several are for her to choose from."""
    reads = codes_in_photo(picture.file.read())
    return staff_fragment(request, "staff/photo.html", codes=[_told(request, code.text) for code in reads])


def _said(request: Request, heard: Heard) -> HTMLResponse:
    return staff_fragment(request, "staff/scan_note.html", heard=heard)


def _slot(request: Request, station: str, slot: str, at: str, once: str) -> Response:
    """On the sorting floor a slot takes what is in the hand; elsewhere, or for an empty one, its parcels are shown."""
    if at == "sorting":
        try:
            return _said(request, write(request, commands.at_slot, station, slot, once=f"scan:{once}"))
        except Refusal as refusal:
            if refusal.code != "nothing_in_hand":
                raise
    return _go(f"/staff/scan/slots/{slot}")


def _customer(request: Request, seen: Scan) -> Response:
    shown = urlencode({"code": seen.text}, safe=":")
    return _go(f"/staff/pickup/orders/{looked_up(request, seen.text).order_no}?{shown}")


def _item(request: Request, station: str, text: str, at: str, once: str) -> Response:
    """While a wave is open it is in her hand now; else it is goods of the shop."""
    if not any(wave.state == "open" for wave in read(request, sorting.waves)):
        return _go(f"/staff/stock?{urlencode({'text': text})}")
    heard = write(request, commands.take_item, station, text, once=f"scan:{once}")
    return _said(request, heard) if at == "sorting" else _go("/staff/sorting")


def _item_codes(request: Request, text: str) -> list[str]:
    """The SKU codes of the items that a text names."""
    house = door_of(request).house
    return [code for _, code in read(request, lambda look: items_named(look.rows, house, text)).skus]


def _go(path: str) -> Response:
    """The tap queue opens this page."""
    return Response(status_code=204, headers={"HX-Redirect": path, "Cache-Control": "no-store"})


def _told(request: Request, text: str) -> dict[str, Any]:
    """A code of a photograph, and what it is, for somebody who has to choose."""
    try:
        seen = read_scan(text, door_of(request).house)
    except Refusal:
        return {"text": text, "kind": "", "name": text}
    items = [read(request, goods.sku_row, code) for code in _item_codes(request, text)]
    name = " / ".join(f"{item.name} {item.spec}" for item in items if item) or seen.text
    return {"text": text, "kind": seen.kind, "name": name}
