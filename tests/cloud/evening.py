"""A demo cloud and the stub of a store, with a line between them that a test turns by hand: no broker, no thread."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.cloud import contract
from tests.cloud.store_stub import SESSION, StoreStub
from tihuo.demo.cloud import BrokerAddress, DemoCloud, Mischief, Shopper, Wish

ANNA = Shopper("wx-anna", "安娜", "13800000001")


@dataclass
class Evening:
    """A cloud and a store with a line between them that somebody has to turn by hand. One turn is 100 ms."""

    outgoing: Mischief = field(default_factory=Mischief)
    incoming: Mischief = field(default_factory=Mischief)
    opened: ClassVar[list[DemoCloud]] = []

    def __post_init__(self) -> None:
        self.store = StoreStub()
        self.cloud = self.new_cloud()
        self.clock = 100.0
        self.wrong: list[str] = []
        """What was said that the contract does not allow."""

    def new_cloud(self, folder: Path | None = None, moods: random.Random | None = None) -> DemoCloud:
        nowhere, now = BrokerAddress("127.0.0.1", 1), lambda: self.store.clock_ms
        cloud = DemoCloud(nowhere, "S01", now=now, retry=1.0, refund_delay=0.5, folder=folder, moods=moods)
        self.opened.append(cloud)
        return cloud

    def connect(self) -> None:
        self.cloud.joined()
        self.store.connected()

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock += 0.1
            self.store.clock_ms += 100
            for payload in self.cloud.due(self.clock):
                self.wrong += contract.faults("down", payload)
                for _, arrived in self.outgoing.through("down", payload):
                    self.store.hear(arrived)
            for payload in self.store.due(self.clock):
                self.wrong += contract.faults("up", payload)
                for _, arrived in self.incoming.through("up", payload):
                    self.cloud.heard("up", arrived)

    def settle(self, turns: int = 20_000) -> None:
        """Turn until both sides know that the other has everything."""
        for _ in range(turns):
            self.turn()
            if not self.cloud.unacknowledged() and self.store.acked == len(self.store.outbox):
                return
        raise AssertionError("the two never came to an end")

    def buy(self, sku: str = "A", quantity: int = 1, who: Shopper = ANNA) -> str:
        return self.cloud.buy(who, Wish(SESSION, [(sku, quantity)])).order_id

    def check(self) -> None:
        """Each event had its effect once, in order, on both sides, and nothing was sold that was not there."""
        said = self.cloud._book.sql.execute("SELECT id FROM outbox ORDER BY seq").fetchall()
        assert [envelope.id for envelope in self.store.applied] == list(dict.fromkeys(row["id"] for row in said))
        heard = self.cloud._book.sql.execute("SELECT count(*) FROM inbox").fetchone()[0]
        assert heard == len(self.store.outbox)
        assert self.store.oversold == 0
        assert self.wrong == []
        assert self.cloud.figures().oddities == ()
        states = {order.order_id: order.state for order in self.cloud.orders()}
        assert states == self.store.orders


def connected(**line: Mischief) -> Evening:
    evening = Evening(**line)
    evening.store.open_session({"A": 30, "B": 5})
    evening.connect()
    evening.settle()
    return evening
