"""What the owner's pages have in common: reading a form the way people write money and time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from tihuo.api.asking import door_of
from tihuo.api.pages import fragment, page
from tihuo.api.staff_pages import nonce
from tihuo.shop.words import Fen, Millis, Refusal

_YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2}))?")


async def form_of(request: Request) -> FormData:
    """All fields of a form whose names are not known beforehand."""
    return await request.form(max_fields=4000)


def owner_page(request: Request, template: str, **context: Any) -> HTMLResponse:
    return page(request, template, nonce=nonce, **context)


def owner_fragment(request: Request, template: str, **context: Any) -> HTMLResponse:
    return fragment(request, template, nonce=nonce, **context)


def fen_of(text: str) -> Fen:
    """Yuan as people type them, in fen. Raises `Refusal("not_understood")`.

    >>> fen_of("12.9"), fen_of(" ¥3 "), fen_of("0.05")
    (1290, 300, 5)
    """
    match = _YUAN.fullmatch(text.strip().lstrip("¥￥").strip())
    if match is None:
        raise Refusal("not_understood", fields="price")
    yuan, cents = match.groups()
    return Fen(int(yuan) * 100 + int((cents or "0").ljust(2, "0")))


def yuan_of(fen: int) -> str:
    """Fen for an input field.

    >>> yuan_of(1290), yuan_of(5)
    ('12.90', '0.05')
    """
    return f"{fen // 100}.{fen % 100:02d}"


def millis_of(request: Request, local: str) -> Millis:
    """What a browser's `datetime-local` field gives, in the shop's time zone. Raises `Refusal("bad_times")`."""
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        raise Refusal("bad_times") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(door_of(request).timezone))
    return Millis(round(moment.timestamp() * 1000))


def local_of(request: Request, at: int) -> str:
    """A moment for a `datetime-local` field."""
    return f"{datetime.fromtimestamp(at / 1000, ZoneInfo(door_of(request).timezone)):%Y-%m-%dT%H:%M}"
