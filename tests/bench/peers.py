"""`make bench-peers`: a hand-over at this box beside the redeeming of a ticket by pretix, the peer that was measured.

pretix does more for each request: it checks rules, questions and permissions of many tenants and writes an audit log.
What is compared is what a shop waits for: one code, shown once, durably taken. To install it with PostgreSQL and redis
takes longer than everything here, so its figures are constants, recorded on the same class of machine.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.daemon import Daemon, Page
from tests.bench.doors import shelved
from tests.bench.figure import Figure, median, save

ALONE, CROWD, ROUNDS, EACH = 1, 8, 5, 40

PRETIX = "pretix 2026.8, recorded 2026-11"
"""PostgreSQL 15 with fsync, redis for cache and sessions, gunicorn with 2 processes of 4 threads, no worker beside it;
`POST /api/v1/organizers/…/checkinrpc/redeem/`, kept connections, two shared cores. The best of several runs each."""
PRETIX_MS = 44.0
"""p50 of one client; the runs gave 44 to 62."""
PRETIX_RATE = 34.0
"""A second with eight clients; the runs gave 24 to 34."""


def peers(folder: Path) -> list[Figure]:
    """Hand over by code over HTTP with everything on, by one client and by eight."""
    codes = iter(shelved(folder / "data", EACH + ROUNDS * CROWD * EACH))
    with Daemon(folder / "data") as daemon, ThreadPoolExecutor(CROWD) as clients:
        daemon.log_in()
        pages = [Page(daemon) for _ in range(CROWD)]
        waits = [_taken(pages[0], [next(codes)]) * 1000 for _ in range(EACH)]
        rates = []
        for _ in range(ROUNDS):
            shares = [[next(codes) for _ in range(EACH)] for _ in pages]
            began = time.perf_counter()
            list(clients.map(_taken, pages, shares))
            rates.append(CROWD * EACH / (time.perf_counter() - began))
    return [
        Figure(
            name="peers.latency",
            what="hand over by code, durable, one client, p50",
            value=median(waits),
            unit="ms",
            floor=PRETIX_MS,
            floor_name=PRETIX,
            n=EACH,
            target=0.05,
        ),
        Figure(
            name="peers.rate",
            what=f"hand over by code, durable, {CROWD} clients",
            value=median(rates),
            unit="1/s",
            floor=PRETIX_RATE,
            floor_name=PRETIX,
            n=ROUNDS * CROWD * EACH,
            target=20,
            good="more",
        ),
    ]


def _taken(page: Page, codes: list[str]) -> float:
    """Seconds until all of these were handed over, one after the other."""
    began = time.perf_counter()
    for code in codes:
        answer = page.post("/staff/pickup/code", code=code, once=f"peers-{code[-16:]}")
        assert answer.status == 200, answer.status
    return time.perf_counter() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tihuo-bench-") as place:
        found = peers(Path(place))
    for figure in found:
        print(f"{figure.name:16} {figure.value:8.4g} {figure.unit:4} {figure.ratio:.3g} x {figure.floor_name}")
    save(found)
    raise SystemExit(any(figure.missed for figure in found))
