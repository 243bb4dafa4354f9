"""The counter: a code handed over durably, and the page that hears of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import shop
from tests.bench.daemon import Daemon, Listening, Page, cloud_settings, hire
from tests.bench.figure import Figure, median
from tests.bench.ingest import SLOW, World, modelled_sync
from tihuo.ledger.database import Look, Readers
from tihuo.ledger.writer import Writer

CODES = 60
CONNECTIONS, SHARE, ROUNDS = 32, 10, 7
QUIET, STEADY, BUSY = 50, 80, 800
SALE, BACKLOG = 100, 30_000
"""Orders a second, and orders that wait."""
PAUSE_S = 0.05
"""Between two customers: what the last one set off has come to rest."""


def shelved(place: Path, codes: int) -> list[str]:
    """A database with that many parcels on the shelf, and somebody who may hand them over."""
    place.mkdir()
    shop.make(place / "tihuo.db")
    found = shop.shelve(place / "tihuo.db", codes)
    writer = Writer(place / "tihuo.db", shop.HOUSE, shop.clock)
    writer.start()
    hire(writer)
    writer.close()
    return found


def counter(folder: Path) -> list[Figure]:
    """Hand over by code with syncs of +5 ms, one after the other, while a page listens for live updates."""
    place = folder / "data"
    codes = shelved(place, CODES)
    waits, pushes = [], []
    with Daemon(place, slow_ms=SLOW) as daemon, ThreadPoolExecutor(1) as ears:
        daemon.log_in()
        page, listening = Page(daemon), Listening(daemon, "pickup")
        for number, code in enumerate(codes):
            time.sleep(PAUSE_S)
            listening.forget()
            heard = ears.submit(listening.wait, "pickup")
            began = time.perf_counter()
            answer = page.post("/staff/pickup/code", code=code, once=f"bench-{number:06d}")
            answered = time.perf_counter()
            assert answer.status == 200, answer.status
            waits.append((answered - began) * 1000)
            pushes.append((heard.result(10) - answered) * 1000)
        listening.close()
    sync = modelled_sync(folder)
    rate, ratio = _crowd(folder / "crowd")
    return [
        Figure(
            name="scan.rate",
            what=f"hand over by code on {CONNECTIONS} connections, durable",
            value=rate,
            unit="1/s",
            floor=rate / ratio,
            floor_name="the server's shortest answer, same clients",
            n=ROUNDS * SHARE * CONNECTIONS,
            target=0.40,
            gate=0.28,
            good="more",
        ),
        Figure(
            name="scan.latency",
            what="hand over by code at the staff page, durable, p50",
            value=median(waits[3:]),
            unit="ms",
            floor=sync,
            floor_name="one modelled sync",
            n=CODES - 3,
            target=1.8,
        ),
        Figure(
            name="push",
            what="hand over to the event in a page, minus its HTTP answer, p50",
            value=median(pushes[3:]),
            unit="ms",
            n=CODES - 3,
            target=1.0,
        ),
    ]


def under_sale(folder: Path) -> list[Figure]:
    """The same while orders arrive, 100 a second, and while a backlog of them is worked off."""
    world = World(folder, tls=False)
    place = folder / "data"
    codes = shelved(place, QUIET + STEADY + BUSY)
    database = place / "tihuo.db"
    try:
        with Daemon(place, slow_ms=SLOW, **cloud_settings(world.broker.port)) as daemon:
            daemon.log_in()
            page = Page(daemon)
            quiet = [_handed_over(page, code, PAUSE_S) for code in codes[:QUIET]]
            with world.selling(database, SALE):
                time.sleep(1.0)
                steady = [_handed_over(page, code, PAUSE_S) for code in codes[QUIET : QUIET + STEADY]]
        backlog = _in_backlog(world, place, codes[QUIET + STEADY :])
    finally:
        world.close()
    idle = median(quiet[3:])
    return [
        Figure(
            name=f"scan_under_sale.{name}",
            what=what,
            value=median(waits),
            unit="ms",
            floor=idle,
            floor_name="the same with nothing else to do",
            n=len(waits),
            target=target,
        )
        for name, what, waits, target in (
            ("steady", f"hand over by code while {SALE} orders a second arrive, p50", steady, 1.6),
            ("backlog", f"hand over by code while {BACKLOG} orders are worked off, p50", backlog, 4.0),
        )
    ]


def _in_backlog(world: World, place: Path, codes: list[str]) -> list[float]:
    """Milliseconds of each hand-over until the backlog was done."""
    database = place / "tihuo.db"
    epoch_two = shop.messages(database, BACKLOG, first=200_000, epoch=2)
    world.queue(epoch_two)
    waits: list[float] = []
    readers = Readers(database)
    with Daemon(place, slow_ms=SLOW, **cloud_settings(world.broker.port)) as daemon:
        daemon.log_in()
        page = Page(daemon)
        for code in codes:
            waits.append(_handed_over(page, code, 0.02))
            if readers.read(_last_order) == f"20261122-{200_000 + BACKLOG - 1:08d}":
                break
        else:
            raise AssertionError("more codes are needed: the backlog is still there")
    readers.close()
    assert len(waits) > 20, f"the backlog was over after {len(waits)} hand-overs"
    return waits


def _last_order(look: Look) -> str:
    row = look.one("SELECT max(order_id) FROM shop_order")
    return str(row[0]) if row else ""


def _handed_over(page: Page, code: str, pause: float) -> float:
    """Milliseconds of one hand-over, after a pause."""
    time.sleep(pause)
    began = time.perf_counter()
    answer = page.post("/staff/pickup/code", code=code, once=f"sale-{code[-16:]}")
    assert answer.status == 200, answer.status
    return (time.perf_counter() - began) * 1000


def _crowd(place: Path) -> tuple[float, float]:
    """Hand-overs a second with everybody at once, and their share of what the same clients get for nothing."""
    codes = shelved(place, CONNECTIONS * SHARE * ROUNDS)
    rates, ratios = [], []
    with Daemon(place) as daemon, ThreadPoolExecutor(CONNECTIONS) as clients:
        daemon.log_in()
        pages = [Page(daemon) for _ in range(CONNECTIONS)]

        def take(number: int, mine: list[str]) -> None:
            for code in mine:
                answer = pages[number].post("/staff/pickup/code", code=code, once=f"crowd-{code[-16:]}")
                assert answer.status == 200, answer.status

        def ask(number: int) -> None:
            for _ in range(SHARE):
                assert pages[number].post("/nowhere", code="x").status == 404

        for number in range(ROUNDS):
            mine = codes[number * CONNECTIONS * SHARE :]
            began = time.perf_counter()
            list(clients.map(ask, range(CONNECTIONS)))
            least = CONNECTIONS * SHARE / (time.perf_counter() - began)
            began = time.perf_counter()
            list(clients.map(take, range(CONNECTIONS), [mine[n * SHARE : (n + 1) * SHARE] for n in range(CONNECTIONS)]))
            rates.append(CONNECTIONS * SHARE / (time.perf_counter() - began))
            ratios.append(rates[-1] / least)
    return median(rates), median(ratios)
