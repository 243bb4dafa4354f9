"""The spine once more, on mosquitto as it is shipped: TLS, certificates for the box and for the cloud, and the ACL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.brokers import GuardedMosquitto
from tests.journeys.house import SESSION, House
from tests.journeys.test_spine import *  # noqa: F403  every step of it
from tihuo.cloud import relay
from tihuo.demo import shop
from tihuo.demo.broker import NoBroker
from tihuo.settings import Settings
from tihuo.stages import preparing

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[GuardedMosquitto]:
    try:
        running = GuardedMosquitto(tmp_path / "broker")
    except NoBroker as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture
def witness() -> SimpleNamespace:
    """The ACL lets nobody but the two listen."""
    return SimpleNamespace()


def same(settings: Settings) -> Settings:
    return settings


@pytest.fixture
def open_house(tmp_path: Path, broker: GuardedMosquitto) -> Iterator[Callable[..., House]]:
    opened: list[House] = []

    def make(*, settings: Callable[[Settings], Settings] = same, shows: str = shop.SHOP_ID, **more: object) -> House:
        cloud = broker.box(shows).model_copy(update=more)

        def with_certificate(plain: Settings) -> Settings:
            return settings(plain).model_copy(update={"cloud": cloud})

        opened.append(House(tmp_path / "house", broker, settings=with_certificate, cloud_at=broker.cloud))
        return opened[-1]

    yield make
    for house in opened:
        house.close()


def test_a_box_with_the_certificate_of_another_shop_is_heard_by_nobody_and_says_so(
    open_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    """mosquitto acknowledges what it drops, so the box can know only by what does not come back."""
    monkeypatch.setattr(relay, "SILENT_AFTER", 1.0)
    house = open_house(shows="S02")
    house.wait("it says so", lambda: house.trouble("cloud") == "cloud_silent")
    assert house.box.link is not None and house.box.link.connected
    assert house.cloud.presence() is None
    assert house.cloud.offers() == []
    before = house.box.link.facts().published
    house.wait("it goes on trying", lambda: house.box.link.facts().published > before)


def test_a_box_whose_cloud_answers_says_nothing_of_the_kind(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.wait("all is acknowledged", lambda: not house.cloud.unacknowledged())
    monkeypatch.setattr(relay, "SILENT_AFTER", 0.5)
    house.wait("it has what it waits for", lambda: not house.trouble("cloud"))
    house.cloud.go_away()
    house.do(preparing.close_session, SESSION)
    house.wait("nobody is there", lambda: house.trouble("cloud") == "cloud_silent")
    house.cloud.come_back()
    house.wait("somebody is", lambda: not house.trouble("cloud"))


def test_a_stolen_box_is_turned_away_once_its_certificate_is_revoked(
    broker: GuardedMosquitto, open_house: Callable[..., House]
) -> None:
    broker.revoke(shop.SHOP_ID)
    house = open_house()
    house.wait("it is told", lambda: house.trouble("cloud") == "broker_certificate")


def test_a_box_at_a_broker_that_counts_says_it_in_fewer_words(open_house: Callable[..., House]) -> None:
    began = time.monotonic()
    house = open_house(publishes_per_second=8)
    orders = [house.buy(person, tudou=1) for person in range(20)]
    for order in orders:
        house.wait_for_state(order, "accepted", seconds=60)
    assert house.box.link is not None
    facts = house.box.link.facts()
    assert facts.not_sent, "it had more to say than it may"
    assert facts.published <= 8 * (time.monotonic() - began + 1)
    assert house.imbalances() == {}
