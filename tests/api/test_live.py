"""Live updates: pages hear that something changed, at once, once, and only what is for them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.pages.evening import PIN, STAFF, Evening, Served
from tihuo.api.live import HEARTBEAT_SECONDS, LiveUpdates
from tihuo.stages import handing_over, preparing

Listen = Callable[..., "Ear"]
EVERYTHING = "kiosk,pickup,stock,orders,box"


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    shop = Evening(tmp_path_factory.mktemp("live") / "shop.db")
    shop.begin()
    yield shop
    shop.close()


@pytest.fixture
def served(shop: Evening) -> Iterator[Served]:
    served = Served(shop.app)
    yield served
    served.stop()


class Ear:
    """A page that listens. `next()` gives (event, id, data), skipping heartbeats."""

    def __init__(self, served: Served, topics: str, since: str = "", **headers: str) -> None:
        self._heard: queue.SimpleQueue[tuple[str, str, str] | None] = queue.SimpleQueue()
        self._client = httpx.Client(base_url=served.url, timeout=30)
        if headers.pop("log_in", ""):
            self._client.post("/login", data={"name": STAFF, "pin": PIN})
        asked = {"topics": topics, "since": since}
        request = self._client.build_request("GET", "/live", params=asked, headers=headers)
        self._response = self._client.send(request, stream=True)
        assert self._response.headers["content-type"].startswith("text/event-stream")
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.hello = self.next()
        assert self.hello[0] == "hello"

    def _listen(self) -> None:
        said: dict[str, str] = {}
        try:
            for line in self._response.iter_lines():
                if line:
                    name, _, value = line.partition(":")
                    said[name] = value.strip()
                elif said:
                    if said.get("event") != "beat":
                        self._heard.put((said.get("event", ""), said.get("id", ""), said.get("data", "")))
                    said = {}
        except httpx.TransportError:
            pass
        self._heard.put(None)

    def next(self) -> tuple[str, str, str]:
        heard = self._heard.get(timeout=20)
        assert heard is not None, "the stream ended"
        return heard

    def ended(self) -> bool:
        return self._heard.get(timeout=20) is None

    def close(self) -> None:
        self._response.close()
        self._client.close()


@pytest.fixture
def listen(served: Served) -> Iterator[Callable[..., Ear]]:
    """`listen(topics, since)` opens a page; all are closed in the end."""
    ears: list[Ear] = []

    def open_one(*how: Any, **headers: str) -> Ear:
        ears.append(Ear(served, *how, **headers))
        return ears[-1]

    yield open_one
    for ear in ears:
        ear.close()


def test_a_page_hears_of_a_commit_by_topic(shop: Evening, listen: Listen) -> None:
    ear = listen("pickup", shop.app.state.live.since, log_in="yes")
    shop.show(shop.code("o2"))
    event, number, data = ear.next()
    assert (event, data) == ("pickup", "") and number == shop.app.state.live.since


def test_a_kiosk_hears_of_kiosks_and_of_the_box_only(shop: Evening, listen: Listen) -> None:
    kiosk = listen(EVERYTHING, shop.app.state.live.since)
    shop.do(preparing.receive, "RICE", 1)
    shop.part("camera", "camera_hung")
    shop.show(shop.code("o2"))
    assert [kiosk.next()[0] for _ in range(2)] == ["box", "kiosk"]


def test_whoever_was_away_hears_what_she_missed_and_nothing_else(shop: Evening, listen: Listen) -> None:
    ear = listen("kiosk,box")
    assert {ear.next()[0], ear.next()[0]} == {"kiosk", "box"}, "a page of an unknown age looks at everything"
    shop.part("camera")
    last = ear.next()[1]
    ear.close()
    shop.show(shop.code("o2"))
    back = listen("kiosk,box", "old", **{"last-event-id": last})
    assert back.next()[0] == "kiosk"
    shop.part("camera", "camera_hung")
    assert back.next()[0] == "box"


def test_a_refusal_tells_nobody(shop: Evening, listen: Listen) -> None:
    ear = listen("kiosk,box", shop.app.state.live.since)
    shop.do(handing_over.leave, 999)
    shop.part("camera")
    assert ear.next()[0] == "box"


@pytest.mark.slow
def test_a_hundred_pages_hear_one_event(shop: Evening, listen: Listen) -> None:
    since = shop.app.state.live.since
    ears = [listen("kiosk", since) for _ in range(100)]
    assert shop.app.state.live.pages == 100
    shop.show(shop.code("o2"))
    assert {ear.next()[0] for ear in ears} == {"kiosk"}


def test_closing_hangs_up(shop: Evening, listen: Listen) -> None:
    ear = listen("kiosk", shop.app.state.live.since)
    shop.app.state.live.close()
    assert ear.ended()
    shop.show(shop.code("o2"))


def run(story: Coroutine[Any, Any, None]) -> None:
    """On a thread of its own: Playwright keeps a loop running on the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(story, 20)).result(30)


async def publish(updates: LiveUpdates, *topics: str) -> None:
    """Publish, and wait until the listeners have it."""
    updates.publish(topics)
    while updates._due:
        await asyncio.sleep(0)


async def following(stream: AsyncIterator[bytes]) -> str:
    return (await anext(stream)).decode()


def test_a_slow_page_finds_one_note_not_a_queue() -> None:
    async def story() -> None:
        updates = LiveUpdates()
        updates.open()
        stream = updates.listen(frozenset({"a", "b", "c"}), updates.since)
        assert "event: hello" in await following(stream)
        for _ in range(1000):
            updates.publish({"a"})
            await publish(updates, "b", "of no interest")
        (listener,) = updates._listeners
        assert listener.due == {"a", "b"}
        heard = await following(stream)
        assert heard.count("event: a\n") == heard.count("event: b\n") == 1
        assert "event: c" not in heard and "of no interest" not in heard

    run(story())


def test_what_happens_while_a_page_is_being_told_is_told_next() -> None:
    async def story() -> None:
        updates = LiveUpdates()
        updates.open()
        stream = updates.listen(frozenset({"a", "b"}), updates.since)
        await following(stream)
        await publish(updates, "a")
        assert "event: a\n" in await following(stream)
        await publish(updates, "b")
        assert "event: b\n" in await following(stream)

    run(story())


def test_what_was_published_before_anybody_listened_blocks_nothing() -> None:
    async def story() -> None:
        updates = LiveUpdates()
        updates.publish({"a"})
        updates.open()
        stream = updates.listen(frozenset({"a"}), updates.since)
        await following(stream)
        threading.Thread(target=updates.publish, args=({"a"},)).start()
        assert "event: a\n" in await following(stream)

    run(story())


def test_a_silent_stream_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tihuo.api.live.HEARTBEAT_SECONDS", 0.01)

    async def story() -> None:
        updates = LiveUpdates()
        updates.open()
        stream = updates.listen(frozenset({"a"}), updates.since)
        await following(stream)
        assert (await following(stream)).startswith(":")

    assert HEARTBEAT_SECONDS == 15
    run(story())


def test_a_page_that_went_away_is_forgotten() -> None:
    async def story() -> None:
        updates = LiveUpdates()
        updates.open()
        stream = updates.listen(frozenset({"a"}), updates.since)
        await following(stream)
        assert updates.pages == 1
        await stream.aclose()  # type: ignore[attr-defined]
        assert updates.pages == 0

    run(story())
