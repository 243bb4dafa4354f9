"""A day at the shop and what it writes to the card: 500 orders sold, sorted, labelled, collected; the hours between.

The real daemon, a real broker and the demo cloud; every order, scan, put, print and hand-over is one by one, as in a
shop, so that each is a commit of its own. `tests/bench/countsync.c` under the daemon counts what it hands to write(2).
"""

from __future__ import annotations

import itertools
import random
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.bench import shop
from tests.bench.daemon import PIN, STAFF, Daemon, Page, cloud_settings
from tests.bench.figure import Figure
from tests.bench.labels import Sink
from tests.bench.native import library
from tihuo.api.auth import hash_pin
from tihuo.boards import balance, paper, sorting
from tihuo.boards.kiosk import kiosk_picture
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Shopper, Wish
from tihuo.ledger.database import Look, Readers
from tihuo.ledger.seals import unsealed
from tihuo.ledger.writer import Writer
from tihuo.shop.staff import keep_user

ORDERS = 500
STOCK = 400
"""Units of each of 200 SKUs on offer: the usual 60 % are lent first, so the popular ones are lent again and again."""
APART = 20
"""Scans and puts that are counted each alone, before parcels are complete."""
IDLE_S = 40.0
"""Long enough for a heartbeat to the cloud; the table multiplies it."""
IDLE_HOURS = 18.0
STILL_S = 3.0
BUDGET_MB = 200.0
_ROW = struct.Struct("232sQQQ")


class Written(NamedTuple):
    """What a stretch of the day wrote. `files`: last part of a file's name -> (bytes, calls of write, syncs)."""

    what: str
    times: int
    files: dict[str, tuple[int, int, int]]

    @property
    def bytes(self) -> int:
        return sum(size for size, _, _ in self.files.values())

    @property
    def syncs(self) -> int:
        return sum(syncs for _, _, syncs in self.files.values())


class Counter:
    """Reads the table of `countsync.c`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "counts"
        self.environment = {"LD_PRELOAD": str(library("countsync", folder)), "COUNT_FILE": str(self.file)}
        self.stretches: list[Written] = []
        self._before: dict[str, tuple[int, int, int]] = {}

    def note(self, what: str, times: int = 1) -> Written:
        """What was written since the last note."""
        now = {
            Path(name.rstrip(b"\0").decode()).name: (size, writes, syncs)
            for name, size, writes, syncs in _ROW.iter_unpack(self.file.read_bytes())
            if name[0]
        }
        nothing = (0, 0, 0)
        grown = {
            name: tuple(new - old for new, old in zip(counts, self._before.get(name, nothing), strict=True))
            for name, counts in now.items()
        }
        self._before = now
        found = Written(what, times, {name: counts for name, counts in grown.items() if any(counts)})  # type: ignore[misc]
        self.stretches.append(found)
        return found


class Day:
    """One shop with everything that makes it write."""

    def __init__(self, folder: Path, running: ExitStack, orders: int) -> None:
        place = folder / "data"
        place.mkdir()
        self.count = orders
        self._running = running
        self.database = place / "tihuo.db"
        shop.make(self.database, STOCK, msgspec.structs.replace(shop.HOUSE, first_grant_percent=60))
        writer = Writer(self.database, shop.HOUSE, shop.clock)
        writer.start()
        for name, role in ((STAFF, "staff"), ("周宁", "owner")):
            writer.write(keep_user, name, role, hash_pin(PIN)).result(30)
        writer.close()
        broker = Broker(folder / "broker", kind="mosquitto")
        running.callback(broker.stop)
        broker.start()
        printers = {}
        for role in ("LABEL", "RECEIPT"):
            sink = Sink()
            running.callback(sink.close)
            printers[f"TIHUO_PRINTERS__{role}__KIND"] = "network"
            printers[f"TIHUO_PRINTERS__{role}__ADDRESS"] = f"{sink.host}:{sink.port}"
        self.counter = Counter(folder)
        settings = {"TIHUO_STORE_ID": shop.HOUSE.store_id, "TIHUO_LIGHTS__KIND": "simulated"}
        self.daemon = running.enter_context(
            Daemon(place, **settings, **printers, **cloud_settings(broker.port), **self.counter.environment)
        )
        self.readers = Readers(self.database)
        running.callback(self.readers.close)
        self.cloud = DemoCloud(
            BrokerAddress("127.0.0.1", broker.port), shop.HOUSE.store_id, folder=folder / "cloud", refund_delay=0.1
        )
        running.callback(self.cloud.stop)
        self.cloud.start()
        self._once = itertools.count(1)
        self.counter.note("start")

    def once(self) -> str:
        return f"a-day-{next(self._once):08d}"

    def page(self) -> Page:
        page = Page(self.daemon)
        self._running.callback(page.close)
        return page

    def log_in(self, name: str) -> Page:
        self.daemon.log_in(name)
        return self.page()

    def sell(self) -> None:
        """Paid orders of four lines, one by one; the owner watches."""
        owner = self.log_in("周宁")
        met = self.cloud.wait_until(lambda cloud: len([o for o in cloud.offers() if o.left]) == shop.SKUS, 30)
        assert met, "the cloud has nothing to sell"
        self.counter.note("opening")
        dice = random.Random(7)
        for number, basket in enumerate(shop.baskets(self.count)):
            left = {offer.sku: offer.left for offer in self.cloud.offers()}
            lines = tuple((f"SKU{sku:03d}", dice.choice((1, 1, 2))) for sku in basket if left[f"SKU{sku:03d}"] >= 2)
            who = number % (self.count * 4 // 5)
            shopper = Shopper(f"wx-{who:06d}", "林小树", f"1990000{who:04d}")
            order_id = self.cloud.buy(shopper, Wish("s1", lines)).order_id
            met = self.cloud.wait_until(lambda cloud, no=order_id: cloud.order(no).state != "paid", 20)
            assert met and self.cloud.order(order_id).state == "accepted", self.cloud.order(order_id)
            self._rest()
            if number % 10 == 0:
                owner.get("/owner/live")
        self.counter.note("order", self.count)
        assert owner.post("/owner/sessions/s1/close", once=self.once()).status == 204
        self._rest()
        self.counter.note("cutoff")

    def sort(self) -> None:
        """A wave; every unit scanned and put, which prints a label for each parcel."""
        staff = self.log_in(STAFF)
        assert staff.post("/staff/sorting/open", session_id="s1", view="customer", once=self.once()).status == 200
        self._rest()
        self.counter.note("wave")
        wave = self.readers.read(sorting.waves)[0].wave_id
        parcels = self.readers.read(sorting.by_customer, wave, 0, 10_000)
        lines = [
            (shop.barcode(line.sku_id - 1), parcel.parcel_id, line.sku_id, line.wanted)
            for parcel in parcels
            for line in self.readers.read(sorting.parcel_lines, [parcel.parcel_id])
        ]
        units = [line[:3] for line in sorted(lines) for _ in range(line[3])]
        apart = min(APART, len(units) // 2)
        for number, (code, parcel_id, sku_id) in enumerate(units):
            assert staff.post("/staff/sorting/scan", text=code, view="customer").status == 200
            if number < apart:
                self.counter.note("scan")
            form = {"parcel": parcel_id, "sku": sku_id, "quantity": 1, "once": self.once()}
            assert staff.post("/staff/sorting/put", **form).status == 200
            if number < apart:
                self._wait_for_paper()
                self.counter.note("put")
        self._wait_for_paper()
        self.counter.note("scan, put, label", len(units) - apart)
        self.scans, self.labels = len(units), len(parcels)

    def collect(self) -> None:
        """Every customer comes, shows her code, takes everything and gets a receipt; her page is drawn meanwhile."""
        kiosk = self.page()
        customers: dict[str, str] = {}
        for order in self.cloud.orders():
            customers.setdefault(order.customer_id, order.code)
        for code in customers.values():
            assert kiosk.post("/kiosk/code?k=k1", code=code).status == 200
            kiosk.get("/kiosk/stage?k=k1")
            visit, parcels = self._visit()
            form = {"visit": visit, "nonce": self.once(), "take": parcels}
            assert kiosk.post("/kiosk/hand-over?k=k1", **form).status == 200
            self._rest()
            assert kiosk.post("/kiosk/leave?k=k1", visit=visit).status == 200
        self._wait_for_paper()
        self.counter.note("visit, hand-over, receipt", len(customers))
        self.customers = len(customers)

    def idle(self, seconds: float) -> None:
        """Nobody is there; a page stays open and asks now and then. What the last of them set off is counted apart: the
        log that has grown is moved into the file a little later."""
        self.page().get("/kiosk/strip?k=k1")  # that a kiosk has a screen is kept once
        until = time.monotonic() + 60
        while self.readers.read(unsealed):
            assert time.monotonic() < until, "the journal is not sealed"
            time.sleep(0.2)
        kiosk = self.page()
        self._until_still()
        self.counter.note("afterwards")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            kiosk.get("/kiosk/strip?k=k1")
            time.sleep(min(2.0, max(0.0, until - time.monotonic())))
        self.counter.note("idle")

    def ends_well(self) -> None:
        with self.readers.look() as look:
            assert balance.imbalances(look) == {}
            counts = paper.paper_counts(look)
            rows = look.rows("SELECT count(*) FROM order_line WHERE handed_over < quantity")
        assert set(counts) == {"printed"}, counts
        assert rows == [(0,)], rows

    def _until_still(self) -> None:
        """Until nothing was written for longer than the checkpointer sleeps."""
        until = time.monotonic() + 20
        before, since = b"", time.monotonic()
        while time.monotonic() - since < STILL_S:
            assert time.monotonic() < until, "the box writes and writes"
            if (now := self.counter.file.read_bytes()) != before:
                before, since = now, time.monotonic()
            time.sleep(0.05)

    def _visit(self) -> tuple[int, list[int]]:
        picture = self.readers.read(kiosk_picture, "k1")
        assert picture.visit_id is not None and picture.state == "welcome", picture
        return picture.visit_id, [parcel.parcel_id for parcel in picture.parcels]

    def _rest(self) -> None:
        """Until what one event set off has been written: cloud told and its answer heard."""
        until = time.monotonic() + 20
        while self.readers.read(_untold):
            assert time.monotonic() < until, "the cloud does not acknowledge"
            time.sleep(0.01)

    def _wait_for_paper(self) -> None:
        until = time.monotonic() + 120
        while set(self.readers.read(paper.paper_counts)) - {"printed", "cancelled"}:
            assert time.monotonic() < until, self.readers.read(paper.paper_counts)
            time.sleep(0.05)
        self._rest()


def _untold(look: Look) -> int:
    row = look.one(
        "SELECT coalesce(max(up_seq), 0) - (SELECT coalesce(max(seq), 0) FROM cursor WHERE name = 'up') FROM journal"
    )
    return int(row[0]) if row else 0


@contextmanager
def a_day(folder: Path, orders: int) -> Iterator[Day]:
    with ExitStack() as running:
        yield Day(folder, running, orders)


def day(folder: Path) -> list[Figure]:
    """Run it, print what wrote how much, and give the sum."""
    with a_day(folder, ORDERS) as shop_day:
        shop_day.sell()
        shop_day.sort()
        shop_day.collect()
        shop_day.idle(IDLE_S)
        shop_day.ends_well()
        stretches = shop_day.counter.stretches
        idle = stretches[-1]
        print(table(stretches))
    hours = IDLE_HOURS * 3600 / IDLE_S
    total = sum(stretch.bytes for stretch in stretches) + idle.bytes * (hours - 1)
    logged = sum(stretch.files.get("log", (0, 0, 0))[0] for stretch in stretches)
    syncs = sum(stretch.syncs for stretch in stretches)
    return [
        Figure(
            name="day_writes",
            what=f"handed to write(2) in a day of {ORDERS} orders: {shop_day.scans} scans and puts, "
            f"{shop_day.labels} labels, {shop_day.customers} visits with a receipt, {syncs} syncs, "
            f"{logged / 1000:.0f} kB of log",
            value=total / 1e6,
            unit="MB",
            n=1,
            target=BUDGET_MB,
        )
    ]


def table(stretches: list[Written]) -> str:
    """What each stretch wrote, and each time it happened."""
    rows = []
    for what, together in itertools.groupby(sorted(stretches, key=lambda found: found.what), lambda found: found.what):
        mine = list(together)
        times = sum(found.times for found in mine)
        size, syncs = sum(found.bytes for found in mine), sum(found.syncs for found in mine)
        files: dict[str, int] = {}
        for found in mine:
            for name, counts in found.files.items():
                files[name] = files.get(name, 0) + counts[0]
        where = ", ".join(f"{name} {size // 1000}" for name, size in sorted(files.items()))
        rows.append(
            f"  {what:28} x {times:5}: {size / 1e6:8.2f} MB, {size / times:8.0f} B and {syncs / times:5.2f} syncs each"
            f" (kB: {where})"
        )
    return "\n".join(rows)
