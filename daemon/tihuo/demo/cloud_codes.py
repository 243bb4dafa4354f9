"""自提码 as the mini program shows them: the order's own, one that changes every half minute, those for neighbours.

Every function runs inside a change of the book. The changing code is made here from what the contract says alone.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

import msgspec

from tihuo.cloud import down, fields, up
from tihuo.demo.cloud_book import CloudBook

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


@dataclass(frozen=True)
class NeighbourCode:
    """代取码: what a customer sends on to whoever collects for her."""

    delegation_id: str
    order_id: str
    code: str
    short_code: str
    until: int
    revoked: bool


def apply(book: CloudBook, order_id: str, data: msgspec.Struct) -> None:
    """What the store says about the codes of an order; anything else is not for us."""
    match data:
        case up.OrderAccepted(pickup=pickup):
            _keep_secret(book, order_id, pickup)
        case up.PickupRenewed(pickup=pickup):
            row = (pickup.code, pickup.short_code, order_id)
            book.sql.execute("UPDATE bought SET code = ?, short_code = ? WHERE order_id = ?", row)
            _keep_secret(book, order_id, pickup)
        case up.PickupDelegateCode():
            told = (data.delegation_id, order_id, data.code, data.short_code, fields.to_millis(data.until))
            book.sql.execute("INSERT OR REPLACE INTO neighbour VALUES (?, ?, ?, ?, ?, 0)", told)
        case up.PickupDelegationRevoked(delegation_id=name):
            book.sql.execute("UPDATE neighbour SET revoked = 1 WHERE delegation_id = ?", (name,))


def wanted(
    book: CloudBook, order_id: str, until: int, lines: tuple[str, ...] | None, name: str
) -> down.PickupDelegated:
    """The customer asks for a code for somebody else."""
    number = book.recall("neighbours") + 1
    book.remember(neighbours=number)
    delegation_id = f"N{book.recall('epoch'):X}-{number}"
    return down.PickupDelegated(order_id, delegation_id, fields.from_millis(until), lines, name)


def neighbours(book: CloudBook, order_id: str) -> list[NeighbourCode]:
    rows = book.sql.execute("SELECT * FROM neighbour WHERE order_id = ? ORDER BY delegation_id", (order_id,))
    return [NeighbourCode(**{**dict(row), "revoked": bool(row["revoked"])}) for row in rows]


def shown(book: CloudBook, order_id: str, at: int) -> str:
    """The code on the customer's phone at a time (`Millis`)."""
    (code,) = book.sql.execute("SELECT code FROM bought WHERE order_id = ?", (order_id,)).fetchone()
    changing = book.sql.execute("SELECT secret, step FROM changing WHERE order_id = ?", (order_id,)).fetchone()
    return str(code) if changing is None else changing_code(code, changing["secret"], at // 1000 // changing["step"])


def changing_code(code: str, secret: str, step: int) -> str:
    """See `cloud.up.Rotating`."""
    number = ""
    while step:
        step, digit = divmod(step, 32)
        number = _DIGITS[digit] + number
    text = f"{code.rpartition(':')[0]}*{number}"
    seal = hmac.digest(bytes.fromhex(secret), text.encode(), "sha256")[:10]
    return f"{text}:{base64.b32encode(seal).decode()}"


def _keep_secret(book: CloudBook, order_id: str, pickup: up.Pickup) -> None:
    if pickup.rotating is not None:
        row = (order_id, pickup.rotating.secret, pickup.rotating.step_seconds)
        book.sql.execute("INSERT OR REPLACE INTO changing VALUES (?, ?, ?)", row)
