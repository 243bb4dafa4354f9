"""Paid orders from a real broker with TLS to the disk and back: how many, and how soon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from tests.bench import shop
from tests.bench.figure import Figure, median
from tests.cloud.certificates import Authority

from tihuo.demo.broker import Broker, BrokerTls

TOPIC = f"tihuo/v1/{shop.HOUSE.store_id}/down"
CLIENT = f"tihuo-{shop.HOUSE.store_id}"
QUEUED = 4000
ROUNDS = 5
SLOW = 5.0
"""Milliseconds that the modelled card adds to a sync."""


class World:
    """A broker with TLS, and what it takes to reach it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "tls")
        certificate, key = authority.sign("127.0.0.1")
        self.ca = authority.ca
        self.folder = folder
        self.broker = Broker(folder / "broker", kind="mosquitto", tls=BrokerTls(self.ca, certificate, key))
        self.broker.start()

    def client(self, name: str, *, clean: bool = True, manual: bool = False) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean, manual_ack=manual, reconnect_on_failure=False
        )
        client.tls_set(str(self.ca))
        client.max_inflight_messages_set(1000)
        return client

    def queue(self, payloads: Sequence[bytes]) -> None:
        """Leave messages waiting at the broker for the box's session, a new one."""
        for clean in (True, False):
            joined = threading.Event()
            client = self.client(CLIENT, clean=clean)
            client.on_subscribe = lambda *_: joined.set()
            client.on_connect = lambda c, *_: c.subscribe(TOPIC, qos=1)
            client.connect("127.0.0.1", self.broker.port)
            client.loop_start()
            assert joined.wait(10)
            client.disconnect()
            client.loop_stop()
        cloud = self.client("filler")
        cloud.connect("127.0.0.1", self.broker.port)
        cloud.loop_start()
        sent = [cloud.publish(TOPIC, payload, qos=1) for payload in payloads]
        for message in sent:
            message.wait_for_publish(60)
        cloud.disconnect()
        cloud.loop_stop()

    def run(self, what: str, count: int, database: Path | None = None, slow_ms: float = 0.0) -> dict[str, Any]:
        """A consumer in a process of its own, until `count` orders are done; gives what it printed."""
        environment = dict(os.environ)
        if slow_ms:
            environment |= {"LD_PRELOAD": str(shim(self.folder)), "SLOWSYNC_US": str(int(slow_ms * 1000))}
        child = subprocess.run(
            [sys.executable, "-m", "tests.bench.ingest", what, str(self.broker.port), str(self.ca), str(count),
             str(database or "")],
            capture_output=True, text=True, timeout=180, env=environment,
        )  # fmt: skip
        assert child.returncode == 0, child.stderr[-2000:]
        found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
        return found

    def close(self) -> None:
        self.broker.stop()


def shim(folder: Path) -> Path:
    """The library that slows syncs down."""
    library = folder / "slowsync.so"
    if not library.exists():
        source = Path(__file__).with_name("slowsync.c")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def rate(world: World) -> list[Figure]:
    """Drain queued orders: everything on, against a stock paho consumer with manual acks and the same messages."""
    ratios, rates = [], []
    template = world.folder / "rate.db"
    shop.make(template)
    payloads = shop.messages(template, QUEUED)
    for number in range(ROUNDS):
        world.queue(payloads)
        floor = QUEUED / world.run("paho", QUEUED)["seconds"]
        world.queue(payloads)
        database = world.folder / f"rate-{number}.db"
        database.write_bytes(template.read_bytes())
        ours = QUEUED / world.run("box", QUEUED, database)["seconds"]
        ratios.append(ours / floor)
        rates.append(ours)
    value = median(rates)
    return [
        Figure(name="ingest_rate", what="queued orders of four lines over TLS: reserved, journalled, synced, answered",
               value=value, unit="orders/s", floor=value / median(ratios), floor_name="stock paho consumer, manual ack",
               n=ROUNDS, target=0.25, good="more"),
    ]  # fmt: skip


def slow_card(world: World) -> list[Figure]:
    """The same drain with a card that takes 20 ms longer for each sync, against none."""
    template = world.folder / "rate.db"
    payloads = shop.messages(template, QUEUED)
    rates: dict[float, list[float]] = {0.0: [], 20.0: []}
    for number in range(3):
        for slow in rates:
            world.queue(payloads)
            database = world.folder / f"card-{number}-{slow:.0f}.db"
            database.write_bytes(template.read_bytes())
            rates[slow].append(QUEUED / world.run("box", QUEUED, database, slow)["seconds"])
    return [
        Figure(name="ack_slow_card", what="drain with syncs 20 ms slower", value=median(rates[20.0]), unit="orders/s",
               floor=median(rates[0.0]), floor_name="the same at +0 ms", n=3, target=0.7, good="more"),
    ]  # fmt: skip


def latency(world: World) -> list[Figure]:
    """Five orders a second and syncs of +5 ms: until the broker hears the ack, until the cloud sees the new stock."""
    database = world.folder / "latency.db"
    shop.make(database)
    count = 40
    world.queue([])
    child = threading.Thread(target=lambda: found.update(world.run("box", count, database, SLOW)))
    found: dict[str, Any] = {}
    child.start()
    seen = threading.Event()
    ready = threading.Event()
    cloud = world.client("cloud")

    def heard(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/state"):
            seen.set()
        else:
            ready.set()

    cloud.on_message = heard
    cloud.on_connect = lambda c, *_: c.subscribe([(TOPIC.replace("/down", "/state"), 1), (TOPIC.replace("/down", "/up"), 1)])
    cloud.connect("127.0.0.1", world.broker.port)
    cloud.loop_start()
    assert ready.wait(30), "the box never said hello"
    time.sleep(1.0)
    waits = []
    for payload in shop.messages(database, count):
        seen.clear()
        began = time.perf_counter()
        cloud.publish(TOPIC, payload, qos=1)
        assert seen.wait(10), "the new stock was never told"
        waits.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, 0.2 - (time.perf_counter() - began)))
    child.join()
    cloud.disconnect()
    cloud.loop_stop()
    acks = found["acks_ms"]
    sync = _modelled_sync(world.folder)
    return [
        Figure(name="ack_latency.ack", what="order received until acknowledged, 5 a second, p50", value=median(acks[2:]),
               unit="ms", floor=sync, floor_name="one modelled sync", n=len(acks) - 2, target=2.5),
        Figure(name="ack_latency.stock", what="order published until its new stock is seen, 5 a second, p50",
               value=median(waits[2:]), unit="ms", floor=sync, floor_name="one modelled sync", n=len(waits) - 2, target=3.0),
    ]  # fmt: skip


def _modelled_sync(folder: Path) -> float:
    """How long one 4 KiB write and fdatasync take here with the shim, p50 in milliseconds."""
    script = (
        "import os,sys,time\n"
        "f=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT)\nt=[]\n"
        "for i in range(60):\n"
        "    os.pwrite(f,bytes(4096),i*4096); b=time.perf_counter(); os.fdatasync(f); t.append(time.perf_counter()-b)\n"
        "print(sorted(t)[30]*1000)\n"
    )
    environment = {**os.environ, "LD_PRELOAD": str(shim(folder)), "SLOWSYNC_US": str(int(SLOW * 1000))}
    out = subprocess.run(
        [sys.executable, "-c", script, str(folder / "sync.bin")], capture_output=True, text=True, check=True, env=environment
    )
    return float(out.stdout)


def _paho(port: int, ca: str, count: int) -> dict[str, Any]:
    """The floor: receive and acknowledge, nothing else."""
    done = threading.Event()
    times: list[float] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=CLIENT, clean_session=False, manual_ack=True)
    client.tls_set(ca)
    client.on_connect = lambda c, *_: c.subscribe(TOPIC, qos=1)

    def heard(client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        times.append(time.perf_counter())
        client.ack(message.mid, 1)
        if len(times) == count:
            done.set()

    client.on_message = heard
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert done.wait(120)
    client.disconnect()
    client.loop_stop()
    return {"seconds": times[-1] - times[0]}


def _box(port: int, ca: str, count: int, database: Path) -> dict[str, Any]:
    """Ledger, relay and link as the daemon has them."""
    from tihuo.cloud.address import LinkSettings, LinkTls
    from tihuo.cloud.link import Delivery, Link
    from tihuo.cloud.relay import Relay
    from tihuo.ledger.database import Readers
    from tihuo.ledger.keeping import Checkpointer
    from tihuo.ledger.writer import Writer
    from tihuo.shop.events import Event, OrderAccepted

    writer = Writer(database, shop.HOUSE, shop.clock)
    readers = Readers(database)
    link = Link(LinkSettings("127.0.0.1", port, store=shop.HOUSE.store_id, tls=LinkTls(ca=Path(ca))))
    relay = Relay(writer, readers, link, shop.HOUSE, shop.clock)
    done = threading.Event()
    accepted = 0
    last = 0.0
    first: list[float] = []
    acks: list[float] = []

    def hear(payload: bytes, delivery: Delivery) -> None:
        began = time.perf_counter()
        if not first:
            first.append(began)
        relay.hear(payload, _Timed(delivery, began, acks))

    def committed(events: list[Event]) -> None:
        nonlocal accepted, last
        accepted += sum(isinstance(event, OrderAccepted) for event in events)
        last = time.perf_counter()
        if accepted >= count:
            done.set()

    link.on_down = hear
    writer.listen(committed)
    writer.start()
    keeper = Checkpointer(database).follower
    keeper.start()
    relay.follower.start()
    link.start()
    assert done.wait(150), f"{accepted} of {count}"
    seconds = last - first[0]
    time.sleep(0.5)
    link.stop()
    for follower in (relay.follower, keeper):
        follower.ask_to_stop()
        follower.join()
    writer.close()
    return {"seconds": seconds, "acks_ms": acks}


class _Timed:
    """A delivery that notes how long its acknowledgement took."""

    def __init__(self, delivery: Any, began: float, out: list[float]) -> None:
        self._delivery, self._began, self._out = delivery, began, out

    def ack(self) -> bool:
        told = bool(self._delivery.ack())
        self._out.append((time.perf_counter() - self._began) * 1000)
        return told


if __name__ == "__main__":
    what, port, ca, count, database = sys.argv[1:6]
    result = _paho(int(port), ca, int(count)) if what == "paho" else _box(int(port), ca, int(count), Path(database))
    print(json.dumps(result))
