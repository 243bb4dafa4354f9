"""Paid orders from a real broker with TLS to the disk and back: how many, and how soon."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench import shop
from tests.bench.figure import Figure, median
from tests.bench.native import slow_disk
from tests.cloud.certificates import Authority
from tihuo.demo.broker import Broker, BrokerTls
from tihuo.ledger.writer import Writer
from tihuo.stages import selling

TOPIC = f"tihuo/v1/{shop.HOUSE.store_id}/down"
CLIENT = f"tihuo-{shop.HOUSE.store_id}"
QUEUED = 6000
BACKLOG = 20_000
ROUNDS = 5
SLOW = 5.0
"""Milliseconds that the modelled card adds to a sync."""


class World:
    """A broker, with TLS unless a trace must be able to read along, and what it takes to reach it."""

    def __init__(self, folder: Path, *, tls: bool = True) -> None:
        self.folder = folder
        self.ca: Path | None = None
        secret = None
        if tls:
            authority = Authority(folder / "tls")
            self.ca = authority.ca
            secret = BrokerTls(authority.ca, *authority.sign("127.0.0.1"))
        self.broker = Broker(folder / "broker", kind="mosquitto", tls=secret)
        self.broker.start()

    def client(self, name: str, *, clean: bool = True) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean, reconnect_on_failure=False
        )
        if self.ca:
            client.tls_set(str(self.ca))
        client.max_inflight_messages_set(1000)
        return client

    def forget(self) -> None:
        """A session for the box at the broker, with nothing in it."""
        for clean in (True, False):
            joined = threading.Event()
            client = self.client(CLIENT, clean=clean)
            client.on_subscribe = lambda *_, joined=joined: joined.set()
            client.on_connect = lambda c, *_: c.subscribe(TOPIC, qos=1)
            client.connect("127.0.0.1", self.broker.port)
            client.loop_start()
            assert joined.wait(10)
            client.disconnect()
            client.loop_stop()

    def publish(self, payloads: Sequence[bytes]) -> None:
        """Have messages acknowledged by the broker."""
        cloud = self.client("filler")
        cloud.connect("127.0.0.1", self.broker.port)
        cloud.loop_start()
        for message in [cloud.publish(TOPIC, payload, qos=1) for payload in payloads]:
            message.wait_for_publish(60)
        cloud.disconnect()
        cloud.loop_stop()

    def queue(self, payloads: Sequence[bytes]) -> None:
        """Leave messages, and no others, waiting at the broker for the box."""
        self.forget()
        self.publish(payloads)

    @contextmanager
    def selling(self, database: Path, a_second: int) -> Iterator[None]:
        """Paid orders that arrive meanwhile, for a minute at most."""
        payloads = shop.messages(database, a_second * 60, first=100_000)
        over = threading.Event()
        cloud = self.client("cloud")
        cloud.connect("127.0.0.1", self.broker.port)
        cloud.loop_start()

        def sell() -> None:
            begun = time.monotonic()
            for number, payload in enumerate(payloads):
                if over.wait(max(0.0, begun + number / a_second - time.monotonic())):
                    return
                cloud.publish(TOPIC, payload, qos=1)

        seller = threading.Thread(target=sell)
        seller.start()
        try:
            yield
            assert seller.is_alive(), "the orders ran out too early"
        finally:
            over.set()
            seller.join()
            cloud.disconnect()
            cloud.loop_stop()

    def consumer(self, what: str, count: int, database: Path | None = None, answers: int = 0) -> list[str]:
        """The command of a consumer: `paho` acknowledges and nothing else, `box` does all that the daemon does."""
        ca = str(self.ca or "")
        port = str(self.broker.port)
        return [
            sys.executable,
            "-m",
            "tests.bench.ingest",
            what,
            port,
            ca,
            str(count),
            str(database or ""),
            str(answers),
        ]

    def run(self, *command: Any, slow_ms: float = 0.0, environment: dict[str, str] | None = None) -> dict[str, Any]:
        """Run such a consumer until it is done; gives what it printed."""
        around = slow_disk(self.folder, slow_ms) | (environment or {})
        child = subprocess.run(self.consumer(*command), capture_output=True, text=True, timeout=180, env=around)
        assert child.returncode == 0, child.stderr[-2000:]
        found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
        return found

    def drained(self, database: Path, payloads: Sequence[bytes], *, slow_ms: float = 0.0) -> dict[str, Any]:
        """What the box says after it has worked off what waited for it; `database` is copied, not changed."""
        self.queue(payloads)
        count = len(payloads)
        return self.run("box", count, shop.fresh(database), count, slow_ms=slow_ms)

    def drain(self, database: Path, payloads: Sequence[bytes], *, slow_ms: float = 0.0) -> float:
        """Orders a second meanwhile."""
        return len(payloads) / float(self.drained(database, payloads, slow_ms=slow_ms)["seconds"])

    def close(self) -> None:
        self.broker.stop()


def rate(world: World) -> list[Figure]:
    """Drain queued orders: everything on, against a stock paho consumer with manual acks and the same messages."""
    ratios, rates, grown = [], [], []
    template = world.folder / "rate.db"
    shop.make(template)
    payloads = shop.messages(template, QUEUED)
    for _ in range(ROUNDS):
        world.queue(payloads)
        floor = QUEUED / float(world.run("paho", QUEUED)["seconds"])
        found = world.drained(template, payloads)
        rates.append(QUEUED / float(found["seconds"]))
        ratios.append(rates[-1] / floor)
        grown.append(float(found["grown_mb"]))
    value = median(rates)
    return [
        Figure(
            name="ingest_rate",
            what="queued orders of four lines over TLS: reserved, journalled, synced, answered",
            value=value,
            unit="orders/s",
            floor=value / median(ratios),
            floor_name="stock paho consumer, manual ack",
            n=ROUNDS,
            target=0.60,
            gate=0.45,  # what the noise of a busy machine leaves of it
            good="more",
        ),
        Figure(
            name="memory_busy.ingest",
            what=f"resident memory of daemon and line after {QUEUED} queued orders, beyond that before the first",
            value=max(grown),
            unit="MB",
            n=ROUNDS,
            target=30,
        ),
    ]


def slow_card(world: World) -> list[Figure]:
    """The same drain with a card that takes 20 ms longer for each sync, against none."""
    template = world.folder / "rate.db"
    payloads = shop.messages(template, QUEUED)
    rounds = [(world.drain(template, payloads), world.drain(template, payloads, slow_ms=20)) for _ in range(5)]
    value = median(slow for _, slow in rounds)
    return [
        Figure(
            name="ack_slow_card",
            what="drain with syncs 20 ms slower",
            value=value,
            unit="orders/s",
            floor=value / median(slow / plain for plain, slow in rounds),
            floor_name="the same at +0 ms",
            n=5,
            target=0.7,
            gate=0.6,
            good="more",
        ),
    ]


def backlog(world: World) -> list[Figure]:
    """Both sides have much to say after a cut: as many orders wait at the broker as answers wait in the box."""
    template = world.folder / "rate.db"
    cut_off = shop.fresh(template, "cut-off.db")
    writer = Writer(cut_off, shop.HOUSE, shop.clock)
    writer.start()
    for order in shop.orders(template, BACKLOG):
        last = writer.write(selling.accept_order, order)
    last.result(60)
    writer.close()
    plain, after = shop.messages(template, BACKLOG), shop.messages(template, BACKLOG, first=BACKLOG)
    rounds = []
    for _ in range(3):
        usual = world.drain(template, plain)
        world.queue(after)
        rounds.append((usual, BACKLOG / float(world.run("box", BACKLOG, shop.fresh(cut_off), 2 * BACKLOG)["seconds"])))
    value = median(both for _, both in rounds)
    return [
        Figure(
            name="backlog_drain",
            what=f"{BACKLOG} events each way after a cut",
            value=value,
            unit="events/s each way",
            floor=value / median(both / usual for usual, both in rounds),
            floor_name="`ingest_rate` without a cut",
            n=3,
            target=0.8,
            gate=0.7,
            good="more",
        ),
    ]


def latency(world: World) -> list[Figure]:
    """Five orders a second and syncs of +5 ms: until the broker hears the ack, until the cloud sees the new stock."""
    database = world.folder / "latency.db"
    shop.make(database)
    count = 40
    world.forget()
    found: dict[str, Any] = {}
    child = threading.Thread(target=lambda: found.update(world.run("box", count, database, count, slow_ms=SLOW)))
    seen, ready = threading.Event(), threading.Event()
    cloud = world.client("cloud")

    def heard(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        (seen if message.topic.endswith("/state") else ready).set()

    cloud.on_message = heard
    topics = [(TOPIC.replace("/down", "/state"), 1), (TOPIC.replace("/down", "/up"), 1)]
    cloud.on_connect = lambda c, *_: c.subscribe(topics)
    cloud.on_subscribe = lambda *_: child.start()
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
    sync = modelled_sync(world.folder)
    return [
        Figure(
            name="ack_latency.ack",
            what="order received until acknowledged, 5 a second, p50",
            value=median(acks[2:]),
            unit="ms",
            floor=sync,
            floor_name="one modelled sync",
            n=len(acks) - 2,
            target=1.5,
        ),
        Figure(
            name="ack_latency.stock",
            what="order published until its new stock is seen, 5 a second, p50",
            value=median(waits[2:]),
            unit="ms",
            floor=sync,
            floor_name="one modelled sync",
            n=len(waits) - 2,
            target=1.8,
        ),
    ]


def modelled_sync(folder: Path) -> float:
    """How long one 4 KiB write and fdatasync take here on the modelled card, p50 in milliseconds."""
    script = (
        "import os,sys,time\n"
        "f=os.open(sys.argv[1],os.O_RDWR|os.O_CREAT)\nt=[]\n"
        "for i in range(60):\n"
        "    os.pwrite(f,bytes(4096),i*4096); b=time.perf_counter(); os.fdatasync(f); t.append(time.perf_counter()-b)\n"
        "print(sorted(t)[30]*1000)\n"
    )
    command = [sys.executable, "-c", script, str(folder / "sync.bin")]
    return float(
        subprocess.run(command, capture_output=True, text=True, check=True, env=slow_disk(folder, SLOW)).stdout
    )


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


def _box(port: int, ca: str, count: int, database: Path, answers: int) -> dict[str, Any]:
    """Ledger, relay and link as the daemon has them, until `count` orders are booked and `answers` were sent."""
    from tihuo.cloud.address import LinkSettings, LinkTls
    from tihuo.cloud.link import Link
    from tihuo.cloud.relay import Relay
    from tihuo.ledger.database import Readers
    from tihuo.ledger.keeping import Checkpointer
    from tihuo.shop.events import Event, OrderAccepted
    from tihuo.wiring.memory import settle

    writer = Writer(database, shop.HOUSE, shop.clock)
    readers = Readers(database)
    tls = LinkTls(ca=Path(ca)) if ca else None
    link = _counting(Link, LinkSettings("127.0.0.1", port, store=shop.HOUSE.store_id, tls=tls))
    relay = Relay(writer, readers, link, shop.HOUSE, shop.clock)
    done = threading.Event()
    booked = 0
    first: list[float] = []
    weighed: list[int] = []
    acks: list[float] = []

    def hear(payload: bytes, delivery: Any) -> None:
        began = time.perf_counter()
        if not first:
            first.append(began)
            weighed.append(_resident(link.process_id))
        relay.hear(payload, _Timed(delivery, began, acks))  # type: ignore[arg-type]

    def see() -> None:
        if booked >= count and link.answers >= answers:
            done.set()

    def committed(events: list[Event]) -> None:
        nonlocal booked
        booked += sum(isinstance(event, OrderAccepted) for event in events)
        see()

    link.on_down = hear
    link.on_answers = see
    writer.listen(committed)
    writer.start()
    keeper = Checkpointer(database).follower
    keeper.start()
    relay.follower.start()
    settle()
    weighed.append(_resident())
    link.start()
    assert done.wait(150), f"{booked} of {count} booked, {link.answers} of {answers} answered"
    seconds = time.perf_counter() - first[0]
    time.sleep(0.2)
    grown = (_resident() + _resident(link.process_id) - sum(weighed)) / 1e6
    link.stop()
    for follower in (relay.follower, keeper):
        follower.ask_to_stop()
        follower.join()
    writer.close()
    return {"seconds": seconds, "acks_ms": acks, "grown_mb": grown}


def _resident(process: int | None = None) -> int:
    return int(psutil.Process(process).memory_info().rss)


def _counting(kind: Any, settings: Any) -> Any:
    """A link that knows how many answers to orders have been handed to its socket."""

    class Counting(kind):  # type: ignore[misc]
        answers = 0
        on_answers: Any = None

        def publish(self, topic: str, *payloads: bytes) -> int:
            taken: int = super().publish(topic, *payloads)
            if taken and topic == "up":
                self.answers += sum(payload.count(b'"order.accepted"') for payload in payloads[:taken])
                self.on_answers()
            return taken

    return Counting(settings)


class _Timed:
    """A delivery that notes how long its acknowledgement took."""

    def __init__(self, delivery: Any, began: float, out: list[float]) -> None:
        self._delivery, self._began, self._out = delivery, began, out

    def ack(self) -> bool:
        told = bool(self._delivery.ack())
        self._out.append((time.perf_counter() - self._began) * 1000)
        return told


if __name__ == "__main__":
    what, port, ca, count, database, answers = sys.argv[1:7]
    if what == "paho":
        print(json.dumps(_paho(int(port), ca, int(count))))
    else:
        print(json.dumps(_box(int(port), ca, int(count), Path(database), int(answers))))
