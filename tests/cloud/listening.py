"""Two ends of a line for the tests: a `Listener` around our own link, and opposite it a `Peer`, a plain paho client."""

from __future__ import annotations

import queue
import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tihuo.cloud.address import LinkSettings
from tihuo.cloud.link import Delivery, Link
from tihuo.cloud.trouble import LinkTrouble

PATIENCE = 10.0


def settings(port: int, **more: Any) -> LinkSettings:
    return LinkSettings(**{"host": "127.0.0.1", "port": port, "pause_min": 0.05, "pause_max": 0.2, **more})


class Listener:
    """A running link that writes down what it hears and acknowledges nothing by itself."""

    def __init__(self, settings: LinkSettings, **more: Any) -> None:
        self.link = Link(settings, **more)
        self.heard: queue.Queue[tuple[bytes, Delivery]] = queue.Queue()
        self.traffic: queue.Queue[tuple[bytes, Delivery]] = queue.Queue()
        self.ups: queue.Queue[None] = queue.Queue()
        self.downs: queue.Queue[LinkTrouble | None] = queue.Queue()
        self.troubles: queue.Queue[LinkTrouble | None] = queue.Queue()
        self.stumbles_over: bytes | None = None
        self.link.on_down = self._hear
        self.link.on_traffic = lambda payload, delivery: self.traffic.put((payload, delivery))
        self.link.on_connected = lambda: self.ups.put(None)
        self.link.on_disconnected = self.downs.put
        self.link.on_trouble = self.troubles.put
        self.link.start()

    def _hear(self, payload: bytes, delivery: Delivery) -> None:
        if payload == self.stumbles_over:
            raise KeyError(payload)
        self.heard.put((payload, delivery))

    def connected(self) -> Listener:
        self.ups.get(timeout=PATIENCE)
        return self

    def take(self, count: int) -> list[tuple[bytes, Delivery]]:
        return [self.heard.get(timeout=PATIENCE) for _ in range(count)]

    def trouble(self) -> LinkTrouble:
        found = self.troubles.get(timeout=PATIENCE)
        assert found is not None
        return found


class Peer:
    """Somebody else on the same broker. `steals`: takes over the session of `client_id`, and acknowledges nothing."""

    def __init__(self, port: int, *topics: str, client_id: str = "", steals: bool = False) -> None:
        self.heard: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        ready = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not steals, manual_ack=steals
        )
        self._client.on_message = lambda _client, _data, message: self.heard.put(message)
        self._client.on_connect = lambda client, *_: (
            client.subscribe([(topic, 1) for topic in topics]) if topics else ready.set()
        )
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(PATIENCE)

    def say(self, topic: str, *payloads: bytes) -> None:
        """Publish, and wait until the broker has acknowledged all of it."""
        for sent in [self._client.publish(topic, payload, qos=1) for payload in payloads]:
            sent.wait_for_publish(PATIENCE)
            assert sent.is_published()

    def get(self) -> mqtt.MQTTMessage:
        return self.heard.get(timeout=PATIENCE)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
