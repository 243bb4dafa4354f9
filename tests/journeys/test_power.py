"""The plug is pulled: the real daemon process dies by SIGKILL while orders come in from a real broker."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.house import environment_of
from tihuo.boards import balance, tonight
from tihuo.cli.demoing import demo_settings
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, CannotSell, DemoCloud, Shopper, Wish
from tihuo.demo.seed import seed_catalog, seed_session
from tihuo.ledger.database import Readers
from tihuo.wiring.alone import alone
from tihuo.wiring.box import clock

pytestmark = [pytest.mark.broker, pytest.mark.slow]
KILLS = 5
SCARCE = {"tudou": 60, "jidan": 40}


@pytest.fixture
def start(tmp_path: Path, broker: Broker) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the daemon on the house's data; returns once it says that it is ready."""
    notify = tmp_path / "notify"
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(notify))
    heard.settimeout(30)
    started: list[subprocess.Popen[bytes]] = []
    environment = environment_of(tmp_path / "house", broker) | {"NOTIFY_SOCKET": str(notify)}

    def run() -> subprocess.Popen[bytes]:
        with (tmp_path / "log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, "-m", "tihuo", "run"], env=environment, stderr=log))
        while not heard.recv(4096).startswith(b"READY=1"):
            pass
        return started[-1]

    yield run
    for child in started:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.wait(15)
    heard.close()


def test_no_order_is_lost_or_applied_twice_however_often_the_plug_is_pulled(
    start: Callable[[], subprocess.Popen[bytes]], tmp_path: Path, broker: Broker
) -> None:
    settings = demo_settings(tmp_path / "house", broker.port, 0)
    with alone(settings) as writer:

        def do(stage: Callable[..., object], *args: object) -> object:
            return writer.write(stage, *args).result(timeout=30)

        seed_catalog(do)
        seed_session(do, 1, clock(), scarce=SCARCE)
    cloud = DemoCloud(
        BrokerAddress("127.0.0.1", broker.port), shop.SHOP_ID, folder=tmp_path / "cloud", retry=0.5, pace=0.0
    )
    cloud.start()
    daemon = start()
    assert cloud.wait_until(lambda c: sum(offer.left > 0 for offer in c.offers()) == 40, 20)
    orders: list[str] = []
    baskets = shop.baskets(11)
    for kill in range(KILLS):
        until = time.monotonic() + 0.3 + 0.11 * kill
        while time.monotonic() < until:
            basket = next(baskets)
            who = Shopper(basket.customer.customer_id, basket.customer.name, basket.customer.phone)
            try:
                orders.append(cloud.buy(who, Wish("s1", basket.lines)).order_id)
            except CannotSell:
                continue
        daemon.kill()
        daemon.wait()
        daemon = start()
    answered = {"accepted", "refused"}
    assert len(orders) > 50
    assert cloud.wait_until(lambda c: all(c.order(order).state in answered for order in orders), 60)
    assert cloud.wait_until(lambda c: not c.unacknowledged(), 20)
    readers = Readers(settings.database)
    evening = readers.read(tonight.tonight)
    assert evening.orders + evening.refused == len(orders)
    assert readers.read(balance.imbalances) == {}
    readers.close()
    assert cloud.figures().oddities == ()
    assert cloud.figures().not_taken == 0, "an order within its grant was refused"
    cloud.stop()
