"""A small shop on its own file, an evening after the stream: what the page tests walk through."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from tihuo.api.app import create_app
from tihuo.api.auth import hash_pin
from tihuo.api.door import Door, Part
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.writer import Writer
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.staff import keep_user
from tihuo.shop.words import Millis, Zone
from tihuo.shop.work import House
from tihuo.stages import handing_over, preparing, selling, sorting

HOUR = 3_600_000
PIN = "135790"
GOODS = (
    ("rice", "五常大米", "5 kg", "袋", Zone.AMBIENT, 5990, "6900000000014"),
    ("noodles", "手工挂面", "800 g", "把", Zone.AMBIENT, 1290, "6900000000021"),
    ("milk", "鲜牛奶", "950 ml", "盒", Zone.CHILLED, 1680, "6900000000038"),
    ("tofu", "嫩豆腐", "400 g", "盒", Zone.CHILLED, 450, "6900000000045"),
    ("dumplings", "荠菜猪肉水饺", "500 g", "袋", Zone.FROZEN, 2190, "6900000000052"),
)
PRICES = {code: price for code, *_, price, _ in GOODS}


class ShopClock:
    """The time of day, which a test may move on."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000 + self.ahead)


class Evening:
    """One shop with a writer, a web side, and short words for what customers and staff do in it."""

    def __init__(self, folder: Path, **door: Any) -> None:
        path = folder / "shop.db"
        migrate(path)
        self.clock = ShopClock()
        self.shelf = ShelfMap(
            (
                Unit.grid("shelf", Zone.AMBIENT, 1, 2, 7),
                Unit.grid("fridge", Zone.CHILLED, 1, 2, 3),
                Unit.grid("freezer", Zone.FROZEN, 1, 2, 2),
            )
        )
        slots = {zone.value: tuple(slot for slot in self.shelf.slots() if slot[0] == zone.letter) for zone in Zone}
        self.house = House(store_id="S01", slots=slots, code_key=b"a key of the tests")
        self.writer = Writer(path, self.house, self.clock)
        self.writer.start()
        self.readers = Readers(path)
        self.parts: dict[str, Part] = {}
        self.door = Door(
            writer=self.writer,
            readers=self.readers,
            house=self.house,
            shop_name="朝阳里小店",
            shelf=self.shelf,
            clock=self.clock,
            parts=lambda: list(self.parts.values()),
            session_key=b"another key of the tests",
            kiosks=("k1", "k2"),
        )
        self.door = dataclasses.replace(self.door, **door)
        self.app: FastAPI = create_app(self.door)
        self.numbers: dict[str, int] = {}
        self.wave = 0

    def do(self, stage: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.writer.write(stage, *args, **kwargs).result(timeout=10)

    def look(self, board: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.readers.read(board, *args, **kwargs)

    def close(self) -> None:
        self.writer.close()
        self.readers.close()

    def staff(self) -> None:
        self.do(keep_user, "周姐", "owner", hash_pin(PIN))
        self.do(keep_user, "小林", "staff", hash_pin(PIN))

    def stream(self) -> None:
        """The catalog, and one session that is being sold."""
        for code, name, spec, unit, zone, price, barcode in GOODS:
            new = preparing.NewSku(
                code=code, product=name, spec=spec, unit=unit, zone=zone, price_fen=price, barcode=barcode
            )
            self.do(preparing.keep_sku, new)
        now = self.clock()
        items = tuple(
            preparing.NewItem(sku=code, kind="presale", quantity=40, price_fen=PRICES[code]) for code in PRICES
        )
        session = preparing.NewSession(
            session_id="tonight",
            title="周五晚八点",
            starts_at=now - 20 * HOUR,
            ends_at=now - 18 * HOUR,
            window=(now - HOUR, now + 2 * HOUR),
            items=items,
        )
        self.do(preparing.plan_session, session)
        self.do(preparing.open_session, "tonight")

    def order(self, customer: str, **units: int) -> int:
        """Somebody ordered through another program; gives the order's number."""
        number = len(self.numbers) + 1
        lines = tuple(NewLine(f"l{n}", sku, count, PRICES[sku], "") for n, (sku, count) in enumerate(units.items(), 1))
        new = selling.ImportedOrder(
            order_id=f"o{number}",
            part_ids=(f"o{number}",),
            customer_id=f"c-{customer}",
            customer_name=customer,
            customer_phone=f"1380000{number:04d}",
            door="",
            placed_at=self.clock() - 19 * HOUR,
            lines=lines,
            paid_fen=sum(PRICES[sku] * count for sku, count in units.items()),
        )
        self.do(selling.import_order, "tonight", new)
        self.numbers[customer] = number
        return number

    def refused_order(self, customer: str) -> None:
        """Somebody bought from the cloud what the cloud had no right to sell."""
        number = len(self.numbers) + 1
        now = self.clock()
        new = NewOrder(
            order_id=f"o{number}",
            session_id="tonight",
            channel="mini_program",
            placed_at=now,
            paid_at=now,
            customer_id=f"c-{customer}",
            customer_name=customer,
            customer_phone=f"1380000{number:04d}",
            window=None,
            lines=(NewLine("l1", "tofu", 1, PRICES["tofu"], "no such grant"),),
            paid_fen=PRICES["tofu"],
        )
        assert self.do(selling.accept_order, new) == "refused"
        self.numbers[customer] = number

    def cancel(self, customer: str) -> None:
        self.do(selling.cancel_order, f"o{self.numbers[customer]}", "customer")

    def open_wave(self) -> None:
        self.do(preparing.close_session, "tonight")
        self.wave = self.do(sorting.open_wave, "tonight")

    def sort(self, *customers: str, verb: Callable[..., Any] = sorting.put) -> None:
        """Put (or short) all that these customers' parcels want."""
        for parcel in self.look(parcels_of_wave, self.wave):
            if parcel[1] in {f"c-{customer}" for customer in customers}:
                for sku_id, left in self.look(wanted_by, parcel[0]):
                    self.do(verb, parcel[0], sku_id, left)

    def code(self, customer: str) -> str:
        return code_for(self.house.store_id, self.numbers[customer], self.house.code_key)

    def digits(self, customer: str) -> str:
        return short_code_for(self.numbers[customer], self.house.code_key)

    def show(self, code: str, kiosk: str = "k1") -> int:
        """A code lies in the tray of a kiosk, and the camera read it."""
        return int(self.do(handing_over.check_in, kiosk, code))

    def later(self, ms: int) -> None:
        """Time passes, and the timetable does what is due."""
        self.clock.ahead += ms
        self.do(handing_over.ask_again)

    def break_part(self, name: str, trouble: str) -> None:
        """A part of the box falls ill, or with "" recovers."""
        self.parts[name] = Part(name, trouble, self.clock())
        self.app.state.live.publish({"box"})


def parcels_of_wave(look: Any, wave: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = look.rows("SELECT id, customer_id FROM parcel WHERE wave_id = ? ORDER BY id", (wave,))
    return rows


def wanted_by(look: Any, parcel: int) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = look.rows(
        "SELECT sku_id, sum(quantity - put - short - cancelled) AS open FROM order_line WHERE parcel_id = ? "
        "GROUP BY sku_id HAVING open > 0",
        (parcel,),
    )
    return rows


class Served:
    """The app on a real server of its own, on a port that the system chose."""

    def __init__(self, app: FastAPI, port: int = 0) -> None:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_level="warning", proxy_headers=False, timeout_graceful_shutdown=3
        )
        self._live = app.state.live
        self._server = uvicorn.Server(config)
        socket = config.bind_socket()
        self.port: int = socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.run, args=([socket],), daemon=True)
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the web server did not start"
            time.sleep(0.005)

    def stop(self) -> None:
        self._live.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()


def a_whole_evening(folder: Path, **door: Any) -> Evening:
    """Every kind of customer: three parcels and one, one still unsorted, one who was here, and four without luck."""
    evening = Evening(folder, **door)
    evening.staff()
    evening.stream()
    evening.order("王小明", rice=1, noodles=2, milk=2, dumplings=3)
    evening.order("李娜", noodles=2)
    evening.order("陈建国", milk=1)
    evening.order("赵敏", rice=1)
    evening.order("孙丽", tofu=2)
    evening.order("吴芳", dumplings=1)
    evening.refused_order("郑凯")
    evening.cancel("孙丽")
    evening.open_wave()
    evening.sort("王小明", "李娜", "赵敏")
    evening.sort("吴芳", verb=sorting.short)
    evening.do(handing_over.hand_over_by_code, evening.code("赵敏"))
    return evening
