"""An evening at the kiosk: a little shop with a whole shelf, its web side on a real server, and every kind of customer.

| order | customer | who comes |
|---|---|---|
| o1 | 林小树 | three parcels, one in each zone |
| o2 | 赵大河 | one parcel |
| o3 | 欧阳青山 | hers is still being sorted |
| o4 | | was here already |
| o5 | | cancelled before sorting |
| o6 | | nothing of it came |
| o7 | | paid for more than there was, and was refused |
"""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from tests.little_shop import HOUSE, LittleShop, copy_of
from tihuo.api.app import create_app
from tihuo.api.auth import hash_pin
from tihuo.api.door import Door, Part
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.shop.pickups import short_code_for
from tihuo.shop.staff import keep_user
from tihuo.shop.words import Zone
from tihuo.stages import handing_over, preparing, selling, sorting

OWNER, STAFF, PIN = "周姐", "小林", "135790"
SHELF = ShelfMap(
    (
        Unit.grid("shelf", Zone.AMBIENT, 1, 2, 7),
        Unit.grid("fridge", Zone.CHILLED, 1, 2, 3),
        Unit.grid("freezer", Zone.FROZEN, 1, 2, 2),
    )
)


class Evening(LittleShop):
    """`door` changes what the pages may reach, such as `simulator=`; `rules` are settings of the house."""

    def __init__(self, path: Path, *, rules: dict[str, Any] | None = None, **door: Any) -> None:
        slots = {zone.value: tuple(slot for slot in SHELF.slots() if slot[0] == zone.letter) for zone in Zone}
        house = type(HOUSE)(store_id="S01", slots=slots, code_key=b"the key of an evening", **(rules or {}))
        super().__init__(path, house=house)
        self.parts: dict[str, Part] = {}
        plain = Door(
            writer=self.writer,
            readers=self.readers,
            house=house,
            shop_name="朝阳里小店",
            shelf=SHELF,
            clock=self.clock,
            parts=lambda: list(self.parts.values()),
            session_key=b"the cookies of an evening",
            kiosks=("k1", "k2"),
        )
        self.door = dataclasses.replace(plain, **door)
        self.app: FastAPI = create_app(self.door)

    def begin(self) -> None:
        """Sell, sort and hand over until the shop looks as above."""
        self.seed()
        self.do(keep_user, OWNER, "owner", hash_pin(PIN))
        self.do(keep_user, STAFF, "staff", hash_pin(PIN))
        self.sell("o1", "lin", RICE=1, EGGS=2, MILK=2, BUNS=3)
        self.sell("o2", "zhao", EGGS=1)
        self.sell("o3", "ou", MILK=1)
        self.sell("o4", "c4", RICE=1)
        self.sell("o5", "c5", MILK=1)
        self.sell("o6", "c6", BUNS=1)
        assert self.sell("o7", "c7", RICE=99) == "refused"
        self.do(selling.cancel_order, "o5", "customer")
        self.do(preparing.close_session, "s1")
        wave = self.do(sorting.open_wave, "s1")
        for parcel, sku, units in self.open_units(wave):
            customer = self.value("SELECT customer_id FROM parcel WHERE id = ?", parcel)
            if customer != "ou":
                self.do(sorting.short if customer == "c6" else sorting.put, parcel, sku, units)
        self.do(handing_over.hand_over_by_code, self.code("o4"))

    def digits(self, order_id: str) -> str:
        """The eight digits of an order."""
        number = self.value("SELECT no FROM shop_order WHERE order_id = ?", order_id)
        return short_code_for(number, self.house.code_key)

    def show(self, code: str, kiosk: str = "k1") -> int:
        """A code lies in the tray of a kiosk, and its camera read it."""
        return int(self.do(handing_over.check_in, kiosk, code))

    def later(self, ms: int) -> None:
        """Time passes, and the timetable does what is due."""
        self.clock.tick(ms)
        self.do(handing_over.ask_again)

    def part(self, name: str, trouble: str = "") -> None:
        """A part of the box falls ill, or recovers."""
        self.parts[name] = Part(name, trouble, self.clock())
        self.app.state.live.publish({"box"})


class Served:
    """An app on a server of its own. `port` 0 lets the system choose."""

    def __init__(self, app: FastAPI, port: int = 0) -> None:
        config = uvicorn.Config(app, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=3)
        listener = socket.create_server(("127.0.0.1", port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it on sockets of its own only
        self._live = app.state.live
        self._server = uvicorn.Server(config)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the web server did not start"
            time.sleep(0.005)

    def stop(self) -> None:
        self._live.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the web server did not stop"


TwinOf = Callable[..., tuple[Evening, Served]]


@pytest.fixture(scope="session")
def evening_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an evening that has begun. Copy it, never open it."""
    path = tmp_path_factory.mktemp("template") / "evening.db"
    evening = Evening(path)
    evening.begin()
    evening.close()
    return path


@pytest.fixture
def evening(evening_file: Path, tmp_path: Path) -> Iterator[Evening]:
    evening = Evening(copy_of(evening_file, tmp_path / "shop.db"))
    yield evening
    evening.close()


@pytest.fixture
def twin_of(evening: Evening) -> Iterator[TwinOf]:
    """`twin_of(**door)`: the same evening behind other pages. Ask for it before `open_page`: it must outlive them."""
    with ExitStack() as stack:

        def one(**door: Any) -> tuple[Evening, Served]:
            twin = Evening(evening.path, session_key=evening.door.session_key, **door)
            stack.callback(twin.close)
            served = Served(twin.app)
            stack.callback(served.stop)
            return twin, served

        yield one
