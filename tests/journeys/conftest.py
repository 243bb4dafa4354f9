"""A house for each journey."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.witness import Witness
from tests.journeys.house import House
from tihuo.demo.broker import Broker, NoBroker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    try:
        running = Broker(tmp_path / "broker", redeliver_after=2)
    except NoBroker as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture
def witness(broker: Broker) -> Iterator[Witness]:
    """Hears all of a journey; in the end, all of it was as the published contract says."""
    with Witness(broker.port) as listening:
        yield listening
    listening.swear()


@pytest.fixture
def open_house(tmp_path: Path, broker: Broker, witness: Witness) -> Iterator[Callable[..., House]]:
    opened: list[House] = []

    def make(**how: Any) -> House:
        opened.append(House(tmp_path / "house", broker, **how))
        return opened[-1]

    yield make
    for house in opened:
        house.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    """A shop whose session has just begun, with its cloud."""
    return open_house()


@pytest.fixture(scope="session")
def exports() -> Path:
    """The folder of real exports; tests that need it are skipped where it is not."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TIHUO_SHARED_DATA", beside)) / "ktt-orders"
    if not folder.is_dir():
        pytest.skip(f"no real exports here: set TIHUO_SHARED_DATA (looked in {folder})")
    return folder
