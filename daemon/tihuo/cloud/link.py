"""The line to the broker: one thread, one socket, no meaning. The only module of the daemon that knows paho.

What arrives is handed on with a `Delivery`; the broker hears our PUBACK when somebody calls `delivery.ack()`, which the
relay does after its commit. What leaves is sent or refused at once; nothing waits here, as all that matters is on disk.

paho is driven as an external event loop, for three things its own thread cannot do: leave the socket unread while too
much waits for a commit, wake up once for a burst of acks, and read a burst without a select() for every packet.
Each connection is a new paho client, so that an ack for an old connection goes nowhere: the broker uses its message
ids again, and an ack that hit a later message would lose an order.
"""

from __future__ import annotations

import contextlib
import logging
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, LogLevel

from tihuo.cloud.address import LinkSettings, trust
from tihuo.cloud.messages import write
from tihuo.cloud.trouble import LinkTrouble, TroubleCode, explain_error, explain_refusal, explain_silence
from tihuo.cloud.up import Presence

log = logging.getLogger(__name__)

Kind = Literal["up", "state", "presence"]

_BURST = 64  # packets read before the acks that gathered meanwhile are written
_TICK_MS = 1000
_IN_FLIGHT = 80  # some brokers cut a client off at 100


@dataclass(frozen=True)
class LinkFacts:
    """The health of the line; `node` is the broker's host and port. Times are Millis; counts are since the start of the
    process."""

    connected: bool
    node: tuple[str, int] | None
    connected_since: int | None
    last_message_at: int | None
    connects: int
    received: int
    unacked: int
    published: int
    not_sent: int
    trouble: LinkTrouble | None


class Delivery:
    """One message's claim on an acknowledgement."""

    __slots__ = ("_connection", "_mid")

    def __init__(self, connection: _Connection, mid: int) -> None:
        self._connection = connection
        self._mid = mid

    @property
    def epoch(self) -> int:
        """Which connection of this link it came on: 1, 2, 3, …"""
        return self._connection.epoch

    def ack(self) -> bool:
        """Tell the broker that this message is safe. From any thread, any number of times, never waits.

        False when there was nothing to tell: told before, or its connection is gone (the broker will send it again).
        """
        return self._connection.ack(self._mid)


Heard = Callable[[bytes, Delivery], None]


class Link:
    """云端连接: keeps one MQTT connection alive for as long as the shop runs.

    Set the callbacks before `start()`. All of them run on the link's thread and must not wait:
    `on_down(payload, delivery)` and `on_traffic(payload, delivery)` for what arrives, `on_connected()` when the broker
    has taken our subscription, `on_disconnected(trouble)` when that connection ended (None: we closed it ourselves),
    `on_trouble(trouble)` whenever the reason for being offline changes, with None when it is over.
    """

    def __init__(self, settings: LinkSettings, now: Callable[[], int] | None = None) -> None:
        self.settings = settings
        self.on_down: Heard | None = None
        self.on_traffic: Heard | None = None
        self.on_connected: Callable[[], None] = _nothing
        self.on_disconnected: Callable[[LinkTrouble | None], None] = _nothing
        self.on_trouble: Callable[[LinkTrouble | None], None] = _nothing
        self._now = now or (lambda: time.time_ns() // 1_000_000)
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._hanging_up = threading.Event()
        self._bell_rope, self._bell = socket.socketpair()
        self._bell_rope.setblocking(False)
        self._bell.setblocking(False)
        self._connection: _Connection | None = None
        self._trouble: LinkTrouble | None = None
        self._connects = self._received = self._published = self._not_sent = 0
        self._last_message_at: int | None = None
        self._earned, self._earned_at = 0.0, float("-inf")

    def start(self) -> None:
        """Begin to connect; returns at once. Raises RuntimeError when started twice or without `on_down`."""
        if self._thread or not self.on_down:
            raise RuntimeError("a link starts once, and needs on_down")
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """The first half of a stop: say goodbye to the broker. Returns at once."""
        self._stopping.set()
        self._wake()

    def stop(self, timeout: float = 5.0) -> bool:
        """Say goodbye and wait until the thread is done; False when it was not within `timeout` seconds."""
        self.ask_to_stop()
        if self._thread:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def hang_up(self) -> None:
        """Leave and come back, so that the broker says again what was not acknowledged. Returns at once."""
        self._hanging_up.set()
        self._wake()

    def publish(self, kind: Kind, payload: bytes) -> bool:
        """Hand a payload to the socket, QoS 1. From any thread, never waits.

        False when it was not taken: not connected, or too soon, or `unsent_limit` wait already. True is no receipt:
        only the other side's `stream.ack` is.
        """
        connection = self._connection
        taken = connection is not None and self._may_speak() and connection.publish(kind, payload)
        if taken:
            self._published += 1
        else:
            self._not_sent += 1
        return taken

    def _may_speak(self) -> bool:
        """No second sees more than `publishes_per_second`: a quarter of it may come at once."""
        rate = self.settings.publishes_per_second
        if not rate:
            return True
        now = time.monotonic()
        earned = (now - self._earned_at) * rate * 0.75
        self._earned, self._earned_at = min(self._earned + earned, max(rate * 0.25, 1.0)), now
        if self._earned < 1.0:
            return False
        self._earned -= 1.0
        return True

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def trouble(self) -> LinkTrouble | None:
        """Why we are offline; None while all is well, or nothing was tried yet."""
        return self._trouble

    def facts(self) -> LinkFacts:
        connection = self._connection
        return LinkFacts(
            connected=connection is not None,
            node=connection.node if connection else None,
            connected_since=connection.since if connection else None,
            last_message_at=self._last_message_at,
            connects=self._connects,
            received=self._received,
            unacked=connection.unacked if connection else 0,
            published=self._published,
            not_sent=self._not_sent,
            trouble=self._trouble,
        )

    # from here on: the link's thread

    @property
    def _leaving(self) -> bool:
        return self._stopping.is_set() or self._hanging_up.is_set()

    def _run(self) -> None:
        pause, epoch, dice = self.settings.pause_min, 0, random.Random()  # noqa: S311
        while not self._stopping.is_set():
            epoch += 1
            # A connection that dies young keeps the pause growing: two boxes with one client id throw each other out.
            if self._live(epoch) > pause:
                pause = self.settings.pause_min
            self._stopping.wait(pause * dice.uniform(0.5, 1.0))
            if epoch % self.settings.nodes == 0:
                pause = min(pause * 2, self.settings.pause_max)
        self._bell_rope.close()
        self._bell.close()

    def _live(self, epoch: int) -> float:
        """The whole life of one connection, whatever it dies of; how many seconds it was up."""
        self._hanging_up.clear()
        connection = _Connection(self, epoch)
        began: float | None = None
        fault: tuple[TroubleCode, str] | None = None
        try:
            connection.open()
            while connection.step() and not self._leaving:
                if began is None and connection.since is not None:
                    began = time.monotonic()
            if self._leaving:
                connection.say_goodbye()
            else:
                fault = connection.fault
        except Exception as error:  # noqa: BLE001  a strange host name or a strange peer raise more than OSError
            fault = explain_error(error)
        finally:
            connection.close()
        was_up, self._connection = self._connection is connection, None
        if fault:
            self._note((fault[0], f"{fault[1]}, {connection.node[0]}:{connection.node[1]}"))
        if was_up:
            self._guarded(self.on_disconnected, self._trouble)
        return 0.0 if began is None else time.monotonic() - began

    def _note(self, fault: tuple[TroubleCode, str] | None) -> None:
        before = self._trouble and self._trouble.code
        if before == (fault and fault[0]):
            return
        if fault:
            log.warning("cloud link: %s (%s)", *fault)
        self._trouble = LinkTrouble(*fault, since=self._now()) if fault else None
        self._guarded(self.on_trouble, self._trouble)

    def _joined(self, connection: _Connection) -> None:
        """The broker has taken our subscription: from here on we are connected."""
        self._connects += 1
        self._connection = connection
        self._note(None)
        self._guarded(self.on_connected)

    def _heard(self, handler: Heard, payload: bytes, delivery: Delivery) -> None:
        self._received += 1
        self._last_message_at = self._now()
        self._guarded(handler, payload, delivery)

    def _guarded(self, callback: Callable[..., None], *args: object) -> None:
        """A callback that fails is a fault of ours and must not cost the shop its line; its message stays unacked."""
        try:
            callback(*args)
        except Exception:
            log.exception("cloud link: a callback failed")

    def _wake(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # full: there is plenty to wake up for already; closed: nobody sleeps there
            self._bell_rope.send(b"!")


class _Connection:
    """One life of one socket. `ack` and `publish` may be called from any thread, all else is the link's thread."""

    def __init__(self, link: Link, epoch: int) -> None:
        self.epoch = epoch
        self.since: int | None = None
        self.fault: tuple[TroubleCode, str] | None = None
        self._link = link
        self._settings = link.settings
        self.node = link.settings.node(epoch - 1)
        topic = link.settings.topic
        self._handlers = {topic(k): h for k, h in (("down", link.on_down), ("traffic", link.on_traffic)) if h}
        self._waiting: dict[int, int] = {}  # messages heard and not acknowledged: id -> bytes
        self._bytes = 0  # in these
        self._counting = threading.Lock()
        self._packets = 0
        self._last_words = ""
        self._deadline = 0.0
        self._poll = select.poll()
        self._poll.register(link._bell, select.POLLIN)
        self._polled = (-1, 0)
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        s = self._settings
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=s.client_name,
            clean_session=not s.persistent,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = s.connect_timeout
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.max_queued_messages_set(s.unsent_limit)
        if s.username:
            client.username_pw_set(s.username, s.password)
        if s.announce:
            client.will_set(s.topic("presence"), write(Presence(online=False)), qos=1, retain=True)
        client.on_socket_open = _no_delay
        # Having this callback is also what keeps paho from writing to the socket on the thread of a caller.
        client.on_socket_register_write = self._link._wake
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_log = self._on_log
        return client

    def open(self) -> None:
        """Raises OSError (ssl.SSLError, socket.gaierror, TimeoutError, …) when there is no way through."""
        s = self._settings
        if s.tls:
            self._client.tls_set_context(trust(s.tls))
        self._client.connect(*self.node, s.keepalive)
        self._deadline = time.monotonic() + s.connect_timeout

    def step(self) -> bool:
        """One round: wait, read, write, look after the keepalive. False when the connection is over."""
        client = self._client
        sock = client.socket()
        if sock is None:
            self.fault = self.fault or self._explain_end()
            return False
        if self.since is None and time.monotonic() > self._deadline:
            self.fault = ("broker_unreachable", "connected, but no answer in time")
            return False
        reading = self._has_room()
        buffered = reading and isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        events = self._wait(sock.fileno(), reading, client.want_write(), 0 if buffered else _TICK_MS)
        if not reading and events & (select.POLLHUP | select.POLLERR):
            self.fault = ("broker_unreachable", "connection lost")
            return False
        if reading and (buffered or events & ~select.POLLOUT):
            self._read_burst()
        if client.want_write():
            client.loop_write()
        client.loop_misc()
        return True

    def _wait(self, fd: int, reading: bool, writing: bool, timeout_ms: int) -> int:
        """Sleep until there is something to do. The socket's poll events, 0 when it was something else."""
        want = (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0)
        if self._polled != (fd, want):
            self._poll.register(fd, want)
            self._polled = (fd, want)
        events = 0
        for ready, what in self._poll.poll(timeout_ms):
            if ready == fd:
                events = what
            else:
                self._link._bell.recv(4096)
        return events

    def _read_burst(self) -> None:
        client = self._client
        for _ in range(_BURST):
            before = self._packets
            if client.loop_read() or self._packets == before or not self._has_room():
                return

    def _has_room(self) -> bool:
        return len(self._waiting) < self._settings.unacked_limit and self._bytes < self._settings.unacked_bytes

    def _explain_end(self) -> tuple[TroubleCode, str]:
        return explain_silence(self._last_words) if self.since is None else ("broker_unreachable", "connection lost")

    def say_goodbye(self) -> None:
        """Leave properly, so that the broker does not announce our death."""
        if self._settings.announce and self.since is not None:
            self.publish("presence", write(Presence(online=False)))
        self._client.disconnect()
        until = time.monotonic() + 1.0
        while time.monotonic() < until and self.step():
            pass

    def close(self) -> None:
        self._waiting.clear()
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    @property
    def unacked(self) -> int:
        return len(self._waiting)

    def ack(self, mid: int) -> bool:
        with self._counting:
            size = self._waiting.pop(mid, None)
            if size is None:
                return False
            self._bytes -= size
        self._client.ack(mid, 1)
        return True

    def publish(self, kind: Kind, payload: bytes) -> bool:
        retain = kind == "presence" and self._settings.announce
        return self._client.publish(self._settings.topic(kind), payload, qos=1, retain=retain).rc == 0

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        client.on_log = None  # it costs a formatted line for every packet
        if reason.is_failure:
            self.fault = explain_refusal(reason.value, reason.getName())
        else:
            client.subscribe([(topic, 1) for topic in self._handlers])

    def _on_subscribe(self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        if reasons[0].is_failure:
            self.fault = ("broker_refused_topic", f"{self._settings.topic('down')}: {reasons[0].getName()}")
            client.disconnect()
        else:
            self.since = self._link._now()
            self._link._joined(self)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._packets += 1
        handler = self._handlers.get(message.topic)
        if handler is None:
            self._client.ack(message.mid, message.qos)
            return
        if message.qos:
            with self._counting:
                self._bytes += len(message.payload) - self._waiting.get(message.mid, 0)
                self._waiting[message.mid] = len(message.payload)
        self._link._heard(handler, bytes(message.payload), Delivery(self, message.mid))

    def _on_publish(self, *_: object) -> None:
        self._packets += 1

    def _on_log(self, _client: mqtt.Client, _data: Any, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._last_words = text


def _no_delay(_client: mqtt.Client, _data: Any, sock: Any) -> None:
    """Without this a PUBACK and the PUBLISH after it wait 40 ms for each other (Nagle and delayed ACK)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(*_: object) -> None:
    pass
