"""少了东西 at the kiosk: which parcel is not there, what is not in it. Staff hears at once; she sees who comes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.kiosk_stage import View, draw, our_kiosk, stage_of, stands_here
from tihuo.boards.counter import counter_parcel
from tihuo.boards.pickup import call_at
from tihuo.shop.words import Refusal
from tihuo.stages import receipting, reporting

router = APIRouter(prefix="/kiosk", dependencies=[Depends(our_kiosk)])

Visit = Annotated[int, Form()]
Nonce = Annotated[str, Form(min_length=8, max_length=32)]
What = Literal["parcel", "goods", "not_hers"]


@router.get("/report")
def report(request: Request, k: str) -> Response:
    """What is wrong? Three large answers."""
    return draw(request, k, View("report"))


@router.post("/report")
def report_which(request: Request, k: str, visit: Visit, what: Annotated[What, Form()]) -> Response:
    """With which of her parcels; there is nothing to ask if she has but one."""
    now = stage_of(request, k)
    if now.picture.visit_id != visit or not now.picture.parcels:
        return draw(request, k, View("told", code="visit_over"), stage=now)
    if len(now.picture.parcels) > 1:
        return draw(request, k, View("report_which"), stage=now, what=what)
    return _chosen(request, k, visit, what, now.picture.parcels[0].parcel_id)


@router.post("/report/parcel")
def report_parcel(
    request: Request, k: str, visit: Visit, what: Annotated[What, Form()], parcel: Annotated[int, Form()]
) -> Response:
    return _chosen(request, k, visit, what, parcel)


@router.post("/report/goods")
def report_goods(
    request: Request,
    k: str,
    visit: Visit,
    nonce: Nonce,
    parcel: Annotated[int, Form()],
    kind: Annotated[Literal["exchange", "refund_only"], Form()],
    missing: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Each thing that was touched is one unit that is not there."""
    units = {sku: (missing or []).count(sku) for sku in missing or []}
    if not units:
        return _goods(request, k, visit, parcel, hint=True)
    if not stands_here(request, k, visit):
        return draw(request, k, View("told", code="visit_over"))
    try:
        once = f"report:{visit}:{nonce}"
        write(request, reporting.report_goods, visit, parcel, units, kind, once=once, actor=f"kiosk {k}")
    except Refusal as refusal:
        return draw(request, k, View("told", code=refusal.code, facts=dict(refusal.facts)))
    return reported(request, k)


@router.get("/reported")
def reported(request: Request, k: str) -> Response:
    """Staff knows; who is on the way stands there as soon as somebody says so."""
    return draw(request, k, View("reported"), call=read(request, call_at, k, door_of(request).ticks()))


@router.post("/receipt")
def receipt(request: Request, k: str, visit: Visit) -> Response:
    """要小票: one for the whole visit, however often the button is touched."""
    if not stands_here(request, k, visit):
        return draw(request, k, View())
    try:
        write(request, receipting.of_visit, visit, actor=f"kiosk {k}")
    except Refusal:
        return draw(request, k, View())
    return draw(request, k, View("receipt"))


def _chosen(request: Request, kiosk: str, visit: int, what: str, parcel: int) -> Response:
    if what == "goods":
        return _goods(request, kiosk, visit, parcel)
    if not stands_here(request, kiosk, visit):
        return draw(request, kiosk, View("told", code="visit_over"))
    try:
        write(request, reporting.report_parcels, visit, [parcel], what, actor=f"kiosk {kiosk}")
    except Refusal as refusal:
        return draw(request, kiosk, View("told", code=refusal.code, facts=dict(refusal.facts)))
    return reported(request, kiosk)


def _goods(request: Request, kiosk: str, visit: int, parcel: int, hint: bool = False) -> Response:
    """The list of what should be in one of her own parcels."""
    now = stage_of(request, kiosk)
    hers = {one.parcel_id for one in now.picture.parcels}
    if now.picture.visit_id != visit or parcel not in hers:
        return draw(request, kiosk, View("told", code="visit_over"), stage=now)
    found = read(request, counter_parcel, parcel)
    return draw(request, kiosk, View("report_goods", hint=hint), stage=now, parcel=found)
