"""The shop that benchmarks sell from: 200 SKUs, skewed demand, orders of four lines of about 600 bytes."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from tihuo.cloud import down, fields
from tihuo.cloud.messages import encode, wrap
from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.writer import Writer
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.pickups import code_for
from tihuo.shop.words import Millis, Zone
from tihuo.shop.work import House, Work
from tihuo.stages import preparing, selling, sorting

SKUS = 200
LINES = 4
PAYLOAD = 608
"""Bytes of one order's data in the measurements that set the floors."""
HOUSE = House(
    store_id="S01",
    slots={zone.value: tuple(f"{zone.letter}{n:02d}" for n in range(1, 25)) for zone in Zone},
    code_key=b"bench",
    receipts_on_wish=False,
    first_grant_percent=100,
)


def clock() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


def make(path: Path, stock: int = 100_000, house: House = HOUSE) -> None:
    """A database with one open session whose grants hold `stock` units of each SKU, or as many as `house` lends."""
    migrate(path)
    writer = Writer(path, house, clock)
    writer.start()
    zones = list(Zone)
    for n in range(SKUS):
        sku = preparing.NewSku(
            code=f"SKU{n:03d}",
            product=f"商品{n:03d}",
            spec="500 克",
            price_fen=1290,
            zone=zones[n % 3],
            barcode=barcode(n),
        )
        writer.write(preparing.keep_sku, sku)
    now = clock()
    items = tuple(
        preparing.NewItem(sku=f"SKU{n:03d}", kind="presale", quantity=stock, price_fen=1290) for n in range(SKUS)
    )
    session = preparing.NewSession(
        session_id="s1", title="bench", starts_at=now, ends_at=now + 10**8, window=(now, now + 10**8), items=items
    )
    writer.write(preparing.plan_session, session)
    writer.write(preparing.open_session, "s1").result(30)
    writer.close()


def fresh(template: Path, name: str = "") -> Path:
    """A copy of a database that nobody has open, with nothing left of an earlier copy."""
    copy = template.with_name(name or f"used-{template.name}")
    for file in (copy, copy.with_name(f"{copy.name}-wal"), copy.with_name(f"{copy.name}-shm")):
        file.unlink(missing_ok=True)
    shutil.copyfile(template, copy)
    return copy


def barcode(n: int) -> str:
    """An EAN-13 that fits its check digit."""
    body = f"690000{n:06d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-weighted % 10}"


def code_key(path: Path) -> bytes:
    """What the daemon over this file signs pickup codes with."""
    readers = Readers(path)
    with readers.look() as look:
        row = look.one("SELECT value FROM keep WHERE name = 'code_key'")
    readers.close()
    assert row is not None
    return bytes.fromhex(row[0])


def shelve(path: Path, count: int) -> list[str]:
    """`count` orders of as many customers, sorted and on the shelf; gives their pickup codes."""
    writer = Writer(path, HOUSE, clock)
    writer.start()
    for order in orders(path, count, customers=count):
        last = writer.write(selling.accept_order, order)
    last.result(60)
    writer.write(sorting.open_wave, "s1").result(60)
    writer.write(_put_everything).result(60)
    writer.close()
    return [code_for(HOUSE.store_id, number, code_key(path)) for number in range(1, count + 1)]


def _put_everything(work: Work) -> None:
    """As `stages.sorting.put` would, unit after unit, only sooner."""
    work.sql("UPDATE order_line SET put = quantity")
    work.sql("UPDATE parcel SET state = 'ready', ready_at = ?", (work.now,))
    work.sql("UPDATE wave SET state = 'done', done_at = ?", (work.now,))


def grants(path: Path) -> dict[str, str]:
    """SKU -> the id of its grant."""
    readers = Readers(path)
    with readers.look() as look:
        rows = look.rows("SELECT s.code, min(g.id) FROM stock_grant g JOIN sku s ON s.id = g.sku_id GROUP BY s.code")
    readers.close()
    return dict(rows)


def baskets(count: int, seed: int = 7) -> list[list[int]]:
    """The SKU numbers of each order: skewed, so that some are bought far more often."""
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        chosen: set[int] = set()
        while len(chosen) < LINES:
            chosen.add(int(SKUS * rng.random() ** 2))
        out.append(sorted(chosen))
    return out


def orders(path: Path, count: int, *, first: int = 0, customers: int = 1500) -> list[NewOrder]:
    """Paid orders number `first` and on, of so many customers in turn."""
    held = grants(path)
    now = clock()
    return [
        NewOrder(
            order_id=f"20261122-{n:08d}",
            session_id="s1",
            channel="mini_program",
            placed_at=now,
            paid_at=now,
            customer_id=f"wx-{n % customers:06d}",
            customer_name="林小树",
            customer_phone=f"1990000{n % customers:04d}",
            window=(now, now + 10**7),
            lines=tuple(
                NewLine(f"l{i}", f"SKU{sku:03d}", 1 + i % 2, 1290, held[f"SKU{sku:03d}"])
                for i, sku in enumerate(basket, 1)
            ),
            paid_fen=1290 * 6,
        )
        for n, basket in enumerate(baskets(count), first)
    ]


def messages(path: Path, count: int, *, first: int = 0, epoch: int = 1) -> list[bytes]:
    """The same orders as PUBLISH payloads, one to each, from the beginning of an epoch of the cloud's stream."""
    now = clock()
    payloads: list[bytes] = []
    for seq, order in enumerate(orders(path, count, first=first), 1):
        placed = down.OrderPlaced(
            order_id=order.order_id,
            session_id="s1",
            channel="mini_program",
            placed_at=fields.from_millis(now),
            paid_at=fields.from_millis(now),
            customer=down.Customer(order.customer_id, order.customer_name, order.customer_phone),
            lines=tuple(
                down.OrderLine(line.line_id, line.sku, line.quantity, line.unit_price_fen, line.grant_id)
                for line in order.lines
            ),
            paid_fen=order.paid_fen,
            payment=down.Payment("wechat", f"42000{seq:012d}"),
        )
        payloads += encode([wrap(placed, id=f"cloud-{epoch}-{seq:08d}", source="cloud", epoch=epoch, seq=seq, at=now)])
    return payloads
