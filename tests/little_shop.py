"""A little shop for tests: a real database, the real writer, a clock that moves when it is told, four things to sell.

    def test_something(shop: LittleShop) -> None:
        shop.sell("o1", "lin", RICE=2, MILK=1)      # a paid order, cited from the grants of session "s1"
        shop.sort()                                 # cutoff, a wave, everything put: parcels and labels are ready
        visit = shop.do(handing_over.check_in, "k1", shop.code("o1"))
        shop.do(handing_over.hand_over, visit)
        assert shop.read(kiosk.kiosk_picture, "k1").state == "done"
        assert not shop.read(balance.imbalances)

`do` runs a stage and waits for its commit; `refusal` runs one that must be refused; `read` asks a board; `sql` looks at
rows; `events` reads the journal back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tihuo.boards.balance import imbalances
from tihuo.boards.paper import PaperRow, work_for
from tihuo.ledger.database import Readers, migrate
from tihuo.ledger.journal import entries_after
from tihuo.ledger.writer import Writer
from tihuo.shop.events import Event
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.pickups import code_for
from tihuo.shop.words import Millis, Refusal, Zone
from tihuo.shop.work import House
from tihuo.stages import preparing, selling, sorting

EVENING = Millis(1_800_000_000_000)
HOUR = 3_600_000
WINDOW = (EVENING + 20 * HOUR, EVENING + 24 * HOUR)
PEOPLE = {
    "lin": ("林小树", "19900001001"),
    "zhao": ("赵大河", "19900001002"),
    "ou": ("欧阳青山", "19900001003"),
}
GOODS = (
    preparing.NewSku(code="RICE", product="大米", spec="5 kg", unit="袋", barcode="6901234567892", price_fen=3990),
    preparing.NewSku(code="EGGS", product="鸡蛋", spec="30 枚", unit="盒", price_fen=2680),
    preparing.NewSku(code="MILK", product="鲜牛奶", spec="950 ml", unit="瓶", zone=Zone.CHILLED, price_fen=1250),
    preparing.NewSku(code="BUNS", product="速冻包子", unit="包", zone=Zone.FROZEN, price_fen=1890),
)
ITEMS = (
    preparing.NewItem(sku="RICE", kind="on_hand", quantity=20, price_fen=3990),
    preparing.NewItem(sku="EGGS", kind="on_hand", quantity=10, price_fen=2680),
    preparing.NewItem(sku="MILK", kind="presale", quantity=30, price_fen=1250, limit_per_customer=4, cap_set_by="店主"),
    preparing.NewItem(sku="BUNS", kind="presale", quantity=10, price_fen=1890, cap_set_by="店主"),
)
HOUSE = House(
    store_id="S01",
    slots={Zone.AMBIENT: ("A01", "A02", "A03"), Zone.CHILLED: ("C01", "C02"), Zone.FROZEN: ("F01",)},
    code_key=b"the key of a little shop",
    receipts_on_wish=False,
)


class Clock:
    """The time of day, in `Millis`; it stands still until `tick`. It may be wrong by `off`, and not `sure`."""

    def __init__(self, now: int = EVENING) -> None:
        self.now = now
        self.off = 0
        self.sure = True

    def __call__(self) -> Millis:
        return Millis(self.now + self.off)

    def ticks(self) -> int:
        return self.now

    def reading(self) -> tuple[Millis, bool, int]:
        return self(), self.sure, self.ticks()

    def tick(self, ms: int) -> None:
        self.now += ms


class LittleShop:
    """`running=False` has no writer thread: `do` then steps the writer by hand, so batches are exact."""

    def __init__(self, path: Path, *, house: House = HOUSE, running: bool = True, batch: int = 64) -> None:
        migrate(path)
        self.path = path
        self.house = house
        self.clock = Clock()
        self.writer = Writer(path, house, self.clock, batch=batch)
        self.readers = Readers(path)
        self.running = running
        if running:
            self.writer.start()

    def do(self, stage: Callable[..., Any], *args: Any, **how: Any) -> Any:
        """Run a stage and wait for its commit; `how` as `Writer.write`. Raises what the stage raises."""
        future = self.writer.write(stage, *args, **how)
        while not self.running and self.writer.step(0):
            pass
        return future.result(10)

    def refusal(self, stage: Callable[..., Any], *args: Any) -> Refusal:
        """What a stage raises. Nothing may have happened: no fact is recorded, and the book balances."""
        entries = self.value("SELECT max(entry) FROM journal")
        try:
            self.do(stage, *args)
        except Refusal as refusal:
            assert self.value("SELECT max(entry) FROM journal") == entries
            assert self.read(imbalances) == {}
            return refusal
        raise AssertionError(f"{stage} was not refused")

    def read(self, board: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.readers.read(board, *args, **kwargs)

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.readers.look() as look:
            return look.rows(statement, parameters)

    def value(self, statement: str, *parameters: Any) -> Any:
        return self.sql(statement, *parameters)[0][0]

    def events(self, *kinds: type[Event], after: int = 0) -> list[Any]:
        """What the journal holds after an entry, of these kinds or of all."""
        entries = self.readers.read(entries_after, after, 1_000_000)
        return [entry.event for entry in entries if not kinds or isinstance(entry.event, kinds)]

    def seed(self) -> None:
        """The catalog, 20 bags of rice and 10 boxes of eggs, and session `s1`, open and with its first grants."""
        for sku in GOODS:
            self.do(preparing.keep_sku, sku)
        self.do(preparing.receive, "RICE", 20)
        self.do(preparing.receive, "EGGS", 10)
        self.plan("s1")
        self.do(preparing.open_session, "s1")

    def plan(self, session_id: str, *items: preparing.NewItem, **changes: Any) -> None:
        """A draft of a session over `items`, or over everything."""
        new = preparing.NewSession(
            session_id=session_id,
            title="今晚的直播",
            starts_at=EVENING,
            ends_at=EVENING + 2 * HOUR,
            window=WINDOW,
            items=items or ITEMS,
        )
        self.do(preparing.plan_session, msgspec.structs.replace(new, **changes))

    def grant(self, sku: str, session_id: str = "s1") -> str:
        """The grant of a SKU with most left in it; an empty string if there is none."""
        rows = self.sql(
            "SELECT g.id FROM stock_grant g JOIN sku s ON s.id = g.sku_id WHERE s.code = ? AND g.session_id = ? "
            "ORDER BY g.remaining DESC, g.id LIMIT 1",
            sku,
            session_id,
        )
        return str(rows[0][0]) if rows else ""

    def order(self, order_id: str, customer: str = "lin", session_id: str = "s1", /, **wanted: int) -> NewOrder:
        """A paid order as the cloud would send it: `order("o1", "lin", RICE=2)`. It may well be refused."""
        prices = dict(self.sql("SELECT code, price_fen FROM sku"))
        lines = tuple(
            NewLine(f"{order_id}-{number}", sku, quantity, prices.get(sku, 100), self.grant(sku, session_id))
            for number, (sku, quantity) in enumerate(wanted.items(), 1)
        )
        name, phone = PEOPLE.get(customer, (f"顾客{customer}", ""))
        return NewOrder(
            order_id=order_id,
            session_id=session_id,
            channel="mini_program",
            placed_at=self.clock.now,
            paid_at=self.clock.now,
            customer_id=customer,
            customer_name=name,
            customer_phone=phone,
            window=None,
            lines=lines,
            paid_fen=sum(line.quantity * line.unit_price_fen for line in lines),
        )

    def sell(self, order_id: str, customer: str = "lin", session_id: str = "s1", /, **wanted: int) -> str:
        """Take such an order: `accepted`, `refused` or `repeated`."""
        return str(self.do(selling.accept_order, self.order(order_id, customer, session_id, **wanted)))

    def sort(self, session_id: str = "s1") -> int:
        """Open a wave and put everything it wants; gives the wave."""
        wave = self.do(sorting.open_wave, session_id)
        for parcel, sku, units in self.open_units(wave):
            self.do(sorting.put, parcel, sku, units)
        return int(wave)

    def open_units(self, wave: int | None = None) -> list[tuple[Any, ...]]:
        """(parcel, SKU number, units) still wanted."""
        return self.sql(
            "SELECT l.parcel_id, l.sku_id, sum(l.quantity - l.put - l.short - l.cancelled) AS units FROM order_line l "
            "JOIN parcel p ON p.id = l.parcel_id WHERE ?1 IS NULL OR p.wave_id = ?1 GROUP BY l.parcel_id, l.sku_id "
            "HAVING units > 0 ORDER BY l.parcel_id, l.sku_id",
            wave,
        )

    def sku(self, code: str) -> int:
        return int(self.value("SELECT id FROM sku WHERE code = ?", code))

    def item(self, sku: str, session_id: str = "s1") -> dict[str, int]:
        """Where the rights of an item are."""
        places = ("minted", "free", "granted", "ordered", "quarantine", "handed_over", "void")
        row = self.sql(
            f"SELECT {', '.join(places)} FROM session_item WHERE session_id = ? AND sku_id = ?",
            session_id,
            self.sku(sku),
        )[0]
        return {place: count for place, count in zip(places, row, strict=True) if count}

    def parcels(self) -> list[tuple[Any, ...]]:
        """(id, customer, zone, slot, number, of, state)"""
        return self.sql("SELECT id, customer_id, zone, slot, number, of_total, state FROM parcel ORDER BY id")

    def line(self, order_id: str, sku: str) -> dict[str, int]:
        """What became of a line's units."""
        columns = ("quantity", "put", "short", "cancelled", "handed_over")
        row = self.sql(
            f"SELECT {', '.join(f'l.{column}' for column in columns)} FROM order_line l "
            "JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? AND l.sku_id = ?",
            order_id,
            self.sku(sku),
        )[0]
        return {column: count for column, count in zip(columns, row, strict=True) if count}

    def code(self, order_id: str) -> str:
        """The text of the order's QR."""
        number = self.value("SELECT no FROM shop_order WHERE order_id = ?", order_id)
        return code_for(self.house.store_id, number, self.house.code_key)

    def queued(self, kind: str, limit: int = 20) -> list[PaperRow]:
        """The next jobs of a kind that any printer may take."""
        jobs: list[PaperRow] = self.read(work_for, "", (kind,), limit=limit)
        return jobs

    def close(self) -> None:
        self.writer.close()
        self.readers.close()


def copy_of(template: Path, path: Path) -> Path:
    """A file like `template`, which nobody has open."""
    shutil.copyfile(template, path)
    return path
