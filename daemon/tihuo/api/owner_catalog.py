"""筹备: the catalog (中央商品池), and goods that come in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import StringConstraints

from tihuo.api.asking import read, write
from tihuo.api.owner_pages import fen_of, owner_fragment, owner_page, yuan_of
from tihuo.api.staff_pages import Once, Quantity
from tihuo.boards import goods, stock
from tihuo.boards.stock import SkuRow
from tihuo.shop.catalog import gtin_fits
from tihuo.shop.weights import HEAVIEST, is_in_store
from tihuo.shop.words import Refusal, Zone
from tihuo.stages import preparing

router = APIRouter(prefix="/prepare")

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Form()]
Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64), Form()]
"""As long as an id may be on the line to the cloud."""


@router.get("/goods")
def catalog(request: Request, q: str = "") -> HTMLResponse:
    """The rows of the catalog that fit what is typed."""
    rows = read(request, goods.find_goods, q, 200) if q.strip() else read(request, stock.catalog)
    return owner_fragment(request, "owner/catalog_rows.html", goods=rows, q=q)


@router.get("/sku")
def sku_page(request: Request, code: str = "") -> HTMLResponse:
    """A form for a new SKU, or for one that is known."""
    row = read(request, goods.sku_row, code) if code else None
    if code and row is None:
        raise HTTPException(404)
    return owner_page(request, "owner/sku.html", known=row, typed=_typed(row), wrong="")


@router.post("/sku")
def keep_sku(
    request: Request,
    once: Once,
    code: Code,
    product: Word,
    price: Word,
    zone: Annotated[Zone, Form()],
    spec: Word = "",
    unit: Word = "",
    barcode: Word = "",
    shared: Annotated[bool, Form()] = False,
    supplier: Word = "",
    grams: Word = "",
    scale: Word = "",
) -> Response:
    typed = {
        "code": code, "product": product, "spec": spec, "unit": unit, "barcode": barcode, "zone": zone.value,
        "price": price, "supplier": supplier, "grams": grams, "scale": scale,
    }  # fmt: skip
    wrong = _wrong(code, product, price, barcode) or _wrong_scale(grams, scale)
    if not wrong:
        new = preparing.NewSku(
            code=code,
            product=product,
            spec=spec,
            unit=unit or "件",
            barcode=barcode or None,
            shares_barcode=shared,
            zone=zone,
            price_fen=fen_of(price),
            supplier=supplier,
            nominal_grams=int(grams) if grams else None,
            scale_code=scale,
        )
        try:
            write(request, preparing.keep_sku, new, once=f"keep_sku:{once}")
            return RedirectResponse("/owner/prepare", 303)
        except Refusal as refusal:
            if refusal.code not in ("barcode_taken", "scale_code_taken"):
                raise
            wrong = refusal.code
    known = read(request, goods.sku_row, code)
    return owner_page(request, "owner/sku.html", status=422, known=known, typed=typed, wrong=wrong)


@router.post("/receive")
def receive(request: Request, once: Once, sku: Word, quantity: Quantity) -> HTMLResponse:
    """到货入库."""
    write(request, preparing.receive, sku, quantity, once=f"receive:{once}")
    row = read(request, goods.sku_row, sku)
    return owner_fragment(request, "owner/catalog_row.html", row=row, received=quantity)


def _wrong(code: str, product: str, price: str, barcode: str) -> str:
    """Which field needs another look: `code`, `product`, `price`, `barcode`, or an empty string."""
    if not code or not product:
        return "code" if not code else "product"
    try:
        fen_of(price)
    except Refusal:
        return "price"
    if is_in_store(barcode):
        return "in_store"
    return "barcode" if barcode and not gtin_fits(barcode) else ""


def _wrong_scale(grams: str, scale: str) -> str:
    """`grams` or `scale`: what is weighed has a weight that it is sold as, and its number on the scale is digits."""
    if grams and not (grams.isascii() and grams.isdigit() and 0 < int(grams) <= HEAVIEST):
        return "grams"
    return "scale" if scale and not (grams and scale.isascii() and scale.isdigit() and len(scale) <= 7) else ""


def _typed(row: SkuRow | None) -> dict[str, Any]:
    if row is None:
        return {
            "code": "", "product": "", "spec": "", "unit": "件", "barcode": "", "zone": Zone.AMBIENT.value,
            "price": "", "supplier": "", "grams": "", "scale": "",
        }  # fmt: skip
    return {
        "code": row.sku, "product": row.name, "spec": row.spec, "unit": row.unit, "barcode": row.barcode or "",
        "zone": row.zone, "price": yuan_of(row.price_fen), "supplier": row.supplier,
        "grams": row.nominal_grams or "", "scale": row.scale_code,
    }  # fmt: skip
