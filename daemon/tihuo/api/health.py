"""Is the box well? For systemd, for whoever watches several shops, and for the banners of the pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tihuo import __version__
from tihuo.api.asking import door_of
from tihuo.ledger.journal import last_entry

router = APIRouter()


@router.get("/healthz")
def healthz(request: Request) -> JSONResponse:
    """`ok` while the box can write and read; parts in trouble are named by their codes, without words or names."""
    door = door_of(request)
    known = door.parts()
    parts: dict[str, Any] = {part.name: part.trouble or "ok" for part in known}
    slots = {part.name: part.facts["slots"] for part in known if "slots" in part.facts}
    ok = door.writer.is_alive() and not door.writer.trouble and door.readers.read(last_entry) >= 0
    told = {"ok": ok, "version": __version__, "parts": parts} | ({"slots": slots} if slots else {})
    return JSONResponse(told, 200 if ok else 503, {"Cache-Control": "no-store"})
