"""The demo cloud (演示云): a mini program's back end in one object, and a faithful counterpart of the cloud contract.

It knows only what came over MQTT, remembers it in a file of its own, sells only from grants, keeps every event until
the store itself acknowledges it, and can be told to misbehave. Customers are played by whoever calls `buy()`.
Thread-safe: any thread may call any method.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from tihuo.cloud import down, fields, messages, up
from tihuo.demo import cloud_codes
from tihuo.demo import cloud_views as views
from tihuo.demo.cloud_book import CloudBook
from tihuo.demo.cloud_codes import NeighbourCode
from tihuo.demo.cloud_echo import CloudEcho
from tihuo.demo.cloud_orders import CloudOrders
from tihuo.demo.cloud_reminders import CloudReminders
from tihuo.demo.cloud_sales import CannotSell, CloudSales, Shopper, Wish
from tihuo.demo.cloud_stream import CloudStream
from tihuo.demo.cloud_views import BoughtOrder, Figures, HeldGrant, Offer
from tihuo.demo.cloud_wire import BrokerAddress, CloudWire, Mischief

__all__ = [
    "BoughtOrder",
    "BrokerAddress",
    "CannotSell",
    "DemoCloud",
    "Figures",
    "HeldGrant",
    "Mischief",
    "Offer",
    "Shopper",
    "Wish",
]

T = TypeVar("T")
Garbage = Literal["not_json", "no_envelope", "unknown_type", "bad_data", "bad_envelope", "too_big", "wrong_store"]

_TICK = 0.05


class DemoCloud:
    """The cloud for one store. `folder` None keeps its memory in memory.

    In seconds: `retry`, the first pause before something unanswered is said again; `refund_delay`, how long the bank
    takes; `pace`, the least time between two PUBLISHes (some brokers allow 20 a second). With `moods` customers choose
    windows and agree to be reminded, or not.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        store: str,
        *,
        prefix: str = "tihuo/v1",
        folder: Path | None = None,
        now: Callable[[], int] | None = None,
        retry: float = 2.0,
        refund_delay: float = 2.0,
        pace: float = 0.05,
        dice: random.Random | None = None,
        moods: random.Random | None = None,
    ) -> None:
        self.store = store
        self._pace = pace
        self._now = now or (lambda: time.time_ns() // 1_000_000)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._book = CloudBook(folder / "cloud.db" if folder else None)
        self._stream = CloudStream(self._book, store, self._now, self._apply, self._rejected, retry, dice)
        self._sales = CloudSales(self._book, self._stream.add, self._now)
        self._orders = CloudOrders(self._book, self._stream.add, self._now, round(refund_delay * 1000))
        self._reminders = CloudReminders(self._book, self._stream.add, self._now, moods)
        self._echo = CloudEcho(self._book)
        self._stock: dict[tuple[str, str], up.StateItem] = {}
        self._presence: up.Presence | None = None
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self.wire = CloudWire(broker, store, prefix, self.heard, self.joined)

    def start(self) -> None:
        """Connect, and keep at it. Returns at once."""
        self.wire.connect()
        self._thread = threading.Thread(target=self._run, name="demo-cloud", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._hurry.set()
        self.wire.disconnect()
        if self._thread:
            self._thread.join(5)
        with self._lock:
            self._book.close()

    # customers

    def offers(self) -> list[Offer]:
        """What can be bought now, in every open session."""
        with self._lock:
            return views.offers(self._book, self._now())

    def buy(self, shopper: Shopper, wish: Wish) -> BoughtOrder:
        """Sell from the grants, take the money, tell the store. Raises CannotSell; then nothing happened."""
        with self._lock:
            with self._book.change():
                window = wish.window or self._reminders.wished(wish.session_id)
                order_id = self._sales.place(shopper, replace(wish, window=window))
                self._reminders.placed(order_id)
            bought = views.order(self._book, order_id)
        self._hurry.set()
        return bought

    def cancel(self, order_id: str, reason: str = "customer") -> None:
        """The customer changes their mind; the store's answer decides what comes of it."""
        self._change(lambda: self._sales.cancel(order_id, reason))

    def delegate(self, order_id: str, until: int, lines: tuple[str, ...] | None = None, name: str = "") -> str:
        """The customer asks for a code for somebody who collects for her; gives the id that the answer will bear."""

        def ask() -> str:
            wanted = cloud_codes.wanted(self._book, order_id, until, lines, name)
            self._stream.add(wanted)
            return wanted.delegation_id

        return self._change(ask)

    def revoke_delegation(self, order_id: str, delegation_id: str) -> None:
        """She takes it back."""
        self._change(lambda: self._stream.add(down.PickupDelegationRevoked(order_id, delegation_id)))

    def neighbours(self, order_id: str) -> list[NeighbourCode]:
        """The codes for others that the store gave."""
        with self._lock:
            return cloud_codes.neighbours(self._book, order_id)

    def shown_code(self, order_id: str) -> str:
        """The code on the customer's phone just now."""
        with self._lock:
            return cloud_codes.shown(self._book, order_id, self._now())

    def choose_window(self, order_id: str, window: tuple[int, int], at: int | None = None) -> None:
        """The customer says when she means to come (Millis)."""
        self._change(lambda: self._reminders.choose(order_id, window, at))

    def reminders(self) -> list[tuple[str, str]]:
        """(order, `sent`, `no_consent` or `failed`) of every reminder that the store asked for."""
        with self._lock:
            return self._reminders.told()

    def windows(self, session_id: str) -> list[tuple[int, int, int]]:
        """What the customers of a session may choose from: from, to, for how many."""
        with self._lock:
            return self._reminders.windows(session_id)

    def request_aftersales(
        self,
        order_id: str,
        lines: dict[str, int],
        reason: str,
        kind: fields.TicketKind = "return",
        photos: dict[str, bytes] | None = None,
    ) -> str:
        """The customer is not content with so many units of these lines; gives the id of the request."""
        return self._change(lambda: self._orders.request_aftersales(order_id, kind, lines, reason, photos or {}))

    def give_back(self, grant_id: str, quantity: int) -> int:
        """Return unsold rights to the store, at most `quantity`; how many went back."""
        return self._change(lambda: self._sales.give_back(grant_id, quantity))

    def count_traffic(self, session_id: str, channel: str, metric: str, bucket: int, count: int) -> None:
        """Tell the store the total of a counter for the minute that begins at `bucket` (Millis)."""
        counter = down.Traffic(session_id, channel, metric, fields.from_millis(bucket), count)
        self.wire.publish("traffic", messages.write(counter))

    # seeing

    def order(self, order_id: str) -> BoughtOrder:
        """Raises KeyError when it was never sold here."""
        with self._lock:
            return views.order(self._book, order_id)

    def orders(self) -> list[BoughtOrder]:
        """Every order, oldest first, with pickup codes: what the customers' phones show."""
        with self._lock:
            return views.orders(self._book)

    def grants(self) -> list[HeldGrant]:
        with self._lock:
            return views.grants(self._book)

    def figures(self) -> Figures:
        with self._lock:
            return views.figures(self._book)

    def stock(self) -> list[up.StateItem]:
        """The store's latest picture of its stock, as heard on `…/state`."""
        with self._lock:
            return list(self._stock.values())

    def presence(self) -> up.Presence | None:
        """The store's latest heartbeat."""
        with self._lock:
            return self._presence

    def tickets(self) -> dict[str, tuple[str, str]]:
        """Request -> state of the shop's ticket, and its outcome."""
        with self._lock:
            rows = self._book.sql.execute("SELECT request_id, state, outcome FROM ticket")
            return {row["request_id"]: (row["state"], row["outcome"]) for row in rows}

    def rejections(self) -> list[tuple[str, str, str]]:
        """Our events that the store could not understand: id, reason, detail."""
        with self._lock:
            return [tuple(row) for row in self._book.sql.execute("SELECT id, reason, detail FROM rejection")]

    def unacknowledged(self) -> int:
        """How many events wait for the store to say that it has them."""
        with self._lock:
            return self._stream.head - self._stream.acked

    def wait_until(self, true: Callable[[DemoCloud], bool], timeout: float = 10.0) -> bool:
        """Block until `true(cloud)`, looked at after every change; False when that did not come to be in time."""
        with self._changed:
            return self._changed.wait_for(lambda: true(self), timeout)

    # misbehaving

    def misbehave(self, outgoing: Mischief | None = None, incoming: Mischief | None = None) -> None:
        """Make the line bad from now on, in either direction; None is a good line."""
        self.wire.outgoing = outgoing or Mischief()
        self.wire.incoming = incoming or Mischief()

    def know_no_echo(self) -> None:
        """Be a cloud that cannot tell a restored shop what it said before."""
        with self._lock:
            self._stream.echoes = False

    def go_away(self) -> None:
        """Drop off the network. Customers go on buying from the grants."""
        self.wire.disconnect()

    def come_back(self) -> None:
        self.wire.connect()

    def repeat_last_order(self) -> None:
        """Say the last order again as a new event: same id, new number."""

        def again() -> None:
            row = self._book.sql.execute(
                "SELECT id, type, data FROM outbox WHERE type = 'order.placed' ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            self._stream.add_bytes(row["type"], row["data"], row["id"])

        self._change(again)

    def repeat_last_order_otherwise(self, **changes: object) -> None:
        """Say another order under the number of the last one: its content with these fields changed."""

        def again() -> None:
            row = self._book.sql.execute(
                "SELECT data FROM outbox WHERE type = 'order.placed' ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            data = {**msgspec.json.decode(row["data"]), **changes}
            self._stream.add_bytes("order.placed", msgspec.json.encode(data))

        self._change(again)

    def send_garbage(self, kind: Garbage) -> str:
        """Say something that no store can understand. `unknown_type` and `bad_data` take a number in the stream, and
        their event id is returned; the others come on their own and give "".
        """
        if kind in ("unknown_type", "bad_data"):
            name, data = ("weather.changed", b"{}") if kind == "unknown_type" else ("order.placed", b'{"order_id": 7}')
            return self._change(lambda: self._stream.add_bytes(name, data))
        payload = {
            "not_json": b'{"specversion": "1.0", ',
            "no_envelope": b'{"hello": "shop"}',
            "bad_envelope": b'{"specversion": "0.3", "id": "old", "epoch": 1, "seq": 0, "data": null}',
            "too_big": b'{"data": "' + b"x" * 100_000 + b'"}',
            "wrong_store": b'{"specversion": "1.0", "id": "astray", "source": "cloud", "subject": "store/ELSEWHERE",'
            b' "type": "order.cancelled", "epoch": 1, "seq": 0, "data": {}}',
        }[kind]
        self.wire.publish("down", payload)
        return ""

    # the end of the line: called by the wire, or by whoever turns the cloud by hand

    def joined(self) -> None:
        """The line to the store is up."""
        with self._lock:
            self._stream.connected()
        self._hurry.set()

    def heard(self, kind: str, payload: bytes) -> None:
        """A payload came in on `…/up`, `…/state` or `…/presence`. When this returns, it is kept."""
        with self._changed:
            match kind:
                case "up":
                    self._stream.hear(payload)
                case "state":
                    with self._book.change():
                        for item in messages.read_state(payload).items:
                            known = self._stock.get((item.session_id, item.sku))
                            if known is None or item.version >= known.version:
                                self._stock[item.session_id, item.sku] = item
                                self._echo.see(item)
                case "presence":
                    self._presence = messages.read_presence(payload)
            self._changed.notify_all()
        self._hurry.set()

    def due(self, clock: float) -> list[bytes]:
        """Do what happens by itself, and give the payloads to publish on `…/down` now; `clock` in monotonic seconds."""
        with self._changed:
            self._tick()
            return self._stream.due(clock)

    def _tick(self) -> None:
        with self._changed, self._book.change():
            self._sales.tick()
            self._orders.tick()
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._hurry.wait(_TICK)
            self._hurry.clear()
            if not self.wire.connected:
                self._tick()
                continue
            payloads = self.due(time.monotonic())
            for payload in payloads:
                self.wire.publish("down", payload)
            if payloads:
                self._stopping.wait(self._pace)
            with self._lock:
                if self._stream.more_to_say:
                    self._hurry.set()

    def _apply(self, data: msgspec.Struct) -> None:
        self._sales.apply(data)
        self._orders.apply(data)
        self._reminders.apply(data)

    def _rejected(self, event_id: str) -> None:
        self._orders.rejected(event_id)

    def _change(self, act: Callable[[], T]) -> T:
        with self._changed, self._book.change():
            result = act()
            self._changed.notify_all()
        self._hurry.set()
        return result
