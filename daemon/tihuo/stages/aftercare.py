"""售后: goods that are lost, orders that a person cancels, and what becomes of goods that came back."""

from __future__ import annotations

from tihuo.shop.cancelling import TakenOut, cancel_rest
from tihuo.shop.events import QuarantineDecided, UnitsLost
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import come_home, lend
from tihuo.shop.shortages import POLICIES, charge, void_quarantined, wanted_units
from tihuo.shop.shortages import lose as make_good
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

REASONS = ("damage", "short_delivery", "lost")


def lose(work: Work, session_id: str, sku: str, quantity: int, reason: str, policy: str = "") -> tuple[int, int, int]:
    """Units that nobody holds in her hands broke, never came or cannot be found: made good, owed, short, in units.

    Without a session they are the shop's own stock. Units that lie in a parcel are taken back out of it first. `policy`
    says whose orders go without, if it comes to that; none said, the shop's usual one.
    Raises `Refusal`: `bad_quantity`, `bad_reason`, `unknown_sku`, `more_than_there`.
    """
    keep_out(work)
    if quantity <= 0:
        raise Refusal("bad_quantity")
    policy = policy or work.house.shortage_policy
    if reason not in REASONS or policy not in POLICIES:
        raise Refusal("bad_reason")
    if not session_id:
        return _lose_from_stock(work, sku, quantity, reason)
    row = work.one(
        "SELECT i.sku_id, i.free + i.granted - i.owed + CASE i.kind WHEN 'on_hand' THEN s.on_hand ELSE 0 END "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ? AND s.code = ?",
        (session_id, sku),
    )
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    there = row[1] + wanted_units(work, session_id, row[0])
    if quantity > there:
        raise Refusal("more_than_there", there=there)
    loss = make_good(work, session_id, row[0], quantity, reason, policy)
    if loss.short:
        charge(work, loss.shortage_id, loss.short)
    return loss.covered, loss.owed, loss.short


def _lose_from_stock(work: Work, sku: str, quantity: int, reason: str) -> tuple[int, int, int]:
    row = work.one("SELECT on_hand FROM sku WHERE code = ?", (sku,))
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    if quantity > row[0]:
        raise Refusal("more_than_there", there=row[0])
    work.sql("UPDATE sku SET on_hand = on_hand - ? WHERE code = ?", (quantity, sku))
    work.record(UnitsLost(session_id="", sku=sku, quantity=quantity, covered=quantity, owed=0, short=0, reason=reason))
    return quantity, 0, 0


def cancel(work: Work, order_no: int, reason: str) -> list[TakenOut]:
    """A person cancels an order, however far it is: all that has not been handed over, its rights into quarantine.

    Gives what must come back out of which slot. Labels that are not printed are called off, the cloud is told, the
    money is the cloud's to give back. An order of which something was handed over stays, with what was.
    Raises `Refusal`: `no_reason`, `unknown_order`, `already_cancelled`, `refused_order`, `already_collected`.
    """
    keep_out(work)
    reason = reason.strip()[:200]
    if not reason:
        raise Refusal("no_reason")
    order = work.one("SELECT order_id, state FROM shop_order WHERE no = ?", (order_no,))
    if order is None:
        raise Refusal("unknown_order", order=order_no)
    order_id, state = order
    if state != "accepted":
        raise Refusal("already_cancelled" if state == "cancelled" else "refused_order", order=order_id)
    return cancel_rest(work, order_no, reason)


def resell(work: Work, session_id: str, sku: str, quantity: int) -> None:
    """Goods of cancelled orders are good: for sale again, or the shop's stock if the session is over.

    A pre-sale's rights end with its session: goods that did come are received. Raises `Refusal`: `bad_quantity`,
    `more_than_there`.
    """
    keep_out(work)
    sku_id = _quarantined(work, session_id, sku, quantity)
    come_home(work, session_id, sku_id, "quarantine", quantity)
    work.record(QuarantineDecided(session_id=session_id, sku=sku, quantity=quantity, outcome="resell"))
    lend(work, session_id, sku_id)


def discard(work: Work, session_id: str, sku: str, quantity: int) -> None:
    """Goods of cancelled orders are not fit to be sold: their rights end. Raises as `resell` does."""
    keep_out(work)
    sku_id = _quarantined(work, session_id, sku, quantity)
    void_quarantined(work, session_id, sku_id, quantity, "discarded")
    work.record(QuarantineDecided(session_id=session_id, sku=sku, quantity=quantity, outcome="void"))


def _quarantined(work: Work, session_id: str, sku: str, quantity: int) -> int:
    if quantity <= 0:
        raise Refusal("bad_quantity")
    row = work.one(
        "SELECT i.sku_id, i.quarantine FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "WHERE i.session_id = ? AND s.code = ?",
        (session_id, sku),
    )
    if row is None or quantity > row[1]:
        raise Refusal("more_than_there", there=row[1] if row else 0)
    return int(row[0])
