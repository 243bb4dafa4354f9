"""A little shop with its relay, and a demo cloud, with a line between them that a test turns by hand: no broker."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from tests.little_shop import PEOPLE, LittleShop
from tihuo.boards import balance
from tihuo.cli.replaced import Replaced, read_replaced, restored
from tihuo.cloud.link import Delivery, Link
from tihuo.cloud.relay import Relay
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Shopper, Wish
from tihuo.ledger.database import connect, copy
from tihuo.ledger.journal import cursor, outgoing_head
from tihuo.shop.fence import Standing, standing
from tihuo.shop.work import Work

NOWHERE = BrokerAddress("127.0.0.1", 1)


class Line:
    """The shop's link, as far as the relay knows one: what it says lies in `said` until somebody carries it."""

    def __init__(self) -> None:
        self.connected = True
        self.said: list[tuple[str, bytes]] = []
        self.on_down: Callable[[bytes, Delivery], None]
        self.on_connected: Callable[[], None]
        self.on_room: Callable[[], None]
        self.room = 100

    def publish(self, kind: str, *payloads: bytes) -> int:
        if not self.connected:
            return 0
        self.said += [(kind, payload) for payload in payloads]
        return len(payloads)

    def hang_up(self) -> None:
        self.on_connected()


class Heard:
    def ack(self) -> bool:
        return True


class Pair:
    """One shop and its cloud. One turn is 100 ms; `settle` turns until both have heard each other out."""

    def __init__(self, folder: Path, shop: LittleShop) -> None:
        self.folder = folder
        self.shop = shop
        self.now = 1000.0
        self.after_step: Callable[[], None] = lambda: None
        self.cloud = self.new_cloud("cloud")
        self._connect()

    def new_cloud(self, name: str) -> DemoCloud:
        """A cloud with a memory of its own."""
        cloud = DemoCloud(
            NOWHERE, "S01", now=lambda: self.shop.clock.now, retry=1.0, refund_delay=0.3, folder=self.folder / name
        )
        cloud.joined()
        return cloud

    def _connect(self) -> None:
        self.line = Line()
        self.relay = Relay(
            self.shop.writer,
            self.shop.readers,
            cast(Link, self.line),
            self.shop.house,
            self.shop.clock,
            stopwatch=lambda: self.now,
        )
        self.line.on_connected()

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += 0.1
            self.shop.clock.tick(100)
            for payload in self.cloud.due(self.now):
                if self.line.connected:
                    self.line.on_down(payload, cast(Delivery, Heard()))
            self.shop.do(nothing)
            for _ in range(100):
                more = self.relay.step()
                self.after_step()
                if not more:
                    break
            said, self.line.said = self.line.said, []
            for kind, payload in said:
                self.cloud.heard(kind, payload)

    def settle(self, turns: int = 3000) -> None:
        for _ in range(turns):
            self.turn()
            if self.settled():
                return
        raise AssertionError(f"the two never came to an end: {self.fence()}, {self.cloud.unacknowledged()}")

    def settled(self) -> bool:
        with self.shop.readers.look() as look:
            epoch, seq = cursor(look, "up")
            heard = self.cloud._stream._heard()
            return (
                standing(look) is None
                and not self.cloud.unacknowledged()
                and outgoing_head(look, epoch) == seq
                and heard == (epoch, seq)
            )

    def fence(self) -> Standing | None:
        return self.shop.read(standing)

    def buy(self, who: str = "lin", session: str = "s1", /, **wanted: int) -> str:
        name, phone = PEOPLE.get(who, (f"顾客{who}", ""))
        return self.cloud.buy(Shopper(who, name, phone), Wish(session, tuple(wanted.items()))).order_id

    def bought(self, who: str = "lin", session: str = "s1", /, **wanted: int) -> str:
        """The same, heard out."""
        order = self.buy(who, session, **wanted)
        self.settle()
        assert self.cloud.order(order).state == "accepted", self.cloud.order(order)
        return order

    def back_up(self, name: str = "backup") -> Path:
        source = connect(self.shop.path, query_only=True)
        try:
            copy(source, self.folder / f"{name}.db")
        finally:
            source.close()
        return self.folder / f"{name}.db"

    def put_back(self, backup: Path, *, blind: bool = True, epoch: int = 0) -> None:
        """As `tihuo restore` does it; not `blind`, it reads the database that is replaced."""
        replaced = self._stop()
        self._open(backup)
        found = Replaced() if blind else read_replaced(replaced, backup)
        before = self.shop.value("SELECT value FROM keep WHERE name = 'epoch'")
        self.shop.do(restored, epoch or max(int(before), found.epoch) + 1000, found, True)
        self._connect()

    def slip_back(self, backup: Path) -> None:
        """Somebody copied the file over, and told nobody."""
        self._stop()
        self._open(backup)
        self._connect()

    def restart(self) -> None:
        """The box dies and wakes up."""
        self.shop.close()
        self.shop = self._again(self.shop.path)
        self._connect()

    def _stop(self) -> Path:
        self.shop.close()
        replaced = self.shop.path.with_name(f"{self.shop.path.name}.replaced")
        shutil.copyfile(self.shop.path, replaced)
        for end in ("", "-wal", "-shm"):
            self.shop.path.with_name(self.shop.path.name + end).unlink(missing_ok=True)
        return replaced

    def _open(self, backup: Path) -> None:
        shutil.copyfile(backup, self.shop.path)
        self.shop = self._again(self.shop.path)

    def _again(self, path: Path) -> LittleShop:
        now = self.shop.clock.now
        shop = LittleShop(path, house=self.shop.house)
        shop.clock.now = now
        return shop

    def disagreements(self) -> list[str]:
        """What does not balance, what the cloud finds odd, and where the two differ. Empty when all is well."""
        found = [f"imbalance {name}: {rows}" for name, rows in self.shop.read(balance.imbalances).items()]
        found += [f"odd: {what}" for what in self.cloud.figures().oddities]
        mine = {row[0]: row[1:] for row in self.shop.sql("SELECT id, issued, remaining, returned FROM stock_grant")}
        for grant in self.cloud.grants():
            theirs = (grant.quantity, grant.remaining, grant.returned)
            if not grant.closed and mine.get(grant.grant_id) != theirs:
                found.append(f"{grant.grant_id}: {mine.get(grant.grant_id)} here, {theirs} there")
        for order in self.cloud.orders():
            if order.state == "refused":
                continue
            rows = self.shop.sql(  # to the cloud, what stands in for goods is the line that was ordered
                "SELECT l.line_id, sum(iif(l.instead_of IS NULL, l.quantity, 0)), sum(l.short) - "
                "sum(iif(l.instead_of IS NULL, 0, l.quantity)) - sum((SELECT coalesce(sum(k.quantity), 0) "
                "FROM short_pick k WHERE k.order_no = l.order_no AND k.line_no = l.line_no AND k.state = 'open')), "
                "sum(l.cancelled), sum(l.handed_over) FROM order_line l "
                "JOIN shop_order o ON o.no = l.order_no WHERE o.order_id = ? GROUP BY l.line_id ORDER BY l.line_id",
                order.order_id,
            )
            lines = [(x.line_id, x.quantity, x.short, x.cancelled, x.handed_over) for x in order.lines]
            if rows != lines:
                found.append(f"{order.order_id} ({order.state}): {rows} here, {lines} there")
            if order.code and order.code != self.shop.code(order.order_id):
                found.append(f"{order.order_id}: another code")
        return found

    def recounts(self) -> list[tuple[Any, ...]]:
        return self.shop.sql("SELECT what, sku, quantity, applied FROM recount WHERE settled_at IS NULL ORDER BY id")

    def close(self) -> None:
        self.cloud.stop()
        self.shop.close()


def nothing(_: Work) -> None:
    """Whatever was asked for before is done when this is."""
