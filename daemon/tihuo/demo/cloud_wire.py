"""The demo cloud's own line to the broker, and the ways in which a line may misbehave.

A client of its own rather than the shop's: a counterpart that shared our code would share our mistakes.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

log = logging.getLogger(__name__)


@dataclass
class Mischief:
    """What a bad line does to the payloads that pass: how likely each is lost, doubled, or overtaken by the next."""

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    seed: int = 1
    _held: list[tuple[str, bytes]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def through(self, kind: str, payload: bytes) -> list[tuple[str, bytes]]:
        """What comes out at the other end now that this went in, each with the topic it is for."""
        if self._random.random() < self.drop:
            return []
        if not self._held and self._random.random() < self.reorder:
            self._held.append((kind, payload))
            return []
        out = [(kind, payload)] * (2 if self._random.random() < self.duplicate else 1)
        out += self._held
        self._held = []
        return out


@dataclass(frozen=True)
class BrokerAddress:
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None  # given: TLS
    cert: Path | None = None
    key: Path | None = None
    others: tuple[tuple[str, int], ...] = ()  # further nodes of the same broker


class CloudWire:
    """One MQTT client on the cloud's side. `heard(kind, payload)` and `joined()` run on its own thread."""

    def __init__(
        self,
        address: BrokerAddress,
        store: str,
        prefix: str,
        heard: Callable[[str, bytes], None],
        joined: Callable[[], None],
    ) -> None:
        self._address, self._store, self._prefix = address, store, prefix
        self._heard, self._joined = heard, joined
        self._client: mqtt.Client | None = None
        self._subscribed = threading.Event()
        self._turn = 0
        self.outgoing = Mischief()
        self.incoming = Mischief(seed=2)

    @property
    def connected(self) -> bool:
        client = self._client
        return client is not None and client.is_connected() and self._subscribed.is_set()

    def connect(self) -> None:
        """Start to connect, and keep connected. Returns at once."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"demo-cloud-{self._store}",
            clean_session=False,
            protocol=mqtt.MQTTv311,
        )
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.ca:
            cert, key = (str(file) if file else None for file in (self._address.cert, self._address.key))
            client.tls_set(str(self._address.ca), cert, key)
        client.reconnect_delay_set(1, 10)
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        client.connect_async(*self.node, keepalive=60)
        client.loop_start()

    @property
    def node(self) -> tuple[str, int]:
        """Host and port of the node that we are at, or try."""
        nodes = ((self._address.host, self._address.port), *self._address.others)
        return nodes[self._turn % len(nodes)]

    def disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
        self._subscribed.clear()

    def publish(self, kind: str, payload: bytes) -> None:
        """Send, as well as this line does. What is lost stays lost here: the stream says it again."""
        client = self._client
        if client is not None and self.connected:
            for one, content in self.outgoing.through(kind, payload):
                client.publish(self._topic(one), content, qos=1)

    def _topic(self, kind: str) -> str:
        return f"{self._prefix}/{self._store}/{kind}"

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.warning("demo cloud: the broker says %s", reason.getName())
        else:
            client.subscribe([(self._topic(kind), 1) for kind in ("up", "state", "presence")])

    def _on_disconnect(self, client: mqtt.Client, *_: object) -> None:
        self._subscribed.clear()
        self._walk_on(client)

    def _on_connect_fail(self, client: mqtt.Client, *_: object) -> None:
        self._walk_on(client)

    def _walk_on(self, client: mqtt.Client) -> None:
        if client is self._client and self._address.others:
            self._turn += 1
            client.connect_async(*self.node, keepalive=60)

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed.set()
        self._joined()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        # paho sends the PUBACK when this returns: by then `heard` has committed.
        for kind, payload in self.incoming.through(message.topic.rpartition("/")[2], bytes(message.payload)):
            try:
                self._heard(kind, payload)
            except Exception:
                log.exception("demo cloud: could not take in a message")


def _no_delay(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
