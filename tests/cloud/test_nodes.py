"""A cluster's nodes as they are written in the settings."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tihuo.settings import Cloud
from tihuo.wiring.box import link_settings


def test_a_node_may_have_a_port_of_its_own() -> None:
    cloud = Cloud(host="n1", port=8883, more_hosts=("n2", "192.0.2.3:1884", "[2001:db8::1]", "[2001:db8::2]:1"))
    nodes = (("n1", 8883), ("n2", 8883), ("192.0.2.3", 1884), ("2001:db8::1", 8883), ("2001:db8::2", 1))
    assert cloud.nodes == nodes
    line = link_settings("S01", cloud)
    assert {line.node(turn) for turn in range(5)} == set(nodes)
    assert line.node(0) == line.node(5)


@pytest.mark.parametrize("wrong", ["", "n2:", "n2:99999", "mqtt://n2", "n2 n3", "::1"])
def test_what_is_no_host_is_refused_at_once(wrong: str) -> None:
    with pytest.raises(ValidationError, match="no host"):
        Cloud(host="n1", more_hosts=(wrong,))
