"""The line's own process: what becomes of the daemon when it dies, and of it when the daemon does."""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tihuo
from tests.cloud.listening import PATIENCE, Listener, Peer, settings
from tihuo.cloud import wire
from tihuo.demo.broker import Broker

DOWN = "tihuo/v1/S01/down"
Listen = Callable[..., Listener]
on_a_broker = pytest.mark.broker


@on_a_broker
def test_when_the_process_dies_the_connection_is_lost_and_found_again(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, b"paid")
    [(_, old)] = ours.take(1)
    first = ours.link.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    lost = ours.downs.get(timeout=PATIENCE)
    assert lost is not None and lost.code == "broker_unreachable"
    assert not old.ack()

    ours.connected()
    [(again, new)] = ours.take(1)
    assert again == b"paid"
    assert (old.epoch, new.epoch) == (1, 2)
    assert new.ack()
    assert ours.link.process_id != first
    with Peer(broker.port, "tihuo/v1/S01/up") as cloud:
        assert ours.link.publish("up", b"here again")
        assert cloud.get().payload == b"here again"


@on_a_broker
def test_a_process_that_hangs_is_replaced(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port), hang_after=2.5).connected()
    first = ours.link.process_id
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    lost = ours.downs.get(timeout=PATIENCE)
    assert lost is not None and "hung" in lost.detail
    ours.connected()
    assert ours.link.process_id not in (None, first)


@on_a_broker
def test_a_process_that_hangs_does_not_keep_the_box_from_stopping(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    process = ours.link.process_id
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    assert ours.link.stop()


@on_a_broker
def test_a_signal_to_the_whole_group_leaves_the_line_to_the_daemon(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    process = ours.link.process_id
    assert process is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(process, number)
    with Peer(broker.port, "tihuo/v1/S01/up") as cloud:
        assert ours.link.publish("up", b"still here")
        assert cloud.get().payload == b"still here"
    assert ours.link.facts().connects == 1


@on_a_broker
def test_the_process_ends_with_its_daemon(broker: Broker) -> None:
    program = (
        "import sys\nfrom tihuo.cloud.link import Link, LinkSettings\n"
        f"link = Link(LinkSettings('127.0.0.1', {broker.port}))\nlink.on_down = print\n"
        "link.on_connected = lambda: print(link.process_id, flush=True)\nlink.start()\nsys.stdin.readline()\n"
    )
    box = subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, env=_environment())
    assert box.stdout is not None
    line = os.pidfd_open(int(box.stdout.readline()))
    box.kill()
    box.communicate()
    assert select.select([line], [], [], PATIENCE)[0], "it lives on"
    os.close(line)


def test_a_message_said_again_is_acknowledged_by_its_newest_claim_alone(listen: Listen) -> None:
    """Or the late ack of the first would hit whatever message has got the same id by then."""
    message = b"\x32\x15\x00\x11%b\x00\x01" % DOWN.encode()
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = listen(settings(server.getsockname()[1]))
        line, _ = server.accept()
        with line:
            line.settimeout(PATIENCE)
            assert line.recv(1000)[0] == 0x10  # CONNECT
            line.sendall(b"\x20\x02\x00\x00")
            assert line.recv(1000)[0] == 0x82  # SUBSCRIBE
            line.sendall(b"\x90\x04\x00\x01\x01\x01" + message * 2)
            (_, first), (_, second) = ours.take(2)
            first.ack()
            ours.link.publish("up", b"said after the first ack")
            assert line.recv(1000)[0] & 0xF0 == 0x30
            second.ack()
            assert line.recv(1000) == b"\x40\x02\x00\x01"
            assert ours.link.stop()


def test_it_loads_next_to_nothing() -> None:
    """It stands beside the daemon on a small computer: what it loads is paid for twice."""
    nobody, its = socket.socketpair()
    nobody.close()
    command = [sys.executable, "-X", "importtime", "-P", "-m", "tihuo.cloud.line"]
    with its:
        started = subprocess.run(
            command, stdin=its.fileno(), capture_output=True, text=True, check=True, env=_environment()
        )
    loaded = {line.rpartition("|")[2].strip() for line in started.stderr.splitlines()}
    assert {"paho.mqtt.client", "ssl", "tihuo.cloud.connection"} <= loaded
    too_much = {"msgspec", "dataclasses", "inspect", "sqlite3", "asyncio", "http.client", "subprocess"}
    assert not loaded & too_much
    assert {name for name in loaded if name.startswith("tihuo.")} == {
        f"tihuo.cloud{name}" for name in ("", ".connection", ".trouble", ".trust", ".wire")
    }


@pytest.mark.parametrize("seed", range(5))
def test_frames_come_whole_out_of_any_pieces(seed: int) -> None:
    dice = random.Random(seed)
    said = [
        (dice.randrange(256), dice.randrange(1 << 32), dice.randbytes(dice.choice((0, 1, 600, 70_000))))
        for _ in range(40)
    ]
    stream = b"".join(wire.frame(*one) for one in said)
    frames, heard = wire.Frames(), []
    while stream:
        size = dice.choice((1, 8, 9, 10, 5000, 200_000))
        heard += frames.cut(stream[:size])
        stream = stream[size:]
    assert heard == said


def _environment() -> dict[str, str]:
    root = Path(tihuo.__file__).parent.parent
    return {**os.environ, "PYTHONPATH": str(root)}
