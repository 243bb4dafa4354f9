"""The broker of the demo: it starts, keeps what it should, says why when it cannot, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cloud.listening import Peer
from tihuo.demo.broker import Broker, BrokerTls, NoBroker, find_broker

pytestmark = pytest.mark.broker


def test_it_keeps_its_port_and_what_it_holds_over_a_restart(kind: str, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "a folder", kind=kind, redeliver_after=1)
    with broker:
        port = broker.port
        Peer(port, "kept/for/later", client_id="sleeper", steals=True).leave()
        with Peer(port) as other:
            other.say("kept/for/later", b"still here")
    with broker, Peer(broker.port, "kept/for/later", client_id="sleeper", steals=True) as sleeper:
        assert broker.port == port
        assert sleeper.get().payload == b"still here"


def test_a_leftover_of_a_demo_that_was_killed_is_replaced(kind: str, tmp_path: Path) -> None:
    forgotten = Broker(tmp_path, kind=kind)
    forgotten.start()
    pid = int((tmp_path / "broker.pid").read_text())
    with Broker(tmp_path, kind=kind) as broker, Peer(broker.port):
        assert not Path(f"/proc/{pid}/cmdline").read_bytes(), "it is dead, and waits for us to bury it"
    forgotten.stop()


def test_a_port_that_somebody_has_is_not_taken_for_our_own(kind: str, tmp_path: Path) -> None:
    with Broker(tmp_path / "first", kind=kind) as first, pytest.raises(NoBroker, match="in use"):
        Broker(tmp_path / "second", kind=kind, port=first.port).start()


def test_a_broker_that_does_not_start_says_why(kind: str, tmp_path: Path) -> None:
    nothing = tmp_path / "missing"
    broker = Broker(tmp_path / "broker", kind=kind, tls=BrokerTls(nothing, nothing, nothing))
    with pytest.raises(NoBroker, match=f"{kind} did not start.*\\n(.*\\n)*.*missing"):
        broker.start(timeout=3)
    assert not (tmp_path / "broker" / "broker.pid").exists()


def test_a_choice_that_does_not_exist_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIHUO_BROKER", "pigeon")
    with pytest.raises(NoBroker, match="auto, nats or mosquitto"):
        find_broker()
    monkeypatch.setenv("TIHUO_BROKER", "mosquitto")
    monkeypatch.setenv("PATH", os.devnull)
    try:
        assert find_broker()[0] == "mosquitto"  # Debian keeps it in /usr/sbin, which is on few people's PATH
    except NoBroker as missing:
        assert "apt install mosquitto" in str(missing)  # noqa: PT017
