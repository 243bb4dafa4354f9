"""What the daemon promised to the outside, read from the bytes that it heard and said."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs

import msgspec

from tests.soak.platter import Record
from tests.soak.promises import Promises

_KEYS = {
    "/staff/sorting/open": "open_wave",
    "/staff/sorting/put": "put",
    "/staff/sorting/short": "short",
    "/staff/pickup/code": "hand_over_by_code",
}
_CONNECT, _PUBLISH, _PUBACK = 0x10, 0x30, 0x40
_PICTURE = b"\x1dv0"


class _Line:
    """One socket: what was heard and said on it and is not understood yet."""

    def __init__(self) -> None:
        self.heard = b""
        self.said = b""
        self.broker = False
        self.printing = False
        self.messages: dict[int, list[dict[str, Any]]] = {}


class Witness:
    """Fed with the notes in order; `promises` grows. `printed` counts pictures that began to leave for a printer."""

    def __init__(self) -> None:
        self.promises = Promises()
        self.printed = 0
        self.acks = 0
        self._lines: dict[int, _Line] = {}
        self._received: tuple[int, int] = (0, 0)
        """Up to where the cloud's stream was heard without a gap."""

    def see(self, note: Record) -> None:
        if note.what == "A" or (note.what == "S" and note.data[:1] == bytes([_CONNECT]) and b"MQTT" in note.data[:12]):
            self._lines[note.file] = _Line()
            self._lines[note.file].broker = note.what == "S"
        if note.what not in "RS":
            return
        line = self._lines.setdefault(note.file, _Line())
        if line.broker:
            self._mqtt(line, note)
        elif note.what == "R":
            line.heard += note.data
            line.printing = False
        elif note.data.startswith(b"HTTP/1.1 "):
            self._answered(line, note.data)
        elif _PICTURE in note.data and not line.printing:
            line.printing = True
            self.printed += 1

    def _answered(self, line: _Line, answer: bytes) -> None:
        request, line.heard = line.heard, b""
        found = re.match(rb"POST (\S+) HTTP", request)
        if found and answer.startswith(b"HTTP/1.1 200 ") and (verb := _KEYS.get(found[1].decode())):
            form = parse_qs(request.partition(b"\r\n\r\n")[2].decode())
            self.promises.wishes.add(f"{verb}:{form['once'][0]}")

    def _mqtt(self, line: _Line, note: Record) -> None:
        if note.what == "R":
            packets, line.heard = _packets(line.heard + note.data)
        else:
            packets, line.said = _packets(line.said + note.data)
        for kind, body in packets:
            if kind & 0xF0 == _PUBLISH:
                topic = body[2 : 2 + int.from_bytes(body[:2])].decode()
                mid = int.from_bytes(body[2 + len(topic) : 4 + len(topic)])
                payload = json.loads(body[4 + len(topic) :])
                envelopes = payload if isinstance(payload, list) else [payload]
                if note.what == "S":
                    self._told(topic, envelopes)
                elif topic.endswith("/down"):
                    line.messages[mid] = envelopes
                    self._heard(envelopes)
            elif kind == _PUBACK and note.what == "S":
                self._kept(line.messages.pop(int.from_bytes(body[:2]), []))

    def _heard(self, envelopes: list[dict[str, Any]]) -> None:
        for envelope in envelopes:
            epoch, seq = self._received
            if envelope["seq"] and (envelope["epoch"] > epoch or envelope["seq"] == seq + 1):
                self._received = (envelope["epoch"], envelope["seq"])

    def _kept(self, envelopes: list[dict[str, Any]]) -> None:
        """The broker was told to forget these: those that follow each other without a gap are ours now."""
        for envelope in envelopes:
            if envelope["seq"] > 0 and (envelope["epoch"], envelope["seq"]) <= self._received:
                self.acks += 1
                self._promise_received(envelope["epoch"], envelope["seq"])
                if envelope["type"] == "order.placed":
                    self.promises.orders.add(envelope["data"]["order_id"])

    def _told(self, topic: str, envelopes: list[dict[str, Any]]) -> None:
        if not topic.endswith("/up"):
            return
        for envelope in envelopes:
            if envelope["seq"]:
                self.promises.said = max(self.promises.said, (envelope["epoch"], envelope["seq"]))
            elif envelope["type"] == "stream.ack":
                self._promise_received(envelope["data"]["epoch"], envelope["data"]["seq"])

    def _promise_received(self, epoch: int, seq: int) -> None:
        self.promises.received = max(self.promises.received, (epoch, seq))

    def so_far(self) -> Promises:
        promises = self.promises
        return msgspec.structs.replace(promises, wishes=set(promises.wishes), orders=set(promises.orders))


def _packets(stream: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole MQTT packets at the beginning of a stream as (first byte, body), and the rest."""
    found = []
    at = 0
    while len(stream) - at > 1:
        size, used = 0, 1
        while at + used < len(stream):
            size |= (stream[at + used] & 0x7F) << 7 * (used - 1)
            used += 1
            if not stream[at + used - 1] & 0x80:
                break
        else:
            break
        if len(stream) < at + used + size:
            break
        found.append((stream[at], stream[at + used : at + used + size]))
        at += used + size
    return found, stream[at:]
