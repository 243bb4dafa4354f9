"""到货入库 before it happens: what closing a delivery does, and who goes without by each policy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tihuo.shop import arrival
from tihuo.shop.arrival import Choice, LinePlan
from tihuo.shop.shortages import BY_HAND, POLICIES
from tihuo.shop.words import mask_name, phone_tail
from tihuo.shop.work import Look, json_of


class Person(msgspec.Struct, frozen=True):
    """A line of an order that waits for a unit that is missing. `taken`: policy -> units it goes without."""

    key: str
    order_no: int
    order_id: str
    name: str
    tail: str
    wanted: int
    price_fen: int
    rule: str
    taken: dict[str, int]


class PlanRow(msgspec.Struct, frozen=True):
    """One SKU of a delivery: its plan, who is concerned, and what goes back in all by each policy (fen)."""

    plan: LinePlan
    product: str
    spec: str
    unit: str
    zone: str
    choice: Choice
    people: tuple[Person, ...]
    refund_fen: dict[str, int]


class Preview(msgspec.Struct, frozen=True):
    """What closing a delivery does as it is chosen now: `orders` go short of something, `refund_fen` goes back at once,
    and for `ask` of them somebody asks the customer first. `clean`: nothing needs a decision."""

    seen: str
    rows: tuple[PlanRow, ...]
    unknown: tuple[tuple[str, int], ...]
    """Things that the catalog does not know, with how many."""
    orders: int
    refund_fen: int
    ask: int
    fits: bool

    @property
    def clean(self) -> bool:
        return all(row.plan.clean for row in self.rows)


def preview(
    look: Look, delivery_id: int, choices: Mapping[str, Choice] | None = None, policy: str = "first_paid"
) -> Preview:
    """`choices`: SKU -> what the owner decided so far; else the shop's usual `policy`."""
    lines = arrival.plan(look.rows, delivery_id)
    usual = Choice(policy=policy)
    chosen = {line.sku: (choices or {}).get(line.sku, usual) for line in lines}
    shares = [(line, arrival.share(line, chosen[line.sku])) for line in lines]
    back = arrival.refunds(shares)
    short = [want for line, taken in shares for want, units in zip(line.wants, taken, strict=True) if units]
    names = _names(look, [want.order_no for line in lines for want in line.wants])
    goods = {
        row[0]: row[1:]
        for row in look.rows(
            "SELECT s.id, p.name, s.spec, s.unit, s.zone FROM delivery_line v JOIN sku s ON s.id = v.sku_id "
            "JOIN product p ON p.id = s.product_id WHERE v.delivery_id = ?",
            (delivery_id,),
        )
    }
    unknown = look.rows(
        "SELECT text, sum(quantity) FROM delivery_count WHERE delivery_id = ? AND sku_id IS NULL "
        "AND undone_at IS NULL GROUP BY text ORDER BY min(id)",
        (delivery_id,),
    )
    return Preview(
        seen=arrival.fingerprint(lines),
        rows=tuple(_row(line, goods[line.sku_id], chosen[line.sku], names) for line in lines),
        unknown=tuple((text, units) for text, units in unknown),
        orders=len({want.order_no for want in short}),
        refund_fen=sum(back.values()),
        ask=len({want.order_no for want in short if want.rule != "refund"}),
        fits=all(chosen[line.sku].policy != BY_HAND or arrival.fits(line, chosen[line.sku]) for line in lines),
    )


def _row(line: LinePlan, goods: tuple[str, ...], choice: Choice, names: dict[int, tuple[str, str, str]]) -> PlanRow:
    by_policy = {policy: arrival.share(line, Choice(policy=policy)) for policy in POLICIES}
    by_hand = choice.policy == BY_HAND or not choice.taken
    by_policy[BY_HAND] = arrival.share(line, choice) if by_hand else [choice.taken.get(w.key, 0) for w in line.wants]
    people = tuple(
        Person(
            want.key,
            want.order_no,
            *names[want.order_no],
            want.units,
            want.unit_price_fen,
            want.rule,
            {policy: taken[n] for policy, taken in by_policy.items()},
        )
        for n, want in enumerate(line.wants)
    )
    refund = {policy: sum(arrival.refunds([(line, taken)]).values()) for policy, taken in by_policy.items()}
    product, spec, unit, zone = goods
    return PlanRow(line, product, spec, unit, zone, choice, people, refund)


def _names(look: Look, orders: list[int]) -> dict[int, tuple[str, str, str]]:
    """Order -> its number in the cloud, who it is of (masked), and the end of her phone number."""
    rows = look.rows(
        "SELECT o.no, o.order_id, c.name, c.phone FROM shop_order o JOIN customer c ON c.id = o.customer_id "
        "WHERE o.no IN (SELECT value FROM json_each(?))",
        (json_of(orders),),
    )
    return {no: (order_id, mask_name(name), phone_tail(phone)) for no, order_id, name, phone in rows}


class RecordRow(msgspec.Struct, frozen=True):
    """What became of one SKU of a delivery that is closed, in units, as in `tihuo.shop.deliveries.DeliveryLine`."""

    sku: str
    product: str
    spec: str
    unit: str
    zone: str
    expected: int
    good: int
    damaged: int
    wrong: int
    short: int
    over: int
    arrived: int
    from_stock: int
    to_stock: int
    minted: int
    back: int
    missing: int
    later: int
    policy: str


def records(look: Look, delivery_id: int) -> list[RecordRow]:
    """The lines of a delivery as they are written down."""
    rows = look.rows(
        "SELECT s.code, p.name, s.spec, s.unit, s.zone, v.expected, v.good, v.damaged, v.wrong, v.short, v.over, "
        "v.arrived, v.from_stock, v.to_stock, v.minted, v.back, v.missing, v.later, v.policy FROM delivery_line v "
        "JOIN sku s ON s.id = v.sku_id JOIN product p ON p.id = s.product_id WHERE v.delivery_id = ? "
        "ORDER BY s.zone, p.name, s.spec, s.id",
        (delivery_id,),
    )
    return [RecordRow(*row) for row in rows]
