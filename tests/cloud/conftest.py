"""Real brokers for the tests of the cloud link: mosquitto and NATS, each started for the test that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.evening import Evening
from tests.cloud.listening import Listener
from tihuo.cloud.address import LinkSettings
from tihuo.demo.broker import Broker, NoBroker, find_broker


@pytest.fixture(params=["mosquitto", "nats"])
def kind(request: pytest.FixtureRequest) -> str:
    try:
        return find_broker(request.param)[0]
    except NoBroker as missing:
        pytest.skip(str(missing))


@pytest.fixture
def broker(kind: str, tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker", kind=kind, redeliver_after=2) as running:
        yield running


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Start links and stop them in the end."""
    started: list[Listener] = []

    def start(settings: LinkSettings, **more: Any) -> Listener:
        started.append(Listener(settings, **more))
        return started[-1]

    yield start
    for listener in started:
        assert listener.link.stop(), "the link's thread did not end"


@pytest.fixture(autouse=True)
def evenings_end() -> Iterator[None]:
    yield
    while Evening.opened:
        Evening.opened.pop().stop()
