"""What a chain costs its broker: `python -m tests.bench.chain [SHOPS]` prints the figures of daemon/docs/chain.md.

First one real shop is listened to: how many messages and bytes is an order? Then many simulated shops, each with its
certificate and a connection of its own, log in, idle, and take orders in turn, against each broker as it is shipped.
The broker's own processor time and memory are what counts; rates depend on this machine and its other work.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from tests.brokers import Cluster, Guarded, GuardedMosquitto, NatsCluster, RabbitCluster
from tests.cloud.listening import Peer
from tests.journeys.house import House
from tihuo.cloud.address import LinkSettings, LinkTls
from tihuo.cloud.link import Link
from tihuo.cloud.probe_line import Line
from tihuo.demo import shop
from tihuo.demo.broker import Broker, NoBroker
from tihuo.wiring.box import link_settings

SHOPS = 100
ROUNDS = 10
IDLE_S = 10.0
DOWN = (b"o" * 760, b"k" * 240)
UP = (("up", b"a" * 360), ("up", b"k" * 205), ("state", b"s" * 300))
"""The messages of an order until it is accepted, as `one_shop` counts and weighs them."""


def one_shop(folder: Path, count: int = 20) -> None:
    """Orders at a shop's pace, one after the other is answered: what crosses the wire for each?"""
    with Broker(folder / "broker") as broker:
        house = House(folder / "house", broker)
        try:
            house.wait("everything is for sale", lambda: len(house.cloud.offers()) == len(shop.PRODUCTS))
            with Peer(broker.port, f"tihuo/v1/{shop.SHOP_ID}/+", client_id="listener") as listener:
                time.sleep(2)
                while not listener.heard.empty():
                    listener.heard.get()
                for person in range(count):
                    order = house.buy(person, tudou=1, niunai=1)
                    house.wait_for_state(order, "accepted")
                    time.sleep(0.4)
                _count("an order until it is accepted", listener, count)
                wave = house.sort()
                assert wave
                house.wait("all is ready", lambda: all(one.state == "ready" for one in house.cloud.orders()))
                time.sleep(1)
                _count("its sorting, all at once", listener, count)
                staff = house.staff()
                for one in house.cloud.orders():
                    staff.hand_over(one.code)
                    house.wait_for_state(one.order_id, "handed_over")
                    time.sleep(0.4)
                _count("its hand over", listener, count)
        finally:
            house.close()


def _count(what: str, listener: Peer, orders: int) -> None:
    messages, sizes = Counter[str](), Counter[str]()
    while not listener.heard.empty():
        heard = listener.heard.get()
        kind = heard.topic.rpartition("/")[2]
        messages[kind] += 1
        sizes[kind] += len(heard.payload) + len(heard.topic)
    total, size = messages.total() / orders, sizes.total() / orders
    said = ", ".join(f"{kind} {n / orders:.1f} of {sizes[kind] / n:.0f} B" for kind, n in messages.items())
    print(f"{what}: {total:.1f} messages, {size:.0f} B ({said})", flush=True)


def many_shops(name: str, broker: Guarded, pids: Callable[[], list[int]], stores: tuple[str, ...]) -> None:
    """Log in, idle, take orders; the broker's memory and processor time for each."""
    mine = [_account(broker, store, store) for store in stores]
    bare = _memory(pids())
    used = _cpu(pids())
    lines = []
    for account in mine:
        lines.append(Line(account, clean=False))
        lines[-1].subscribe(account.topic("down"), account.topic("traffic"))
    logins = (_cpu(pids()) - used) / len(lines)
    each = (_memory(pids()) - bare) / len(lines)
    print(f"{name}: {bare / 1e6:.0f} MB without shops; {len(lines)} shops, a login with TLS and a certificate", end=" ")
    print(f"takes {each / 1e3:.0f} kB and {logins * 1e3:.1f} ms of CPU", flush=True)

    used = _cpu(pids())
    time.sleep(IDLE_S)
    idle = (_cpu(pids()) - used) / IDLE_S
    print(f"{name}: {idle * 100:.1f} % of a processor while nobody says anything", flush=True)

    clouds = Line(_account(broker, "cloud", "+"), "tihuo-cloud", clean=False)
    clouds.subscribe(*(f"tihuo/v1/+/{kind}" for kind in ("up", "state", "presence")))
    used, began, messages = _cpu(pids()), time.monotonic(), 0
    for _ in range(ROUNDS):
        sent = [clouds.publish(account.topic("down"), DOWN[0]) for account in mine]
        for account, line in zip(mine, lines, strict=True):
            assert line.hear() is not None
            assert line.all_acked([line.publish(account.topic(kind), payload) for kind, payload in UP])
        assert clouds.all_acked(sent)
        for _ in range(len(UP) * len(lines)):
            assert clouds.hear() is not None
        sent = [clouds.publish(account.topic("down"), DOWN[1]) for account in mine]
        for line in lines:
            assert line.hear() is not None
        assert clouds.all_acked(sent)
        messages += (len(DOWN) + len(UP)) * len(lines)
    took = time.monotonic() - began
    spent = _cpu(pids()) - used - idle * took
    each = (_memory(pids()) - bare) / len(lines)
    print(f"{name}: {messages} messages in and out, {messages / took:.0f} a second here;", end=" ")
    print(f"beyond that {spent / messages * 1e6:.0f} µs of the broker's CPU for each,", end=" ")
    order = spent / ROUNDS / len(lines)
    print(f"{order * 1e3:.2f} ms for an order; {each / 1e3:.0f} kB for each shop afterwards", flush=True)
    for line in (*lines, clouds):
        line.die()


def storm(name: str, broker: GuardedMosquitto, stores: tuple[str, ...]) -> None:
    """The broker dies and comes back: how soon has everybody found it again, by the real link's pauses?"""
    up = {store: threading.Event() for store in stores}
    back: dict[str, float] = {}
    links = []
    for store in stores:
        link = Link(_account(broker, store, store))
        link.on_down = print
        link.on_connected = partial(_note, store, back, up[store])
        links.append(link)
        link.start()
    assert all(event.wait(60) for event in up.values())
    for event in up.values():
        event.clear()
    broker.kill()
    time.sleep(5)
    broker.start()
    began, used = time.monotonic(), _cpu(_pids(broker))
    assert all(event.wait(120) for event in up.values())
    after = sorted(moment - began for moment in back.values())
    spent = (_cpu(_pids(broker)) - used) / len(links)
    print(f"{name}: 5 s without a broker, then {len(links)} links are back: the first after {after[0]:.1f} s,", end=" ")
    print(f"half {after[len(after) // 2]:.1f}, all {after[-1]:.1f}; {spent * 1e3:.1f} ms of CPU each", flush=True)
    for link in links:
        link.ask_to_stop()
    for link in links:
        link.stop()


def _note(store: str, back: dict[str, float], up: threading.Event) -> None:
    back[store] = time.monotonic()
    up.set()


def _account(broker: Guarded, name: str, store: str) -> LinkSettings:
    plain = link_settings(name, broker.box(name))
    node = plain.node(0)
    tls = LinkTls(broker.pki.ca, *broker.pki.of(name))
    return replace(plain, host=node[0], port=node[1], others=(), tls=tls, store=name if store == "+" else store)


def _pids(broker: GuardedMosquitto) -> list[int]:
    return [int((broker.folder / "broker.pid").read_text())]


def _nodes(cluster: Cluster) -> list[int]:
    """The processes that are the broker: RabbitMQ's begins with a shell, whose child it is."""
    started = [psutil.Process(pid) for pid in cluster.pids]
    return [one.pid for first in started for one in (first, *first.children(recursive=True))]


def _memory(pids: list[int]) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)


def _cpu(pids: list[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(one.user + one.system for one in times)


def main(shops: int) -> None:
    logging.disable()
    stores = tuple(f"S{number:04}" for number in range(shops))
    with tempfile.TemporaryDirectory(prefix="tihuo-chain-") as temporary:
        folder = Path(temporary)
        one_shop(folder / "one")
        with GuardedMosquitto(folder / "mosquitto", stores) as mosquitto:
            many_shops("mosquitto", mosquitto, lambda: _pids(mosquitto), stores)
            storm("mosquitto", mosquitto, stores)
        for name, kind in (("NATS, three nodes", NatsCluster), ("RabbitMQ, three nodes", RabbitCluster)):
            try:
                cluster: Cluster = kind(folder / kind.__name__, stores)
            except NoBroker as missing:
                print(f"{name}: {missing}")
                continue
            with cluster:
                many_shops(name, cluster, partial(_nodes, cluster), stores)
    print(f"load of this machine meanwhile: {os.getloadavg()[1]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SHOPS)
