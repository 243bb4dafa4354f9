"""From nothing to ready, and what the box weighs when nobody wants anything of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from tests.bench.figure import Figure, median
from tihuo.demo.broker import Broker

ROUNDS = 5


def start(folder: Path) -> list[Figure]:
    """`tihuo run` until its READY: HTTP answers, a commit is on disk, and MQTT is subscribed."""
    bare, ready, memory = [], [], []
    broker = Broker(folder / "broker")
    broker.start()
    try:
        for number in range(ROUNDS + 1):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
            bare.append(time.perf_counter() - began)
            took, size = _start_once(folder / "start", broker.port, settle=number == ROUNDS)
            ready.append(took)
            memory.append(size)
    finally:
        broker.stop()
    return [
        Figure(name="start.time", what="process start to HTTP ready and MQTT subscribed", value=median(ready[1:]) * 1000,
               unit="ms", floor=median(bare[1:]) * 1000, floor_name="bare interpreter", n=ROUNDS, target=90),
        Figure(name="start.memory", what="resident memory, idle", value=memory[-1] / 1e6, unit="MB", n=1, target=110),
    ]  # fmt: skip


def _start_once(folder: Path, port: int, *, settle: bool) -> tuple[float, float]:
    folder.mkdir(parents=True, exist_ok=True)
    notified = folder / "notify"
    notified.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(notified))
        heard.settimeout(60)
        environment = {
            **os.environ, "NOTIFY_SOCKET": str(notified), "TIHUO_DATA_DIR": str(folder), "TIHUO_CLOUD__HOST": "127.0.0.1",
            "TIHUO_CLOUD__PORT": str(port), "TIHUO_CLOUD__TLS": "false", "TIHUO_HTTP__HOST": "127.0.0.1",
            "TIHUO_HTTP__PORT": "0",
        }  # fmt: skip
        began = time.perf_counter()
        log = (folder / "log").open("ab")
        child = subprocess.Popen([sys.executable, "-m", "tihuo", "run"], env=environment, stdout=log, stderr=log)
        try:
            told = heard.recv(4096).decode()
            address = told.partition("serving ")[2].split(",")[0].strip()
            while not _subscribed(address):
                time.sleep(0.001)
            took = time.perf_counter() - began
            if settle:
                time.sleep(2)
            size = float(psutil.Process(child.pid).memory_info().rss)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)
            log.close()
    return took, size


def _subscribed(address: str) -> bool:
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=10) as answer:
        return bool(json.load(answer)["parts"]["cloud"] == "ok")
