"""Logging in, logging out, and making a tablet a kiosk."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from tihuo.api.asking import door_of, person_of, read
from tihuo.api.auth import (
    PAIRING,
    PAIRING_SECONDS,
    SESSION,
    SESSION_SECONDS,
    Patience,
    fits,
    pairing_cookie,
    safe_next,
    secure,
    session_cookie,
)
from tihuo.api.pages import page
from tihuo.boards.people import UserRow, pin_hash, user, users
from tihuo.shop.words import Role

router = APIRouter()


@router.get("/")
def first_page(request: Request) -> Response:
    """Everybody to her own page."""
    person = person_of(request)
    if person is None:
        return RedirectResponse("/kiosk", 303)
    return RedirectResponse(_home(person), 303)


@router.get("/login")
def login_page(request: Request, next: str = "") -> Response:  # noqa: A002  the name in the address
    return _form(request, next)


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form()] = "",
    pin: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002
) -> Response:
    person, wait = _recognise(request, name, pin)
    if person is None:
        return _form(request, next, name=name, wait=wait, wrong=not wait)
    response = RedirectResponse(safe_next(next, _home(person)), 303)
    device = request.state.visitor.device or f"phone {secrets.token_hex(2)}"
    cookie = session_cookie(door_of(request), person, device)
    response.set_cookie(SESSION, cookie, SESSION_SECONDS, httponly=True, samesite="lax", secure=secure(request))
    return response


@router.post("/logout")
def log_out(request: Request) -> Response:
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION)
    response.delete_cookie(PAIRING)
    return response


@router.get("/pair")
def pair_page(request: Request, next: str = "") -> Response:  # noqa: A002
    return _form(request, next, pairing=True)


@router.post("/pair")
def pair(
    request: Request,
    name: Annotated[str, Form()] = "",
    pin: Annotated[str, Form()] = "",
    kiosk: Annotated[str, Form()] = "",
) -> Response:
    """This browser becomes a kiosk and nothing else: it keeps no login."""
    door = door_of(request)
    person, wait = _recognise(request, name, pin)
    if person is None or kiosk not in door.kiosks:
        return _form(request, "", pairing=True, name=name, wait=wait, wrong=person is None and not wait)
    response = RedirectResponse(f"/kiosk?k={kiosk}", 303)
    cookie = pairing_cookie(door, person, kiosk)
    response.set_cookie(PAIRING, cookie, PAIRING_SECONDS, httponly=True, samesite="lax", secure=secure(request))
    return response


def _recognise(request: Request, name: str, pin: str) -> tuple[UserRow | None, int]:
    """The person whose PIN this is, or the seconds to wait before the next try."""
    patience: Patience = request.app.state.patience
    keys = (f"name {name[:40]}", f"address {request.state.visitor.address}")
    wait = patience.ask(door_of(request).ticks(), *keys)
    if wait:
        return None, -(-wait // 1000)
    if not fits(pin, read(request, pin_hash, name)):
        return None, 0
    patience.forgive(*keys)
    return read(request, user, name), 0


def _form(
    request: Request,
    there: str,
    *,
    pairing: bool = False,
    name: str = "",
    wait: int = 0,
    wrong: bool = False,
) -> Response:
    return page(
        request,
        "login/login.html",
        status=429 if wait else 403 if wrong else 200,
        people=read(request, users),
        kiosks=door_of(request).kiosks,
        pairing=pairing,
        next=safe_next(there, ""),
        name=name,
        wait=wait,
        wrong=wrong,
    )


def _home(person: UserRow) -> str:
    return "/owner" if person.role == Role.OWNER else "/staff"
