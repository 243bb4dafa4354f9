"""The kiosk (自提): one screen in front of a customer, drawn from the visit that is open at it.

What only this screen knows stands in its `view`: the digit pad, the choice of parcels, a word after a tap. A view has
an end of its own and gives way as soon as the visit behind it changes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.auth import may_be_kiosk
from tihuo.api.door import Door, Part
from tihuo.api.kiosk_tries import Tries
from tihuo.api.pages import fragment, language_of
from tihuo.api.texts import KIOSK, say
from tihuo.boards.kiosk import KioskParcel, KioskPicture, kiosk_picture
from tihuo.boards.pickup import on_the_shelf
from tihuo.shop.words import Refusal
from tihuo.shop.work import Look
from tihuo.stages import handing_over


async def our_kiosk(request: Request, k: str = "k1") -> None:
    """Only a kiosk of this box, and only for a browser that may be that one."""
    if k not in door_of(request).kiosks or not may_be_kiosk(request.state.visitor, k):
        raise HTTPException(404)


router = APIRouter(prefix="/kiosk", dependencies=[Depends(our_kiosk)])

VIEWS_LAST_MS = {"pad": 30_000, "called": handing_over.REFUSED_MS, "told": handing_over.REFUSED_MS}
LASTS_MS = {
    "welcome": handing_over.WELCOME_MS,
    "confirm": handing_over.CONFIRM_MS,
    "partly": handing_over.PARTLY_MS,
    "done": handing_over.DONE_MS,
}
"""How long a state of a visit lasts; a refusal lasts `REFUSED_MS`."""
LONGEST_CODE = 512
STRANGE_MS = 30_000
"""How long a screen that nobody touches stays in the language that somebody chose."""


@dataclass(frozen=True)
class Stage:
    """What the screen shows now. `waiting`: parcels still on the shelf; `until`: the end of their earliest window."""

    picture: KioskPicture
    waiting: tuple[KioskParcel, ...] = ()
    until: int = 0
    eyes: bool = True
    """Whether the camera sees codes; without it the digits come first."""
    paper: bool = True
    """Whether a receipt will come out now."""

    @property
    def seen(self) -> str:
        """Stands for all that is shown: equal means that nothing has to be drawn again."""
        return hashlib.sha256(msgspec.json.encode((self.picture, self.until, self.eyes, self.paper))).hexdigest()[:12]


@dataclass(frozen=True)
class View:
    """What only this screen knows: `pad`, `choose`, `called`, `told` (a code of `KIOSK` with its facts), or nothing."""

    name: str = ""
    ticked: frozenset[int] | None = None
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    hint: bool = False


@router.get("")
def kiosk_page(request: Request, k: str = "k1") -> Response:
    """The whole screen. It chooses its language by its address only, so that the next customer finds her own."""
    return _draw(request, k, View(), "kiosk/page.html")


@router.get("/stage")
def stage(request: Request, k: str, seen: str = "", view: str = "", visit: str = "") -> Response:
    """The stage again; 204 while what is shown is still true."""
    now = _stage(request, k)
    if seen == now.seen:
        return Response(status_code=204)
    if now.picture.state == "idle" and seen and not view and "lang" in request.query_params:
        return Response(status_code=204, headers={"HX-Redirect": f"/kiosk?k={k}"})
    kept = View()
    if view == "choose" and visit == str(now.picture.visit_id) and now.picture.state in ("welcome", "confirm"):
        kept = View("choose", ticked=_numbers(request.query_params.getlist("take")))
    return _draw(request, k, kept, stage=now)


@router.get("/strip")
def strip(request: Request, k: str) -> Response:
    """The line at the top: shop, time, and what does not work just now."""
    return fragment(request, "kiosk/strip.html", k=k, troubles=_troubles(door_of(request)))


@router.get("/pad")
def pad(request: Request, k: str) -> Response:
    return _draw(request, k, View("pad"))


@router.get("/choose")
def choose(request: Request, k: str) -> Response:
    """少了东西: the customer says herself which parcels she has."""
    return _draw(request, k, View("choose"))


@router.post("/code")
def show_code(request: Request, k: str, code: Annotated[str, Form(max_length=LONGEST_CODE)]) -> Response:
    """A code from the digit pad, or from a scanner that types. Digits can be guessed, so wrong ones are rationed."""
    tries: Tries = request.app.state.tries
    guessed = code.strip().replace(" ", "").isdigit()
    if guessed and tries.take(k, door_of(request).ticks()):
        return _draw(request, k, View("told", code="too_many_tries"))
    write(request, handing_over.check_in, k, code, actor=f"kiosk {k}")
    now = _stage(request, k)
    if guessed and now.picture.state != "unknown_code":
        tries.give_back(k)
    return _draw(request, k, View(), stage=now)


@router.post("/hand-over")
def hand_over(
    request: Request,
    k: str,
    visit: Annotated[int, Form()],
    nonce: Annotated[str, Form(min_length=8, max_length=32)],
    take: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """都拿到了: the parcels that the customer saw and took, once, however often the button is touched."""
    if not take:
        return _draw(request, k, View("choose", ticked=frozenset(), hint=True))
    if not _stands_here(request, k, visit):
        return _draw(request, k, View("told", code="visit_over"))
    try:
        write(request, handing_over.hand_over, visit, take, once=f"handover:{visit}:{nonce}", actor=f"kiosk {k}")
    except Refusal as refusal:
        now = _stage(request, k)
        somebody_else_did = now.picture.visit_id == visit and now.picture.state in ("partly", "done")
        view = View() if somebody_else_did else View("told", code=refusal.code, facts=dict(refusal.facts))
        return _draw(request, k, view, stage=now)
    return _draw(request, k, View())


@router.post("/leave")
def leave(request: Request, k: str, visit: Annotated[int | None, Form()] = None) -> Response:
    if visit is not None and _stands_here(request, k, visit):
        write(request, handing_over.leave, visit, actor=f"kiosk {k}")
    return _draw(request, k, View())


@router.post("/call")
def call(request: Request, k: str, visit: Annotated[int | None, Form()] = None) -> Response:
    """叫店员. Called again within seconds it is one call, but the customer gets her answer."""
    calls: Tries = request.app.state.calls
    if not calls.take(k, door_of(request).ticks()):
        write(request, handing_over.call_staff, k, visit, actor=f"kiosk {k}")
    return _draw(request, k, View("called"))


def _stands_here(request: Request, kiosk: str, visit: int) -> bool:
    """Whether it is this kiosk's own visit: a tablet cannot act for the customer before another one."""
    return read(request, kiosk_picture, kiosk).visit_id == visit


def _stage(request: Request, kiosk: str) -> Stage:
    picture, waiting, until = read(request, _look, kiosk)
    door = door_of(request)
    parts = door.parts()
    trouble = {part.name: part.trouble for part in parts}
    return Stage(
        picture,
        waiting,
        until,
        eyes=not trouble.get("camera"),
        paper=door.house.print_receipts and not _no_receipts(door, parts),
    )


def _look(look: Look, kiosk: str) -> tuple[KioskPicture, tuple[KioskParcel, ...], int]:
    picture = kiosk_picture(look, kiosk)
    waiting = tuple(parcel for parcel in picture.parcels if not parcel.taken)
    if picture.state != "partly":
        return picture, waiting, 0
    numbers = {parcel.parcel_id for parcel in waiting}
    ends = [
        row.window_to
        for slot in sorted({parcel.slot for parcel in waiting})
        for row in on_the_shelf(look, slot)
        if row.parcel_id in numbers
    ]
    return picture, waiting, min(ends, default=0)


def _draw(
    request: Request, kiosk: str, view: View, template: str = "kiosk/stage.html", *, stage: Stage | None = None
) -> HTMLResponse:
    if stage is None:
        stage = _stage(request, kiosk)
    picture = stage.picture
    code = view.code or (picture.state if picture.state in KIOSK and not view.name else "")
    text = KIOSK.get(code, KIOSK["unknown_code"])
    lang = request.query_params.get("lang", "")
    return fragment(
        request,
        template,
        k=kiosk,
        to=lambda path: f"/kiosk{path}?k={kiosk}" + (f"&lang={lang}" if lang else ""),
        strange=bool(lang),
        stage=stage,
        picture=picture,
        view=view,
        code=code,
        said=say(text, view.facts or picture.facts, language_of(request)) if code else None,
        nonce=secrets.token_urlsafe(9),
        left=_left(request, picture, view),
        lasts=_lasts(picture, view),
        troubles=_troubles(door_of(request)),
    )


def _left(request: Request, picture: KioskPicture, view: View) -> int:
    """Milliseconds until the screen moves on by itself; 0 for never."""
    if view.name in VIEWS_LAST_MS:
        return VIEWS_LAST_MS[view.name]
    if picture.visit_id is not None:
        return max(picture.ends_at - door_of(request).ticks(), 1)
    return STRANGE_MS if "lang" in request.query_params else 0


def _lasts(picture: KioskPicture, view: View) -> int:
    if view.name in VIEWS_LAST_MS:
        return VIEWS_LAST_MS[view.name]
    return LASTS_MS.get(picture.state, STRANGE_MS if picture.visit_id is None else handing_over.REFUSED_MS)


def _no_receipts(door: Door, parts: Sequence[Part]) -> list[Part]:
    """The printers of receipts, if all of them are in trouble."""
    names = {f"printer_{place.name}" for place in door.printers if "receipt" in place.roles} or {"printer_receipt"}
    stuck = [part for part in parts if part.name in names and part.trouble]
    return stuck if len(stuck) == len(names) else []


def _troubles(door: Door) -> list[tuple[str, int]]:
    """What a customer should know: a word of `strip.html`, and since when."""
    found: list[tuple[str, int]] = []
    parts = door.parts()
    receipts = _no_receipts(door, parts)
    for part in parts:
        if not part.trouble:
            continue
        ledger_is_ill = part.name in ("ledger", "disk") and part.trouble not in ("disk_low", "disk_reserve")
        if ledger_is_ill or (part.name == "restore" and part.trouble != "restoring_passed"):
            found.append(("closed", part.since))
        elif part.name == "camera":
            found.append(("camera", part.since))
        elif part in receipts[:1] and part.trouble != "printer_not_set":
            found.append(("paper", part.since))
        elif part.name == "lights" and part.trouble not in ("lights_not_set", "lamp_out_of_range"):
            found.append(("lights", part.since))
        elif part.name == "cloud" and part.trouble != "cloud_not_set":
            found.append(("offline", part.since))
    return found


def _numbers(texts: Sequence[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if text.isascii() and text.isdigit())
