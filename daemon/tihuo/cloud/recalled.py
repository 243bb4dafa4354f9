"""恢复: what the box once said, booked again; and what the cloud says again, answered as it was answered then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec

from tihuo.cloud import down, up
from tihuo.cloud.fields import to_millis
from tihuo.cloud.messages import UP
from tihuo.shop.events import AdjustedLine, Event, Refund
from tihuo.shop.fence import look_again
from tihuo.shop.orders import NewOrder
from tihuo.shop.pickups import Code, Digits, order_of_code, read_code, read_digits
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work
from tihuo.stages import delegating, overdue, recalling, reminding, restoring, scheduling, selling

_LAST = 1 << 62
"""Where events of the cloud are kept that wait until everything else is booked."""


def again(work: Work, kind: str, data: bytes, at: int) -> None:
    """Book one fact."""
    if kind.startswith("down.order.cancelled"):
        said = msgspec.json.decode(data, type=down.OrderCancelled)
        selling.cancel_order(work, said.order_id, said.reason)
        return
    if kind not in UP:
        return
    fact = msgspec.json.decode(data, type=UP[kind])
    match fact:
        case up.SessionClosed(session_id=session_id):
            restoring.close_again(work, session_id)
        case up.SessionOpened(session_id=session_id, title=title):
            items = [
                restoring.ItemAgain(
                    item.sku,
                    item.name,
                    item.price_fen,
                    item.kind,
                    item.limit_per_customer,
                    item.arrives_on.isoformat() if item.arrives_on else None,
                )
                for item in fact.items
            ]
            begins = to_millis(fact.starts_at)
            ends = to_millis(fact.ends_at) if fact.ends_at else begins + restoring.DAY_MS
            restoring.session_again(work, session_id, title, begins, ends, items)
        case up.GrantIssued():
            restoring.grant_again(
                work,
                restoring.GrantAgain(
                    fact.grant_id,
                    fact.session_id,
                    fact.sku,
                    fact.quantity,
                    fact.price_fen,
                    fact.limit_per_customer,
                    to_millis(fact.sell_until),
                    getattr(fact, "channel", None) or "mini_program",
                ),
            )
        case up.OrderShort(order_id=order_id):
            recalling.short_again(work, order_id, _lines(fact.lines), _refund(fact.refund))
        case up.OrderAdjusted(order_id=order_id):
            adjusted = [AdjustedLine(*msgspec.structs.astuple(line)) for line in fact.lines]
            recalling.adjusted_again(work, order_id, adjusted, _refund(fact.refund))
        case up.OrderCancelled(order_id=order_id, reason=reason):
            recalling.cancelled_again(work, order_id, _lines(fact.lines), reason, to_millis(fact.at))
        case up.OrderReady(order_id=order_id):
            places = [(parcel.parcel_id, parcel.zone, parcel.slot or "") for parcel in fact.parcels]
            recalling.ready_again(work, order_id, places, at)
            reminding.ready_again(work, order_id)
        case up.ReminderDue(order_id=order_id, also=also):
            reminding.told_again(work, [order_id, *also])
        case up.OrderUncollected(order_id=order_id, step=1):
            overdue.told_again(work, order_id)
        case up.WindowsChanged(session_id=session_id, windows=windows):
            spans = {(to_millis(one.from_), to_millis(one.to)): one.capacity for one in windows}
            scheduling.windows_again(work, session_id, spans)
        case up.OrderWindowChanged(order_id=order_id, window=window, at=own):
            start, end = to_millis(window.from_), to_millis(window.to)
            scheduling.choice_again(quiet(work), order_id, start, end, None if own is None else to_millis(own))
        case up.OrderHandedOver(order_id=order_id, method=method):
            when = to_millis(fact.handed_over_at)
            recalling.handed_over_again(work, order_id, _lines(fact.lines), when, method)
        case up.OrderHandoverUndone(order_id=order_id, reason=reason):
            recalling.undone_again(work, order_id, _lines(fact.lines), reason, to_millis(fact.at))
        case up.TicketOpened(ticket_id=ticket_id, request_id=str(request_id), order_id=order_id, kind=str(kind)):
            wanted = [(line.line_id, line.quantity) for line in fact.lines]
            recalling.ticket_again(quiet(work), ticket_id, request_id, order_id, kind, fact.reason, wanted, [])
        case up.PickupRenewed(order_id=order_id, pickup=pickup):
            if found := codes_again(work, pickup.code, pickup.short_code):
                delegating.renewed_again(work, order_id, found[1].renewal, found[0].turn)
        case up.PickupDelegateCode(order_id=order_id, delegation_id=name, until=until, lines=lines):
            if found := codes_again(work, fact.code, fact.short_code):
                delegating.delegated_again(work, order_id, found[0].delegation, name, to_millis(until), lines)
        case up.PickupDelegationRevoked(delegation_id=name):
            delegating.revoked_again(work, name, at)
        case up.TicketUpdated(ticket_id=ticket_id, state=state, outcome=outcome):
            recalling.ticket_moved_again(work, ticket_id, state, outcome, at)


def _lines(lines: Any) -> list[tuple[str, int, str]]:
    return [(line.line_id, line.quantity, getattr(line, "reason", "")) for line in lines]


def _refund(refund: Any) -> Refund | None:
    return Refund(refund.refund_id, refund.amount_fen) if refund is not None else None


def take(work: Work, event_id: str, seq: int, data: msgspec.Struct, order: NewOrder | None) -> bool:
    """An event of the cloud, while it says its stream again. True if it is dealt with here; else it is one like any."""
    match data:
        case down.OrderPlaced():
            return order is not None and _answered(work, order)
        case down.OrderCancelled(order_id=order_id):
            if not work.one(
                "SELECT 1 FROM echo WHERE order_id = ? AND type = 'order.cancelled'", (order_id,)
            ):  # nobody knows how far the order was: not before that is booked
                work.sql(
                    "INSERT INTO echo(epoch, seq, type, order_id, data, at) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (_LAST, seq, f"down.order.cancelled:{event_id}", order_id, msgspec.json.encode(data), work.now),
                )
            return True
        case down.PickupDelegated(delegation_id=name):
            return _said_of(work, "pickup.delegate_code", name)
        case down.PickupDelegationRevoked(delegation_id=name):
            return _said_of(work, "pickup.delegation_revoked", name)
        case down.AftersalesRequested(request_id=request_id, order_id=order_id):
            opened = work.one(
                "SELECT json_extract(data, '$.ticket_id') FROM echo WHERE order_id = ? AND type = 'ticket.opened' "
                "AND json_extract(data, '$.request_id') = ?",
                (order_id, request_id),
            )
            if opened is None:
                return False
            lines = [(line.line_id, line.quantity) for line in data.lines]
            photos = [(photo.name, photo.url, photo.sha256) for photo in data.photos]
            recalling.ticket_again(quiet(work), opened[0], request_id, order_id, data.kind, data.reason, lines, photos)
            return True
    return False


def _answered(work: Work, new: NewOrder) -> bool:
    """Give an order the answer that it had. False if the box never gave it one that the cloud heard."""
    if work.one("SELECT 1 FROM shop_order WHERE order_id = ?", (new.order_id,)):
        return False
    for epoch, seq, kind, data in work.sql(
        "SELECT epoch, seq, type, data FROM echo WHERE order_id = ? AND type IN ('order.accepted', 'order.refused') "
        "ORDER BY epoch, seq",
        (new.order_id,),
    ).fetchall():
        fact: Any = msgspec.json.decode(data, type=UP[kind])
        if isinstance(fact, up.OrderRefused):
            if fact.reason == "duplicate":
                continue
            recalling.refusal_again(work, new, fact.reason, _refund(fact.refund))
        else:
            number = number_of(work, fact.pickup.code)
            if number is None:
                look_again(work, "contradiction", note=f"{new.order_id} {fact.pickup.short_code}")
                return False
            window = fact.window
            span = (to_millis(window.from_), to_millis(window.to)) if window else new.window or (0, 0)
            restoring.cover_order(work, new)
            if not recalling.order_again(work, new, number, span):
                look_again(work, "contradiction", note=f"{new.order_id} {fact.pickup.short_code}")
                return False
        work.sql("UPDATE echo SET used_at = ? WHERE epoch = ? AND seq = ?", (work.now, epoch, seq))
        return True
    return False


def number_of(work: Work, code: str) -> int | None:
    """The order number of a code that this box gave."""
    try:
        return order_of_code(code, work.house.store_id, work.house.code_key)
    except Refusal:  # a code of another key: this box cannot vouch for it
        return None


def _said_of(work: Work, kind: str, delegation_id: str) -> bool:
    """Whether the box answered that in the life that this backup knows nothing of."""
    statement = "SELECT 1 FROM echo WHERE type = ? AND json_extract(data, '$.delegation_id') = ?"
    return work.one(statement, (kind, delegation_id)) is not None


def codes_again(work: Work, code: str, digits: str) -> tuple[Code, Digits] | None:
    """What a code and its digits meant; None if this box did not give them."""
    try:
        return read_code(code, work.house.store_id, work.house.code_key), read_digits(digits, work.house.code_key)
    except Refusal:
        return None


class _Recalling:
    """The unit of work, in which a fact that the cloud has heard before is not told again."""

    def __init__(self, work: Work, known: Callable[[Event], bool]) -> None:
        self._work = work
        self._known = known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def record(self, event: Event) -> None:
        if event.goes_to_cloud and self._known(event):
            event = msgspec.structs.replace(event, recovered=True)
        self._work.record(event)


def recalling_work(work: Work) -> Work:
    """A unit of work for what the cloud says again: an answer that it has is not given a second time."""

    def known(event: Event) -> bool:
        order_id = getattr(event, "order_id", "")
        kind = event.__struct_config__.tag
        return bool(order_id) and bool(
            work.one("SELECT 1 FROM echo WHERE order_id = ? AND type = ? LIMIT 1", (order_id, kind))
        )

    return cast(Work, _Recalling(work, known))


def quiet(work: Work) -> Work:
    """A unit of work that tells the cloud nothing."""
    return cast(Work, _Recalling(work, lambda _: True))
