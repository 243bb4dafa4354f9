"""One connection of the line to the broker, without meaning. The only module of the shop that knows paho.

What arrives is handed on with a claim; the broker hears our PUBACK when the daemon names the claim, after its commit.
paho is driven as an external event loop, for three things its own thread cannot do: leave the socket unread while too
much waits for a commit, wake up once for a burst of acks, and read a burst without a select() for every packet.
Each connection is a new paho client, and a claim holds for its connection alone: the broker uses its message ids
again, and an ack that hit a later message would lose an order.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel

from tihuo.cloud import wire
from tihuo.cloud.trouble import Fault, explain_refusal, explain_silence
from tihuo.cloud.trust import trust

if TYPE_CHECKING:
    from tihuo.cloud.line import Line

_BURST = 64  # packets read before they are handed on and the acks that gathered meanwhile are written
_BURST_BYTES = 64 << 10
_TICK_S = 1.0
_IN_FLIGHT = 80  # some brokers cut a client off at 100
_GOODBYE_S = 1.0


class Connection:
    """One life of one socket."""

    def __init__(self, line: Line, epoch: int) -> None:
        s = line.settings
        self.epoch = epoch
        self.node = s["nodes"][(epoch - s["epoch"]) % len(s["nodes"])]
        self.joined_at: float | None = None
        self.fault: Fault | None = None
        self.hanging_up = False
        self._line = line
        self._settings = s
        self._waiting: dict[int, tuple[int, int]] = {}
        """Messages heard and not acknowledged: message id -> (claim, bytes)."""
        self._bytes = 0  # in these
        self._heard = 0
        self._packets = 0
        self._taken = 0
        self._last_words = ""
        self._deadline = 0.0
        self._polled = (-1, 0)
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        s = self._settings
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=s["client_name"],
            clean_session=not s["persistent"],
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = s["connect_timeout"]
        client.max_inflight_messages_set(_IN_FLIGHT)
        if s["username"]:
            client.username_pw_set(s["username"], s["password"])
        if s["last_words"] is not None:
            client.will_set(self._line.says[wire.PRESENCE], s["last_words"], qos=1, retain=True)
        client.on_socket_open = _no_delay
        # Having this callback is what keeps paho from writing to the socket at once.
        client.on_socket_register_write = _nothing
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        return client

    def open(self) -> None:
        """Raises OSError (ssl.SSLError, socket.gaierror, TimeoutError, …) when there is no way through."""
        s = self._settings
        if s["tls"]:
            self._client.tls_set_context(trust(*s["tls"]))
        self._client.connect(*self.node, s["keepalive"])
        self._deadline = time.monotonic() + s["connect_timeout"]

    def step(self) -> bool:
        """One round: wait, listen, read, write, look after the keepalive. False when the connection is over."""
        client = self._client
        sock = client.socket()
        if sock is None:
            self.fault = self.fault or self._explain_end()
            return False
        if self.joined_at is None and time.monotonic() > self._deadline:
            self.fault = ("broker_unreachable", "connected, but no answer in time")
            return False
        reading = self._has_room()
        buffered = reading and isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        events = self._wait(sock.fileno(), reading, client.want_write(), 0.0 if buffered else _TICK_S)
        if not reading and events & (select.POLLHUP | select.POLLERR):
            self.fault = ("broker_unreachable", "connection lost")
            return False
        if reading and (buffered or events & ~select.POLLOUT):
            self._read_burst()
        if self._taken:
            self._line.say(wire.frame(wire.TAKEN, self._taken))
            self._taken = 0
        self._line.flush()
        if client.want_write():
            client.loop_write()
        client.loop_misc()
        return True

    def _wait(self, fd: int, reading: bool, writing: bool, seconds: float) -> int:
        """Sleep until there is something to do, and do what the daemon says. The socket's poll events, or 0."""
        poll = self._line.poll
        want = (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0)
        if self._polled != (fd, want):
            poll.register(fd, want)
            self._polled = (fd, want)
        events = 0
        for ready, what in poll.poll(seconds * 1000):
            if ready == fd:
                events = what
            else:
                self._line.listen()
        return events

    def _read_burst(self) -> None:
        client = self._client
        for _ in range(_BURST):
            before = self._packets
            if (
                client.loop_read()
                or self._packets == before
                or len(self._line.unsaid) > _BURST_BYTES
                or not self._has_room()
            ):
                return

    def _has_room(self) -> bool:
        return len(self._waiting) < self._settings["unacked_limit"] and self._bytes < self._settings["unacked_bytes"]

    def _explain_end(self) -> Fault:
        return (
            explain_silence(self._last_words) if self.joined_at is None else ("broker_unreachable", "connection lost")
        )

    def say_goodbye(self) -> None:
        """Leave properly, so that the broker does not announce our death."""
        last_words = self._settings["last_words"]
        if last_words is not None and self.joined_at is not None:
            self.publish(wire.PRESENCE, last_words.encode())
        self._client.disconnect()
        until = time.monotonic() + _GOODBYE_S
        while time.monotonic() < until and self.step():
            pass

    def close(self) -> None:
        if self._polled[0] >= 0:
            self._line.poll.unregister(self._polled[0])
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def ack(self, claim: int) -> None:
        """Tell the broker that this message is safe, if it has not said it again since: then the newer claim counts."""
        mid = claim & 0xFFFF
        known, size = self._waiting.get(mid, (0, 0))
        if known == claim:
            del self._waiting[mid]
            self._bytes -= size
            self._client.ack(mid, 1)

    def publish(self, kind: int, payload: bytes) -> None:
        retain = kind == wire.PRESENCE and self._settings["last_words"] is not None
        self._client.publish(self._line.says[kind], payload, qos=1, retain=retain)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        client.on_log = None  # it costs a formatted line for every packet
        if reason.is_failure:
            self.fault = explain_refusal(reason.value, reason.getName())
        else:
            client.subscribe([(topic, 1) for topic in self._settings["hears"]])

    def _on_subscribe(self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if reasons[0].is_failure:
            topic = next(iter(self._settings["hears"]))
            self.fault = ("broker_refused_topic", f"{topic}: {reasons[0].getName()}")
            client.disconnect()
        else:
            self.joined_at = time.monotonic()
            self._line.say(wire.frame(wire.JOINED, 0, "{}:{}".format(*self.node).encode()))

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._packets += 1
        kind = self._settings["hears"].get(message.topic)
        if kind is None:
            client.ack(message.mid, message.qos)
            return
        claim, payload = 0, message.payload
        if message.qos:
            mid = message.mid
            self._heard += 1
            claim = (self._heard & 0xFFFF) << 16 | mid
            before = self._waiting.get(mid)
            self._bytes += len(payload) - (before[1] if before else 0)
            self._waiting[mid] = claim, len(payload)
        self._line.say(wire.frame(kind, claim, payload))

    def _on_publish(self, *_: object) -> None:
        self._packets += 1
        self._taken += 1

    def _on_log(self, _client: mqtt.Client, _data: Any, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._last_words = text


def _no_delay(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    """Without this a PUBACK and the PUBLISH after it wait 40 ms for each other (Nagle and delayed ACK)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(*_: object) -> None:
    pass
