"""What the screen of a kiosk shows now, and how it is drawn. Every route of a kiosk ends in `draw`.

What only this screen knows stands in its `View`: the digit pad, the choice of parcels, a word after a tap. A flow of
its own is one more name in `VIEWS` and one more template in `kiosk/`, drawn by `draw(request, k, View("its_name"))`. A
view has an end of its own and gives way as soon as the visit behind it changes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse

from tihuo.api.asking import door_of, read
from tihuo.api.auth import may_be_kiosk
from tihuo.api.door import Door, Part
from tihuo.api.kiosk_phrases import pieces_of, words_of
from tihuo.api.pages import Language, Pages, fragment, language_of
from tihuo.api.texts import CLOSED, KIOSK, say
from tihuo.boards.kiosk import KioskParcel, KioskPicture, kiosk_picture, shop_lines
from tihuo.shop import manners
from tihuo.shop.manners import Manner
from tihuo.shop.words import Zone
from tihuo.stages import handing_over

VIEWS = {
    "pad": 30_000,
    "choose": 0,
    "report": 45_000,
    "report_which": 45_000,
    "report_goods": 60_000,
    "reported": 60_000,
    "receipt": handing_over.DONE_MS,
    "called": handing_over.REFUSED_MS,
    "told": handing_over.REFUSED_MS,
    "tail": 30_000,
    "tail_name": 30_000,
    "tail_goods": 45_000,
    "number": handing_over.REFUSED_MS,
}
"""A view of the screen alone -> how many milliseconds it stays untouched; 0: as long as the visit behind it."""
LASTS_MS = {
    "welcome": handing_over.WELCOME_MS,
    "confirm": handing_over.CONFIRM_MS,
    "partly": handing_over.PARTLY_MS,
    "done": handing_over.DONE_MS,
}
"""How long a state of a visit lasts; a refusal lasts `REFUSED_MS`."""


class Spoken(NamedTuple):
    """What is said aloud when the screen comes to show this: names of pieces for the box's voice, or sentences for a
    voice of the browser's own."""

    pieces: str = ""
    words: str = ""


class Sign(NamedTuple):
    """How a word of `KIOSK` looks, and what it offers beside "call our staff": `all right`, `digits`; `call` makes the
    call itself the large button. `tone`: `look` where she can do something, `calm` where she cannot."""

    icon: str = "circle-alert"
    tone: str = "calm"
    step: str = "all right"


SIGNS = {
    "unknown_code": Sign("scan-qr-code", "look", "digits"),
    "other_shop": Sign("house", "look"),
    "not_ready": Sign("clock", "look"),
    "already_collected": Sign("package-check", step="call"),
    "cancelled": Sign("undo-2"),
    "refused_order": Sign("undo-2"),
    "nothing_left": Sign("package-open", step="call"),
    "given_up_refund": Sign("undo-2", step="call"),
    "given_up_void": Sign("clock", step="call"),
    "restoring": Sign("triangle-alert", "look", "call"),
    "visit_over": Sign("clock", "look"),
    "two_codes": Sign("scan-qr-code", "look", "digits"),
    "too_many_tries": Sign("circle-alert", "look", "call"),
    "revoked": Sign("x", step="call"),
    "expired": Sign("clock", step="call"),
    "stale_code": Sign("rotate-ccw", "look"),
    "live_code_only": Sign("scan-qr-code", "look", "call"),
    "clock_unsure": Sign("clock", "look", "call"),
    "payment_code": Sign("banknote", "look"),
    "web_page": Sign("scan-qr-code", "look", "digits"),
    "goods_code": Sign("scan-barcode", "look", "digits"),
    "damaged_code": Sign("scan-qr-code", "look", "digits"),
    "part_of_a_parcel": Sign("package-open", "look", "call"),
    "tail_unknown": Sign("circle-alert", "look", "call"),
    "tail_not_now": Sign("circle-alert", "look", "call"),
    "nobody_called": Sign("bell", "look"),
}
"""Code of `KIOSK` -> its sign; one that is not here looks like `Sign()`."""


@dataclass(frozen=True)
class Stage:
    """What the screen shows now. `waiting`: parcels still on the shelf, in the order of taking."""

    picture: KioskPicture
    eyes: bool = True
    """Whether the camera sees codes; without it the digits come first."""
    paper: bool = True
    """Whether a receipt will come out now."""
    on_wish: bool = True
    """Whether it comes out only for who asks for it."""
    closed: str = ""
    """Why nothing can be handed over now: `ledger`, `restoring`, or nothing."""
    manner: Manner = Manner()
    """How whoever stands here wants to be served."""

    @property
    def state(self) -> str:
        return "closed" if self.closed else self.picture.state

    @property
    def waiting(self) -> tuple[KioskParcel, ...]:
        return tuple(parcel for parcel in self.picture.parcels if not parcel.taken)

    @property
    def until(self) -> int:
        """The end of the earliest window of what waits; 0 for none."""
        return min((parcel.window_to for parcel in self.waiting), default=0)

    @property
    def seen(self) -> str:
        """Stands for all that is shown: equal means that nothing has to be drawn again."""
        shown = (self.picture, self.eyes, self.paper, self.closed, self.manner)
        return hashlib.sha256(msgspec.json.encode(shown)).hexdigest()[:12]


@dataclass(frozen=True)
class View:
    """What only this screen knows: a name of `VIEWS`, or nothing. `code` is one of `KIOSK`, with its facts; `ms` is how
    long it stays, if not as long as others of its name."""

    name: str = ""
    ticked: frozenset[int] | None = None
    code: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    hint: bool = False
    ms: int = 0


async def our_kiosk(request: Request, k: str = "k1") -> None:
    """Only a kiosk of this box, and only for a browser that may be that one."""
    if k not in door_of(request).kiosks or not may_be_kiosk(request.state.visitor, k):
        raise HTTPException(404)


def stage_of(request: Request, kiosk: str) -> Stage:
    door = door_of(request)
    parts = door.parts()
    picture = read(request, kiosk_picture, kiosk)
    return Stage(
        picture,
        eyes=not door.blind(kiosk, parts),
        on_wish=door.house.receipts_on_wish,
        paper=door.house.print_receipts and not no_receipts(door, parts),
        closed=_closed(parts),
        manner=manners.now(picture.manner, door.ticks(), visited=picture.visit_id is not None),
    )


def language_for(request: Request, stage: Stage) -> Language:
    """What is spoken at this kiosk now: what its address says, or whoever stands here chose, or its own."""
    request.state.lang = stage.manner.lang
    return language_of(request)


def draw(
    request: Request,
    kiosk: str,
    view: View,
    template: str = "kiosk/stage.html",
    *,
    stage: Stage | None = None,
    **more: Any,
) -> HTMLResponse:
    """The stage of a kiosk with this view over it; `more` is for the view's own template."""
    if stage is None:
        stage = stage_of(request, kiosk)
    if view.name == "choose" and not stage.waiting:  # somebody else took them meanwhile
        view = View()
    picture, manner = stage.picture, stage.manner
    language = language_for(request, stage)
    code = view.code or (picture.state if picture.state in KIOSK and not view.name else "")
    text = KIOSK.get(code, KIOSK["unknown_code"])
    lang = request.query_params.get("lang", "")
    return fragment(
        request,
        template,
        k=kiosk,
        to=lambda path: f"/kiosk{path}?k={kiosk}" + (f"&lang={lang}" if lang else ""),
        strange=bool(lang) or manner != Manner(),
        line=read(request, shop_lines).get(language.code, "") if picture.state == "done" else "",
        stage=stage,
        picture=picture,
        view=view,
        code=code,
        said=say(text, view.facts or picture.facts, language) if code else None,
        sign=SIGNS.get(code, Sign()),
        closed_words=say(CLOSED[stage.closed], {}, language) if stage.closed else None,
        nonce=secrets.token_urlsafe(9),
        left=_left(request, stage, view),
        lasts=_lasts(stage, view),
        speech=speech_of(request, stage, view, code, language.code),
        troubles=troubles_of(door_of(request), kiosk),
        **more,
    )


def speech_of(request: Request, stage: Stage, view: View, code: str, lang: str) -> Spoken:
    """Nothing, unless this shop has a voice and whoever stands here, or everybody, is spoken to."""
    door = door_of(request)
    if not (door.speech or door.page_speaks) or not (door.speaks_always or stage.manner.slow):
        return Spoken()
    word = code or (f"closed_{stage.closed}" if stage.closed and not view.name else "")
    pieces = pieces_of(stage.state, stage.waiting, view=view.name, code=word, slow=stage.manner.slow)
    if door.speech is not None:
        return Spoken(pieces=" ".join(f"{lang}/{piece}" for piece in pieces))
    return Spoken(words=" ".join(words_in(request, lang, piece) for piece in pieces))


def words_in(request: Request, lang: str, piece: str) -> str:
    """The sentence of a piece of what this kiosk says. Raises KeyError or ValueError for one that it never says."""
    pages: Pages = request.app.state.pages
    slots = {slot: Zone(zone) for zone, all_of_it in door_of(request).house.slots.items() for slot in all_of_it}
    return words_of(piece, lang, slots, pages.languages[lang].translate)


def _left(request: Request, stage: Stage, view: View) -> int:
    """Milliseconds until the screen moves on by itself; 0 for never."""
    if view_ms := view.ms or VIEWS.get(view.name, 0):
        return stage.manner.lasts(view_ms)
    if stage.closed:
        return 0
    ticks = door_of(request).ticks()
    if stage.picture.visit_id is not None:
        return max(stage.picture.ends_at - ticks, 1)
    if stage.manner != Manner():
        return max(stage.manner.ends_at - ticks, 1)
    return manners.STAYS_MS if "lang" in request.query_params else 0


def _lasts(stage: Stage, view: View) -> int:
    usual = manners.STAYS_MS if stage.picture.visit_id is None else handing_over.REFUSED_MS
    return stage.manner.lasts(view.ms or VIEWS.get(view.name, 0) or LASTS_MS.get(stage.picture.state, usual))


def no_receipts(door: Door, parts: Sequence[Part]) -> list[Part]:
    """The printers of receipts, if all of them are in trouble."""
    names = {f"printer_{place.name}" for place in door.printers if "receipt" in place.roles} or {"printer_receipt"}
    stuck = [part for part in parts if part.name in names and part.trouble]
    return stuck if len(stuck) == len(names) else []


def troubles_of(door: Door, kiosk: str) -> list[tuple[str, int]]:
    """What a customer should know: a word of `strip.html`, and since when; what matters most first."""
    found: list[tuple[str, int]] = []
    parts = door.parts()
    receipts = no_receipts(door, parts)
    blind = door.blind(kiosk, parts)
    for part in parts:
        if not part.trouble:
            continue
        if _closes(part):
            found.insert(0, ("closed", part.since))
        elif part in blind[:1]:
            found.append(("camera", part.since))
        elif part in receipts[:1] and part.trouble != "printer_not_set":
            found.append(("paper", part.since))
        elif part.name == "lights" and part.trouble not in ("lights_not_set", "lamp_out_of_range"):
            found.append(("lights", part.since))
        elif part.name == "cloud" and part.trouble != "cloud_not_set":
            found.append(("offline", part.since))
    return found


def _closed(parts: Sequence[Part]) -> str:
    """`ledger` before `restoring`: where nothing can be written, nobody can be called either."""
    names = {part.name for part in parts if _closes(part)}
    return "ledger" if names - {"restore"} else "restoring" if names else ""


def _closes(part: Part) -> str:
    """What of the box being ill means that nothing can be handed over."""
    if part.name in ("ledger", "disk"):
        return "" if part.trouble in ("disk_low", "disk_reserve") else part.trouble
    return "" if part.name != "restore" or part.trouble == "restoring_passed" else part.trouble


def stands_here(request: Request, kiosk: str, visit: int) -> bool:
    """Whether it is this kiosk's own visit: a tablet cannot act for the customer before another one."""
    return read(request, kiosk_picture, kiosk).visit_id == visit
