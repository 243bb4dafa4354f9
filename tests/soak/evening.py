"""An evening that faults are put into: a real broker, the demo cloud, a crowd that buys and somebody who sorts.

Everybody remembers what was promised to them, and asks again with the same nonce where no answer came.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.bench.daemon import Page
from tests.soak.mortal import Mortal, cloud_at
from tests.soak.outcome import Outcome
from tests.soak.promises import Promises
from tests.soak.two_stories import differences, looking_at
from tihuo.api.auth import hash_pin
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import BrokerAddress, CannotSell, DemoCloud, Shopper, Wish
from tihuo.demo.seed import PEOPLE, seed_catalog, seed_people, seed_session
from tihuo.settings import Settings
from tihuo.shop.pickups import code_for
from tihuo.wiring.alone import alone
from tihuo.wiring.box import clock

SESSION = "s2"
PLENTY = 400
SCARCE = {"tudou": 30, "jidan": 20, "shuijiao": 25}
_OPEN = "(l.quantity - l.put - l.short - l.cancelled)"
NO_ANSWER = (OSError, http.client.HTTPException)


class Evening:
    """One shop from the first order on. `mortal` may be killed and started again by who holds `counter.quiet`."""

    def __init__(self, folder: Path, seed: int, *, program: str = "tihuo", **settings: str) -> None:
        self.folder = folder
        self._seed_shop(folder / "shop")
        self.broker = Broker(folder / "broker", kind="mosquitto")
        self.broker.start()
        self.mortal = Mortal(
            folder / "shop", program=program, **cloud_at(self.broker.port), TIHUO_STORE_ID=shop.SHOP_ID,
            TIHUO_PRINT_RECEIPTS="false", **settings,
        )  # fmt: skip
        address = BrokerAddress("127.0.0.1", self.broker.port)
        self.cloud = DemoCloud(address, shop.SHOP_ID, folder=folder / "cloud", retry=0.4, refund_delay=0.1, pace=0.0)
        self.cloud.start()
        self.counter = Counter(self.mortal, random.Random(seed + 1))
        self.crowd = Crowd(self.cloud, seed)

    def _seed_shop(self, data: Path) -> None:
        plenty = {product.code: PLENTY for product in shop.PRODUCTS} | SCARCE
        with alone(Settings(data_dir=data, store_id=shop.SHOP_ID)) as writer:

            def do(stage: object, *args: object) -> object:
                return writer.write(stage, *args).result(timeout=30)  # type: ignore[arg-type]

            seed_people(do, hash_pin)
            seed_catalog(do)
            seed_session(do, 2, clock(), scarce=plenty)

    def begin(self) -> None:
        """People come as soon as there is something to buy; returns when the first tap was answered."""
        self.counter.start()
        self._wait_for(lambda: bool(self.cloud.offers()))
        self.crowd.start()
        self._wait_for(lambda: bool(self.counter.promised))

    def _wait_for(self, met: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not met():
            assert time.monotonic() < until, f"the evening does not begin:\n{self.mortal.last_words()}"
            time.sleep(0.02)

    def heard(self) -> Promises:
        """What was promised to anybody so far."""
        with looking_at(self.folder / "cloud" / "cloud.db") as book:
            memory = dict(book.execute("SELECT name, value FROM memory"))
            acked = memory.get("acked", 0)
            orders = book.execute(
                "SELECT json_extract(CAST(data AS TEXT), '$.order_id') FROM outbox "
                "WHERE type = 'order.placed' AND seq <= ?",
                (acked,),
            )
            return Promises(
                wishes=set(self.counter.promised),
                orders={row[0] for row in orders},
                said=(memory.get("heard_epoch", 0), memory.get("heard_seq", 0)),
                received=(memory["epoch"], acked) if acked else (0, 0),
            )

    def settle(self, seconds: float = 60.0) -> list[str]:
        """Let everybody finish; what is still open after so long."""
        self.crowd.finish()
        self.counter.finish()
        if not self.mortal.alive:
            self.mortal.start()
        met = self.cloud.wait_until(
            lambda cloud: not cloud.unacknowledged() and not cloud.figures().orders.get("paid"), seconds
        )
        return [] if met else [f"{self.cloud.unacknowledged()} events to the store, {self.cloud.figures().orders}"]

    def agree(self) -> Outcome:
        """Whether cloud, staff and store tell the same story, now that all is quiet."""
        outcome = Outcome(wrong=[])
        until = time.monotonic() + 30
        while (found := self._differences()) and time.monotonic() < until:
            time.sleep(0.1)
        lost = [fault for fault in found if fault.startswith("lost")]
        refused = [
            f"{order.order_id} was within its grant and refused: {order.reason}"
            for order in self.cloud.orders()
            if order.state == "refused" and order.reason != "over_limit"
        ]
        outcome.wrong += found + refused + [f"cloud: {odd}" for odd in self.cloud.figures().oddities]
        outcome.lost = len(lost)
        outcome.twice = sum("were told yes for" in fault for fault in found)
        return outcome

    def _differences(self) -> list[str]:
        return differences(self.cloud, self.mortal.database, self.counter.wished)

    def close(self) -> None:
        self.crowd.finish()
        self.counter.finish()
        self.mortal.stop()
        self.cloud.stop()
        self.broker.stop()


class Crowd(threading.Thread):
    """Customers: they buy from whatever the mini program has, and now and then think better of it."""

    def __init__(self, cloud: DemoCloud, seed: int, pause: float = 0.05) -> None:
        super().__init__(name="crowd", daemon=True)
        self._cloud, self._pause = cloud, pause
        self._chance = random.Random(seed)
        self._baskets = shop.baskets(seed)
        self._over = threading.Event()
        self.orders: list[str] = []

    def run(self) -> None:
        while not self._over.wait(self._pause):
            basket = next(self._baskets)
            who = Shopper(basket.customer.customer_id, basket.customer.name, basket.customer.phone)
            try:
                self.orders.append(self._cloud.buy(who, Wish(SESSION, basket.lines)).order_id)
            except CannotSell:
                continue
            if self._chance.random() < 0.04:
                self._cloud.cancel(self._chance.choice(self.orders[-20:]))

    def finish(self) -> None:
        self._over.set()
        if self.ident is not None:
            self.join(10)


class Tap(msgspec.Struct):
    """A wish on its way: the page, its form, and the key that the store keeps once it is granted."""

    path: str
    form: dict[str, object]
    key: str
    units: int = 0


class Counter(threading.Thread):
    """Staff on their phones: waves, puts, shortages, hand-overs. A tap that was not answered is tapped again.

    `quiet` is held while the counter looks into the box's file: who restarts the box takes it, so that what the new
    process finds was left by the dead one alone.
    """

    def __init__(self, mortal: Mortal, chance: random.Random) -> None:
        super().__init__(name="counter", daemon=True)
        self._mortal, self._chance = mortal, chance
        self._over = threading.Event()
        self._page: Page | None = None
        self._tap: Tap | None = None
        self.quiet = threading.Lock()
        self.promised: list[str] = []
        self.wished: dict[str, int] = {}
        self.answers: dict[int, int] = {}

    def run(self) -> None:
        while not self._over.wait(0.004):
            with self.quiet:
                if not self._mortal.alive:
                    self._hang_up()
                    continue
                try:
                    self._step()
                except NO_ANSWER:
                    self._hang_up()
                    self._over.wait(0.02)

    def finish(self) -> None:
        self._over.set()
        if self.ident is not None:
            self.join(10)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._page is not None:
            self._page.close()
        self._page = None

    def _step(self) -> None:
        if self._page is None:
            self._page = self._open()
        if self._tap is None:
            self._tap = self._next_tap()
        if self._tap is None:
            return
        tap = self._tap
        self.wished[tap.key] = tap.units
        status = self._page.post(tap.path, **tap.form).status
        self.answers[status] = self.answers.get(status, 0) + 1
        if status == 200:
            self.promised.append(tap.key)
        if status < 500:  # anything else was no answer to the wish
            self._tap = None

    def _open(self) -> Page:
        if not self._mortal.cookie:
            name, _, pin = PEOPLE[1]
            door = Page(self._mortal)  # type: ignore[arg-type]
            answer = door.post("/login", name=name, pin=pin)
            door.close()
            self._mortal.cookie = (answer.getheader("set-cookie") or "").split(";")[0]
        return Page(self._mortal)  # type: ignore[arg-type]

    def _next_tap(self) -> Tap | None:
        nonce = f"tap-{len(self.wished):06d}"
        dice = self._chance.random()
        with looking_at(self._mortal.database) as store:
            if dice < 0.03:
                form: dict[str, object] = {"session_id": SESSION, "view": "product", "once": nonce}
                return Tap("/staff/sorting/open", form, f"open_wave:{nonce}")
            if dice < 0.85:
                wanted = store.execute(
                    f"SELECT l.parcel_id, l.sku_id, sum({_OPEN}) AS units FROM order_line l JOIN parcel p "
                    "ON p.id = l.parcel_id WHERE p.state = 'sorting' GROUP BY 1, 2 HAVING units > 0 ORDER BY 1 LIMIT 5"
                ).fetchall()
                if not wanted:
                    return None
                parcel, sku, units = self._chance.choice(wanted)
                verb = "short" if dice < 0.06 else "put"
                units = self._chance.randint(1, units)
                form = {"parcel": parcel, "sku": sku, "quantity": units, "once": nonce}
                return Tap(f"/staff/sorting/{verb}", form, f"{verb}:{nonce}", units)
            ready = store.execute(
                "SELECT DISTINCT l.order_no FROM parcel p JOIN order_line l ON l.parcel_id = p.id "
                "WHERE p.state = 'ready' ORDER BY 1 LIMIT 5"
            ).fetchall()
            if not ready:
                return None
            key = store.execute("SELECT value FROM keep WHERE name = 'code_key'").fetchone()[0]
        code = code_for(shop.SHOP_ID, self._chance.choice(ready)[0], bytes.fromhex(key))
        return Tap("/staff/pickup/code", {"code": code, "once": nonce}, f"hand_over_by_code:{nonce}")
