"""A hundred pages open at once: how soon all are drawn anew, what they weigh, and the whole box meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.daemon import Daemon, Listening, Page, cloud_settings
from tests.bench.doors import shelved
from tests.bench.figure import Figure, median
from tests.bench.ingest import World
from tests.bench.labels import Sink
from tests.bench.start import SETTLED
from tihuo.demo.simulator import phone_picture

PAGES, ROUNDS = 100, 9
SALE = 100
"""Orders a second."""
PLACES = (("pickup", "/staff/pickup/shelf?q="), ("kiosk", "/kiosk/stage?k=k1"))
"""What half of the pages each listen to and draw."""


class Audience:
    """Open pages, each with its line for live updates."""

    def __init__(self, daemon: Daemon, count: int) -> None:
        self._crowd = ThreadPoolExecutor(count)
        self._pages = [(Page(daemon), Listening(daemon, topic), path) for topic, path in PLACES * (count // 2)]
        for page, _, path in self._pages:
            page.get(path)

    def heard(self) -> Iterator[float]:
        """Ask at once when every page that now hears of something had drawn itself again."""
        for _, listening, _ in self._pages:
            listening.forget()
        return self._crowd.map(self._draw, self._pages)

    @staticmethod
    def _draw(one: tuple[Page, Listening, str]) -> float:
        page, listening, path = one
        listening.wait("kiosk" if "kiosk" in path else "pickup")
        page.get(path)
        return time.perf_counter()

    def close(self) -> None:
        for _, listening, _ in self._pages:
            listening.close()
        self._crowd.shutdown()


def pages_open(folder: Path) -> list[Figure]:
    """One hand-over, and every page drawn anew; then the same in a sale, with camera and printers at work."""
    place = folder / "data"
    codes = iter(shelved(place, 4 * ROUNDS))
    world, sink = World(folder, tls=False), Sink()
    devices = {
        "TIHUO_RECEIPTS_ON_WISH": "false",
        "TIHUO_CAMERAS__K1__KIND": "images",
        "TIHUO_CAMERAS__K1__FOLDER": str(_pictures(folder / "tray", next(codes))),
    }
    for role in ("LABEL", "RECEIPT"):
        devices |= {
            f"TIHUO_PRINTERS__{role}__KIND": "network",
            f"TIHUO_PRINTERS__{role}__ADDRESS": f"{sink.host}:{sink.port}",
        }
    try:
        with Daemon(place, **cloud_settings(world.broker.port)) as daemon:
            daemon.log_in()
            time.sleep(SETTLED)
            idle = daemon.resident_mb(family=True)
            one = _rounds(daemon, codes, 2)
            before = daemon.resident_mb(family=True)
            all_of_them = _rounds(daemon, codes, PAGES)
            opened = daemon.resident_mb(family=True) - before
        with (
            Daemon(place, **cloud_settings(world.broker.port), **devices) as daemon,
            world.selling(place / "tihuo.db", SALE),
        ):
            daemon.log_in()
            _rounds(daemon, codes, PAGES)
            busy = daemon.resident_mb(family=True) - idle
        assert sink.taken > 10_000, "nothing was printed"
    finally:
        sink.close()
        world.close()
    return [
        Figure(
            name="pages_open.time",
            what=f"hand over until {PAGES} pages of kiosk and staff have drawn themselves anew, p50; "
            f"{median(one):.0f} ms for one of each",
            value=median(all_of_them) / 1000,
            unit="s",
            n=ROUNDS,
            target=0.5,
        ),
        Figure(
            name="pages_open.memory",
            what=f"resident memory with {PAGES} pages open, beyond that with two",
            value=opened,
            unit="MB",
            n=1,
            target=20,
        ),
        Figure(
            name="memory_busy.all",
            what=f"resident memory of daemon and camera with {PAGES} pages, paper, {SALE} orders/s, beyond idle",
            value=busy,
            unit="MB",
            n=1,
            target=60,
            gate=62,
        ),
    ]


def _pictures(folder: Path, code: str) -> Path:
    """A tray with a phone in it."""
    folder.mkdir()
    (folder / "phone.png").write_bytes(phone_picture(code))
    return folder


def _rounds(daemon: Daemon, codes: Iterator[str], pages: int) -> list[float]:
    """Milliseconds until all were drawn, for each of so many hand-overs."""
    audience, counter = Audience(daemon, pages), Page(daemon)
    waits = []
    for _ in range(ROUNDS):
        code = next(codes)
        time.sleep(0.1)
        drawn = audience.heard()
        began = time.perf_counter()
        assert counter.post("/staff/pickup/code", code=code, once=f"open-{code[-16:]}").status == 200
        waits.append((max(drawn) - began) * 1000)
    audience.close()
    return waits
