"""What the cloud says, applied: one job of the writer a PUBLISH, each event once and in order.

An event is applied, its place in the stream remembered and its id taken in one transaction. What cannot be understood
or is refused by the shop's rules is parked: kept whole, answered, shown to the owner. It never blocks the stream. The
answer is `stream.rejected`, but for an order whose number can be read: that is refused like any other.
"""

from __future__ import annotations

import logging
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from tihuo.cloud import down, recalled, recovery, stream
from tihuo.cloud.fields import to_millis
from tihuo.cloud.messages import MAX_RECEIVED, Broken, Envelope, NotUnderstood, parse_down
from tihuo.cloud.unread import unread_order
from tihuo.ledger.database import is_trouble
from tihuo.ledger.journal import cursor, move_cursor, outgoing_head
from tihuo.shop.fence import standing
from tihuo.shop.orders import NewLine, NewOrder
from tihuo.shop.parked import park
from tihuo.shop.refunds import settle_refund
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, folds
from tihuo.stages import caring, delegating, refusing, reminding, scheduling, selling

log = logging.getLogger(__name__)


_YEAR_3000 = 32_503_680_000_000
FIRST = 1 << 52
FARTHEST = 1 << 45
"""How far a cloud's first epoch and its next one may be: 400 days where it counts in microseconds. One wrong number
beyond that would leave no room for the true ones."""


class Heard(msgspec.Struct):
    """What a PUBLISH came to, for the relay to answer after the commit."""

    received: tuple[int, int] | None = None
    """(epoch, seq) up to which everything is on disk."""
    resend_from: int | None = None
    fence: bool = False
    """Something about a restore was committed."""
    ask: stream.Recover | None = None
    greet: bool = False
    """The cloud speaks from an epoch that we are past: it should hear where we stand."""
    rejected: list[stream.Rejected] = []
    hello: stream.Hello | None = None
    acked: stream.Ack | None = None
    say_again_from: int | None = None


@folds
def apply(work: Work, publishes: list[list[Envelope]]) -> list[Heard]:
    """Apply the events of one PUBLISH after another. Orders that follow each other are taken together."""
    epoch, last = begun = cursor(work, "down")
    answers = []
    fence = standing(work)
    orders = _Orders(work, recalling=fence is not None)
    for envelopes in publishes:
        heard = Heard(rejected=[])
        for envelope in envelopes:
            if envelope.seq == 0:
                _outside_the_sequence(work, envelope, heard, (epoch, last))
                fence = standing(work) if heard.fence else fence
                continue
            if fence is not None and fence.state != "hearing":
                continue  # not before it is known what the box itself said: the cloud says it again
            if not epoch <= envelope.epoch <= (epoch + FARTHEST if epoch else FIRST):
                _out_of_time(work, envelope, heard, orders, epoch)
                continue
            if envelope.epoch == epoch and envelope.seq <= last:
                continue
            if envelope.seq != (last + 1 if envelope.epoch == epoch else 1):
                heard.resend_from = last + 1 if envelope.epoch == epoch else 1
                continue
            epoch, last = envelope.epoch, envelope.seq
            _take(work, envelope, heard, orders)
        if heard.hello is not None or any(envelope.seq for envelope in envelopes):
            heard.received = (epoch, last)  # an ack is not acknowledged in its turn
        answers.append(heard)
    orders.flush()
    if (epoch, last) != begun:
        move_cursor(work, "down", epoch, last)
    if fence is not None and recovery.reached(work):
        answers[-1].fence = True
    return answers


class _Orders:
    """Orders that wait to be taken together. An order's own id makes it one, so it needs no other key."""

    def __init__(self, work: Work, *, recalling: bool = False) -> None:
        self._work = recalled.recalling_work(work) if recalling else work
        self.recalling = recalling
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
                answers = selling.accept_orders(self._work, [order for order, _, _ in waiting])
                if "repeated" in answers:
                    for (order, envelope, _), answer in zip(waiting, answers, strict=True):
                        _compare(self._work, order, envelope, answer)
        except Exception as error:
            if _is_trouble(error):
                raise
            for order, envelope, heard in waiting:
                with _parked_if_refused(self._work, envelope, heard):
                    _compare(self._work, order, envelope, selling.accept_order(self._work, order))


def _compare(work: Work, order: NewOrder, envelope: Envelope, answer: str) -> None:
    """Keep an order whose number is taken by another one."""
    if answer == "repeated" and refusing.answer_repeat(work, order) == "duplicate":
        _park(work, envelope, "duplicate", f"{order.order_id} is taken by another order")


def park_payload(work: Work, payload: bytes, reason: str, detail: str) -> None:
    """Keep a PUBLISH in which no envelope could be told apart, cut to what the contract allows."""
    park(work, "", reason, detail, payload[:MAX_RECEIVED])


def _take(work: Work, envelope: Envelope, heard: Heard, orders: _Orders) -> None:
    try:
        data = parse_down(envelope, work.house.store_id)
        if orders.recalling and _recalled(work, envelope, data, heard, orders):
            return
        if isinstance(data, down.OrderPlaced):
            orders.add(new_order(data), envelope, heard)
            return
    except NotUnderstood as fault:
        orders.flush()
        _not_understood(work, envelope, fault, heard)
        return
    orders.flush()
    with _parked_if_refused(work, envelope, heard):
        if work.first_time(envelope.id):
            act(work, data)


def _recalled(work: Work, envelope: Envelope, data: msgspec.Struct, heard: Heard, orders: _Orders) -> bool:
    """While a restored box hears the cloud again: whether it knows by now what became of this event."""
    orders.flush()
    order = new_order(data) if isinstance(data, down.OrderPlaced) else None
    taken = False
    with _parked_if_refused(work, envelope, heard):
        taken = recalled.take(work, envelope.id, envelope.seq, data, order)
        if taken and order is None:
            work.first_time(envelope.id)
    return taken


def _out_of_time(work: Work, envelope: Envelope, heard: Heard, orders: _Orders, epoch: int) -> None:
    """An event of an epoch that is over, or that cannot be. It has no place in the sequence and moves nothing there.

    An order is taken all the same: its own number makes it one, and it cites rights that were lent. Anything else that
    we never heard is parked.
    """
    if envelope.epoch > epoch:
        _reject(work, envelope, "bad_epoch", f"{envelope.epoch} cannot follow {epoch}", heard)
        return
    heard.greet = True
    if envelope.type == "order.placed":
        _take(work, envelope, heard, orders)
    elif not work.one("SELECT 1 FROM once WHERE key = ?", (envelope.id,)) and not work.one(
        "SELECT 1 FROM parked WHERE message_id = ?", (envelope.id,)
    ):
        _reject(work, envelope, "old_epoch", f"{envelope.epoch} is over since {epoch}", heard)


def _not_understood(work: Work, envelope: Envelope, fault: NotUnderstood, heard: Heard) -> None:
    """An order whose number can be read is refused, which the cloud hears for certain; all else is rejected."""
    unread = unread_order(envelope) if fault.reason == "malformed_data" and envelope.type == "order.placed" else None
    if unread is None:
        _reject(work, envelope, fault.reason, fault.detail, heard)
    elif (answer := refusing.refuse_unread(work, unread)) != "repeated":
        _park(work, envelope, "duplicate" if answer == "duplicate" else fault.reason, fault.detail)


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


def act(work: Work, data: msgspec.Struct) -> None:
    """Do what an event of the cloud says. Raises `Refusal`, or `NotUnderstood` for what no stage is there for."""
    match data:
        case down.OrderCancelled(order_id=order_id, reason=reason):
            selling.cancel_order(work, order_id, reason)
        case down.GrantReturned(grant_id=grant_id, quantity=quantity):
            selling.take_back(work, grant_id, quantity)
        case down.GrantClosed(grant_id=grant_id, sold=sold):
            selling.close_grant(work, grant_id, sold)
        case down.PickupDelegated(order_id=order_id, delegation_id=name, until=until, lines=some):
            delegating.delegate_from_cloud(work, order_id, name, moment(until), some, data.name)
        case down.PickupDelegationRevoked(delegation_id=name):
            delegating.revoke(work, name)
        case down.RefundSettled(refund_id=refund_id, state=state, settled_at=settled_at):
            settle_refund(work, refund_id, state, moment(settled_at))
        case down.ReminderSent(order_id=order_id, state=state):
            reminding.note_result(work, order_id, state)
        case down.ReminderCredits(order_id=order, customer_id=customer, count=count):
            if not order and not customer:
                raise NotUnderstood("malformed_data", "reminder.credits names neither an order nor a customer")
            reminding.note_credits(work, order or "", customer or "", count)
        case down.OrderWindowChosen(order_id=order_id, window=window, at=at):
            own = moment(at) if at is not None else None
            scheduling.choice_of_customer(work, order_id, moment(window.from_), moment(window.to), own)
        case down.AftersalesRequested(request_id=request_id, order_id=order_id, kind=kind):
            lines = [(line.line_id, line.quantity) for line in data.lines]
            photos = [(photo.name, photo.url, photo.sha256) for photo in data.photos]
            caring.request_aftersales(work, request_id, order_id, kind, lines, data.reason, photos)
        case down.AftersalesPhoto(request_id=request_id, name=name, part=part, parts=parts):
            caring.keep_photo(work, request_id, name, part, parts, picture(data.base64))
        case _:
            raise NotUnderstood("unknown_type", f"{type(data).__name__} is not handled by this release")


def new_order(data: down.OrderPlaced) -> NewOrder:
    """The shop's picture of an order from the wire. Raises `NotUnderstood` for a time that no calendar shows."""
    customer = data.customer
    if len({line.line_id for line in data.lines}) < len(data.lines):
        raise NotUnderstood("malformed_data", "two lines have one number")
    return NewOrder(
        order_id=data.order_id,
        session_id=data.session_id,
        channel=data.channel,
        placed_at=moment(data.placed_at),
        paid_at=moment(data.paid_at),
        customer_id=customer.id,
        customer_name=customer.name,
        customer_phone=customer.phone,
        window=(moment(data.window.from_), moment(data.window.to)) if data.window else None,
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
    with _parked_if_refused(work, envelope, heard):
        _obey(work, envelope, parse_down(envelope, work.house.store_id), heard, reached)


def _obey(work: Work, envelope: Envelope, data: msgspec.Struct, heard: Heard, reached: tuple[int, int]) -> None:
    match data:
        case stream.Ack(epoch=epoch, seq=seq):
            if recovery.overtaken(work, stream.Received(epoch, seq)):
                heard.ask = recovery.question(work)
            if _heard_by_the_cloud(work, envelope, epoch, seq, heard):
                heard.acked = data
        case stream.Echo():
            begun = standing(work) is not None
            if recovery.hear(work, data):
                heard.fence = True
                heard.greet = heard.greet or not begun
        case stream.Hello(last_received=received):
            fence = standing(work)
            if fence is not None and data.epoch != fence.down[0]:
                recovery.ask_anew(work)
                heard.fence = True
            if recovery.overtaken(work, received):
                heard.ask = recovery.question(work)
            if _heard_by_the_cloud(work, envelope, received.epoch, received.seq, heard):
                heard.hello = data
            epoch, last = reached
            if fence is not None and fence.state != "hearing":
                return
            if data.epoch > epoch or (data.epoch == epoch and data.head > last):
                heard.resend_from = last + 1 if data.epoch == epoch else 1
        case stream.Resend(from_seq=from_seq):
            heard.say_again_from = from_seq
        case stream.Rejected(id=message_id, reason="unknown_type") if "-recover" in message_id:
            recovery.cannot_tell(work)
            heard.fence = True
        case stream.Rejected(id=message_id, reason=reason, detail=detail):
            if work.first_time(f"rejected:{message_id}"):
                park(work, message_id, "rejected_by_cloud", f"{reason}: {detail}", bytes(envelope.data))
        case _:
            _reject(work, envelope, "not_an_envelope", "an event without its place in the stream", heard)


def _heard_by_the_cloud(work: Work, envelope: Envelope, epoch: int, seq: int, heard: Heard) -> bool:
    """The cloud has our events up to here. To believe one number too high would be to never say the next ones."""
    if epoch == work.epoch:
        if seq > outgoing_head(work, epoch):
            _reject(work, envelope, "never_said", f"we have not said {seq} yet", heard)
            return False
        known_epoch, known = cursor(work, "up")
        if epoch > known_epoch or seq > known:
            move_cursor(work, "up", epoch, seq)
    return True


def moment(at: datetime) -> int:
    """A time that a shop can mean, in `Millis`: from 1970 to 3000. Beyond, it could neither be shown nor sent on."""
    millis = to_millis(at)
    if 0 <= millis < _YEAR_3000:
        return millis
    raise NotUnderstood("malformed_data", f"{at} is beyond the calendar")


def picture(base64: str) -> bytes:
    """The bytes of a part of a photograph."""
    try:
        return b64decode(base64, validate=True)
    except ValueError as fault:
        raise NotUnderstood("malformed_data", str(fault)) from None


def _reject(work: Work, envelope: Envelope, reason: str, detail: str, heard: Heard) -> None:
    _park(work, envelope, reason, detail, envelope.epoch or None)
    heard.rejected.append(stream.Rejected(envelope.id, reason, detail[:500]))


def _park(work: Work, envelope: Envelope, reason: str, detail: str, answer_epoch: int | None = None) -> None:
    whole = not isinstance(envelope, Broken)
    payload = msgspec.json.encode(envelope) if whole else bytes(envelope.data)
    kind = envelope.type if whole else ""
    park(work, envelope.id, reason, detail, payload, kind=kind, answer_epoch=answer_epoch)
