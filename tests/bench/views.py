"""The sorting views of a day of 3,000 orders and 12,000 lines, against encoding that many ready rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tests.bench import shop
from tests.bench.figure import Figure, median
from tihuo.boards import sorting
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.stages import selling
from tihuo.stages import sorting as stage

ORDERS = 3000
ROUNDS = 15
TARGETS = {"by_product": 15.0, "first_page": 2.0, "by_customer": 40.0}


def views(folder: Path) -> list[Figure]:
    database = folder / "views.db"
    shop.make(database)
    writer = Writer(database, shop.HOUSE, shop.clock)
    writer.start()
    for order in shop.orders(database, ORDERS):
        last = writer.write(selling.accept_order, order)
    last.result(60)
    wave = writer.write(stage.open_wave, "s1").result(60)
    readers = Readers(database)
    ready = [sorting.ParcelLine(n, n % 200, "商品名称", "500 克", "袋", 2, 0, 0) for n in range(ORDERS * shop.LINES)]
    encode = msgspec.json.encode
    shown: dict[str, Callable[[], Any]] = {
        "floor": lambda: encode(ready),
        "by_product": lambda: encode(readers.read(sorting.by_product, wave)),
        "first_page": lambda: encode(readers.read(_page, wave, 50)),
        "by_customer": lambda: encode(readers.read(_page, wave, 100_000)),
    }
    times: dict[str, list[float]] = {name: [] for name in shown}
    for _ in range(ROUNDS):
        for name, show in shown.items():
            began = time.thread_time()
            show()
            times[name].append(time.thread_time() - began)
    readers.close()
    writer.close()
    floor = median(times["floor"]) * 1000
    return [
        Figure(
            name=f"views.{name}",
            what=f"sorting view {name} of {ORDERS} orders, CPU",
            value=median(times[name]) * 1000,
            unit="ms",
            floor=floor,
            floor_name="encoding 12,000 rows",
            n=ROUNDS,
            target=target,
        )
        for name, target in TARGETS.items()
    ]


def _page(look: Any, wave: int, parcels: int) -> list[Any]:
    """By customer with every line, as the page shows it."""
    rows = sorting.by_customer(look, wave, 0, parcels)
    lines = sorting.wave_lines(look, wave) if parcels > len(rows) else sorting.parcel_lines(look, [r.parcel_id for r in rows])
    return [rows, lines]
