"""The web side of the box, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.formparsers import MultiPartParser
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tihuo import __version__
from tihuo.api import health, kiosk, live, login, owner, problems, simulator, staff
from tihuo.api.auth import Patience
from tihuo.api.door import Door
from tihuo.api.doorkeeper import Doorkeeper
from tihuo.api.kiosk_tries import Tries
from tihuo.api.live import LiveUpdates
from tihuo.api.pages import Pages
from tihuo.devices.photograph import MOST_BYTES
from tihuo.shop.events import Event
from tihuo.webroot import WEB


class Assets(StaticFiles):
    """Files whose address changes with their content, so that a browser never asks twice."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(door: Door) -> FastAPI:
    """All pages of one box. `app.state.live` is its `LiveUpdates`: close it before the server is asked to stop, or
    the server waits for pages that never hang up."""
    updates = LiveUpdates()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        updates.open()
        yield
        updates.close()

    app = FastAPI(title="tihuo", version=__version__, lifespan=lifespan, openapi_url=None)
    MultiPartParser.spool_max_size = MOST_BYTES  # a photograph is never on the card, not even for the blink of an eye
    app.state.door = door
    app.state.live = updates
    app.state.pages = Pages(door)
    app.state.patience = Patience()
    app.state.tries = Tries(most=5, every_ms=30_000)
    app.state.calls = Tries(most=1, every_ms=10_000)
    app.add_middleware(Doorkeeper, door=door)
    problems.install(app)
    for part in (kiosk, staff, live, health, login, owner):  # the busiest first
        app.include_router(part.router)
    if door.simulator is not None:
        app.include_router(simulator.router)
    app.mount("/static", Assets(directory=WEB / "static"), name="static")
    app.mount("/vendor", Assets(directory=WEB / "vendor", check_dir=False), name="vendor")
    door.writer.listen(lambda events: updates.publish(_topics(events)))
    return app


def _topics(events: list[Event]) -> set[str]:
    return {topic for event in events for topic in event.TOPICS}
