"""屏幕更新: tells open pages that something changed, never what. Each page then looks again at what it may see.

A page that was away asks with the number it last heard, and hears of every topic that changed since. Nothing is ever
queued: a slow page has a set of topics waiting, not a list of events.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from tihuo import __version__
from tihuo.api.asking import door_of, person_of
from tihuo.api.auth import Audience, may_enter
from tihuo.api.problems import answer

HEARTBEAT_SECONDS = 15.0
MOST_PAGES = 500
BOX = "box"
"""The topic of the parts of the box: published by wiring when one falls ill or recovers."""
KIOSK_TOPICS = frozenset({"kiosk", BOX})
"""What a kiosk may hear of; staff may hear of everything."""

router = APIRouter()


class Listener:
    """One open page: what it wants to hear of, and what it has not been told yet."""

    __slots__ = ("due", "topics", "wake")

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self.due: set[str] = set()
        self.wake = asyncio.Event()


class LiveUpdates:
    """The pages that listen. `publish` may be called from any thread; all else happens on the web server's loop."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._number = 0
        self._last: dict[str, int] = {}
        self._listeners: set[Listener] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._due: set[str] = set()
        self._closed = False

    @property
    def since(self) -> str:
        """Where a page that is drawn now stands."""
        return f"{self._run}-{self._number}"

    @property
    def pages(self) -> int:
        return len(self._listeners)

    def open(self) -> None:
        """Called on the loop that serves the pages."""
        self._loop = asyncio.get_running_loop()

    def publish(self, topics: Iterable[str]) -> None:
        """These boards may look different now. Quick, and never raises; before `open` nobody listens."""
        with self._lock:
            if self._loop is None or self._closed:
                return
            on_its_way = bool(self._due)
            self._due.update(topics)
            if self._due and not on_its_way:
                self._loop.call_soon_threadsafe(self._deliver)

    def close(self) -> None:
        """Hang up, so that the server can stop. May be called from any thread, and twice."""
        with self._lock:
            if self._closed or self._loop is None:
                return
            self._closed = True
            self._loop.call_soon_threadsafe(self._hang_up)

    async def listen(self, topics: frozenset[str], since: str) -> AsyncIterator[bytes]:
        """The stream of one page, beginning with what it missed."""
        listener = Listener(topics)
        self._listeners.add(listener)
        try:
            yield f"retry: 1000\nid: {self.since}\nevent: hello\ndata: {__version__}\n\n".encode()
            listener.due |= self._missed(topics, since)
            while not self._closed:
                if listener.due:
                    due, listener.due = listener.due, set()
                    yield "".join(f"id: {self.since}\nevent: {topic}\ndata:\n\n" for topic in sorted(due)).encode()
                    continue
                listener.wake.clear()
                try:
                    await asyncio.wait_for(listener.wake.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\nevent: beat\ndata:\n\n"
        finally:
            self._listeners.discard(listener)

    def _deliver(self) -> None:
        with self._lock:
            due, self._due = self._due, set()
        self._number += 1
        for topic in due:
            self._last[topic] = self._number
        for listener in self._listeners:
            heard = due & listener.topics
            if heard:
                listener.due |= heard
                listener.wake.set()

    def _missed(self, topics: frozenset[str], since: str) -> frozenset[str]:
        run, _, number = since.partition("-")
        if run != self._run or not number.isdigit():
            return topics
        return frozenset(topic for topic in topics if self._last.get(topic, 0) > int(number))

    def _hang_up(self) -> None:
        for listener in self._listeners:
            listener.wake.set()


@router.get("/live")
async def live(request: Request, topics: str = "", since: str = "") -> Response:
    """Server-sent events: `event: <topic>` whenever a board of that topic may look different."""
    updates: LiveUpdates = request.app.state.live
    wanted = frozenset(topics.split(",")) - {""}
    if not _hears_all(request):
        wanted &= KIOSK_TOPICS
    if updates.pages >= MOST_PAGES:
        return answer(request, 503, "too_many_pages")
    return StreamingResponse(
        updates.listen(wanted, request.headers.get("last-event-id", since)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _hears_all(request: Request) -> bool:
    """Staff, and the simulator page on this machine."""
    simulator = door_of(request).simulator is not None
    return person_of(request) is not None or may_enter(Audience.SIMULATOR, request.state.visitor, simulator=simulator)
