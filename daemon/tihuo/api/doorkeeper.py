"""The one way in: decides for every request whose page it is and who asks, before a byte of its body is read."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from fastapi import Request
from fastapi.exceptions import HTTPException
from fastapi.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tihuo.api.auth import Audience, People, Visitor, audience_of, may_enter, visitor_of
from tihuo.api.door import Door
from tihuo.api.problems import answer, is_fragment, trouble_answer, wants_page
from tihuo.ledger.database import DatabaseTrouble

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES = 64 << 10
LARGE_BODIES = {
    "/simulator/picture": 8 << 20,
    "/staff/scan/photo": (8 << 20) + 4096,
    "/staff/stock/correct": (8 << 20) + 8192,
    "/owner/import": 32 << 20,
}
"""Paths that take a file, and the most bytes of one."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class Doorkeeper:
    """Deny by default. Sets `request.state.visitor` for whoever is let in."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door
        self._people = People(door)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")
        headers = _headers(scope)
        scope.setdefault("state", {})["visitor"] = Visitor()
        request = Request(scope, receive)

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        refused = self._refusal(request, headers)
        if refused is not None:
            return await refused(scope, receive, send_guarded)
        try:
            return await self._app(scope, _limited(receive, _most_bytes(scope["path"])), send_guarded)
        except Exception:  # whatever a page trips over, the person before it gets an answer and the log the rest
            log.exception("%s %s failed", request.method, request.url.path)
            if begun:
                raise
            return await answer(request, 500, "broken")(scope, receive, send_guarded)

    def _refusal(self, request: Request, headers: Mapping[str, str]) -> Response | None:
        audience = audience_of(request.scope["path"])
        if audience is None:
            return answer(request, 404, "no_such_page")
        address = request.client.host if request.client else ""
        try:
            visitor = visitor_of(self._people, address, headers, request.cookies)
        except DatabaseTrouble as trouble:
            if audience is not Audience.PUBLIC:
                return trouble_answer(request, trouble)
            visitor = Visitor(address=address)
        request.state.visitor = visitor
        if request.method not in SAFE and not _same_origin(headers):
            return answer(request, 403, "foreign_page")
        if _declared_bytes(headers) > _most_bytes(request.scope["path"]):
            return answer(request, 413, "too_large")
        if may_enter(audience, visitor, simulator=self._door.simulator is not None):
            return None
        if audience is Audience.SIMULATOR:
            return answer(request, 404, "no_such_page")
        if visitor.person is not None:
            return answer(request, 403, "not_yours")
        return _to_login(request, audience)


def _to_login(request: Request, audience: Audience) -> Response:
    """A browser is led to the login and back; a program is told."""
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method not in SAFE or is_fragment(request):
        there = urlsplit(request.headers.get("hx-current-url", request.headers.get("referer", ""))).path or "/"
    pairing = audience is Audience.KIOSK and there.startswith("/kiosk")
    login = f"{'/pair' if pairing else '/login'}?{urlencode({'next': there})}"
    if is_fragment(request):
        return Response(status_code=401, headers={"HX-Redirect": login, "Cache-Control": "no-store"})
    if wants_page(request):
        return RedirectResponse(login, 303, {"Cache-Control": "no-store"})
    return answer(request, 401, "log_in_first")


def _headers(scope: Scope) -> Mapping[str, str]:
    """By name; the first counts if one comes twice. Starlette's look through all of them for each name."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a page of ours sends this. A program that is no browser names no origin and brings no cookies."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _declared_bytes(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "0")
    return int(length) if re.fullmatch(r"\d{1,18}", length) else 0


def _most_bytes(path: str) -> int:
    return LARGE_BODIES.get(path, BODY_BYTES)


def _limited(receive: Receive, most: int) -> Receive:
    """The body, cut off where a sender that did not say its length goes too far."""
    got = 0

    async def limited() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise HTTPException(413)
        return message

    return limited
