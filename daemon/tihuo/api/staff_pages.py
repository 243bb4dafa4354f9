"""What every staff page has: the station this phone stands at, the colour of whoever picks, fresh nonces."""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Form, Request
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from tihuo.api.asking import actor_of, read
from tihuo.api.pages import fragment, page
from tihuo.boards import sorting
from tihuo.shop.waves import COLORS

STATION = "station"
"""The cookie that says where a phone is used; without it a station has its user's name."""

Once = Annotated[str, Form(min_length=8, max_length=80)]
"""The nonce of a wish: a repeat of it changes nothing."""
Scanned = Annotated[str, StringConstraints(strip_whitespace=True, max_length=512), Form()]
Quantity = Annotated[int, Form(ge=1, le=1_000_000)]


def nonce() -> str:
    return secrets.token_hex(12)


def station_of(request: Request) -> str:
    """Where this phone is used."""
    return unquote(request.cookies.get(STATION, "")).strip()[:24] or actor_of(request)


def staff_page(request: Request, template: str, **context: Any) -> HTMLResponse:
    station = station_of(request)
    picker, _, rhythm = read(request, sorting.picker_of, station)
    colour = picker % len(COLORS)
    return page(request, template, station=station, picker=colour, rhythm=rhythm, nonce=nonce, **context)


def staff_fragment(request: Request, template: str, **context: Any) -> HTMLResponse:
    return fragment(request, template, station=station_of(request), nonce=nonce, **context)
