"""配额: where each right of a session is, what is owed, and what was left lying while somebody wanted it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tihuo.shop.work import Look


class Allotted(msgspec.Struct, frozen=True):
    """One item of a session in units. `kept` of `free` is for walk-ins; `lent` is by channel; `asked` of it was asked
    back and not answered; `owed` of it makes good what is missing; `short` is what customers went without."""

    sku: str
    lent: dict[str, int]
    name: str
    spec: str
    unit: str
    zone: str
    kind: str
    price_fen: int
    cap: int
    cap_set_by: str
    offered: int
    free: int
    kept: int
    granted: int
    asked: int
    ordered: int
    walk_in: int
    handed_over: int
    owed: int
    quarantine: int
    short: int
    void: int


class LossRow(msgspec.Struct, frozen=True):
    """缺货记录: `quantity` units broke or never came: `covered` by what nobody had bought, `owed` until the cloud
    answers, `short` for customers, by which policy; who wrote it down and when (`Millis`)."""

    sku: str
    product: str
    spec: str
    unit: str
    quantity: int
    covered: int
    owed: int
    short: int
    reason: str
    policy: str
    actor: str
    at: int


class DifferingGrant(msgspec.Struct, frozen=True):
    """线上配额 whose holder said that it sold `said` units, when `sold` arrived here."""

    grant_id: str
    channel: str
    sku: str
    name: str
    sold: int
    said: int


class Stranded(msgspec.Struct, frozen=True):
    """滞留: `units` of `offered` that stayed unsold where nobody who wanted them could get at them."""

    units: int
    offered: int

    @property
    def share(self) -> float:
        return self.units / self.offered if self.offered else 0.0


def allotted(look: Look, session_id: str, reserve_percent: int = 0) -> list[Allotted]:
    """Every item of a session. `reserve_percent` is the shop's usual reserve, for items that have none of their own."""
    lent: dict[str, dict[str, int]] = {}
    for sku, channel, units in look.rows(
        "SELECT s.code, g.channel, sum(g.remaining) FROM stock_grant g JOIN sku s ON s.id = g.sku_id "
        "WHERE g.session_id = ? GROUP BY 1, 2 HAVING sum(g.remaining) > 0 ORDER BY 3 DESC",
        (session_id,),
    ):
        lent.setdefault(sku, {})[channel] = units
    rows = look.rows(
        "SELECT s.code, d.name, s.spec, s.unit, s.zone, i.kind, i.price_fen, i.cap, i.cap_set_by, i.offered, i.free, "
        "min(i.free, max(0, coalesce(i.reserve, i.offered * ?2 / 100) - i.walk_in)), i.granted, "
        "(SELECT coalesce(sum(asked), 0) FROM stock_grant WHERE session_id = ?1 AND sku_id = s.id), i.ordered, "
        "i.walk_in, i.handed_over, i.owed, i.quarantine, "
        "(SELECT coalesce(sum(short), 0) FROM shortage WHERE session_id = ?1 AND sku_id = s.id), i.void "
        "FROM session_item i JOIN sku s ON s.id = i.sku_id JOIN product d ON d.id = s.product_id "
        "WHERE i.session_id = ?1 ORDER BY s.zone, d.name, s.spec",
        (session_id, reserve_percent),
    )
    return [Allotted(row[0], lent.get(row[0], {}), *row[1:]) for row in rows]


def losses(look: Look, session_id: str, limit: int = 200) -> list[LossRow]:
    """The newest first."""
    rows = look.rows(
        "SELECT s.code, d.name, s.spec, s.unit, h.quantity, h.covered, h.quantity - h.covered - h.short, h.short, "
        "h.reason, h.policy, h.actor, h.at FROM shortage h JOIN sku s ON s.id = h.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE h.session_id = ? ORDER BY h.id DESC LIMIT ?",
        (session_id, limit),
    )
    return [LossRow(*row) for row in rows]


def differing_grants(look: Look, session_id: str) -> list[DifferingGrant]:
    """Closed grants of which the holder says another figure than what came. A refused order may be counted or not."""
    rows = look.rows(
        "SELECT g.id, g.channel, s.code, d.name, g.sold, g.said_sold FROM stock_grant g JOIN sku s ON s.id = g.sku_id "
        "JOIN product d ON d.id = s.product_id WHERE g.session_id = ? "
        "AND g.said_sold NOT BETWEEN g.sold AND g.sold + g.refused ORDER BY g.id",
        (session_id,),
    )
    return [DifferingGrant(*row) for row in rows]


def stranded(
    look: Look, session_id: str, reserve_percent: int = 0, turned_away: Mapping[str, int] | None = None
) -> Stranded:
    """What a session ended with, unsold, in a place that those who wanted it could not reach.

    For each item, of the rights that nobody bought: a channel whose grants were all sold to the last unit *ran dry*;
    then everything that was left elsewhere (free, reserved, lent to other channels) is stranded, though not more than
    `turned_away` (SKU -> units that online customers asked for in vain), where that is known. Where no channel ran dry,
    what the reserve was short of is what the counter wanted, and as much of what came back unsold is stranded.
    Without `turned_away` this is the most that can have been stranded. Of all that was offered it shall be 5 % at most.
    """
    grants: dict[int, dict[str, int]] = {}
    for sku_id, channel, left in look.rows(
        "SELECT sku_id, channel, sum(remaining + unsold) FROM stock_grant WHERE session_id = ? GROUP BY 1, 2",
        (session_id,),
    ):
        grants.setdefault(sku_id, {})[channel] = left
    units = offered = 0
    for sku_id, sku, there, free, kept in look.rows(
        "SELECT i.sku_id, s.code, i.offered, i.free + i.unsold, max(0, coalesce(i.reserve, i.offered * ?2 / 100) "
        "- i.walk_in) FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ?1 AND i.offered > 0",
        (session_id, reserve_percent),
    ):
        lent = grants.get(sku_id, {})
        out = sum(lent.values())
        if lent and not all(lent.values()):
            most = free + out
            units += most if turned_away is None else min(most, turned_away.get(sku, 0))
        else:
            units += min(out, max(0, kept - free))
        offered += there
    return Stranded(units, offered)
