"""The people of an evening: they use the same pages, codes and devices as real ones, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from tihuo.boards import kiosk, lamps, sorting
from tihuo.demo.barcode import picture
from tihuo.demo.browsing import Browser, Refused
from tihuo.demo.cloud import CannotSell, DemoCloud, Shopper, Wish
from tihuo.demo.seed import PEOPLE
from tihuo.demo.shop import Basket
from tihuo.ledger.database import Readers

if TYPE_CHECKING:
    from tihuo.demo.simulator import DeviceSimulator

Seen = TypeVar("Seen")
PATIENCE_S = 20.0
"""Nobody waits longer for a screen, a lamp or an answer."""


class GaveUp(Exception):
    """A player waited in vain; the text says for what."""


def wait_for(what: str, look: Callable[[], Seen | None], patience: float = PATIENCE_S) -> Seen:
    """Look again and again until there is something to see. Raises `GaveUp`."""
    until = time.monotonic() + patience
    while not (seen := look()):
        if time.monotonic() > until:
            raise GaveUp(f"nobody saw {what} within {patience:.0f} s")
        time.sleep(0.01)
    return seen


class Crowd:
    """The customers in the mini program."""

    def __init__(self, cloud: DemoCloud, session_id: str, baskets: Iterator[Basket]) -> None:
        self._cloud = cloud
        self._session = session_id
        self._baskets = baskets
        self.orders: list[str] = []
        self.turned_away = 0

    def buy(self) -> str | None:
        """The next customer buys; gives the order's id, or None when the mini program had nothing left for her.

        Raises `CannotSell` when the session is over.
        """
        basket = next(self._baskets)
        shopper = Shopper(basket.customer.customer_id, basket.customer.name, basket.customer.phone)
        try:
            order_id = self._cloud.buy(shopper, Wish(self._session, basket.lines)).order_id
        except CannotSell as no:
            if no.code in ("too_late", "no_session"):
                raise
            self.turned_away += 1
            return None
        self.orders.append(order_id)
        return order_id


class StaffPlayer:
    """A member of staff with a phone, at the shelf and at the counter."""

    def __init__(self, base: str, readers: Readers, simulator: DeviceSimulator) -> None:
        self._browser = Browser(base)
        self._readers = readers
        self._simulator = simulator
        self.name, _, self._pin = PEOPLE[1]
        self._wishes = 0

    def log_in(self) -> None:
        self._browser.post("/login", name=self.name, pin=self._pin)
        self._browser.get("/staff/sorting")

    def open_wave(self, session_id: str) -> int:
        """Gives the wave's number."""
        self._browser.post("/staff/sorting/open", session_id=session_id, view="product", once=self._once())
        return self._readers.read(sorting.waves)[0].wave_id

    def hold_item(self, barcode: str) -> dict[str, str]:
        """Hold an item before the camera; gives the lamps that shine for it."""
        self._simulator.hold_image(picture(barcode))
        try:
            wait_for(
                "the camera read the bar code", lambda: self._readers.read(sorting.station_picture, "camera").sku_id
            )
            wanted = self._readers.read(lamps.lamps)
            wait_for("the lamps of the item shine", lambda: set(wanted) <= set(self._simulator.lit()))
            return self._simulator.lit()
        finally:
            self._simulator.clear()

    def scan(self, sku: str) -> None:
        """A scanner that types."""
        self._browser.post("/staff/sorting/scan", text=sku, view="product")

    def put(self, parcel: int, sku: int, units: int) -> None:
        self._browser.post("/staff/sorting/put", parcel=parcel, sku=sku, quantity=units, once=self._once())

    def short(self, parcel: int, sku: int, units: int) -> None:
        self._browser.post("/staff/sorting/short", parcel=parcel, sku=sku, quantity=units, once=self._once())

    def damage(self, parcel: int, sku: int, units: int) -> None:
        self._browser.post("/staff/sorting/damage", parcel=parcel, sku=sku, quantity=units, once=self._once())

    def hand_over(self, code: str) -> None:
        """At the counter, by code. Raises `Refused`."""
        self._browser.post("/staff/pickup/code", code=code, once=self._once())

    def call(self, order_no: int, outcome: str) -> None:
        """Look up whoever could not be reminded, call her, and say what came of it."""
        self._browser.post(f"/staff/calls/{order_no}/phone")
        self._browser.post(f"/staff/calls/{order_no}/outcome", said=outcome, once=self._once())

    def _once(self) -> str:
        self._wishes += 1
        return f"{self.name}-{self._wishes}-{time.time_ns()}"


class CustomerPlayer:
    """Somebody with a phone in front of the kiosk."""

    def __init__(self, base: str, readers: Readers, simulator: DeviceSimulator, name: str = "k1") -> None:
        self._browser = Browser(base)
        self._readers = readers
        self._simulator = simulator
        self._kiosk = name

    def show(self, code: str) -> kiosk.KioskPicture:
        """Hold a code before the camera until the screen answers; gives what the screen shows."""
        before = self._picture().visit_id
        self._simulator.hold_code(code)
        try:
            return wait_for("the kiosk answered the code", lambda: self._answered(before))
        finally:
            self._simulator.clear()

    def type_digits(self, digits: str) -> kiosk.KioskPicture:
        """The eight digits on the screen's pad."""
        self._browser.post(f"/kiosk/code?k={self._kiosk}", code=digits)
        return self._picture()

    def lamps_blink(self, picture: kiosk.KioskPicture) -> None:
        """Wait until the lamps of her slots blink. Raises `GaveUp`."""
        hers = {parcel.slot for parcel in picture.parcels if not parcel.taken}
        wait_for(
            "the lamps of her slots blink", lambda: all(self._simulator.lit().get(slot) == "blink" for slot in hers)
        )

    def take(self, picture: kiosk.KioskPicture, parcels: list[int]) -> kiosk.KioskPicture:
        """Touch 都拿到了, or take only some. Raises `Refused`."""
        nonce = f"touched-{'-'.join(map(str, parcels))}"[:32]
        self._browser.post(f"/kiosk/hand-over?k={self._kiosk}", visit=picture.visit_id, nonce=nonce, take=parcels)
        return self._picture()

    def ask_for_receipt(self) -> None:
        """Touch 要小票 on the last page."""
        self._browser.post(f"/kiosk/receipt?k={self._kiosk}", visit=self._picture().visit_id)

    def leave(self) -> None:
        visit = self._picture().visit_id
        if visit is not None:
            self._browser.post(f"/kiosk/leave?k={self._kiosk}", visit=visit)

    def _picture(self) -> kiosk.KioskPicture:
        return self._readers.read(kiosk.kiosk_picture, self._kiosk)

    def _answered(self, before: int | None) -> kiosk.KioskPicture | None:
        now = self._picture()
        return now if now.visit_id is not None and now.visit_id != before else None


__all__ = ["Crowd", "CustomerPlayer", "GaveUp", "Refused", "StaffPlayer", "wait_for"]
