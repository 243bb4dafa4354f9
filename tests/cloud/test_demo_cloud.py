"""The demo cloud and our link, each on its own connection, over real brokers that come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cloud.listening import settings
from tests.cloud.store_stub import SESSION, StoreStub
from tests.cloud.witness import Witness
from tihuo.cloud import messages, up
from tihuo.cloud.fields import from_millis
from tihuo.cloud.link import Delivery, Link
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Mischief, Shopper, Wish

pytestmark = pytest.mark.broker


class Shop:
    """The stub of a store on a real line."""

    def __init__(self, port: int) -> None:
        self.store = StoreStub(clock_ms=time.time_ns() // 1_000_000)
        self.lock = threading.Lock()
        self.link = Link(settings(port))
        self.link.on_down = self._hear
        self.link.on_connected = self._connected
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stub")

    def start(self) -> None:
        self.link.start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        assert self.link.stop()

    def _connected(self) -> None:
        with self.lock:
            self.store.connected()

    def _hear(self, payload: bytes, delivery: Delivery) -> None:
        with self.lock:
            self.store.hear(payload)
        delivery.ack()

    def _run(self) -> None:
        while not self._stopping.wait(0.01):
            if self.link.connected:
                with self.lock:
                    payloads = self.store.due(time.monotonic())
                for payload in payloads:
                    self.link.publish("up", payload)


Meet = Callable[[Broker], tuple[Shop, DemoCloud]]


@pytest.fixture
def witness(broker: Broker) -> Iterator[Witness]:
    with Witness(broker.port) as listening:
        yield listening
    listening.swear()


@pytest.fixture
def meet(witness: Witness) -> Iterator[Meet]:
    """A shop with 60 of A and 10 of B for sale, and its cloud, both on the line."""
    open_ones: list[Shop | DemoCloud] = []

    def start(broker: Broker) -> tuple[Shop, DemoCloud]:
        shop = Shop(broker.port)
        cloud = DemoCloud(BrokerAddress("127.0.0.1", broker.port), "S01", retry=0.3, refund_delay=0.1, pace=0.002)
        open_ones.extend((shop, cloud))
        shop.store.open_session({"A": 60, "B": 10})
        cloud.start()
        shop.start()
        assert cloud.wait_until(lambda cloud: len(cloud.grants()) == 2)
        return shop, cloud

    yield start
    for one in open_ones:
        one.stop()


def buy(cloud: DemoCloud, count: int, sku: str = "A") -> None:
    for n in range(count):
        cloud.buy(Shopper(f"wx-{n}", "somebody"), Wish(SESSION, [(sku, 1)]))


def all_answered(cloud: DemoCloud) -> bool:
    return not cloud.unacknowledged() and all(order.state != "paid" for order in cloud.orders())


def check(shop: Shop, cloud: DemoCloud, orders: int) -> None:
    with shop.lock:
        ids = [envelope.id for envelope in shop.store.applied]
        assert len(ids) == len(set(ids))
        assert shop.store.orders == {order.order_id: "accepted" for order in cloud.orders()}
        assert shop.store.oversold == 0
    assert len(cloud.orders()) == orders
    assert cloud.figures().balanced


def test_over_a_bad_line_every_order_is_answered_once(broker: Broker, meet: Meet) -> None:
    shop, cloud = meet(broker)
    outgoing, incoming = (Mischief(drop=0.2, duplicate=0.2, reorder=0.3, seed=seed) for seed in (7, 8))
    cloud.misbehave(outgoing, incoming)
    buy(cloud, 50)
    cloud.repeat_last_order()
    assert cloud.wait_until(all_answered, 30)
    cloud.misbehave()
    check(shop, cloud, 50)
    assert shop.store.granted == {"G1": 10, "G2": 10}


def test_the_cloud_goes_away_sells_on_and_comes_back(broker: Broker, meet: Meet) -> None:
    shop, cloud = meet(broker)
    buy(cloud, 5)
    assert cloud.wait_until(all_answered)
    cloud.go_away()
    buy(cloud, 20)
    assert cloud.figures().orders == {"accepted": 5, "paid": 20}
    cloud.come_back()
    assert cloud.wait_until(all_answered)
    check(shop, cloud, 25)


def test_a_broker_that_forgets_what_it_acknowledged_loses_nothing(broker: Broker, meet: Meet) -> None:
    shop, cloud = meet(broker)
    buy(cloud, 10)
    broker.kill()
    buy(cloud, 10, "B")
    broker.start()
    assert cloud.wait_until(all_answered, 30)
    check(shop, cloud, 20)


def test_garbage_on_the_line_stops_nothing(broker: Broker, meet: Meet, witness: Witness) -> None:
    witness.garbage = True
    shop, cloud = meet(broker)
    for kind in ("not_json", "no_envelope", "bad_envelope", "too_big", "wrong_store", "unknown_type", "bad_data"):
        cloud.send_garbage(kind)  # type: ignore[arg-type]
    buy(cloud, 1)
    assert cloud.wait_until(lambda cloud: all_answered(cloud) and len(cloud.rejections()) == 2)
    reasons = {"malformed_json", "not_an_envelope", "oversized", "wrong_store", "unknown_type", "malformed_data"}
    assert set(shop.store.rejected) == reasons


def test_the_newest_picture_of_the_stock_and_the_heartbeat_arrive(broker: Broker, meet: Meet) -> None:
    shop, cloud = meet(broker)
    now = from_millis(shop.store.clock_ms)
    for sku, version, free in (("A", 2, 7), ("A", 1, 9), ("B", 3, 5)):
        item = up.StateItem(sku, SESSION, free, 3, 2, 10, version)
        assert shop.link.publish("state", messages.write(up.State(version, now, (item,))))
    assert shop.link.publish("presence", messages.write(up.Presence(True, now, "0.1.0", 4)))
    assert cloud.wait_until(lambda cloud: cloud.presence() is not None and len(cloud.stock()) == 2)
    presence = cloud.presence()
    assert presence is not None
    assert presence.queue == 4
    assert [(item.sku, item.free, item.version) for item in cloud.stock()] == [("A", 7, 2), ("B", 5, 3)]


def test_the_clouds_counters_reach_the_store(broker: Broker, meet: Meet) -> None:
    shop, cloud = meet(broker)
    heard: list[bytes] = []
    arrived = threading.Event()
    listener = Link(settings(broker.port, client_id="traffic"))
    listener.on_down = shop._hear
    listener.on_traffic = lambda payload, delivery: (heard.append(payload), delivery.ack(), arrived.set())  # type: ignore[func-returns-value]
    subscribed = threading.Event()
    listener.on_connected = subscribed.set
    listener.start()
    assert subscribed.wait(5)
    cloud.count_traffic(SESSION, "video", "view", shop.store.clock_ms, 12)
    assert arrived.wait(5)
    assert messages.read_traffic(heard[0]).count == 12
    assert listener.stop()


def test_a_cloud_in_a_file_goes_on_after_a_restart(broker: Broker, tmp_path: Path) -> None:
    address = BrokerAddress("127.0.0.1", broker.port)
    shop = Shop(broker.port)
    shop.store.open_session({"A": 10})
    shop.start()
    for bought in (3, 2):
        cloud = DemoCloud(address, "S01", folder=tmp_path / "cloud", retry=0.3, pace=0.002)
        cloud.start()
        assert cloud.wait_until(lambda cloud: bool(cloud.grants()))
        buy(cloud, bought)
        assert cloud.wait_until(all_answered)
        left = cloud.offers()[0].left
        cloud.stop()
    shop.stop()
    assert left == 5
    assert list(shop.store.orders.values()) == ["accepted"] * 5
