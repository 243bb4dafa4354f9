"""What must be true of the twin world: after every step, and when everything has been said."""

from __future__ import annotations

from tests.soak.world import World
from tihuo.boards.balance import imbalances
from tihuo.ledger.journal import cursor, outgoing_head
from tihuo.shop.fence import standing

MAY_BE_PARKED = {"too_late", "already_cancelled", "refused_order", "cancelled", "more_than_bought", "duplicate"}
"""A customer may ask too late or for too much, and the cloud was told to use a number twice; the owner sees it. Nothing
else is ever parked."""
NEVER = "'sold_out', 'unknown_grant', 'grant_closed'"
"""Refusals that no order may meet whose grant the cloud held: each would be an oversold unit."""


class Wrong(AssertionError):
    """The world does not add up. `kind` is `oversold`, `lost`, `twice` or `books`."""

    def __init__(self, kind: str, what: object) -> None:
        super().__init__(f"{kind}: {what}")
        self.kind = kind


def check(world: World) -> None:
    """After each step. Raises `Wrong`."""
    with world.box.readers.look() as look:
        found = imbalances(look)
        if standing(look):  # orders come back before the shortages that they bore
            found.pop("owed", None)
        if found:
            raise Wrong("books", found)
        refused = look.rows(f"SELECT order_id, reason FROM shop_order WHERE reason IN ({NEVER}) AND state = 'refused'")
        orders = dict(look.rows("SELECT order_id, state FROM shop_order"))
        grants = {row[0]: row[1:] for row in look.rows("SELECT id, issued, remaining, sold FROM stock_grant")}
        lines = look.one("SELECT coalesce(sum(handed_over), 0) FROM order_line")
        gone = look.one("SELECT coalesce(sum(handed_over), 0) FROM session_item")
        up, fence = cursor(look, "up"), standing(look)
    if refused:
        raise Wrong("oversold", refused)
    assert lines is not None and gone is not None
    over_the_counter = (lines[0], gone[0] - lines[0])
    if world.forgetful and fence is None:  # it has learnt what there was to learn; from here on it must not forget
        world.forgetful = False
        world.given, world.walked_out = over_the_counter
    if not world.pending and not world.forgetful and over_the_counter != (world.given, world.walked_out):
        raise Wrong("twice", f"over the counter {world.given} + {world.walked_out}, on record {over_the_counter}")
    figures = world.cloud.figures()
    if figures.oddities:
        raise Wrong("books", figures.oddities)
    if fence is not None:  # it does not know yet what it forgot, and does nothing meanwhile
        return
    for order_id, state in world.cloud_rows("SELECT order_id, state FROM bought WHERE state <> 'paid'"):
        if orders.get(order_id) is None and state != "rejected":
            raise Wrong("lost", f"{order_id} is {state} at the cloud, and the box does not know it")
    for held in world.cloud.grants():
        known = grants.get(held.grant_id)
        if known is None or known[0] != held.quantity:
            raise Wrong("oversold", f"the cloud has {held.quantity} in {held.grant_id}, the box says {known}")
        if known[1] < held.remaining or known[2] > held.sold:
            raise Wrong("oversold", f"{held.grant_id} at the cloud: {held}; at the box: {known}")
    if world.forgotten:
        raise Wrong("lost", f"the cloud may forget what the box has not: {world.forgotten}")
    stream = world.cloud._stream
    if stream._heard()[0] == up[0] and up[1] > stream._heard()[1]:
        raise Wrong("lost", f"the box may forget up to {up[1]}, the cloud has {stream._heard()[1]}")
    if world.box.line.too_soon:
        raise Wrong("lost", "the broker was told before the commit")


def settle(world: World, patience: int = 300) -> None:
    """Let everything be said: the lines are whole, nobody dies, whoever waits for an answer asks again."""
    world.box_jump = world.cloud_jump = 0
    world.heal()
    quiet = 0
    for _ in range(patience):
        before = (world.box.writer.commits, world.cloud._stream.head, world.cloud._stream.acked)
        world.flow(seconds=2.0)
        world.tap_again()
        said = (world.box.writer.commits, world.cloud._stream.head, world.cloud._stream.acked)
        quiet = quiet + 1 if said == before and not world.air.up and not world.air.down else 0
        if quiet > 3 and not _unsaid(world):
            return
    raise Wrong("lost", f"not all was said in the end: {_unsaid(world)}, {len(world.air.up)}, {len(world.air.down)}")


def _unsaid(world: World) -> str:
    with world.box.readers.look() as look:
        behind = outgoing_head(look, world.box.relay._epoch) - cursor(look, "up")[1]
        fence = standing(look)
    waiting = world.cloud.unacknowledged()
    return f"box {behind} behind, cloud {waiting} behind, {fence}" if behind or waiting or fence else ""


def check_end(world: World) -> None:
    """When all has been said, both sides tell the same story. Raises `Wrong`."""
    check(world)
    parked = world.rows("SELECT reason, detail FROM parked WHERE settled_at IS NULL")
    unexpected = [row for row in parked if row[0] not in MAY_BE_PARKED]
    if unexpected:
        raise Wrong("lost", f"parked: {unexpected}")
    _same_orders(world)
    _same_grants(world)
    tickets = {
        request: (state, outcome)
        for request, state, outcome in world.rows("SELECT request_id, state, outcome FROM service_ticket")
    }
    if tickets != world.cloud.tickets():
        raise Wrong("lost", f"tickets at the box {tickets}, at the cloud {world.cloud.tickets()}")


def _same_orders(world: World) -> None:
    """What stands in for goods is the same line to the cloud, which hears of a gap when it has been decided about."""
    ours = {
        (order_id, line_id): tuple(rest)
        for order_id, line_id, *rest in world.rows(
            "SELECT o.order_id, l.line_id, sum(iif(l.instead_of IS NULL, l.quantity, 0)), "
            "sum(l.short - iif(l.instead_of IS NULL, 0, l.quantity) - (SELECT coalesce(sum(quantity), 0) "
            "FROM short_pick k WHERE k.order_no = o.no AND k.line_no = l.line_no AND k.state = 'open')), "
            "sum(l.cancelled), sum(l.handed_over) FROM shop_order o "
            "JOIN order_line l ON l.order_no = o.no WHERE o.state <> 'refused' GROUP BY o.no, l.line_id"
        )
    }
    theirs = {
        (order_id, line_id): tuple(rest)
        for order_id, line_id, *rest in world.cloud_rows(
            "SELECT order_id, line_id, quantity, short, cancelled, handed_over FROM bought_line "
            "JOIN bought USING (order_id) WHERE state NOT IN ('refused', 'rejected')"
        )
    }
    if ours != theirs:
        raise Wrong("lost", f"lines differ: box {_beside(ours, theirs)}, cloud {_beside(theirs, ours)}")
    ready = {
        row[0]
        for row in world.rows(
            "SELECT o.order_id FROM shop_order o JOIN order_line l ON l.order_no = o.no "
            "LEFT JOIN parcel p ON p.id = l.parcel_id WHERE o.state = 'accepted' GROUP BY o.no "
            "HAVING sum(l.put - l.handed_over) AND NOT sum(l.handed_over) "
            "AND NOT sum(coalesce(p.state, 'sorting') = 'sorting')"
        )
    }
    states = dict(world.cloud_rows("SELECT order_id, state FROM bought"))
    for order_id, state, codes, paid, refunded, cancelled in world.rows(
        "SELECT o.order_id, o.state, (SELECT count(*) FROM journal WHERE kind = 'order.accepted' "
        "AND data ->> 'order_id' = o.order_id), o.paid_fen, o.refunded_fen, "
        "(SELECT sum(cancelled) FROM order_line WHERE order_no = o.no) FROM shop_order o"
    ):
        said = states.get(order_id)
        fits = {
            "refused": said == "refused",
            "cancelled": said == ("cancelled" if cancelled else "short"),
        }.get(state, said not in ("paid", "refused", "rejected", None))
        if not fits or (order_id in ready and said != "ready") or (state != "refused" and codes != 1):
            raise Wrong("lost", f"{order_id} is {state} at the box and {said} at the cloud, accepted {codes} times")
        if refunded > paid:
            raise Wrong("books", f"{order_id}: paid {paid}, refunded {refunded}")
    if set(states) - {row[0] for row in world.rows("SELECT order_id FROM shop_order")}:
        raise Wrong("lost", "the box never heard of an order")
    asked = world.rows(
        "SELECT data ->> '$.refund.refund_id', data ->> '$.refund.amount_fen' FROM journal "
        "WHERE kind IN ('order.short', 'order.adjusted', 'order.refused') AND data ->> '$.refund.amount_fen' > 0"
    )
    missing = set(asked) - set(world.cloud_rows("SELECT refund_id, amount_fen FROM refund"))
    if missing:
        raise Wrong("lost", f"refunds that the cloud does not know: {missing}")


def _same_grants(world: World) -> None:
    held = {grant.grant_id: grant for grant in world.cloud.grants()}
    for grant_id, remaining, state in world.rows("SELECT id, remaining, state FROM stock_grant"):
        grant = held.get(grant_id)
        if grant is None:
            raise Wrong("lost", f"the cloud never heard of {grant_id}")
        expected = 0 if grant.closed else grant.remaining + grant.not_taken
        if (remaining, state == "closed") != (expected, grant.closed):
            raise Wrong("lost", f"{grant_id}: {remaining} left at the box, {expected} at the cloud, {state}")


def _beside(these: dict[tuple[str, str], tuple[int, ...]], others: dict[tuple[str, str], tuple[int, ...]]) -> object:
    return {key: row for key, row in these.items() if others.get(key) != row}
