"""A chain's broker is three machines, and one of them dies in the middle of a sale."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.brokers import Cluster, NatsCluster, RabbitCluster
from tests.soak.clusters import mid_sale
from tihuo.demo.broker import NoBroker

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.mark.parametrize("kind", [NatsCluster, RabbitCluster])
def test_a_node_dies_in_mid_sale_and_nothing_is_lost_or_there_twice(kind: type[Cluster], tmp_path: Path) -> None:
    if kind is RabbitCluster and not os.environ.get("TIHUO_RABBITMQ"):
        pytest.skip("three RabbitMQ nodes take half a minute to start: for make soak, or TIHUO_RABBITMQ=1")
    try:
        outcome = mid_sale(kind(tmp_path / "cluster"), deaths=2)
    except NoBroker as missing:
        pytest.skip(str(missing))
    assert outcome.clean, outcome
