"""A witness on the line: of no party, hears everything that crosses the broker, and holds it to the contract.

    with Witness(port) as witness:
        ...                      # a shop and its cloud talk
    witness.swear()

A plain paho client; what it hears is checked against `daemon/docs/asyncapi.json` alone, in both directions.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.cloud import contract

PATIENCE = 5.0


class Witness:
    """`heard` counts what was said on each topic; `faults` are what the contract does not allow, in words."""

    def __init__(self, port: int, prefix: str = "tihuo/v1") -> None:
        self.heard: Counter[str] = Counter()
        self.faults: list[str] = []
        self.garbage = False
        self._prefix = prefix
        self._last_word = f"{prefix}/witness/{uuid.uuid4().hex}"
        self._ready = threading.Event()
        self._done = threading.Event()
        self._said: list[tuple[str, bytes]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{prefix}/#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._hear
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE), "the witness never got onto the line"

    def _hear(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == self._last_word:
            self._done.set()
        else:
            self._said.append((message.topic, message.payload))

    def has_heard(self, words: bytes) -> bool:
        return any(words in payload for _, payload in list(self._said))

    def leave(self) -> None:
        """Hear to the end what the broker still has, then look at all of it."""
        if self._client.is_connected():
            self._client.publish(self._last_word, b"", qos=1)
            self._done.wait(PATIENCE)
        self._client.disconnect()
        self._client.loop_stop()
        for topic, payload in self._said:
            channel = topic.rpartition("/")[2]
            self.heard[channel] += 1
            for fault in contract.faults(channel, payload):
                self.faults.append(f"{topic}: {fault} in {payload[:200]!r}")

    def swear(self) -> None:
        """All that was said was in order. A test in which the cloud says garbage sets `garbage`: then some of that was
        heard, and the shop still said nothing wrong."""
        ours = [fault for fault in self.faults if "/down: " not in fault]
        assert ours == []
        assert bool(self.faults) == self.garbage, self.faults[:5]
        assert self.heard["up"], "nothing was said"

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
