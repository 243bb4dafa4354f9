"""A shop on one page, for the tests of the demo cloud: the other side of the contract, in memory, and nothing else.

It mints grants, takes every order that its grants cover, refuses the rest, and keeps both streams whole. Nothing here
comes from the shop's own code but the words on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from tihuo.cloud import down, stream, up
from tihuo.cloud.fields import LineQuantity, Refund, from_millis
from tihuo.cloud.messages import Envelope, NotUnderstood, decode, encode, parse_down, wrap

SESSION = "LIVE-1"
PRICE = 990
RETRY = 1.0


@dataclass
class StoreStub:
    store: str = "S01"
    epoch: int = 1
    clock_ms: int = 1_767_225_600_000
    granted: dict[str, int] = field(default_factory=dict)  # grant -> rights left in it
    sku_of: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)  # order -> accepted or refused
    applied: list[Envelope] = field(default_factory=list)  # each event once, in the order of its effect
    fates: list[msgspec.Struct] = field(default_factory=list)  # everything else that the cloud said
    rejected: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # why the cloud could not understand us
    oversold: int = 0
    outbox: list[msgspec.Struct] = field(default_factory=list)
    acked: int = 0
    heard: tuple[int, int] = (0, 0)
    _sent: int = 0
    _control: list[msgspec.Struct] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _retry_at: float = 0.0
    _ask_at: float = 0.0
    _head: int = 0
    _ack_due: bool = False
    _controls: int = 0

    # the shop

    def open_session(self, stock: dict[str, int], limit: int | None = None, hours: int = 5) -> None:
        items = tuple(up.SessionItem(sku, f"article {sku}", PRICE, "on_hand", limit) for sku in stock)
        begin = from_millis(self.clock_ms)
        self.say(up.SessionOpened(SESSION, "tonight", begin, None, items))
        for sku, quantity in stock.items():
            self.grant(sku, quantity, hours)

    def grant(self, sku: str, quantity: int, hours: int = 5) -> str:
        grant_id = f"G{len(self.granted) + 1}"
        self.granted[grant_id], self.sku_of[grant_id] = quantity, sku
        until = from_millis(self.clock_ms + hours * 3_600_000)
        self.say(up.GrantIssued(grant_id, SESSION, sku, quantity, PRICE, None, until))
        return grant_id

    def close_session(self) -> None:
        begin = from_millis(self.clock_ms)
        self.say(up.SessionClosed(SESSION, "tonight", begin, begin, ()))

    def hand_over(self, order_id: str, lines: dict[str, int], complete: bool = True) -> None:
        handed = tuple(LineQuantity(line_id, quantity) for line_id, quantity in lines.items())
        self.say(up.OrderHandedOver(order_id, handed, from_millis(self.clock_ms), "kiosk", complete))

    def say(self, data: msgspec.Struct) -> None:
        self.outbox.append(data)

    def _take(self, data: msgspec.Struct) -> None:
        if isinstance(data, down.OrderPlaced):
            self._take_order(data)
            return
        self.fates.append(data)
        if isinstance(data, down.GrantReturned):
            self.granted[data.grant_id] -= data.quantity
            self.oversold += self.granted[data.grant_id] < 0

    def _take_order(self, order: down.OrderPlaced) -> None:
        needed: dict[str, int] = {}
        for line in order.lines:
            grant_id = order.grant_of(line) or ""
            needed[grant_id] = needed.get(grant_id, 0) + line.quantity
        if all(self.granted.get(grant_id, 0) >= quantity for grant_id, quantity in needed.items()):
            for grant_id, quantity in needed.items():
                self.granted[grant_id] -= quantity
            self.orders[order.order_id] = "accepted"
            code = f"TH1:{self.store}:{order.order_id}"
            self.say(up.OrderAccepted(order.order_id, up.Pickup(code, f"{len(self.orders):08}"), order.window))
        else:
            self.oversold += 1
            self.orders[order.order_id] = "refused"
            lines = tuple(LineQuantity(line.line_id, line.quantity) for line in order.lines)
            back = Refund(f"refuse-{order.order_id}", order.paid_fen)
            self.say(up.OrderRefused(order.order_id, "sold_out", lines, back))

    # its end of the streams

    def connected(self) -> None:
        self._control = [stream.Hello(self.epoch, len(self.outbox), stream.Received(*self.heard))]
        self._sent = self.acked

    def due(self, clock: float) -> list[bytes]:
        said, self._control = self._control, []
        if self._ack_due:
            self._ack_due = False
            said = [*said, stream.Ack(*self.heard)]
        if self._head > self.heard[1] and clock >= self._ask_at:
            self._ask_at = clock + RETRY
            said = [*said, stream.Resend(self.heard[1] + 1)]
        if self.acked < self._sent and clock >= self._retry_at:
            self._sent = self.acked
        envelopes = [self._envelope(data, 0) for data in said]
        if self._sent < len(self.outbox):
            start, self._sent = self._sent, len(self.outbox)
            envelopes += [self._envelope(data, n) for n, data in enumerate(self.outbox[start:], start + 1)]
            self._retry_at = clock + RETRY
        return encode(envelopes)

    def _envelope(self, data: msgspec.Struct, seq: int) -> Envelope:
        self._controls += 1
        name = f"{self.epoch}-{seq}" if seq else f"{self.epoch}-c{self._controls}"
        source = f"store/{self.store}"
        return wrap(data, id=name, source=source, epoch=self.epoch, seq=seq, at=self.clock_ms)

    def hear(self, payload: bytes) -> None:
        try:
            envelopes = decode(payload)
        except NotUnderstood as fault:
            self.rejected.append(fault.reason)
            return
        for envelope in envelopes:
            if envelope.seq == 0:
                self._obey(envelope)
                continue
            epoch, last = self.heard
            self._ack_due = True
            if envelope.epoch > epoch:
                epoch, last, self._head = envelope.epoch, 0, 0
                self.heard = epoch, last
            if envelope.epoch < epoch or envelope.seq <= last:
                continue
            self._head = max(self._head, envelope.seq)
            if envelope.seq != last + 1:
                continue
            self.heard = epoch, envelope.seq
            if envelope.id not in self._known:
                self._known.add(envelope.id)
                self.applied.append(envelope)
                self._understand(envelope)

    def _understand(self, envelope: Envelope) -> None:
        try:
            self._take(parse_down(envelope, self.store))
        except NotUnderstood as fault:
            self.rejected.append(fault.reason)
            self._control.append(stream.Rejected(envelope.id, fault.reason, fault.detail))

    def _obey(self, envelope: Envelope) -> None:
        try:
            data = parse_down(envelope, self.store)
        except NotUnderstood as fault:
            self.rejected.append(fault.reason)
            return
        match data:
            case stream.Hello(epoch=epoch, head=head, last_received=received):
                if epoch > self.heard[0]:
                    self.heard, self._head = (epoch, 0), 0
                self._head = max(self._head, head if epoch == self.heard[0] else 0)
                self.acked = self._sent = received.seq if received.epoch == self.epoch else 0
                self._ack_due = True
            case stream.Ack(epoch=epoch, seq=seq):
                if epoch == self.epoch:
                    self.acked = max(self.acked, seq)
                    self._sent = max(self._sent, self.acked)
                    self._retry_at = 0.0 if self.acked == self._sent else self._retry_at
            case stream.Resend(from_seq=from_seq):
                self._sent = min(self._sent, from_seq - 1)
            case stream.Rejected(reason=reason):
                self.complaints.append(reason)
