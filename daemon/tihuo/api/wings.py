"""The pages of one audience, as a wing of the house that is furnished when somebody comes, and not before.

Each page's signature is looked at and made into checks of what a browser may send, a millisecond or two a page, and
there are some two hundred. A box that starts serves orders and answers its health meanwhile; nobody meets a locked
door, as whoever comes too early waits until the wing is open.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Router
from starlette.types import Receive, Scope, Send


class Wing(BaseRoute):
    """Everything under `prefix`, from routers whose paths begin after it. `furnish` gives them, once."""

    def __init__(self, prefix: str, furnish: Callable[[], Iterable[APIRouter]]) -> None:
        self.prefix = prefix
        self._furnish = furnish
        self._opening = threading.Lock()
        self._rooms: dict[str, Router] | None = None

    def open(self) -> dict[str, Router]:
        """The rooms by the first part of their paths; the first caller loads them. For any thread."""
        with self._opening:
            if self._rooms is None:
                routes = defaultdict(list)
                for router in self._furnish():
                    for route in router.routes:
                        routes[_room_of(getattr(route, "path", ""))].append(route)
                self._rooms = {name: Router(found) for name, found in routes.items()}
            return self._rooms

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if path != self.prefix and not path.startswith(f"{self.prefix}/"):
            return Match.NONE, {}
        return Match.FULL, {"root_path": self.prefix}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        rooms = self._rooms
        if rooms is None:
            rooms = await run_in_threadpool(self.open)
        room = rooms.get(_room_of(scope["path"][len(self.prefix) :]))
        if room is None:
            raise HTTPException(404)
        await room.app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Nobody asks: pages write their addresses out."""
        raise NoMatchFound(name, path_params)


def _room_of(path: str) -> str:
    """'/pickup/code' -> 'pickup'. A router may begin with no parameter, or its room could not be told."""
    room = path.split("/", 2)[1] if path else ""
    if room.startswith("{"):
        raise ValueError(f"{path} does not say which room it belongs to")
    return room
