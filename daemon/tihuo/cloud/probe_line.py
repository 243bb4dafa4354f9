"""One MQTT connection driven by hand, for the probe: it does what a well-behaved client never would.

It reads without acknowledging, dies without a word and comes twice under one name. A few packets of MQTT 3.1.1.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections import deque
from dataclasses import astuple, dataclass
from typing import Self

from tihuo.cloud.address import LinkSettings
from tihuo.cloud.trust import trust

PATIENCE_S = 10.0
KEEPALIVE_S = 60


class LineEnded(Exception):
    """The broker closed the connection, or never answered."""


class LineRefused(Exception):
    """The broker answered CONNECT with a no; `code` is that of MQTT 3.1.1 (4, 5: it does not know us)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CONNACK {code}")
        self.code = code


@dataclass(frozen=True)
class Message:
    topic: str
    payload: bytes
    qos: int
    retained: bool
    again: bool
    mid: int


class Line:
    """Connected when made. `present`: the broker still had our session. Raises OSError, `LineRefused`, `LineEnded`."""

    def __init__(
        self, settings: LinkSettings, client_id: str = "", *, clean: bool = True, will: tuple[str, bytes] | None = None
    ) -> None:
        host, port = settings.node(0)
        self._socket: socket.socket = socket.create_connection((host, port), timeout=PATIENCE_S)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if settings.tls:
                self._socket = trust(*astuple(settings.tls)).wrap_socket(self._socket, server_hostname=host)
            self.acked: set[int] = set()
            self._heard: deque[Message] = deque()
            self._answers: dict[int, bytes] = {}
            self._buffer = bytearray()
            self._mid = 0
            self._greet(settings, client_id or settings.client_name, clean, will)
        except BaseException:
            self._socket.close()
            raise

    @property
    def secured(self) -> str:
        """'TLSv1.3', or '' for none."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    def _greet(self, settings: LinkSettings, client_id: str, clean: bool, will: tuple[str, bytes] | None) -> None:
        flags, content = 0x02 if clean else 0, _text(client_id)
        if will:
            flags |= 0x2C  # retained, QoS 1
            content += _text(will[0]) + _bytes(will[1])
        if settings.username:
            flags |= 0xC0
            content += _text(settings.username) + _text(settings.password)
        self._send(0x10, b"\x00\x04MQTT\x04" + bytes([flags]) + struct.pack("!H", KEEPALIVE_S) + content)
        session, code = self._answer(0x20, PATIENCE_S)[:2]
        if code:
            raise LineRefused(code)
        self.present = bool(session)

    def subscribe(self, *topics: str) -> list[int]:
        """What the broker grants for each: a QoS, or 128 for no."""
        self._mid += 1
        filters = b"".join(_text(topic) + b"\x01" for topic in topics)
        self._send(0x82, struct.pack("!H", self._mid) + filters)
        return list(self._answer(0x90, PATIENCE_S)[2:])

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Say it with QoS 1 and wait for nothing; gives the message id, which `acked` may hold some day."""
        self._mid = self._mid % 65535 + 1
        self.acked.discard(self._mid)
        self._send(0x32 | retain, _text(topic) + struct.pack("!H", self._mid) + payload)
        return self._mid

    def all_acked(self, mids: list[int], patience: float = PATIENCE_S) -> bool:
        """Wait until the broker has acknowledged all of them; False when it did not in time."""
        until = time.monotonic() + patience
        while not self.acked.issuperset(mids):
            if not self._read(until):
                return False
        return True

    def hear(self, patience: float = PATIENCE_S, *, ack: bool = True) -> Message | None:
        """The next message, or None when none came in time."""
        until = time.monotonic() + patience
        while not self._heard:
            if not self._read(until):
                return None
        message = self._heard.popleft()
        if ack:
            self.ack(message)
        return message

    def ack(self, message: Message) -> None:
        if message.qos:
            self._send(0x40, struct.pack("!H", message.mid))

    def ping(self) -> None:
        """Raises `LineEnded` when nothing comes back."""
        self._send(0xC0, b"")
        self._answer(0xD0, PATIENCE_S)

    def ended(self, patience: float) -> bool:
        """Whether the broker closes this connection within `patience` seconds."""
        until = time.monotonic() + patience
        try:
            while self._read(until):
                pass
        except LineEnded:
            return True
        return False

    def die(self) -> None:
        """Be gone without a word."""
        self._socket.close()

    def leave(self) -> None:
        """Say goodbye, and wait until the broker has hung up: who comes back too soon is taken for an intruder."""
        try:
            self._send(0xE0, b"")
            self.ended(2.0)
        except LineEnded:
            pass
        finally:
            self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _send(self, head: int, content: bytes) -> None:
        length, size = len(content), b""
        while True:
            length, digit = divmod(length, 128)
            size += bytes([digit | 0x80 if length else digit])
            if not length:
                break
        try:
            self._socket.settimeout(PATIENCE_S)
            self._socket.sendall(bytes([head]) + size + content)
        except OSError as gone:
            raise LineEnded(f"the broker closed the connection ({gone})") from gone

    def _answer(self, kind: int, patience: float) -> bytes:
        self._answers.pop(kind, None)
        until = time.monotonic() + patience
        while kind not in self._answers:
            if not self._read(until):
                raise LineEnded("the broker does not answer")
        return self._answers.pop(kind)

    def _read(self, until: float) -> bool:
        """Take in one packet; False when none came before `until` (monotonic seconds)."""
        while (packet := self._packet()) is None:
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._socket.settimeout(left)
            try:
                piece = self._socket.recv(65536)
            except TimeoutError:
                return False
            except OSError as gone:
                raise LineEnded(f"the broker closed the connection ({gone})") from gone
            if not piece:
                raise LineEnded("the broker closed the connection")
            self._buffer += piece
        head, content = packet
        if head & 0xF0 == 0x30:
            self._heard.append(_message(head, content))
        elif head == 0x40:
            self.acked.add(int.from_bytes(content[:2], "big"))
        else:
            self._answers[head] = content
        return True

    def _packet(self) -> tuple[int, bytes] | None:
        length = shift = 0
        for at in range(1, 5):
            if len(self._buffer) <= at:
                return None
            length |= (self._buffer[at] & 0x7F) << shift
            shift += 7
            if not self._buffer[at] & 0x80:
                break
        if len(self._buffer) < at + 1 + length:
            return None
        head, content = self._buffer[0], bytes(self._buffer[at + 1 : at + 1 + length])
        del self._buffer[: at + 1 + length]
        return head, content


def _message(head: int, content: bytes) -> Message:
    end = 2 + int.from_bytes(content[:2], "big")
    qos = head >> 1 & 3
    begin = end + 2 if qos else end
    mid = int.from_bytes(content[end:begin], "big")
    return Message(content[2:end].decode(), content[begin:], qos, bool(head & 1), bool(head & 8), mid)


def _bytes(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def _text(text: str) -> bytes:
    return _bytes(text.encode())
