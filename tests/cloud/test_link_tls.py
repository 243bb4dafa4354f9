"""Trust between the box and the broker: what is checked, and what the owner is told when it does not hold."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cloud.listening import Listener, settings
from tihuo.cloud.address import LinkSettings, LinkTls
from tihuo.demo.broker import Broker, BrokerTls

pytest.importorskip("cryptography", reason="cryptography makes the certificates of these tests")
from tests.cloud.certificates import Authority

pytestmark = pytest.mark.broker
Listen = Callable[[LinkSettings], Listener]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


def running(kind: str, tmp_path: Path, authority: Authority, name: str = "127.0.0.1", **more: object) -> Broker:
    days_ago = more.pop("days_ago", 1)
    certificate, key = authority.sign(name, days_ago)  # type: ignore[arg-type]
    ask = bool(more.pop("ask_clients", False))
    tls = BrokerTls(authority.ca, certificate, key, ask_clients=ask)
    return Broker(tmp_path / "broker", kind=kind, tls=tls, **more)  # type: ignore[arg-type]


def test_tls_and_a_password_let_us_in(kind: str, tmp_path: Path, authority: Authority, listen: Listen) -> None:
    with running(kind, tmp_path, authority, accounts={"shop": "secret"}) as broker:
        tls = LinkTls(ca=authority.ca)
        line = settings(broker.port, tls=tls, username="shop", password="secret")
        ours = listen(line).connected()
        # More than one TLS record can hold, back and forth: what TLS has buffered must not wait for the next packet.
        for size in (1, 20_000, 59_000):
            assert ours.link.publish("up", b"x" * size)
        refused = settings(broker.port, tls=tls, username="shop", password="guess", client_id="other")
        assert listen(refused).trouble().code == "broker_refused_login"
        assert "secret" not in repr(line)


def test_messages_that_came_in_one_piece_of_tls_are_all_read(authority: Authority, listen: Listen) -> None:
    """What TLS has in its buffer no poll() sees. A server of our own: no broker packs 20 messages into one record."""
    topic = b"tihuo/v1/S01/down"
    messages = b"".join(b"\x32\x17\x00\x11%b\x00%cm%c" % (topic, n, n) for n in range(1, 21))
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*authority.sign("127.0.0.1"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ours = listen(settings(port, tls=LinkTls(ca=authority.ca), unacked_limit=3))
        with server_side.wrap_socket(server.accept()[0], server_side=True) as line:
            assert line.recv(1000)[0] == 0x10  # CONNECT
            line.sendall(b"\x20\x02\x00\x00")
            assert line.recv(1000)[0] == 0x82  # SUBSCRIBE
            line.sendall(b"\x90\x04\x00\x01\x01\x01" + messages)
            for n in range(1, 21):
                [(payload, delivery)] = ours.take(1)
                assert payload == b"m%c" % n
                delivery.ack()
            assert ours.link.stop()


def test_a_broker_of_another_authority_is_not_trusted(
    kind: str, tmp_path: Path, authority: Authority, listen: Listen
) -> None:
    with running(kind, tmp_path, authority) as broker:
        stranger = Authority(tmp_path / "elsewhere")
        assert listen(settings(broker.port, tls=LinkTls(ca=stranger.ca))).trouble().code == "broker_certificate"
        assert (
            listen(settings(broker.port, tls=LinkTls(ca=tmp_path / "missing"))).trouble().code == "broker_certificate"
        )


def test_a_certificate_from_the_future_means_that_our_clock_is_wrong(
    kind: str, tmp_path: Path, authority: Authority, listen: Listen
) -> None:
    with running(kind, tmp_path, authority, days_ago=-30) as broker:
        assert listen(settings(broker.port, tls=LinkTls(ca=authority.ca))).trouble().code == "clock_not_set"


def test_a_certificate_that_ran_out_is_a_matter_of_the_certificate(
    kind: str, tmp_path: Path, authority: Authority, listen: Listen
) -> None:
    with running(kind, tmp_path, authority, days_ago=400) as broker:
        assert listen(settings(broker.port, tls=LinkTls(ca=authority.ca))).trouble().code == "broker_certificate"


def test_the_name_is_checked_and_may_be_told(kind: str, tmp_path: Path, authority: Authority, listen: Listen) -> None:
    with running(kind, tmp_path, authority, name="broker.shop") as broker:
        by_address = LinkTls(ca=authority.ca)
        assert listen(settings(broker.port, tls=by_address)).trouble().code == "broker_certificate"
        listen(settings(broker.port, tls=LinkTls(ca=authority.ca, server_name="broker.shop"))).connected()


def test_a_broker_may_want_to_see_our_certificate(
    kind: str, tmp_path: Path, authority: Authority, listen: Listen
) -> None:
    certificate, key = authority.sign("box")
    with running(kind, tmp_path, authority, ask_clients=True) as broker:
        with_it = LinkTls(ca=authority.ca, cert=certificate, key=key)
        listen(settings(broker.port, tls=with_it)).connected()
        without = settings(broker.port, tls=LinkTls(ca=authority.ca), client_id="nobody")
        refused = listen(without)
        # The broker's reason may be overtaken by the end of the connection, and then comes with a later attempt.
        while refused.trouble().code != "broker_certificate":
            pass


def test_plain_mqtt_to_a_tls_port_gets_no_answer(
    kind: str, tmp_path: Path, authority: Authority, listen: Listen
) -> None:
    with running(kind, tmp_path, authority) as broker:
        assert listen(settings(broker.port, connect_timeout=1.0)).trouble().code == "broker_unreachable"


def test_tls_to_a_plain_port_is_no_certificate(broker: Broker, authority: Authority, listen: Listen) -> None:
    line = settings(broker.port, tls=LinkTls(ca=authority.ca), connect_timeout=1.0)
    assert listen(line).trouble().code in ("broker_certificate", "broker_unreachable")
