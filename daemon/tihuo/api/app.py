"""The web side of the box, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from starlette.formparsers import MultiPartParser
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tihuo import __version__
from tihuo.api import health, kiosk, kiosk_number, kiosk_report, kiosk_speech, kiosk_tail, live, login, problems, turns
from tihuo.api.auth import Patience
from tihuo.api.door import Door
from tihuo.api.doorkeeper import Doorkeeper
from tihuo.api.kiosk_tries import Tries
from tihuo.api.live import LiveUpdates
from tihuo.api.pages import Pages
from tihuo.api.wings import Wing
from tihuo.devices.photograph import MOST_BYTES
from tihuo.shop.events import Event
from tihuo.webroot import WEB

MOST_AT_ONCE = 8
"""Pages that are drawn at once. Each may have a look of its own, half a megabyte that stays; the box has few cores, and
whoever waits for a commit shares it with all the others."""


class Assets(StaticFiles):
    """Files whose address changes with their content, so that a browser never asks twice."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope.get("query_string", b""):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(door: Door) -> FastAPI:
    """All pages of one box. `app.state.live` is its `LiveUpdates`: close it before the server is asked to stop, or
    the server waits for pages that never hang up. Its `wings` open when somebody comes, or before: `Wing.open`."""
    updates = LiveUpdates()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = MOST_AT_ONCE
        updates.open()
        yield
        updates.close()

    app = FastAPI(title="tihuo", version=__version__, lifespan=lifespan, openapi_url=None)
    MultiPartParser.spool_max_size = MOST_BYTES  # a photograph is never on the card, not even for the blink of an eye
    app.state.door = door
    app.state.live = updates
    app.state.pages = Pages(door)
    app.state.patience = Patience()
    app.state.calls = Tries(most=1, every_ms=10_000)
    app.state.numbers = Tries(most=8, every_ms=6_000)
    app.add_middleware(Doorkeeper, door=door)
    problems.install(app)
    app.state.wings = (Wing("/staff", _staff), Wing("/owner", _owner))
    app.router.routes.extend(app.state.wings)
    for part in (kiosk, kiosk_tail, kiosk_report, kiosk_speech, kiosk_number, turns, live, health, login):
        app.router.routes.extend(part.router.routes)  # to include a router is to look at each signature once more
    if door.simulator is not None:
        from tihuo.api import simulator

        app.router.routes.extend(simulator.router.routes)
    app.mount("/static", Assets(directory=WEB / "static"), name="static")
    app.mount("/vendor", Assets(directory=WEB / "vendor", check_dir=False), name="vendor")
    door.writer.listen(lambda events: updates.publish(_topics(events)))
    return app


def _staff() -> Iterable[APIRouter]:
    from tihuo.api import staff

    return staff.routers()


def _owner() -> Iterable[APIRouter]:
    from tihuo.api import owner

    return owner.routers()


def _topics(events: list[Event]) -> set[str]:
    return {topic for event in events for topic in event.TOPICS}
