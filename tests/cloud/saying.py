"""A cloud that says what a test wants said, to a little shop's own inbound half: no broker, no relay."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tests.little_shop import LittleShop
from tihuo.boards import balance, tonight
from tihuo.cloud import messages
from tihuo.cloud.fields import from_millis
from tihuo.cloud.inbound import Heard, apply, park_payload
from tihuo.shop import events

EPOCH = 1_700_000_000_000


class Sayer:
    """Speaks to one shop. `next` is the number of its next event."""

    def __init__(self, shop: LittleShop, epoch: int = EPOCH) -> None:
        self.shop = shop
        self.epoch = epoch
        self.seq = 0

    def order(self, order_id: str, /, sku: str = "RICE", **changes: Any) -> dict[str, Any]:
        """The data of a good order of one unit, with changes; a change of None takes the field away."""
        price = {"RICE": 3990, "EGGS": 2680, "MILK": 1250, "BUNS": 1890}[sku]
        now = from_millis(self.shop.clock.now).isoformat()
        line = {"line_id": "l1", "sku": sku, "quantity": 1, "unit_price_fen": price, "grant_id": self.shop.grant(sku)}
        data = {
            "order_id": order_id,
            "session_id": "s1",
            "channel": "mini_program",
            "placed_at": now,
            "paid_at": now,
            "customer": {"id": "lin", "name": "林小树", "phone": "19900001001"},
            "lines": [line],
            "paid_fen": price,
            "payment": {"provider": "demo", "transaction_id": f"pay-{order_id}"},
        }
        return {name: value for name, value in (data | changes).items() if value is not None}

    def envelope(self, kind: str, data: Any, **changes: Any) -> dict[str, Any]:
        if "seq" not in changes:
            self.seq += 1
        whole = {
            "specversion": "1.0",
            "id": f"c{self.epoch}-{self.seq}",
            "source": "cloud",
            "type": kind,
            "time": from_millis(self.shop.clock.now).isoformat(),
            "epoch": self.epoch,
            "seq": self.seq,
            "subject": "store/S01",
            "data": data,
        }
        return {name: value for name, value in (whole | changes).items() if value is not None}

    def say(self, kind: str, data: Any, **changes: Any) -> Heard:
        """One event, applied and committed."""
        return self.publish(json.dumps(self.envelope(kind, data, **changes)).encode())

    def say_struct(self, data: msgspec.Struct, **changes: Any) -> Heard:
        return self.say(messages.type_of(data), msgspec.to_builtins(data), **changes)

    def publish(self, payload: bytes) -> Heard:
        """What arrives in one PUBLISH, as the relay hands it on."""
        try:
            envelopes = messages.decode(payload)
        except messages.NotUnderstood as fault:
            self.shop.do(park_payload, payload, fault.reason, fault.detail, actor="cloud")
            return Heard(rejected=[messages.stream.Rejected(fault.id, fault.reason, fault.detail)])
        heard: Heard = self.shop.do(apply, envelopes, actor="cloud")
        return heard

    # what became of it

    def parked(self) -> list[str]:
        return [row.reason for row in reversed(self.shop.read(tonight.parked_messages, 1000))]

    def answers(self) -> list[tuple[str, str, tuple[str, int] | None]]:
        """(order, `accepted` or why it was refused, refund) of every order, in the order of the answers."""
        found: list[tuple[str, str, tuple[str, int] | None]] = []
        for event in self.shop.events(events.OrderAccepted, events.OrderRefused):
            if isinstance(event, events.OrderAccepted):
                found.append((event.order_id, "accepted", None))
            else:
                back = event.refund
                found.append((event.order_id, event.reason, (back.refund_id, back.amount_fen) if back else None))
        return found

    def balanced(self) -> bool:
        return self.shop.read(balance.imbalances) == {}
