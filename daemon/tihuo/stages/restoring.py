"""恢复: a box that was put back to an older day learns what it may not know, and works again.

The fence itself, sessions and grants, and the list of what must be counted by hand. What became of orders is
`stages.recalling`; `cloud.recovery` asks the cloud and calls both. Nothing here is told to the cloud, which said it.
"""

from __future__ import annotations

import msgspec

from tihuo.shop import paper
from tihuo.shop.events import (
    FencePassed,
    FenceRaised,
    GrantIssued,
    Restored,
    SaidAgain,
    SessionClosed,
    SessionOpened,
)
from tihuo.shop.fence import NUMBERS_APART, look_again, numbers_from, standing
from tihuo.shop.grants import keep_grant, lend
from tihuo.shop.labels import queue_label
from tihuo.shop.orders import NewOrder
from tihuo.shop.reclaim import charge_losses, lend_more, settle_rights
from tihuo.shop.stock import mint, offer
from tihuo.shop.words import Refusal, Zone
from tihuo.shop.work import Work

DAY_MS = 86_400_000
VERSIONS_APART = 1_000_000
ANSWERS = ("order.accepted", "order.refused")


class ItemAgain(msgspec.Struct, frozen=True):
    """One SKU of a session as the cloud was told of it."""

    sku: str
    name: str
    price_fen: int
    kind: str
    limit_per_customer: int | None
    arrives_on: str | None


class GrantAgain(msgspec.Struct, frozen=True):
    """线上配额 as the cloud was told of it. Money in fen, `sell_until` in `Millis`."""

    grant_id: str
    session_id: str
    sku: str
    quantity: int
    price_fen: int
    limit_per_customer: int | None
    sell_until: int
    channel: str = "mini_program"


def raise_fence(work: Work, why: str, epoch: int, known: tuple[int, int] | None = None) -> None:
    """The box may have forgotten something: begin `epoch`, and wait for what others saw of it.

    It asks for what it said after `known`, which is the last that it remembers if nothing else is said: what it has
    said itself, or was told behind an earlier fence, and booked, so that no fact is booked twice. Paper that was
    waiting may have been printed since. A fence that stands already begins to ask anew, from what it has heard.
    """
    said = work.one(
        "SELECT up_epoch, up_seq FROM journal WHERE up_epoch IS NOT NULL ORDER BY up_epoch DESC, up_seq DESC LIMIT 1"
    ) or (0, 0)
    told = work.one(
        "SELECT told_epoch, told_seq FROM fence WHERE lifted_at IS NOT NULL ORDER BY told_epoch DESC, told_seq DESC"
    ) or (0, 0)
    acked = work.one("SELECT epoch, seq FROM cursor WHERE name = 'up'") or (0, 0)
    last = work.one("SELECT at FROM journal ORDER BY entry DESC LIMIT 1") or (0,)
    if standing(work) is None:
        work.sql(
            "INSERT INTO fence(why, raised_at, backup_at, epoch, seq, acked_epoch, acked_seq, said_again, told_epoch, "
            "told_seq, stock_told, down_epoch, down_seq, down_first, state, trouble, passed_by) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?4, ?5, 0, 0, 0, 1, 'asking', '', '')",
            (why, work.now, last[0], *(known or max(said, told)), *acked),
        )
        work.sql("DELETE FROM echo")
        work.sql("DELETE FROM echo_stock")
    else:
        work.sql(
            "UPDATE fence SET state = 'asking', why = ?, raised_at = ?, trouble = '', to_tell = NULL, passed_by = '', "
            "passed_at = NULL, acked_epoch = iif(said_again, ?, acked_epoch), "
            "acked_seq = iif(said_again, ?, acked_seq), said_again = 0 WHERE lifted_at IS NULL",
            (why, work.now, *acked),
        )
    begin_epoch(work, epoch)
    for (job_id,) in work.sql("SELECT id FROM print_job WHERE state IN ('queued', 'sending')").fetchall():
        paper.moved(work, job_id, ("queued", "sending"), "doubtful", "restored")
    work.record(FenceRaised(why=why, backup_at=last[0]))


def begin_epoch(work: Work, epoch: int) -> None:
    """Begin a new epoch of the stream to the cloud, with numbers of its own everywhere."""
    for what, highest in (
        ("orders", "SELECT max(no) FROM shop_order"),
        ("parcels", "SELECT max(id) FROM parcel"),
        ("codes", "SELECT max(no) FROM (SELECT no FROM code_turn UNION ALL SELECT no FROM delegation)"),
    ):
        row = work.one(highest)
        _keep_from(work, what, max(row[0] or 0 if row else 0, numbers_from(work, what)) + NUMBERS_APART)
    _keep_from(work, "versions", numbers_from(work, "versions") + VERSIONS_APART)
    work.sql("UPDATE keep SET value = ? WHERE name = 'epoch'", (str(epoch),))
    work.sql("INSERT INTO cursor VALUES ('up', ?1, 0) ON CONFLICT(name) DO UPDATE SET epoch = ?1, seq = 0", (epoch,))
    work.renumber()


def say_again(work: Work) -> None:
    """Say again what the cloud had not acknowledged, once: it knows by the name of each whether it heard it.

    A box that was overtaken may have used names for other things than the cloud heard under them. An order that the
    cloud has an answer for, given by the box in a life that this backup knows nothing of, keeps that answer.
    """
    fence = work.one(
        "UPDATE fence SET said_again = 1 WHERE lifted_at IS NULL AND NOT said_again RETURNING acked_epoch, acked_seq"
    )
    if fence is None:
        return
    rows = work.sql(
        "SELECT first.entry, first.kind, coalesce(json_extract(first.data, '$.order_id'), ''), echo.type, "
        "echo.order_id FROM journal said JOIN journal first ON first.entry = CASE said.kind WHEN 'said.again' THEN "
        "json_extract(said.data, '$.entry') ELSE said.entry END LEFT JOIN echo ON echo.epoch = first.up_epoch "
        "AND echo.seq = first.up_seq WHERE said.up_epoch IS NOT NULL AND said.up_epoch < ?3 "
        "AND (said.up_epoch, said.up_seq) > (?1, ?2) ORDER BY said.up_epoch, said.up_seq",
        (*fence, work.epoch),
    ).fetchall()
    answered = {row[0] for row in work.sql(f"SELECT order_id FROM echo WHERE type IN {ANSWERS}")}
    for entry, kind, order_id, heard, about in rows:
        if (kind, order_id) != (heard, about) and not (kind in ANSWERS and order_id in answered):
            work.record(SaidAgain(entry=entry, afresh=heard is not None))


def use_beyond(work: Work, what: str, number: int) -> None:
    """Numbers of `orders`, `parcels` or `versions` up to here were used."""
    if number > numbers_from(work, what):
        _keep_from(work, what, number)
        work.renumber()


def _keep_from(work: Work, what: str, number: int) -> None:
    work.sql(
        "INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2", (f"{what}_from", str(number))
    )


def pass_fence(work: Work) -> None:
    """The owner goes on without the cloud: the shop serves at once, and nothing is lent to the cloud until it has told
    what it knows. If it said that it cannot, the restore ends with what there is. Raises `Refusal("not_restoring")`."""
    fence = standing(work)
    if fence is None:
        raise Refusal("not_restoring")
    work.sql("UPDATE fence SET passed_by = ?, passed_at = ? WHERE id = ?", (work.actor, work.now, fence.id))
    work.record(FencePassed(trouble=fence.trouble))
    if fence.trouble == "cloud_forgot":
        work.sql("UPDATE fence SET state = 'opening' WHERE id = ?", (fence.id,))
    elif fence.trouble:
        say_again(work)
        lift_fence(work)


def session_again(
    work: Work, session_id: str, title: str, starts_at: int, ends_at: int, items: list[ItemAgain]
) -> None:
    """A session began, or has more for sale. When it is picked up, orders say; until then, the day after."""
    work.sql(
        "INSERT INTO live_session(id, title, state, starts_at, ends_at, window_from, window_to, version) "
        "VALUES (?1, ?2, 'open', ?3, ?4, ?4, ?5, ?6) "
        "ON CONFLICT(id) DO UPDATE SET state = 'open' WHERE state = 'draft'",
        (session_id, title, starts_at, ends_at, ends_at + DAY_MS, work.version),
    )
    for item in items:
        _item_again(work, session_id, item)
    work.record(SessionOpened(session_id=session_id, recovered=True))


def _item_again(work: Work, session_id: str, item: ItemAgain) -> int:
    sku = work.one("SELECT id FROM sku WHERE code = ?", (item.sku,))
    if sku is None:
        product = work.one(
            "INSERT INTO product(name, supplier) VALUES (?, '') ON CONFLICT(name) DO UPDATE SET name = name "
            "RETURNING id",
            (item.name or item.sku,),
        )
        assert product is not None
        sku = work.one(
            "INSERT INTO sku(code, product_id, spec, unit, zone, price_fen, on_hand) VALUES (?, ?, '', '件', ?, ?, 0) "
            "RETURNING id",
            (item.sku, product[0], Zone.AMBIENT.value, item.price_fen),
        )
        look_again(work, "new_sku", sku=item.sku, note=item.name)
    assert sku is not None
    if offer(work, session_id, sku[0], item.kind, item.price_fen, item.limit_per_customer, item.arrives_on, ""):
        look_again(work, "new_item", session_id, item.sku)
    return int(sku[0])


def grant_again(work: Work, grant: GrantAgain) -> None:
    """The cloud holds this grant. Its rights were free, as far as there are any; the rest the backup never knew of."""
    if work.one("SELECT 1 FROM stock_grant WHERE id = ?", (grant.grant_id,)):
        return
    if not work.one("SELECT 1 FROM live_session WHERE id = ?", (grant.session_id,)):
        session_again(work, grant.session_id, grant.session_id, work.now, grant.sell_until, [])
    sku_id = _item_again(
        work,
        grant.session_id,
        ItemAgain(grant.sku, "", grant.price_fen, "presale", grant.limit_per_customer, None),
    )
    keep_grant(
        work, grant.grant_id, grant.session_id, sku_id, grant.channel, grant.price_fen, grant.sell_until, rights=0
    )
    lend_more(work, grant.grant_id, grant.quantity)
    work.record(
        GrantIssued(
            grant_id=grant.grant_id,
            session_id=grant.session_id,
            sku=grant.sku,
            channel=grant.channel,
            quantity=grant.quantity,
            price_fen=grant.price_fen,
            limit_per_customer=grant.limit_per_customer,
            sell_until=grant.sell_until,
            recovered=True,
        )
    )


def cover_order(work: Work, new: NewOrder) -> None:
    """The cloud sold an order that was accepted: its grants held enough, whatever is known of them."""
    wanted: dict[str, int] = {}
    for line in new.lines:
        wanted[line.grant_id] = wanted.get(line.grant_id, 0) + line.quantity
        grant_again(
            work,
            GrantAgain(line.grant_id, new.session_id, line.sku, 0, line.unit_price_fen, None, work.now, new.channel),
        )
    for grant_id, quantity in wanted.items():
        held = work.one("SELECT remaining FROM stock_grant WHERE id = ?", (grant_id,))
        if held and held[0] < quantity:
            lend_more(work, grant_id, quantity - held[0])


def close_again(work: Work, session_id: str) -> None:
    """A session is over. What is free of it ends when the fence is lifted."""
    closed = "UPDATE live_session SET state = 'closed' WHERE id = ? AND state <> 'closed'"
    if work.sql(closed, (session_id,)).rowcount:
        work.record(SessionClosed(session_id=session_id, recovered=True))


def receive_again(work: Work, sku: str, quantity: int, session_id: str) -> None:
    """The replaced book says that goods came in after the backup: into the shop, or into a session at once."""
    row = work.one("SELECT id FROM sku WHERE code = ?", (sku,))
    if row is None:
        look_again(work, "received", session_id, sku, quantity)
        return
    if session_id and work.one("SELECT 1 FROM session_item WHERE session_id = ? AND sku_id = ?", (session_id, row[0])):
        mint(work, session_id, row[0], quantity)
    else:
        work.sql("UPDATE sku SET on_hand = on_hand + ? WHERE id = ?", (quantity, row[0]))
    look_again(work, "received", session_id, sku, quantity)
    work.sql(
        "UPDATE recount SET applied = quantity WHERE what = 'received' AND session_id = ? AND sku = ? "
        "AND settled_at IS NULL",
        (session_id, sku),
    )


def lift_fence(work: Work) -> None:
    """All that can be known is known: rights are settled, what cannot be known is on the list, and the shop works."""
    fence = standing(work)
    if fence is None:
        return
    charge_losses(work)
    settle_rights(work)
    for wave_id, state, sorting in work.sql(
        "SELECT w.id, w.state, EXISTS (SELECT 1 FROM parcel WHERE wave_id = w.id AND state = 'sorting') FROM wave w"
    ).fetchall():
        if state != ("open" if sorting else "done"):
            work.sql(
                "UPDATE wave SET state = ?1, done_at = CASE ?1 WHEN 'done' THEN ?2 END WHERE id = ?3",
                ("open" if sorting else "done", work.now, wave_id),
            )
    for (parcel_id,) in work.sql(
        "SELECT id FROM parcel p WHERE state = 'ready' AND NOT EXISTS (SELECT 1 FROM print_job "
        "WHERE subject = 'parcel:' || p.id AND state <> 'cancelled')"
    ).fetchall():
        queue_label(work, parcel_id)
        for (job_id,) in work.sql(
            "SELECT id FROM print_job WHERE subject = ? AND state = 'queued'", (f"parcel:{parcel_id}",)
        ).fetchall():
            paper.moved(work, job_id, ("queued",), "doubtful", "restored")
    for order_id in work.sql(
        "SELECT DISTINCT order_id FROM echo WHERE type = 'order.accepted' AND order_id NOT IN "
        "(SELECT order_id FROM shop_order)"
    ).fetchall():
        look_again(work, "half_known", note=order_id[0])
    counts = work.one(
        "SELECT (SELECT count(*) FROM echo WHERE used_at IS NOT NULL), "
        "(SELECT count(*) FROM recount WHERE settled_at IS NULL)"
    )
    assert counts is not None
    work.sql("UPDATE fence SET state = 'done', lifted_at = ? WHERE id = ?", (work.now, fence.id))
    work.sql("UPDATE item_rights SET version = ?", (work.version,))
    work.record(Restored(facts=counts[0], recount=counts[1]))
    for session_id, sku_id in work.sql(
        "SELECT i.session_id, i.sku_id FROM session_item i JOIN live_session l ON l.id = i.session_id "
        "WHERE l.state = 'open' ORDER BY i.session_id, i.sku_id"
    ).fetchall():
        lend(work, session_id, sku_id)


def settle_recount(work: Work, recount_id: int) -> None:
    """A person looked at a line of the list and put it right. Raises `Refusal("unknown_recount")`."""
    if not work.sql(
        "UPDATE recount SET settled_at = ?, settled_by = ? WHERE id = ? AND settled_at IS NULL",
        (work.now, work.actor, recount_id),
    ).rowcount:
        raise Refusal("unknown_recount")
