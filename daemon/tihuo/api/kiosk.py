"""The kiosk (自提): one screen in front of a customer, drawn from the visit that is open at it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from tihuo.api.asking import door_of, write
from tihuo.api.kiosk_stage import View, draw, language_for, our_kiosk, stage_of, stands_here, troubles_of
from tihuo.api.kiosk_tries import Tries
from tihuo.api.pages import fragment
from tihuo.ledger.database import DatabaseTrouble
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, welcoming

router = APIRouter(prefix="/kiosk", dependencies=[Depends(our_kiosk)])

LONGEST_CODE = 512


@router.get("")
def kiosk_page(request: Request, k: str = "k1") -> Response:
    """The whole screen. It chooses its language by its address only, so that the next customer finds her own."""
    return draw(request, k, View(), "kiosk/page.html")


@router.get("/stage")
def stage(
    request: Request, k: str, seen: str = "", view: str = "", visit: str = "", state: str = "", lang_shown: str = ""
) -> Response:
    """The stage again; 204 while what is shown is still true."""
    now = stage_of(request, k)
    if seen == now.seen:
        return Response(status_code=204)
    she_left = now.state == "idle" and state not in ("", "idle", "closed")
    if (she_left and "lang" in request.query_params) or (lang_shown and lang_shown != language_for(request, now).code):
        return draw(request, k, View(), "kiosk/anew.html", stage=now)
    same_visit = visit == str(now.picture.visit_id or "") and state == now.state
    if view == "choose" and visit == str(now.picture.visit_id) and now.state in ("welcome", "confirm"):
        return draw(request, k, View("choose", ticked=_numbers(request.query_params.getlist("take"))), stage=now)
    if view and seen and same_visit:  # a printer ran out of paper, say: nothing to take digits away for
        return Response(status_code=204)
    return draw(request, k, View(), stage=now)


@router.get("/strip")
def strip(request: Request, k: str, shown: str = "", hidden: bool = False) -> Response:
    """The line at the top: shop, time, and what does not work just now. The screen that asks is alive."""
    door = door_of(request)
    visitor = request.state.visitor
    if (visitor.local or visitor.kiosk == k) and door.screens.beat(k, door.ticks(), hidden=hidden):
        with suppress(DatabaseTrouble, TimeoutError):  # noted after the next start, then
            write(request, welcoming.note_screen, k, actor=f"kiosk {k}")
    request.state.lang = shown
    return fragment(request, "kiosk/strip.html", k=k, troubles=troubles_of(door, k))


@router.get("/awake")
def awake(request: Request, k: str) -> Response:
    """`awake`, `silent` or `never`: for whoever starts the kiosk's browser again when its page is dead."""
    silent = door_of(request).screens.silent(k, door_of(request).ticks())
    return Response({True: "silent", False: "awake", None: "never"}[silent], media_type="text/plain")


@router.post("/manner")
def choose_manner(
    request: Request,
    k: str,
    lang: Annotated[str, Form(max_length=8)] = "",
    slow: Annotated[bool, Form()] = False,
    lang_shown: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """长辈模式, or another language, for whoever stands here now. Another language is a whole page."""
    write(request, welcoming.choose_manner, k, lang, slow, actor=f"kiosk {k}")
    return draw(request, k, View(), "kiosk/stage.html" if lang == lang_shown else "kiosk/anew.html")


@router.get("/pad")
def pad(request: Request, k: str) -> Response:
    return draw(request, k, View("pad"))


@router.get("/choose")
def choose(request: Request, k: str) -> Response:
    """少了东西: the customer says herself which parcels she has."""
    return draw(request, k, View("choose"))


@router.post("/code")
def show_code(request: Request, k: str, code: Annotated[str, Form(max_length=LONGEST_CODE)]) -> Response:
    """A code from the digit pad, or from a scanner that types. Digits can be guessed, so wrong ones are rationed."""
    write(request, handing_over.check_in, k, code, actor=f"kiosk {k}")
    return draw(request, k, View())


@router.post("/hand-over")
def hand_over(
    request: Request,
    k: str,
    visit: Annotated[int, Form()],
    nonce: Annotated[str, Form(min_length=8, max_length=32)],
    take: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """都拿到了: the parcels that the customer saw and took, once, however often the button is touched."""
    if not take and (now := stage_of(request, k)).waiting:
        return draw(request, k, View("choose", ticked=frozenset(), hint=True), stage=now)
    if not stands_here(request, k, visit):
        return draw(request, k, View("told", code="visit_over"))
    try:
        write(request, handing_over.hand_over, visit, take or [], once=f"handover:{visit}:{nonce}", actor=f"kiosk {k}")
    except Refusal as refusal:
        now = stage_of(request, k)
        somebody_else_did = now.picture.visit_id == visit and now.picture.state in ("partly", "done")
        view = View() if somebody_else_did else View("told", code=refusal.code, facts=dict(refusal.facts))
        return draw(request, k, view, stage=now)
    return draw(request, k, View())


@router.post("/leave")
def leave(request: Request, k: str, visit: Annotated[int | None, Form()] = None) -> Response:
    if visit is not None and stands_here(request, k, visit):
        write(request, handing_over.leave, visit, actor=f"kiosk {k}")
    return draw(request, k, View())


@router.post("/call")
def call(request: Request, k: str, visit: Annotated[int | None, Form()] = None) -> Response:
    """叫店员. Called again within seconds it is one call, but the customer gets her answer."""
    calls: Tries = request.app.state.calls
    if not calls.take(k, door_of(request).ticks()):
        try:
            write(request, handing_over.call_staff, k, visit, actor=f"kiosk {k}")
        except (DatabaseTrouble, TimeoutError):  # she must not wait for somebody who was never called
            calls.give_back(k)
            return draw(request, k, View("told", code="nobody_called"))
    return draw(request, k, View("called"))


def _numbers(texts: Sequence[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if text.isascii() and text.isdigit())
