"""The line to the broker, as the daemon sees it; the line itself is a process of its own (`cloud.line`).

What arrives is handed on with a `Delivery`; the broker hears our PUBACK when somebody calls `delivery.ack()`, which the
relay does after its commit. What leaves is sent or refused at once; nothing waits here, as all that matters is on disk.

The line's process is started, watched and replaced here. Its death is a lost connection like any other: what it had
heard and nobody acknowledged comes again.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Literal

from tihuo.cloud import wire
from tihuo.cloud.address import LinkSettings
from tihuo.cloud.line_process import LineProcess
from tihuo.cloud.messages import write
from tihuo.cloud.trouble import Fault, LinkTrouble, code_of
from tihuo.cloud.up import Presence

log = logging.getLogger(__name__)

Kind = Literal["up", "state", "presence"]
_KINDS = {"up": wire.UP, "state": wire.STATE, "presence": wire.PRESENCE}

HANG_AFTER = 60.0
"""Seconds without a word after which the line's process is replaced. To look up a name may take half of it."""
_GOODBYE_S = 3.0
_ANY = 1 << 30
_TICK_S = 1.0


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


class _Connection:
    """One connection of the line, from the first attempt on: a broker may speak before it took our subscription."""

    def __init__(self, epoch: int, ring: Callable[[], None]) -> None:
        self.epoch = epoch
        self.ring = ring
        self.node: tuple[str, int] | None = None
        self.since: int | None = None
        """When the broker took our subscription."""
        self.acks: deque[int] = deque()
        """Claims that wait to be passed on to the line."""
        self.claimed = self.passed_on = self.unsent = 0
        self.full = False
        self.over = False

    @property
    def unacked(self) -> int:
        return self.claimed - self.passed_on - len(self.acks)


class Delivery:
    """One message's claim on an acknowledgement."""

    __slots__ = ("_claim", "_connection")

    def __init__(self, connection: _Connection, claim: int) -> None:
        self._connection = connection
        self._claim = claim

    @property
    def epoch(self) -> int:
        """Which connection of this link it came on: 1, 2, 3, …"""
        return self._connection.epoch

    def ack(self) -> bool:
        """Tell the broker that this message is safe. From any thread, any number of times, never waits.

        False when there was nothing to tell: told before, or its connection is gone (the broker will send it again).
        """
        connection, claim = self._connection, self._claim
        if not claim or connection.over:
            return False
        self._claim = 0
        connection.acks.append(claim)
        connection.ring()
        return True


Heard = Callable[[bytes, Delivery], None]


class Link:
    """云端连接: keeps one MQTT connection alive for as long as the shop runs.

    Set the callbacks before `start()`. All of them run on the link's thread and must not wait:
    `on_down(payload, delivery)` and `on_traffic(payload, delivery)` for what arrives, `on_connected()` when the broker
    has taken our subscription, `on_room()` when there is `room` again, `on_disconnected(trouble)` when that connection
    ended (None: we closed it ourselves), `on_trouble(trouble)` whenever the reason for being offline changes, with None
    when it is over.
    """

    def __init__(
        self, settings: LinkSettings, now: Callable[[], int] | None = None, *, hang_after: float = HANG_AFTER
    ) -> None:
        self.settings = settings
        self.on_down: Heard | None = None
        self.on_traffic: Heard | None = None
        self.on_connected: Callable[[], None] = _nothing
        self.on_room: Callable[[], None] = _nothing
        self.on_disconnected: Callable[[LinkTrouble | None], None] = _nothing
        self.on_trouble: Callable[[LinkTrouble | None], None] = _nothing
        self._now = now or (lambda: time.time_ns() // 1_000_000)
        self._hang_after = hang_after
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._rope, self._bell = socket.socketpair()
        self._rope.setblocking(False)
        self._bell.setblocking(False)
        self._rung = False
        self._line: LineProcess | None = None
        self._connection = _Connection(1, self._ring)
        self._trouble: LinkTrouble | None = None
        self._speaking = threading.Lock()
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
        self._ring()

    def stop(self, timeout: float = 5.0) -> bool:
        """Say goodbye and wait until the thread is done; False when it was not within `timeout` seconds."""
        self.ask_to_stop()
        if self._thread:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def hang_up(self) -> None:
        """Leave and come back, so that the broker says again what was not acknowledged. Returns at once."""
        with self._speaking:
            if self._line and self.connected:
                self._line.say(wire.HANG_UP, self._connection.epoch)

    def publish(self, kind: Kind, *payloads: bytes) -> int:
        """Hand payloads to the line, QoS 1, in their order. From any thread, never waits.

        Gives how many were taken, before the first that was not: not connected, or too soon, or `unsent_limit` wait
        already. To be taken is no receipt: only the other side's `stream.ack` is.
        """
        with self._speaking:
            line, connection, limit = self._line, self._connection, self.settings.unsent_limit
            taken = 0
            if line and connection.since is not None:
                taken = max(0, min(len(payloads), limit - connection.unsent, self._earn()))
            connection.unsent += taken
            connection.full = connection.full or connection.unsent >= limit
            self._earned -= taken
            self._published += taken
            self._not_sent += taken < len(payloads)
            if line and taken:
                line.say(_KINDS[kind], connection.epoch, *payloads[:taken])
                if line.unsaid:
                    self._ring()
        return taken

    def _earn(self) -> int:
        """How many may be sent at this moment: no second sees more than `publishes_per_second`, and a quarter of it may
        come at once."""
        rate = self.settings.publishes_per_second
        if not rate:
            return _ANY
        now = time.monotonic()
        earned = (now - self._earned_at) * rate * 0.75
        self._earned, self._earned_at = min(self._earned + earned, max(rate * 0.25, 1.0)), now
        return int(self._earned)

    @property
    def connected(self) -> bool:
        return self._connection.since is not None

    @property
    def room(self) -> int:
        """How many payloads it would take; none once `unsent_limit` wait, until half of them have been acknowledged."""
        with self._speaking:
            connection = self._connection
            return 0 if connection.full else max(0, min(self.settings.unsent_limit - connection.unsent, self._earn()))

    @property
    def trouble(self) -> LinkTrouble | None:
        """Why we are offline; None while all is well, or nothing was tried yet."""
        return self._trouble

    @property
    def process_id(self) -> int | None:
        """The line's process at this moment."""
        line = self._line
        return line.process.pid if line else None

    def facts(self) -> LinkFacts:
        connection = self._connection
        return LinkFacts(
            connected=connection.since is not None,
            node=connection.node,
            connected_since=connection.since,
            last_message_at=self._last_message_at,
            connects=self._connects,
            received=self._received,
            unacked=connection.unacked,
            published=self._published,
            not_sent=self._not_sent,
            trouble=self._trouble,
        )

    # from here on: the link's thread

    def _run(self) -> None:
        pause = self.settings.pause_min
        while not self._stopping.is_set():
            before = self._connects
            fault = self._live()
            if not self._stopping.is_set():
                self._ended(fault)
                pause = min(pause * 2, self.settings.pause_max) if self._connects == before else self.settings.pause_min
                self._stopping.wait(pause)
        self._ended(None)
        self._rope.close()
        self._bell.close()

    def _live(self) -> Fault:
        """The whole life of one process of the line; what it died of."""
        try:
            line = LineProcess(self._line_settings())
        except OSError as error:
            return "broker_unreachable", f"the line's process does not start: {error}"
        with self._speaking:
            self._line = line
        try:
            return self._follow(line)
        finally:
            with self._speaking:
                self._line = None
            line.end()

    def _line_settings(self) -> wire.LineSettings:
        s, topic, first = self.settings, self.settings.topic, self._connection.epoch
        return wire.LineSettings(
            epoch=first,
            nodes=[s.node(turn) for turn in range(first - 1, first - 1 + s.nodes)],
            client_name=s.client_name,
            persistent=s.persistent,
            username=s.username,
            password=s.password,
            tls=s.tls and tuple(str(part or "") for part in astuple(s.tls)),  # type: ignore[typeddict-item]
            hears={topic("down"): wire.DOWN} | ({topic("traffic"): wire.TRAFFIC} if self.on_traffic else {}),
            says={wire.UP: topic("up"), wire.STATE: topic("state"), wire.PRESENCE: topic("presence")},
            last_words=write(Presence(online=False)).decode() if s.announce else None,
            keepalive=s.keepalive,
            connect_timeout=s.connect_timeout,
            beat=self._hang_after / 6,
            pause_min=s.pause_min,
            pause_max=s.pause_max,
            unacked_limit=s.unacked_limit,
            unacked_bytes=s.unacked_bytes,
        )

    def _follow(self, line: LineProcess) -> Fault:
        """Carry words both ways until the process ends or falls silent."""
        bell, pipe = self._bell.fileno(), line.pipe.fileno()
        poll = select.poll()
        poll.register(bell, select.POLLIN)
        silent_at = time.monotonic() + self._hang_after
        leaving = False
        while True:
            if self._stopping.is_set() and not leaving:
                leaving, silent_at = True, time.monotonic() + _GOODBYE_S
                with self._speaking:
                    line.say(wire.LEAVE)
            poll.register(pipe, select.POLLIN | (select.POLLOUT if line.unsaid else 0))
            events = dict(poll.poll(_TICK_S * 1000))
            if bell in events:
                self._bell.recv(4096)
                self._rung = False
                self._pass_on_acks(line)
            if events.get(pipe, 0) & select.POLLOUT:
                with self._speaking:
                    line.flush()
            if events.get(pipe, 0) & ~select.POLLOUT:
                frames = line.hear()
                if frames is None:
                    return "broker_unreachable", f"the line's process ended ({line.end()})"
                self._hear(frames)
                if not leaving:
                    silent_at = time.monotonic() + self._hang_after
            if time.monotonic() > silent_at:
                return "broker_unreachable", "the line's process hung"

    def _pass_on_acks(self, line: LineProcess) -> None:
        connection = self._connection
        claims = [connection.acks.popleft() for _ in range(len(connection.acks))]
        if claims:
            connection.passed_on += len(claims)
            with self._speaking:
                line.say(wire.ACKS, connection.epoch, wire.claims(claims))

    def _hear(self, frames: list[wire.Frame]) -> None:
        handlers = {wire.DOWN: self.on_down, wire.TRAFFIC: self.on_traffic}
        connection, before = self._connection, self._received
        for kind, number, content in frames:
            if handler := handlers.get(kind):
                self._received += 1
                connection.claimed += number > 0
                self._guarded(handler, content, Delivery(connection, number))
            elif kind == wire.TAKEN:
                with self._speaking:
                    connection.unsent -= number
                    emptied = connection.full and connection.unsent <= self.settings.unsent_limit // 2
                    connection.full = connection.full and not emptied
                if emptied:
                    self._guarded(self.on_room)
            elif kind == wire.JOINED:
                host, _, port = content.decode().rpartition(":")
                connection.node, connection.since = (host, int(port)), self._now()
                self._connects += 1
                self._note(None)
                self._guarded(self.on_connected)
            elif kind == wire.ENDED:
                code, _, detail = content.decode().partition(" ")
                self._ended((code_of(code), detail) if code else None)
                connection = self._connection
        if self._received != before:
            self._last_message_at = self._now()

    def _ended(self, fault: Fault | None) -> None:
        """A connection is over, or was never made; the next one has the next number."""
        before = self._connection
        before.over = True
        self._connection = _Connection(before.epoch + 1, self._ring)
        if fault:
            self._note(fault)
        if before.since is not None:
            self._guarded(self.on_disconnected, self._trouble)

    def _note(self, fault: Fault | None) -> None:
        before = self._trouble and self._trouble.code
        if before == (fault and fault[0]):
            return
        if fault:
            log.warning("cloud link: %s (%s)", *fault)
        self._trouble = LinkTrouble(*fault, since=self._now()) if fault else None
        self._guarded(self.on_trouble, self._trouble)

    def _guarded(self, callback: Callable[..., None], *args: object) -> None:
        """A callback that fails is a fault of ours and must not cost the shop its line; its message stays unacked."""
        try:
            callback(*args)
        except Exception:
            log.exception("cloud link: a callback failed")

    def _ring(self) -> None:
        """Wake the thread up, from any other."""
        if not self._rung:
            self._rung = True
            with contextlib.suppress(OSError):  # closed: nobody sleeps there
                self._rope.send(b"!")


def _nothing(*_: object) -> None:
    pass
