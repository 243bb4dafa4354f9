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
from tihuo.boards.wave_sheet import wave_by_customer
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.shop.work import Look
from tihuo.stages import selling
from tihuo.stages import sorting as stage

ORDERS = 3000
ROUNDS = 15
TARGETS = {"by_product": 6.0, "first_page": 1.0, "by_customer": 25.0}


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
        "first_page": lambda: encode(readers.read(_first_page, wave)),
        "by_customer": lambda: encode(readers.read(wave_by_customer, wave)),
    }
    times: dict[str, list[float]] = {name: [] for name in shown}
    for _ in range(ROUNDS):
        for name, show in shown.items():
            began = time.thread_time()
            show()
            times[name].append(time.thread_time() - began)
    whole, leaves = readers.read(wave_by_customer, wave), readers.read(sorting.by_customer, wave, 0, 100_000)
    assert [row.parcel_id for row in whole.parcels] == [row.parcel_id for row in leaves]
    wanted = {sum(line.wanted for line in whole.lines), sum(row.wanted for row in leaves)}
    assert wanted == {sum(row.wanted for row in whole.goods)}
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


def _first_page(look: Look, wave: int) -> list[Any]:
    """By customer, the first fifty parcels and what goes into them."""
    rows = sorting.by_customer(look, wave, 0, 50)
    return [rows, sorting.parcel_lines(look, [row.parcel_id for row in rows])]
