"""What the cloud says, applied: one job of the writer a PUBLISH, each event once and in order.

An event is applied, its place in the stream remembered and its id taken in one transaction. What cannot be understood
or is refused by the shop's rules is parked: kept whole, answered with `stream.rejected`, shown to the owner. It never
blocks the stream.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from tihuo.cloud import down, stream
from tihuo.cloud.fields import to_millis
from tihuo.cloud.messages import Broken, Envelope, NotUnderstood, parse_down
from tihuo.ledger.database import is_trouble
from tihuo.ledger.journal import cursor, move_cursor
from tihuo.ledger.writer import folds
from tihuo.shop.events import MessageParked, RefundSettled
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work
from tihuo.stages import selling

log = logging.getLogger(__name__)


class Heard(msgspec.Struct):
    """What a PUBLISH came to, for the relay to answer after the commit."""

    received: tuple[int, int] | None = None
    """(epoch, seq) up to which everything is on disk."""
    resend_from: int | None = None
    rejected: list[stream.Rejected] = []
    hello: stream.Hello | None = None
    acked: stream.Ack | None = None
    say_again_from: int | None = None


@folds
def apply(work: Work, publishes: list[list[Envelope]]) -> list[Heard]:
    """Apply the events of one PUBLISH after another. Orders that follow each other are taken together."""
    epoch, last = begun = cursor(work, "down")
    answers = []
    orders = _Orders(work)
    for envelopes in publishes:
        heard = Heard(rejected=[])
        for envelope in envelopes:
            if envelope.seq == 0:
                _outside_the_sequence(work, envelope, heard, (epoch, last))
                continue
            if envelope.epoch < epoch or (envelope.epoch == epoch and envelope.seq <= last):
                continue
            if envelope.seq != (last + 1 if envelope.epoch == epoch else 1):
                heard.resend_from = last + 1 if envelope.epoch == epoch else 1
                continue
            epoch, last = envelope.epoch, envelope.seq
            _take(work, envelope, heard, orders)
        heard.received = (epoch, last)
        answers.append(heard)
    orders.flush()
    if (epoch, last) != begun:
        move_cursor(work, "down", epoch, last)
    return answers


class _Orders:
    """Orders that wait to be taken together. An order's own id makes it one, so it needs no other key."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: list[tuple[NewOrder, Envelope, Heard]] = []

    def add(self, order: NewOrder, envelope: Envelope, heard: Heard) -> None:
        self._waiting.append((order, envelope, heard))

    def flush(self) -> None:
        """Take them all; if one of them makes that fail, take each alone and park the one."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            with self._work.attempt():
                selling.accept_orders(self._work, [order for order, _, _ in waiting])
        except Exception as error:
            if _is_trouble(error):
                raise
            for order, envelope, heard in waiting:
                with _parked_if_refused(self._work, envelope, heard):
                    selling.accept_order(self._work, order)


def park_payload(work: Work, payload: bytes, reason: str, detail: str) -> None:
    """Keep a PUBLISH in which no envelope could be told apart."""
    _park(work, "", reason, detail, payload)


def _take(work: Work, envelope: Envelope, heard: Heard, orders: _Orders) -> None:
    try:
        data = parse_down(envelope, work.house.store_id)
    except NotUnderstood as fault:
        _reject(work, envelope, fault.reason, fault.detail, heard)
        return
    if isinstance(data, down.OrderPlaced):
        orders.add(new_order(data), envelope, heard)
        return
    orders.flush()
    with _parked_if_refused(work, envelope, heard):
        if work.first_time(envelope.id):
            _act(work, data)


@contextmanager
def _parked_if_refused(work: Work, envelope: Envelope, heard: Heard) -> Iterator[None]:
    """One event. What cannot be applied is undone and parked, and the stream goes on; the file's own trouble is not."""
    try:
        with work.attempt():
            yield
    except NotUnderstood as fault:
        _reject(work, envelope, fault.reason, fault.detail, heard)
    except Refusal as refusal:
        _reject(work, envelope, refusal.code, msgspec.json.encode(refusal.facts).decode(), heard)
    except Exception as error:
        if _is_trouble(error):
            raise
        log.exception("event %s could not be applied", envelope.id)
        _reject(work, envelope, "internal", f"{type(error).__name__}: {error}", heard)


def _is_trouble(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and is_trouble(error)


def _act(work: Work, data: msgspec.Struct) -> None:
    match data:
        case down.OrderCancelled(order_id=order_id, reason=reason):
            selling.cancel_order(work, order_id, reason)
        case down.GrantReturned(grant_id=grant_id, quantity=quantity):
            selling.take_back(work, grant_id, quantity)
        case down.GrantClosed(grant_id=grant_id):
            selling.close_grant(work, grant_id)
        case down.RefundSettled(refund_id=refund_id, state=state):
            work.record(RefundSettled(refund_id=refund_id, state=state))
        case _:
            raise NotUnderstood("unknown_type", f"{type(data).__name__} is not handled by this release")


def new_order(data: down.OrderPlaced) -> NewOrder:
    """The shop's picture of an order from the wire."""
    customer = data.customer
    return NewOrder(
        order_id=data.order_id,
        session_id=data.session_id,
        channel=data.channel,
        placed_at=to_millis(data.placed_at),
        paid_at=to_millis(data.paid_at),
        customer_id=customer.id,
        customer_name=customer.name,
        customer_phone=customer.phone,
        window=(to_millis(data.window.from_), to_millis(data.window.to)) if data.window else None,
        lines=tuple(
            [
                NewLine(line.line_id, line.sku, line.quantity, line.unit_price_fen, data.grant_of(line) or "")
                for line in data.lines
            ]
        ),
        paid_fen=data.paid_fen,
        provider=data.payment.provider,
        transaction_id=data.payment.transaction_id,
        substitution=data.substitution,
        note=data.note,
    )


def _outside_the_sequence(work: Work, envelope: Envelope, heard: Heard, reached: tuple[int, int]) -> None:
    try:
        data = parse_down(envelope, work.house.store_id)
    except NotUnderstood as fault:
        _reject(work, envelope, fault.reason, fault.detail, heard)
        return
    match data:
        case stream.Ack(epoch=epoch, seq=seq):
            _heard_by_the_cloud(work, epoch, seq)
            heard.acked = data
        case stream.Hello(last_received=received):
            heard.hello = data
            _heard_by_the_cloud(work, received.epoch, received.seq)
            epoch, last = reached
            if data.epoch > epoch or (data.epoch == epoch and data.head > last):
                heard.resend_from = last + 1 if data.epoch == epoch else 1
        case stream.Resend(from_seq=from_seq):
            heard.say_again_from = from_seq
        case stream.Rejected(id=message_id, reason=reason, detail=detail):
            _park(work, message_id, "rejected_by_cloud", f"{reason}: {detail}", bytes(envelope.data))
        case _:
            _reject(work, envelope, "not_an_envelope", "an event without its place in the stream", heard)


def _heard_by_the_cloud(work: Work, epoch: int, seq: int) -> None:
    known_epoch, known = cursor(work, "up")
    if epoch == work.epoch and (epoch > known_epoch or seq > known):
        move_cursor(work, "up", epoch, seq)


def _reject(work: Work, envelope: Envelope, reason: str, detail: str, heard: Heard) -> None:
    payload = bytes(envelope.data) if isinstance(envelope, Broken) else msgspec.json.encode(envelope)
    _park(work, envelope.id, reason, detail, payload)
    heard.rejected.append(stream.Rejected(envelope.id, reason, detail[:500]))


def _park(work: Work, message_id: str, reason: str, detail: str, payload: bytes) -> None:
    parked_id = work.sql(
        "INSERT INTO parked(message_id, reason, detail, payload, at) VALUES (?, ?, ?, ?, ?)",
        (message_id, reason, detail, payload, work.now),
    ).lastrowid
    assert parked_id is not None
    work.record(MessageParked(parked_id=parked_id, message_id=message_id, reason=reason))
