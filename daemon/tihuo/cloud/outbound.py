"""What the store says: a fact of the journal as a message of the contract."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import msgspec

from tihuo.cloud import up
from tihuo.cloud.fields import LineQuantity, Refund, Window, from_millis
from tihuo.cloud.messages import Said, wrap
from tihuo.ledger.journal import Entry, said_first
from tihuo.shop import code_turns, events
from tihuo.shop.pickups import (
    STEP_MS,
    code_for,
    delegate_code_for,
    extra_digits_for,
    rotating_secret,
    short_code_for,
)
from tihuo.shop.work import House, Look, json_of


def envelope_of(entry: Entry, look: Look, house: House, epoch: int) -> Said:
    """The envelope of an entry that goes to the cloud. The same entry gives the same envelope at every resend."""
    assert entry.seq is not None
    seq = entry.seq
    name = epoch, seq
    if isinstance(entry.event, events.SaidAgain):  # under the name of the first time, for a cloud that heard it then
        afresh = entry.event.afresh
        entry, first = said_first(look, entry.event.entry)
        name = name if afresh else first
    return wrap(
        message_of(entry.event, look, house),
        id=f"{house.store_id}-{name[0]}-{name[1]}",
        source=f"store/{house.store_id}",
        epoch=epoch,
        seq=seq,
        at=entry.at,
        sure=entry.sure,
    )


def message_of(event: events.Event, look: Look, house: House) -> msgspec.Struct:
    """The contract's `data` for a fact. Raises `TypeError` for a fact that is nobody else's business."""
    match event:
        case events.OrderAccepted(order_id=order_id, order_no=order_no, window=window):
            code, digits = (
                code_for(house.store_id, order_no, house.code_key),
                short_code_for(order_no, house.code_key),
            )
            changing = _rotating(house, order_no, 0) if house.rotating_codes else None
            return up.OrderAccepted(order_id, up.Pickup(code, digits, changing), _window(window))
        case events.GrantIssued():
            return up.GrantIssued(
                event.grant_id,
                event.session_id,
                event.sku,
                event.quantity,
                event.price_fen,
                event.limit_per_customer,
                from_millis(event.sell_until),
                event.channel or None,
            )
        case events.GrantRevokeRequested(grant_id=grant_id, quantity=quantity):
            return up.GrantRevokeRequested(grant_id, quantity)
        case events.OrderRefused(order_id=order_id, reason=reason):
            return up.OrderRefused(order_id, reason, _lines(event.lines), _refund(event.refund))  # type: ignore[arg-type]
        case events.OrderShort(order_id=order_id):
            lines = tuple(up.ShortLine(line.line_id, line.quantity, line.reason) for line in event.lines)
            return up.OrderShort(order_id, lines, _refund(event.refund))
        case events.OrderAdjusted(order_id=order_id):
            adjusted = tuple(up.AdjustedLine(*msgspec.structs.astuple(line)) for line in event.lines)
            return up.OrderAdjusted(order_id, adjusted, _refund(event.refund))
        case events.OrderReady(order_id=order_id):
            parcels = tuple(up.Parcel(parcel.parcel_id, parcel.zone, parcel.slot) for parcel in event.parcels)
            return up.OrderReady(order_id, parcels, _window(event.window))
        case events.OrderHandedOver(order_id=order_id):
            return up.OrderHandedOver(
                order_id,
                _lines(event.lines),
                from_millis(event.handed_over_at),
                event.method,  # type: ignore[arg-type]
                event.complete,
                event.by,  # type: ignore[arg-type]
            )
        case events.CodeRenewed(order_id=order_id, order_no=order_no, renewal=renewal, turn=turn):
            code, digits = code_turns.codes_of(house, order_no, code_turns.Turn(renewal, turn))
            changing = _rotating(house, order_no, turn) if house.rotating_codes else None
            return up.PickupRenewed(order_id, up.Pickup(code, digits, changing))
        case events.Delegated(order_id=order_id, order_no=order_no, delegation=number):
            code = delegate_code_for(house.store_id, order_no, number, house.code_key)
            digits = extra_digits_for(house.code_key, delegation=number)
            until = from_millis(event.until)
            return up.PickupDelegateCode(order_id, event.delegation_id, code, digits, until, event.lines)
        case events.DelegationRevoked(order_id=order_id, delegation_id=delegation_id):
            return up.PickupDelegationRevoked(order_id, delegation_id)
        case events.OrderHandoverUndone(order_id=order_id):
            return up.OrderHandoverUndone(order_id, _lines(event.lines), event.reason, from_millis(event.at))
        case events.OrderCancelled(order_id=order_id):
            back = _refund(event.refund)
            return up.OrderCancelled(order_id, _lines(event.lines), event.reason, from_millis(event.at), back)
        case events.ReminderDue(order_id=order_id, due_at=due_at, until=until):
            due, last = from_millis(due_at), from_millis(until)
            return up.ReminderDue(order_id, _window(event.window), due, event.also, last)
        case events.WindowsChanged(session_id=session_id, windows=windows):
            offered = (up.PickupWindow(from_millis(start), from_millis(end), size) for start, end, size in windows)
            return up.WindowsChanged(session_id, tuple(offered))
        case events.OrderWindowChanged(order_id=order_id, at=at):
            return up.OrderWindowChanged(order_id, _window(event.window), None if at is None else from_millis(at))
        case events.OrderUncollected(order_id=order_id, until=until):
            kept = None if until is None else from_millis(until)
            return up.OrderUncollected(
                order_id, _lines(event.lines), event.reason, from_millis(event.at), event.step, kept
            )
        case events.TicketOpened(ticket_id=ticket_id, request_id=request_id, order_id=order_id):
            return up.TicketOpened(
                ticket_id,
                request_id,
                order_id,
                "open",
                kind=event.wants or None,  # type: ignore[arg-type]
                reason=event.reason,
                lines=_lines(event.lines),
            )
        case events.TicketUpdated(ticket_id=ticket_id, request_id=request_id, order_id=order_id):
            return up.TicketUpdated(ticket_id, request_id, order_id, event.state, event.outcome)  # type: ignore[arg-type]
        case events.SessionOpened(session_id=session_id, skus=skus):
            return up.SessionOpened(*_session(look, session_id, skus))
        case events.SessionClosed(session_id=session_id, skus=skus):
            return up.SessionClosed(*_session(look, session_id, skus))
    raise TypeError(f"{type(event).__name__} has no message in the contract")


def _rotating(house: House, order_no: int, turn: int) -> up.Rotating:
    return up.Rotating(rotating_secret(house.store_id, order_no, house.code_key, turn).hex(), STEP_MS // 1000)


def state_of(items: list[dict[str, object]], version: int, now: int) -> up.State:
    """The picture of the stock, or of what changed in it."""
    return up.State(version, from_millis(now), tuple(up.StateItem(**item) for item in items))  # type: ignore[arg-type]


def _session(
    look: Look, session_id: str, skus: tuple[str, ...]
) -> tuple[str, str, datetime, datetime, tuple[up.SessionItem, ...]]:
    """A session with these of its items, or with all."""
    row = look.one("SELECT title, starts_at, ends_at FROM live_session WHERE id = ?", (session_id,))
    assert row is not None
    items = look.rows(
        "SELECT s.code, d.name || CASE s.spec WHEN '' THEN '' ELSE ' ' || s.spec END, i.price_fen, i.kind, "
        "i.limit_per_customer, i.arrives_on FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE i.session_id = ?1 "
        "AND (?2 = '[]' OR s.code IN (SELECT value FROM json_each(?2))) ORDER BY s.id",
        (session_id, json_of(skus)),
    )
    offered = tuple(
        up.SessionItem(code, name[:120], price, kind, limit, day and date.fromisoformat(day))
        for code, name, price, kind, limit, day in items
    )
    return session_id, row[0][:120], from_millis(row[1]), from_millis(row[2]), offered


@lru_cache(maxsize=64)
def _window(window: tuple[int, int]) -> Window:
    return Window(from_millis(window[0]), from_millis(window[1]))


def _lines(lines: tuple[events.LineQuantity, ...]) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(line.line_id, line.quantity) for line in lines)


def _refund(refund: events.Refund | None) -> Refund | None:
    return Refund(refund.refund_id, refund.amount_fen) if refund else None
