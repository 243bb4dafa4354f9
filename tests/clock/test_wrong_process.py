"""The whole process under a wrong clock: not one thread, timer or connection of the daemon goes by the time of day."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import shop
from tests.bench.daemon import Daemon, Page, cloud_settings
from tests.bench.native import library
from tihuo.boards.balance import imbalances
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Shopper, Wish
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Entry, entries_after

pytestmark = [pytest.mark.broker, pytest.mark.slow]

YEAR = 365 * 86_400_000
PATIENCE_S = 30.0


class Card:
    """The data of a box, and what is wrong with its machine's clock."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "data"
        self.place.mkdir()
        self.database = self.place / "tihuo.db"
        self.wrong_by = folder / "wrong-by"
        self.touched = folder / "synchronized"
        self.set(0)
        self.settings = {
            "TIHUO_CLOCK__SYNCHRONIZED": str(self.touched),
            "LD_PRELOAD": str(library("wrongclock", folder, Path(__file__).parent)),
            "WRONG_BY": str(self.wrong_by),
        }

    def set(self, ms: int) -> None:
        with self.wrong_by.open("r+b" if self.wrong_by.exists() else "wb") as file:
            file.write(struct.pack("q", ms))

    def entries(self) -> list[Entry]:
        readers = Readers(self.database)
        try:
            assert readers.read(imbalances) == {}
            return readers.read(entries_after, 0, 100_000)
        finally:
            readers.close()


@pytest.fixture
def card(tmp_path: Path) -> Card:
    card = Card(tmp_path)
    shop.make(card.database, stock=50)
    return card


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker", kind="mosquitto") as broker:
        yield broker


@pytest.fixture
def cloud(tmp_path: Path, broker: Broker) -> Iterator[DemoCloud]:
    cloud = DemoCloud(BrokerAddress("127.0.0.1", broker.port), "S01", folder=tmp_path / "cloud", retry=0.5)
    cloud.start()
    yield cloud
    cloud.stop()


def trouble(page: Page) -> str:
    """What the health page says of the clock."""
    return str(json.loads(page.get("/healthz"))["parts"]["clock"])


def wait(for_what: str, true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, f"waited in vain until {for_what}"
        time.sleep(0.05)


def buy(cloud: DemoCloud, number: int) -> None:
    """Somebody buys, and the box answers."""
    assert cloud.wait_until(lambda c: any(offer.left and offer.sku == "SKU000" for offer in c.offers()), PATIENCE_S)
    shopper = Shopper(f"wx-{number}", "林小树", f"1990000{number:04d}")
    order = cloud.buy(shopper, Wish("s1", (("SKU000", 1), ("SKU001", 2)))).order_id
    assert cloud.wait_until(lambda c: c.order(order).state == "accepted", PATIENCE_S), cloud.order(order)


def test_the_daemon_lives_through_1970_and_years_to_and_fro(card: Card, broker: Broker, cloud: DemoCloud) -> None:
    settings = {**card.settings, **cloud_settings(broker.port)}
    now = time.time_ns() // 1_000_000
    card.set(-now + 30_000)
    with Daemon(card.place, **settings) as daemon:
        page = Page(daemon)
        buy(cloud, 1)
        assert trouble(page) == "clock_not_set"
        for number, off in enumerate((YEAR, -YEAR, -now + 60_000, 0, 30 * YEAR), 2):
            card.set(off)
            buy(cloud, number)
            assert trouble(page) != "ok"
        card.set(0)
        card.touched.write_text("")
        wait("the clock is sure", lambda: trouble(page) == "ok")
        buy(cloud, 7)
        card.set(-YEAR)  # no longer followed: the box knows better
        buy(cloud, 8)
        assert trouble(page) == "clock_not_set"
        page.close()
    assert "cloud link" not in (card.place / "log").read_text(), "the line was lost"
    entries = card.entries()
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    accepted = [entry for entry in entries if type(entry.event).__name__ == "OrderAccepted"]
    assert [entry.sure for entry in accepted] == [False] * 6 + [True, False]
    assert all(abs(entry.at - now) < 300_000 for entry in (*accepted[-2:], accepted[0]))
    assert abs(accepted[1].at - now - YEAR) < 300_000
