"""What can still be read of a damaged order, so that its customer gets an answer and the money back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Raw

from tihuo.cloud import down
from tihuo.cloud.fields import LineQuantity
from tihuo.cloud.messages import Envelope
from tihuo.stages.refusing import UnreadOrder

_loose = msgspec.json.Decoder(dict[str, Raw])
_pieces = msgspec.json.Decoder(list[Raw])
_line = msgspec.json.Decoder(LineQuantity)
_FAULTS = (ValueError, RecursionError)
MOST_LINES = 200


def unread_order(envelope: Envelope) -> UnreadOrder | None:
    """The order in a damaged `order.placed`; None where not even its number can be read."""
    parts = _parts(envelope.data)
    whole = _readable(parts, down.OrderPlaced)
    if "order_id" not in whole:
        return None
    customer = _readable(_parts(parts.get("customer")), down.Customer)
    payment = _readable(_parts(parts.get("payment")), down.Payment)
    return UnreadOrder(
        order_id=whole["order_id"],
        session_id=whole.get("session_id", ""),
        channel=whole.get("channel", ""),
        customer_id=customer.get("id", ""),
        customer_name=customer.get("name", ""),
        customer_phone=customer.get("phone", ""),
        paid_fen=whole.get("paid_fen"),
        provider=payment.get("provider", ""),
        transaction_id=payment.get("transaction_id", ""),
        lines=_lines(parts.get("lines")),
    )


def _parts(data: Raw | None) -> Mapping[str, Raw]:
    try:
        return {} if data is None else _loose.decode(data)
    except _FAULTS:
        return {}


def _readable(parts: Mapping[str, Raw], shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The fields of a struct that are there and within their bounds."""
    found = {}
    for name, decoder in _decoders(shape).items():
        if name in parts:
            try:
                found[name] = decoder.decode(parts[name])
            except _FAULTS:
                continue
    return found


@cache
def _decoders(shape: type[msgspec.Struct]) -> dict[str, msgspec.json.Decoder[Any]]:
    return {field.encode_name: msgspec.json.Decoder(field.type) for field in msgspec.structs.fields(shape)}


def _lines(data: Raw | None) -> tuple[tuple[str, int], ...]:
    """The lines of which number and quantity can be read, each number once."""
    try:
        pieces = [] if data is None else _pieces.decode(data)
    except _FAULTS:
        return ()
    found = {}
    for piece in pieces[:MOST_LINES]:
        try:
            line = _line.decode(piece)
        except _FAULTS:
            continue
        found[line.line_id] = line.quantity
    return tuple(found.items())
