"""The probe on real brokers: good ones pass, and each fault that was built in is found, and no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.brokers import GuardedMosquitto
from tests.cloud.listening import Peer
from tests.soak.clusters import examine
from tihuo.cloud.address import LinkSettings
from tihuo.cloud.probe import Found, Probe
from tihuo.demo.broker import Broker, NoBroker

pytestmark = pytest.mark.broker

PLAIN = {"foreign": "unknown", "durable_puback": "unknown"}


def examined(broker: Broker, *, two: bool = False, **more: object) -> dict[str, Found]:
    box = LinkSettings("127.0.0.1", broker.port, store="probe")
    probe = Probe(box, replace(box) if two else None, quiet=0.5, **more)  # type: ignore[arg-type]
    return {one.name: one for one in probe.run()}


def states(found: dict[str, Found]) -> dict[str, str]:
    """What is not simply ok."""
    return {name: one.state for name, one in found.items() if one.state != "ok"}


class Strange(Broker):
    """mosquitto with lines of our own."""

    def __init__(self, folder: Path, *lines: str) -> None:
        try:
            super().__init__(folder, kind="mosquitto")
        except NoBroker as missing:
            pytest.skip(str(missing))
        self._lines = lines

    def _mosquitto_config(self) -> str:
        kept = [line for line in super()._mosquitto_config().splitlines() if line.split()[0] not in str(self._lines)]
        return "\n".join([*kept, *self._lines, ""])


def test_a_broker_of_ones_own_can_be_used(broker: Broker) -> None:
    found = examined(broker, held=300)
    assert states(found) == PLAIN
    assert len(found) == 14
    assert "plain text" in found["connect"].detail


def test_the_shipped_mosquitto_keeps_stores_apart(tmp_path: Path) -> None:
    try:
        guarded = GuardedMosquitto(tmp_path / "broker")
    except NoBroker as missing:
        pytest.skip(str(missing))
    with guarded:
        assert examine(guarded) == []


def test_a_broker_without_rules_lets_a_store_be_another(broker: Broker) -> None:
    found = examined(broker, two=True, held=10)["foreign"]
    assert found.state == "missing"
    assert "speak for and listen to" in found.detail


def test_a_queue_that_is_too_short_is_not_needed(tmp_path: Path) -> None:
    with Strange(tmp_path, "max_queued_messages 100", "max_inflight_messages 5") as broker:
        found = examined(broker)
    assert states(found) == PLAIN | {"unread": "missing", "away": "missing"}
    assert "kept 100 of 1200" in found["away"].detail
    assert "5 messages before" in found["unread"].detail


def test_a_message_limit_below_ours_is_fatal(tmp_path: Path) -> None:
    with Strange(tmp_path, "message_size_limit 50000") as broker:
        assert states(examined(broker, held=10)) == PLAIN | {"size": "broken"}


def test_a_broker_without_qos_1_is_fatal(tmp_path: Path) -> None:
    with Strange(tmp_path, "max_qos 0") as broker:
        assert "broken" in states(examined(broker)).values()


def test_a_broker_that_retains_nothing_will_do(tmp_path: Path) -> None:
    with Strange(tmp_path, "retain_available false") as broker:
        assert states(examined(broker, held=10)) == PLAIN | {"retained": "missing", "will": "missing"}


def test_an_account_that_may_not_speak_is_found_although_it_is_acknowledged(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rights = ("read tihuo/v1/probe/#", "write tihuo/v1/probe/down", "write tihuo/v1/probe/traffic")
    rules.write_text("".join(f"topic {right}\n" for right in rights))
    with Strange(tmp_path / "broker", f"acl_file {rules}", "max_queued_messages 1000") as broker:
        found = examined(broker)
    assert found["up_and_down"].state == "broken"
    assert found["up_and_down"].detail.endswith("up, state, presence")
    assert "away" not in found


def test_who_is_not_let_in_learns_why(kind: str, tmp_path: Path) -> None:
    with Broker(tmp_path / "broker", kind=kind, accounts={"shop": "right"}) as broker:
        (found,) = examined(broker).values()
        assert (found.name, found.state) == ("connect", "broken")
        assert found.detail.startswith("broker_refused_login")
    (found,) = examined(broker).values()
    assert found.detail.startswith("broker_unreachable")


def test_nothing_is_left_behind(broker: Broker) -> None:
    examined(broker, held=10)
    with Peer(broker.port, "tihuo/v1/probe/presence", client_id="tihuo-probe", steals=True) as later:
        later.say("tihuo/v1/probe/presence", b"now")
        assert later.get().payload == b"now"
