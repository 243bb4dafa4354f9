"""The plug is pulled while a restored box merges what the cloud knows: the real process dies by SIGKILL, repeatedly."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.house import environment_of
from tihuo.boards import balance, tonight
from tihuo.cli.copies import make_copy, put_back
from tihuo.cli.demoing import demo_settings
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, CannotSell, DemoCloud, Shopper, Wish
from tihuo.demo.seed import seed_catalog, seed_session
from tihuo.ledger.database import Readers
from tihuo.shop.fence import standing
from tihuo.wiring.alone import alone
from tihuo.wiring.box import clock

pytestmark = [pytest.mark.broker, pytest.mark.slow]
ORDERS = 150
KILLS = 5


@pytest.fixture
def start(tmp_path: Path, broker: Broker) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the daemon on the house's data, and does not wait for it."""
    started: list[subprocess.Popen[bytes]] = []
    environment = environment_of(tmp_path / "house", broker)

    def run() -> subprocess.Popen[bytes]:
        with (tmp_path / "log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, "-m", "tihuo", "run"], env=environment, stderr=log))
        return started[-1]

    yield run
    for child in started:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.wait(15)


def progress(readers: Readers) -> tuple[object, ...]:
    """How far the merge is; nothing when there is none."""
    with readers.look() as look:
        fence = standing(look)
        done = look.one("SELECT count(*), sum(used_at IS NOT NULL) FROM echo")
        heard = look.one("SELECT seq FROM cursor WHERE name = 'down'")
    return (fence.state, done, heard) if fence else ()


def test_a_merge_goes_on_however_often_the_plug_is_pulled(
    start: Callable[[], subprocess.Popen[bytes]],
    tmp_path: Path,
    broker: Broker,
) -> None:
    settings = demo_settings(tmp_path / "house", broker.port, 0)
    with alone(settings) as writer:

        def do(stage: Callable[..., object], *args: object) -> object:
            return writer.write(stage, *args).result(timeout=30)

        seed_catalog(do)
        seed_session(do, 1, clock())
    backup = make_copy(settings, tmp_path / "backup.db")[0]
    cloud = DemoCloud(
        BrokerAddress("127.0.0.1", broker.port), shop.SHOP_ID, folder=tmp_path / "cloud", retry=0.5, pace=0.0
    )
    cloud.start()
    daemon = start()
    assert cloud.wait_until(lambda c: sum(offer.left > 0 for offer in c.offers()) == 40, 30)
    orders: list[str] = []
    baskets = shop.baskets(11)
    while len(orders) < ORDERS:
        basket = next(baskets)
        who = Shopper(basket.customer.customer_id, basket.customer.name, basket.customer.phone)
        try:
            orders.append(cloud.buy(who, Wish("s1", basket.lines)).order_id)
        except CannotSell:
            time.sleep(0.01)
    answered = {"accepted", "refused"}
    assert cloud.wait_until(lambda c: all(c.order(order).state in answered for order in orders), 60)
    codes = {order: cloud.order(order).code for order in orders}
    daemon.kill()
    daemon.wait()
    put_back(settings, backup)

    readers = Readers(settings.database)
    until = time.monotonic() + 120
    killed_in: list[tuple[object, ...]] = []
    while (before := progress(readers)) and len(killed_in) < KILLS:
        daemon = start()
        while progress(readers) == before:  # until it has got a step further
            assert time.monotonic() < until, f"it does not go on after {before}"
            time.sleep(0.001)
        daemon.kill()
        daemon.wait()
        killed_in.append(before)
    assert len(killed_in) > 1, "the merge was over before it was disturbed"
    start()
    while readers.read(standing) is not None or cloud.unacknowledged():
        assert time.monotonic() < until, f"killed in {killed_in}, and still {readers.read(standing)}"
        time.sleep(0.05)
    evening = readers.read(tonight.tonight)
    assert evening.orders + evening.refused == len(orders)
    assert readers.read(balance.imbalances) == {}
    readers.close()
    assert {order: cloud.order(order).code for order in orders} == codes
    assert cloud.figures().oddities == ()
    cloud.stop()
