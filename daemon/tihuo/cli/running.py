"""`tihuo run`: the daemon under systemd or in a terminal."""

from __future__ import annotations

import faulthandler
import logging
import signal
import socket
import threading

from tihuo import readiness
from tihuo.ledger.journal import Follower
from tihuo.settings import Settings
from tihuo.wiring.box import Box

log = logging.getLogger(__name__)


def run_until_stopped(settings: Settings) -> None:
    """Start the box, report ready, feed the watchdog while it is alive, stop on SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("tihuo").setLevel(logging.INFO)  # a printer's library has two lines for every batch
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    box = Box(settings)
    try:
        box.start([socket.socket(fileno=fd) for fd in readiness.listen_fds()])
        readiness.notify("READY=1", f"STATUS=serving {', '.join(box.addresses)}")
        watchdog = _watchdog(box)
        stopping.wait()
        readiness.notify("STOPPING=1")
        if watchdog is not None:
            watchdog.ask_to_stop()
    finally:
        box.stop()


def _watchdog(box: Box) -> Follower | None:
    interval = readiness.watchdog_interval()
    if interval is None:
        return None

    def ping() -> bool:
        if box.alive():
            readiness.notify("WATCHDOG=1")
        else:
            log.error("no sign of life from a thread; leaving the rest to the watchdog")
        return False

    follower = Follower("watchdog", ping, period=interval)
    follower.start()
    return follower
