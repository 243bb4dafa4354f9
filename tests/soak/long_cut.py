"""A line that is down for three days (长断网): both sides go on, and have twenty thousand things to say each.

The cloud goes on selling from its grants, on a clock that runs 72 hours; the shop sorts and hands over what it had
accepted before. Then the real daemon gets its line back, the broker dies in the middle and forgets its queues, and in
the end both books must say the same. What the daemon's memory grows by meanwhile is bounded, and so is how much either
side has under way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.soak.mortal import Mortal, cloud_at
from tests.soak.outcome import Outcome
from tests.soak.two_stories import differences, looking_at
from tihuo.boards.balance import imbalances
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Shopper, Wish
from tihuo.demo.seed import seed_catalog, seed_session
from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.writer import Writer
from tihuo.settings import Settings
from tihuo.shop.words import Millis
from tihuo.shop.work import Work
from tihuo.stages import handing_over, sorting
from tihuo.wiring.box import house_of

EVENTS = 20_000
HOURS = 72
SESSION = "s2"
PLENTY = 60_000
CODES = tuple(product.code for product in shop.PRODUCTS if product.code != "caomei")
"""All but the one of which a customer may buy four."""
GROWN_MB = 30.0
"""The daemon may have so much more in memory during the drain than before."""
ACKS_A_SECOND = 10.0
"""A few a second, as the contract says: one each 150 ms, and the hello's."""


class SimulatedClock:
    """Milliseconds; it runs when it is told to, and ends up at the real time."""

    def __init__(self) -> None:
        self.now = int(time.time() * 1000) - HOURS * 3_600_000

    def __call__(self) -> Millis:
        return Millis(self.now)


class CountingCloud(DemoCloud):
    """Notes how often it hears what."""

    def __init__(self, *args: Any, **how: Any) -> None:
        self.acks = 0
        self.publishes = 0
        self.largest = 0
        super().__init__(*args, **how)

    def heard(self, kind: str, payload: bytes) -> None:
        self.acks += payload.count(b'"stream.ack"')
        self.publishes += 1
        self.largest = max(self.largest, len(payload))
        super().heard(kind, payload)


class Memory(threading.Thread):
    """The most that a process has resident, in MB."""

    def __init__(self, pid: int) -> None:
        super().__init__(name="memory", daemon=True)
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self.most = self.now()

    def now(self) -> float:
        return float(self._process.memory_info().rss) / 1e6

    def run(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self.now())

    def finish(self) -> float:
        self._over.set()
        self.join()
        return self.most


def long_cut(folder: Path) -> Outcome:
    """The part of `make soak`."""
    return cut_off(folder, EVENTS)


def cut_off(folder: Path, events: int) -> Outcome:
    """`events` on each side, an order sold before the cut for each two of the shop's."""
    broker = Broker(folder / "broker", kind="mosquitto")
    broker.start()
    mortal = Mortal(folder / "shop", **cloud_at(broker.port), TIHUO_STORE_ID=shop.SHOP_ID, TIHUO_PRINT_RECEIPTS="false")
    clock = SimulatedClock()
    cloud = CountingCloud(
        BrokerAddress("127.0.0.1", broker.port), shop.SHOP_ID, folder=folder / "cloud", now=clock, retry=0.5, pace=0.0
    )
    try:
        with _alone(mortal, clock) as writer:
            _seed(writer, clock)
        cloud.start()
        assert mortal.start(), mortal.last_words()
        assert cloud.wait_until(_all_for_sale, 60), "not everything is for sale"
        _sell(cloud, events // 2, clock, 0)
        _wait(lambda: not cloud.unacknowledged() and not _unheard(mortal.database))
        memory = Memory(mortal.pid)
        idle = memory.now()
        mortal.stop()

        cloud.go_away()
        with _alone(mortal, clock) as writer:
            _hand_over_everything(writer)
        _sell(cloud, events, clock, HOURS * 3_600_000)
        waiting = cloud.unacknowledged(), _unheard(mortal.database)

        assert mortal.start(), mortal.last_words()
        memory = Memory(mortal.pid)
        memory.start()
        acks, began = cloud.acks, time.monotonic()
        cloud.come_back()
        _wait(lambda: cloud.unacknowledged() < waiting[0] // 2)
        broker.kill()
        broker.start()
        _wait(lambda: not cloud.unacknowledged() and not _unheard(mortal.database))
        seconds = time.monotonic() - began
        grown = memory.finish() - idle
        acks_a_second = (cloud.acks - acks) / seconds
        outcome = _judge(cloud, mortal.database)
        print(
            f"  long cut: {waiting[0]} events to the shop, {waiting[1]} to the cloud, in {seconds:.1f} s; "
            f"memory {idle:.0f} MB + {grown:.1f}; {acks_a_second:.1f} acks a second; "
            f"largest of {cloud.publishes} PUBLISHes {cloud.largest} bytes"
        )
        assert min(waiting) >= events, waiting
        if grown > GROWN_MB:
            outcome.wrong.append(f"the daemon grew by {grown:.0f} MB during the drain")
        if acks_a_second > ACKS_A_SECOND:
            outcome.wrong.append(f"{acks_a_second:.0f} stream.ack a second")
        if cloud.largest > 60_000:
            outcome.wrong.append(f"a PUBLISH of {cloud.largest} bytes")
        return outcome
    finally:
        mortal.stop()
        cloud.stop()
        broker.stop()


class _alone:  # noqa: N801  used as a `with`
    """The shop's own writer, on the simulated clock, while the daemon is off."""

    def __init__(self, mortal: Mortal, clock: SimulatedClock) -> None:
        settings = Settings(data_dir=mortal.folder, store_id=shop.SHOP_ID)
        migrate(mortal.database)
        self._readers = Readers(mortal.database)
        self._writer = Writer(mortal.database, house_of(settings, self._readers), clock)

    def __enter__(self) -> Writer:
        self._writer.start()
        return self._writer

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._readers.close()


def _seed(writer: Writer, clock: SimulatedClock) -> None:
    def do(stage: Any, *args: Any) -> Any:
        return writer.write(stage, *args).result(timeout=30)

    seed_catalog(do)
    plenty = {product.code: PLENTY for product in shop.PRODUCTS}
    seed_session(do, 2, clock(), hours=2 * HOURS, scarce=plenty)


def _all_for_sale(cloud: DemoCloud) -> bool:
    return sum(offer.left > 0 for offer in cloud.offers()) == len(shop.PRODUCTS)


def _sell(cloud: DemoCloud, count: int, clock: SimulatedClock, takes_ms: int) -> list[str]:
    """So many orders over so much simulated time, in one change of the cloud's book: its disk is not what is tried."""
    sold = []
    with cloud._lock, cloud._book.change():
        for customer, lines in _baskets(count):
            sold.append(cloud.buy(customer, Wish(SESSION, lines)).order_id)
            clock.now += takes_ms // count
    return sold


def _baskets(count: int) -> Iterator[tuple[Shopper, tuple[tuple[str, int], ...]]]:
    baskets = shop.baskets(17, CODES)
    for number in range(count):
        basket = next(baskets)
        yield Shopper(f"wx-{number % 4000:05d}", basket.customer.name, f"1990{number % 4000:07d}"), basket.lines[:2]


def _hand_over_everything(writer: Writer) -> None:
    writer.write(sorting.open_wave, SESSION).result(60)
    while writer.write(_put_some).result(60):
        pass
    while writer.write(_give_some).result(60):
        pass


def _put_some(work: Work) -> int:
    rows = work.sql(
        "SELECT parcel_id, sku_id, sum(quantity - put - short - cancelled) AS units FROM order_line "
        "WHERE parcel_id IS NOT NULL GROUP BY parcel_id, sku_id HAVING units > 0 LIMIT 200"
    ).fetchall()
    for row in rows:
        sorting.put(work, *row)
    return len(rows)


def _give_some(work: Work) -> int:
    ready = work.sql("SELECT id FROM parcel WHERE state = 'ready' LIMIT 50").fetchall()
    for (parcel,) in ready:
        rows = work.sql(
            "SELECT sku_id, sum(put - handed_over) FROM order_line WHERE parcel_id = ? GROUP BY 1", (parcel,)
        )
        handing_over.hand_over_parcel(work, parcel, dict(rows.fetchall()))
    return len(ready)


def _unheard(database: Path) -> int:
    """Events of the store that the cloud has not acknowledged."""
    with looking_at(database) as store:
        return int(
            store.execute(
                "SELECT count(*) FROM journal WHERE up_seq > coalesce((SELECT seq FROM cursor WHERE name = 'up'), 0)"
            ).fetchone()[0]
        )


def _wait(done: Any, seconds: float = 240.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "the backlog was not drained"
        time.sleep(0.1)


def _judge(cloud: DemoCloud, database: Path) -> Outcome:
    until = time.monotonic() + 30
    while (found := differences(cloud, database)) and time.monotonic() < until:
        time.sleep(0.5)
    readers = Readers(database)
    wrong = [f"{name}: {rows}" for name, rows in readers.read(imbalances).items()]
    twice = readers.read(
        lambda look: look.rows(
            "SELECT json_extract(data, '$.order_id') AS what, count(*) FROM journal "
            "WHERE kind IN ('order.accepted', 'order.refused') GROUP BY what HAVING count(*) > 1"
        )
    )
    readers.close()
    refused = [order.order_id for order in cloud.orders() if order.state == "refused"]
    wrong += found[:10] + [f"{order} was within its grant and refused" for order in refused[:10]]
    wrong += [f"cloud: {odd}" for odd in cloud.figures().oddities[:10]]
    return Outcome(lost=sum(fault.startswith("lost") for fault in found), twice=len(twice), wrong=wrong)
