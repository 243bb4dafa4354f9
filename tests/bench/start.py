"""From nothing to ready, and what the box weighs when nobody wants anything of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.daemon import Daemon, Page, cloud_settings
from tests.bench.figure import Figure
from tihuo.demo.broker import Broker

ROUNDS = 5
SETTLED = 3.0
"""Seconds after which an idle box has come to rest, with the pages of staff and owner loaded."""


def start(folder: Path) -> list[Figure]:
    """`tihuo run` until HTTP answers, a commit is on disk, and MQTT is subscribed."""
    bare, ready, drawn, memory = [], [], [], 0.0
    with Broker(folder / "broker", kind="mosquitto") as broker:
        for number in range(ROUNDS + 1):  # the first start makes the database and is not counted
            began = time.perf_counter()
            subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
            bare.append(time.perf_counter() - began)
            with Daemon(folder / "start", **cloud_settings(broker.port)) as daemon:
                page = Page(daemon)
                while json.loads(page.get("/healthz"))["parts"]["cloud"] != "ok":
                    time.sleep(0.001)
                ready.append(time.perf_counter() - daemon.began)
                page.get("/kiosk")
                drawn.append(time.perf_counter() - daemon.began)
                if number == ROUNDS:
                    time.sleep(SETTLED)
                    memory = daemon.resident_mb(family=True)
    # the least disturbed of all: a neighbour's time slice is as long as the bare interpreter's whole life
    return [
        Figure(name="start.time", what="process start to HTTP ready and MQTT subscribed, best of 5",
               value=min(ready[1:]) * 1000, unit="ms", floor=min(bare[1:]) * 1000, floor_name="bare interpreter",
               n=ROUNDS, target=60),
        Figure(name="start.kiosk", what="process start to the kiosk's first page drawn, best of 5",
               value=min(drawn[1:]) * 1000, unit="ms", floor=min(bare[1:]) * 1000, floor_name="bare interpreter",
               n=ROUNDS, target=75),
        Figure(name="start.memory", what="resident memory of daemon and line, shared pages once, idle",
               value=memory, unit="MB", n=1, target=90),
    ]  # fmt: skip
