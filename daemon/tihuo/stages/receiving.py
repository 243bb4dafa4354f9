"""到货入库: counting what suppliers bring, and what becomes of it when a delivery is closed."""

from __future__ import annotations

import re

import msgspec

from tihuo.shop import arrival
from tihuo.shop.arrival import LATER, Choice, LinePlan
from tihuo.shop.deliveries import HOWS, is_welcome
from tihuo.shop.events import (
    ArrivedLine,
    CountUndone,
    DeliveryClosed,
    DeliveryCounted,
    DeliveryDropped,
    DeliveryOpened,
    GoodsReceived,
    QuarantineDecided,
    UnitsCounted,
)
from tihuo.shop.fence import keep_out
from tihuo.shop.grants import lend
from tihuo.shop.purchases import BuyRow, to_buy, told
from tihuo.shop.shortages import BY_HAND, POLICIES, charge, void_quarantined
from tihuo.shop.shortages import lose as make_good
from tihuo.shop.stock import mint
from tihuo.shop.strangers import keepable
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, rows_of

MOST = 100_000
"""Units that one count may say, or the owner wish for."""
REASON = "short_delivery"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Closed(msgspec.Struct, frozen=True):
    """What closing a delivery came to: units of the session's, of the shop's, of nobody's, and orders that go short."""

    arrived: int
    to_stock: int
    minted: int
    missing: int
    later: int
    orders: int


def open_delivery(work: Work, session_id: str, supplier: str) -> int:
    """The van is here: begin to count what a supplier brought; gives the delivery, or the one that is open already.

    What he was told is expected of him; if he was told nothing, what must be bought.
    Raises `Refusal`: `unknown_session`, `unknown_supplier` (nothing of the session is his).
    """
    keep_out(work)
    there = work.one(
        "SELECT id FROM delivery WHERE session_id = ? AND supplier = ? AND state = 'open' ORDER BY id",
        (session_id, supplier),
    )
    if there is not None:
        return int(there[0])
    session = work.one("SELECT state FROM live_session WHERE id = ?", (session_id,))
    if session is None or session[0] == "draft":
        raise Refusal("unknown_session", session=session_id)
    rows = _to_buy(work, session_id, supplier)
    if not rows:
        raise Refusal("unknown_supplier")
    list_id, asked = told(rows_of(work), session_id).get(supplier, (None, {row.sku_id: row.buy for row in rows}))
    delivery_id = _new_delivery(work, session_id, supplier, {sku_id: units for sku_id, units in asked.items() if units})
    if list_id is not None:
        work.sql(
            "UPDATE purchase_list SET delivery_id = ? WHERE session_id = ? AND supplier = ? AND delivery_id IS NULL",
            (delivery_id, session_id, supplier),
        )
    return delivery_id


def drop_delivery(work: Work, delivery_id: int) -> None:
    """It was opened by mistake. Raises `Refusal`: `unknown_delivery`, `delivery_closed`, `delivery_begun`."""
    keep_out(work)
    _open_one(work, delivery_id)
    if work.one("SELECT 1 FROM delivery_count WHERE delivery_id = ?", (delivery_id,)):
        raise Refusal("delivery_begun")
    work.sql("UPDATE purchase_list SET delivery_id = NULL WHERE delivery_id = ?", (delivery_id,))
    work.sql("DELETE FROM delivery_line WHERE delivery_id = ?", (delivery_id,))
    work.sql("UPDATE delivery SET state = 'dropped' WHERE id = ?", (delivery_id,))
    work.record(DeliveryDropped(delivery_id=delivery_id))


def count(
    work: Work,
    delivery_id: int,
    sku: str,
    quantity: int,
    how: str = "good",
    batch: str = "",
    use_by: str = "",
    text: str = "",
) -> int:
    """Units of a delivery are counted in; gives the count, which can be undone. Several people may count at once.

    Without `sku` it is a thing that the catalog does not know, called `text`; such a thing, and what nobody asked for,
    can only be `wrong`. Raises `Refusal`: `unknown_delivery`, `delivery_closed`, `bad_quantity`, `bad_reason`,
    `bad_date`, `unknown_sku`, `not_expected`.
    """
    keep_out(work)
    _open_one(work, delivery_id)
    if not 0 < quantity <= MOST:
        raise Refusal("bad_quantity")
    if how not in HOWS or not (sku or how == "wrong"):
        raise Refusal("bad_reason")
    if use_by and not _DATE.fullmatch(use_by):
        raise Refusal("bad_date")
    sku_id = _line_for(work, delivery_id, sku, how) if sku else None
    count_id = work.sql(
        "INSERT INTO delivery_count(delivery_id, sku_id, text, how, quantity, batch, use_by, actor, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            delivery_id,
            sku_id,
            keepable(text.strip())[:60],
            how,
            quantity,
            batch.strip()[:40],
            use_by,
            work.actor,
            work.now,
        ),
    ).lastrowid
    assert count_id is not None
    work.sql("UPDATE delivery SET counted_by = '' WHERE id = ?", (delivery_id,))
    work.record(UnitsCounted(delivery_id=delivery_id, count_id=count_id, sku=sku, quantity=quantity, how=how))
    return count_id


def undo_count(work: Work, count_id: int) -> None:
    """Take a count back, as long as its delivery is open. Raises `Refusal`: `unknown_tally`, `delivery_closed`."""
    keep_out(work)
    row = work.one("SELECT delivery_id, undone_at FROM delivery_count WHERE id = ?", (count_id,))
    if row is None:
        raise Refusal("unknown_tally")
    _open_one(work, row[0])
    if row[1] is None:
        work.sql("UPDATE delivery_count SET undone_at = ? WHERE id = ?", (work.now, count_id))
        work.sql("UPDATE delivery SET counted_by = '' WHERE id = ?", (row[0],))
        work.record(CountUndone(delivery_id=row[0], count_id=count_id))


def finish_counting(work: Work, delivery_id: int) -> None:
    """All of a delivery is counted: the owner looks at it and closes it. Raises as `count` does."""
    keep_out(work)
    _open_one(work, delivery_id)
    work.sql("UPDATE delivery SET counted_by = ? WHERE id = ?", (work.actor, delivery_id))
    work.record(DeliveryCounted(delivery_id=delivery_id))


def close_delivery(work: Work, delivery_id: int, seen: str, choices: dict[str, Choice]) -> Closed:
    """到货入库: carry out what the owner has seen (`seen`, the fingerprint of its plan) and decided (SKU -> choice).

    Goods are stock or stand behind what was sold, rights without goods end, customers are refunded and told: all of it,
    or nothing. Raises `Refusal`: `unknown_delivery`, `delivery_closed`, `preview_stale` if anything changed since,
    `bad_reason`, `by_hand_does_not_fit`.
    """
    keep_out(work)
    session_id, supplier = _open_one(work, delivery_id)
    lines = arrival.plan(rows_of(work), delivery_id)
    if arrival.fingerprint(lines) != seen:
        raise Refusal("preview_stale")
    usual = Choice(policy=work.house.shortage_policy)
    told_lines, follows = [], {}
    orders: set[int] = set()
    for line in lines:
        choice = choices.get(line.sku, usual)
        _check(line, choice)
        if choice.policy == LATER:
            follows[line.sku_id] = line.missing
        orders |= {w.order_no for w, units in zip(line.wants, arrival.share(line, choice), strict=True) if units}
        told_lines.append(_carry_out(work, delivery_id, session_id, line, choice))
    work.sql(
        "UPDATE delivery SET state = 'closed', closed_at = ?, closed_by = ? WHERE id = ?",
        (work.now, work.actor, delivery_id),
    )
    work.record(
        DeliveryClosed(delivery_id=delivery_id, session_id=session_id, supplier=supplier, lines=tuple(told_lines))
    )
    if not any(row.buy for row in _to_buy(work, session_id, supplier)):  # what he was told since came with it
        work.sql(
            "UPDATE purchase_list SET delivery_id = ? WHERE session_id = ? AND supplier = ? AND delivery_id IS NULL",
            (delivery_id, session_id, supplier),
        )
    if any(follows.values()):
        _new_delivery(work, session_id, supplier, {sku_id: units for sku_id, units in follows.items() if units})
    return Closed(
        arrived=sum(line.arrived for line in told_lines),
        to_stock=sum(line.to_stock for line in told_lines),
        minted=sum(line.minted for line in told_lines),
        missing=sum(line.missing for line in told_lines),
        later=sum(line.later for line in told_lines),
        orders=len(orders),
    )


def _check(line: LinePlan, choice: Choice) -> None:
    if choice.policy not in (*POLICIES, BY_HAND, LATER) or choice.over not in ("back", "keep", "sell"):
        raise Refusal("bad_reason")
    if choice.wrong not in ("back", "keep") or (choice.over == "sell" and line.over and not line.on_sale):
        raise Refusal("bad_reason")
    if choice.policy == BY_HAND and not arrival.fits(line, choice):
        raise Refusal("by_hand_does_not_fit", sku=line.sku, units=line.short_of)


def _carry_out(work: Work, delivery_id: int, session_id: str, line: LinePlan, choice: Choice) -> ArrivedLine:
    later = line.missing if choice.policy == LATER else 0
    sell = line.over if choice.over == "sell" else 0
    backed = min(sell, line.need - line.use) if line.presale else 0  # rights that the cap made stand there already
    minted = sell - backed
    to_stock = line.planned + (line.over if choice.over == "keep" else 0)
    to_stock += line.wrong if choice.wrong == "keep" else 0
    arrived = line.use + line.from_stock + line.unexplained + backed + (minted if line.presale else 0)
    work.sql(
        "UPDATE delivery_line SET expected = ?, good = ?, damaged = ?, wrong = ?, short = ?, over = ?, arrived = ?, "
        "from_stock = ?, to_stock = ?, minted = ?, back = ?, missing = ?, later = ?, policy = ? "
        "WHERE delivery_id = ? AND sku_id = ?",
        (
            line.expected,
            line.good,
            line.damaged,
            line.wrong,
            line.short,
            line.over,
            arrived,
            line.from_stock,
            to_stock,
            minted,
            line.good + line.wrong - line.use - backed - minted - to_stock,
            line.missing - later,
            later,
            choice.policy if line.missing else "",
            delivery_id,
            line.sku_id,
        ),
    )
    work.sql("UPDATE sku SET on_hand = on_hand + ? WHERE id = ?", (to_stock - line.from_stock, line.sku_id))
    if to_stock:
        work.record(GoodsReceived(sku=line.sku, quantity=to_stock))
    if line.missing and not later:
        _write_off(work, session_id, line, choice)
    if minted:
        mint(work, session_id, line.sku_id, minted)
        work.sql(
            "UPDATE item_terms SET cap_set_by = ? WHERE session_id = ? AND sku_id = ?",
            (work.actor, session_id, line.sku_id),
        )
        lend(work, session_id, line.sku_id)
        work.record(GoodsReceived(sku=line.sku, quantity=minted, session_id=session_id))
    return ArrivedLine(
        sku=line.sku,
        expected=line.expected,
        good=line.good,
        damaged=line.damaged,
        wrong=line.wrong,
        arrived=arrived,
        from_stock=line.from_stock,
        to_stock=to_stock,
        minted=minted,
        missing=line.missing - later,
        later=later,
    )


def _write_off(work: Work, session_id: str, line: LinePlan, choice: Choice) -> None:
    if line.quarantined:
        void_quarantined(work, session_id, line.sku_id, line.quarantined, REASON)
        work.record(QuarantineDecided(session_id=session_id, sku=line.sku, quantity=line.quarantined, outcome="void"))
    rest = line.missing - line.quarantined
    if rest:
        loss = make_good(work, session_id, line.sku_id, rest, REASON, choice.policy, line.short_of)
        assert loss.short == line.short_of
        if loss.short:
            charge(work, loss.shortage_id, loss.short, choice.taken if choice.policy == BY_HAND else None)


def _to_buy(work: Work, session_id: str, supplier: str) -> list[BuyRow]:
    rows = to_buy(rows_of(work), session_id, work.house.walk_in_reserve_percent)
    return [row for row in rows if row.supplier == supplier]


def _new_delivery(work: Work, session_id: str, supplier: str, expected: dict[int, int]) -> int:
    delivery_id = work.sql(
        "INSERT INTO delivery(session_id, supplier, state, opened_at, opened_by, counted_by, closed_by) "
        "VALUES (?, ?, 'open', ?, ?, '', '')",
        (session_id, supplier, work.now, work.actor),
    ).lastrowid
    assert delivery_id is not None
    for sku_id, units in expected.items():
        _new_line(work, delivery_id, sku_id, units)
    work.record(DeliveryOpened(delivery_id=delivery_id, session_id=session_id, supplier=supplier))
    return delivery_id


def _new_line(work: Work, delivery_id: int, sku_id: int, expected: int) -> None:
    work.sql(
        "INSERT INTO delivery_line(delivery_id, sku_id, expected, short, good, damaged, wrong, over, arrived, "
        "from_stock, to_stock, minted, back, missing, later, policy) "
        "VALUES (?1, ?2, ?3, ?3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '') ON CONFLICT DO NOTHING",
        (delivery_id, sku_id, expected),
    )


def _open_one(work: Work, delivery_id: int) -> tuple[str, str]:
    row = work.one("SELECT session_id, supplier, state FROM delivery WHERE id = ?", (delivery_id,))
    if row is None:
        raise Refusal("unknown_delivery")
    if row[2] != "open":
        raise Refusal("delivery_closed")
    return row[0], row[1]


def _line_for(work: Work, delivery_id: int, sku: str, how: str) -> int:
    """The line that a count belongs to."""
    row = work.one("SELECT id FROM sku WHERE code = ?", (sku,))
    if row is None:
        raise Refusal("unknown_sku", sku=sku)
    if how != "wrong" and not is_welcome(rows_of(work), delivery_id, sku):
        raise Refusal("not_expected", sku=sku)
    _new_line(work, delivery_id, row[0], 0)
    return int(row[0])
