"""The line to the broker, on real brokers: nothing is acknowledged before its time, and it always comes back."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cloud.listening import PATIENCE, Listener, Peer, settings
from tihuo.cloud.address import LinkSettings
from tihuo.cloud.messages import read_presence
from tihuo.demo.broker import Broker

pytestmark = pytest.mark.broker

DOWN = "tihuo/v1/S01/down"
Listen = Callable[[LinkSettings], Listener]


def test_a_message_that_nobody_acknowledged_comes_again_and_one_that_was_does_not(
    broker: Broker, listen: Listen
) -> None:
    first = listen(settings(broker.port)).connected()
    with Peer(broker.port, "tihuo/v1/S01/up") as cloud:
        cloud.say(DOWN, b"one", b"two")
        (one, ack_one), (two, _) = first.take(2)
        assert (one, two) == (b"one", b"two")
        assert ack_one.ack()
        assert not ack_one.ack()
        first.link.publish("up", b"said after the ack: when this has arrived, the ack has too")
        cloud.get()
    assert first.link.stop()

    second = listen(settings(broker.port)).connected()
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, b"three")
    assert sorted(payload for payload, _ in second.take(2)) == [b"three", b"two"]


def test_an_ack_for_an_old_connection_goes_nowhere(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, b"paid")
    [(_, old)] = ours.take(1)
    Peer(broker.port, client_id="tihuo-S01", steals=True).leave()  # throws us out, as a second box would
    ours.connected()
    [(again, new)] = ours.take(1)
    assert again == b"paid"
    assert (old.epoch, new.epoch) == (1, 2)

    assert not old.ack()
    assert ours.link.facts().unacked == 1
    assert new.ack()


@pytest.mark.parametrize("limit", [{"unacked_limit": 10}, {"unacked_bytes": 19}])
def test_beyond_the_limit_of_unacknowledged_messages_the_socket_is_left_unread(
    broker: Broker, listen: Listen, limit: dict[str, int]
) -> None:
    ours = listen(settings(broker.port, **limit)).connected()
    other = listen(settings(broker.port, client_id="observer")).connected()
    payloads = [b"%02d" % n for n in range(60)]
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, *payloads)
    other.take(60)
    first = ours.take(10)
    with pytest.raises(queue.Empty):
        ours.heard.get(timeout=0.3)
    assert ours.link.facts().unacked == 10

    rest = []
    for _, delivery in first:
        delivery.ack()
    for _ in range(50):
        payload, delivery = ours.heard.get(timeout=PATIENCE)
        rest.append(payload)
        delivery.ack()
    assert [payload for payload, _ in first] + rest == payloads


def test_when_the_broker_dies_we_say_so_and_come_back_by_ourselves(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    broker.kill()
    lost = ours.downs.get(timeout=PATIENCE)
    assert lost is not None
    assert lost.code == "broker_unreachable"
    assert ours.trouble().code == "broker_unreachable"
    assert not ours.link.publish("up", b"lost on purpose: the ledger still has it")
    assert not ours.link.connected

    broker.start()
    ours.connected()
    assert ours.troubles.get(timeout=PATIENCE) is None
    with Peer(broker.port, "tihuo/v1/S01/up") as cloud:
        assert ours.link.publish("up", b"hello again")
        assert cloud.get().payload == b"hello again"
        cloud.say(DOWN, b"welcome back")
    assert ours.take(1)[0][0] == b"welcome back"
    facts = ours.link.facts()
    assert (facts.connects, facts.not_sent, facts.published, facts.received) == (2, 1, 1, 1)


def test_what_is_published_from_many_threads_arrives_whole(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port, unsent_limit=201)).connected()
    with Peer(broker.port, "tihuo/v1/S01/up") as cloud:
        padding = b"." * 59_000  # too much for a socket that nobody reads: writes from two threads would get mixed up

        def speak(who: int) -> None:
            for n in range(50):
                assert ours.link.publish("up", b"%d-%d %b" % (who, n, padding))

        room = threading.Event()
        ours.link.on_room = room.set
        speakers = [threading.Thread(target=speak, args=(who,)) for who in range(4)]
        broker.pause()
        for speaker in speakers:
            speaker.start()
        for speaker in speakers:
            speaker.join()
        assert ours.link.room == 1
        assert ours.link.publish("up", b"the last", b"one too many", b"two too many") == 1
        assert ours.link.room == 0
        assert not room.is_set()
        broker.go_on()
        assert room.wait(PATIENCE)
        assert ours.link.room > 0
        got = [bytes(cloud.get().payload) for _ in range(200)]
        assert cloud.get().payload == b"the last"
    assert ours.link.facts().connects == 1
    assert all(payload.endswith(padding) for payload in got)
    for who in range(4):
        mine = [payload.split()[0] for payload in got if payload.startswith(b"%d-" % who)]
        assert mine == [b"%d-%d" % (who, n) for n in range(50)]


def test_another_node_is_tried_when_ours_is_dead_and_when_it_dies(
    kind: str, broker: Broker, tmp_path: Path, listen: Listen
) -> None:
    with Broker(tmp_path / "second", kind=kind) as second:
        nodes = {("127.0.0.1", broker.port): broker, ("127.0.0.1", second.port): second}
        ours = listen(settings(1, others=tuple(nodes), pause_max=0.1)).connected()
        first = ours.link.facts().node
        assert first in nodes
        nodes.pop(first).kill()
        ours.connected()
        assert ours.link.facts().node in nodes


def test_boxes_that_know_the_same_nodes_begin_at_different_ones() -> None:
    boxes = [settings(1, host="n1", others=(("n2", 2), ("n3", 3)), store=f"S{n:03}") for n in range(300)]
    begin = [box.node(0) for box in boxes]
    for node in (("n1", 1), ("n2", 2), ("n3", 3)):
        assert 70 < begin.count(node) < 130
    assert {boxes[0].node(turn) for turn in range(3)} == {("n1", 1), ("n2", 2), ("n3", 3)}


def test_a_box_that_may_say_one_thing_a_second_says_one(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port, publishes_per_second=1)).connected()
    assert ours.link.room == 1
    assert ours.link.publish("up", b"said", b"too soon") == 1
    assert ours.link.room == 0
    assert ours.link.publish("up", b"too soon") == 0
    assert ours.link.facts().not_sent == 2


def test_traffic_comes_by_its_own_way(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    with Peer(broker.port) as cloud:
        cloud.say("tihuo/v1/S01/traffic", b"7 views")
    payload, delivery = ours.traffic.get(timeout=PATIENCE)
    assert payload == b"7 views"
    assert delivery.ack()
    assert ours.heard.empty()


def test_a_callback_that_fails_does_not_cost_us_the_line(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    ours.stumbles_over = b"stumble"
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, b"stumble", b"go on")
    assert ours.take(1)[0][0] == b"go on"
    facts = ours.link.facts()
    assert (facts.connected, facts.connects, facts.unacked) == (True, 1, 2)


def test_a_wrong_password_is_a_refused_login(kind: str, tmp_path: Path, listen: Listen) -> None:
    with Broker(tmp_path / "broker", kind=kind, accounts={"shop": "right"}) as broker:
        listen(settings(broker.port, username="shop", password="right")).connected()
        assert listen(settings(broker.port, username="shop", password="wrong")).trouble().code == "broker_refused_login"


def test_a_host_that_nobody_knows_and_a_port_that_nobody_serves_are_unreachable(listen: Listen) -> None:
    unknown = listen(settings(1, host="no such host")).trouble()
    assert (unknown.code, unknown.detail[:12]) == ("broker_unreachable", "unknown host")
    assert listen(settings(1, host="a" * 70 + ".example")).trouble().code == "broker_unreachable"
    assert listen(settings(1)).trouble().code == "broker_unreachable"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x00", b"\x30\x01x" * 50])
def test_a_stranger_behind_the_port_is_no_broker(answer: bytes, listen: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = listen(settings(server.getsockname()[1], connect_timeout=0.3))
        stranger, _ = server.accept()
        with stranger:
            stranger.sendall(answer)
            assert ours.trouble().code == "broker_unreachable"


def test_presence_is_announced_where_the_owner_switched_that_on(broker: Broker) -> None:
    program = (
        "import sys, time\nfrom tihuo.cloud.link import Link, LinkSettings\nfrom tihuo.cloud.messages import write\n"
        "from tihuo.cloud.up import Presence\n"
        f"link = Link(LinkSettings('127.0.0.1', {broker.port}, announce=True))\nlink.on_down = print\n"
        "link.on_connected = lambda: link.publish('presence', write(Presence(online=True)))\nlink.start()\n"
        "sys.stdin.readline()\nlink.stop()\n"
    )
    presence = "tihuo/v1/S01/presence"
    with Peer(broker.port, presence) as cloud:
        for how_it_ends in (signal.SIGKILL, None):
            box = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, env=_environment())
            assert read_presence(bytes(cloud.get().payload)).online
            if how_it_ends:
                box.send_signal(how_it_ends)
            box.communicate(b"\n" if how_it_ends is None else None, timeout=PATIENCE)
            assert not read_presence(bytes(cloud.get().payload)).online
    with Peer(broker.port, presence) as late:
        kept = late.get()
        assert kept.retain
        assert not read_presence(bytes(kept.payload)).online


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.mark.parametrize(
    "bad",
    [{"store": "S 01"}, {"store": "店"}, {"prefix": "a/b/c/d/e/f/g"}, {"prefix": "x" * 64}, {"client_id": "a.b"}],
)
def test_names_that_some_broker_would_refuse_are_refused_at_once(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="every broker"):
        settings(1883, **bad)


def test_hanging_up_brings_back_at_once_what_was_not_acknowledged(broker: Broker, listen: Listen) -> None:
    ours = listen(settings(broker.port)).connected()
    with Peer(broker.port) as cloud:
        cloud.say(DOWN, b"paid")
    [(_, first)] = ours.take(1)
    ours.link.hang_up()
    ours.connected()
    [(again, second)] = ours.take(1)
    assert again == b"paid"
    assert (first.epoch, second.epoch) == (1, 2)
    assert ours.link.trouble is None
