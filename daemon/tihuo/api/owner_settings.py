"""设置: who may work here, and what the box knows of the shop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import StringConstraints

from tihuo.api import owner_kiosk
from tihuo.api.asking import actor_of, door_of, read, write
from tihuo.api.auth import SESSION, SESSION_SECONDS, hash_pin, secure, session_cookie
from tihuo.api.owner_pages import owner_fragment, owner_page
from tihuo.api.staff_pages import Once
from tihuo.boards import people
from tihuo.shop import staff
from tihuo.shop.words import Zone

router = APIRouter(prefix="/settings")

SHORTEST_PIN, LONGEST_PIN = 4, 64
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), Form()]


@router.get("")
def settings_page(request: Request) -> HTMLResponse:
    door = door_of(request)
    slots = {zone.value: door.house.slots.get(zone.value, ()) for zone in Zone}
    return owner_page(
        request,
        "owner/settings.html",
        users=read(request, people.users),
        house=door.house,
        slots=slots,
        timezone=door.timezone,
        kiosks=door.kiosks,
        **owner_kiosk.picture(request),
        shortest=SHORTEST_PIN,
        longest=LONGEST_PIN,
    )


@router.post("/users")
def keep_user(
    request: Request,
    once: Once,
    name: Name,
    role: Annotated[str, Form()],
    pin: Annotated[str, Form(min_length=SHORTEST_PIN, max_length=LONGEST_PIN)],
) -> Response:
    """Add a person, or renew her PIN; whoever renews her own stays logged in."""
    write(request, staff.keep_user, name, role, hash_pin(pin), once=f"keep_user:{once}")
    answer = _users(request)
    person = read(request, people.user, name)
    if person is not None and name == actor_of(request):
        cookie = session_cookie(door_of(request), person)
        answer.set_cookie(
            SESSION, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure(request)
        )
    return answer


@router.post("/users/remove")
def remove_user(request: Request, once: Once, name: Name) -> Response:
    write(request, staff.remove_user, name, once=f"remove_user:{once}")
    return _users(request)


def _users(request: Request) -> HTMLResponse:
    return owner_fragment(
        request,
        "owner/users.html",
        users=read(request, people.users),
        shortest=SHORTEST_PIN,
        longest=LONGEST_PIN,
    )
