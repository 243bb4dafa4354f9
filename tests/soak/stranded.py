"""滞留: units that are left on one side at the end of a session, while on the other side somebody went without them.

Whoever is turned away asks again at the last call, for one unit after the other, as long as anybody gets one. A line
that is cut stays cut. What is left in the shop could have been sold online: what is free and not kept for walk-ins on
purpose, and what is lent and the cloud has not heard of. What the cloud may still sell could have been sold over the
counter.

The share is of all that the session offered. A session in which nobody was ever turned away says nothing and is not
counted, nor is one in which the cloud by itself gave rights back or ended its grants: no line stranded those.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.soak.world import World
from tihuo.demo.cloud import CannotSell, Shopper, Wish
from tihuo.shop.words import Refusal
from tihuo.stages import selling

ROUNDS = 60


@dataclass(frozen=True)
class Turned:
    """Somebody who wanted one unit: online, or in the shop where there is no `shopper`."""

    session: str
    sku: str
    shopper: Shopper | None = None


def last_call(world: World, session: str) -> None:
    """The session is about to end: everybody asks once more, and what is stranded then is counted."""
    waiting = [turned for turned in world.turned_away if turned.session == session]
    if not waiting or session in world.self_willed:
        return
    for _ in range(ROUNDS):
        still = [turned for turned in waiting if not _served(world, turned)]
        served, waiting = len(still) < len(waiting), still
        for _ in range(3):  # an order goes to the shop, and a grant comes back
            world.flow()
        if not served:
            break
    world.turned_away = [turned for turned in world.turned_away if turned.session != session]
    wanted = Counter((turned.shopper is not None, turned.sku) for turned in waiting)
    left = _left(world, session)
    stranded = sum(min(units, left[side]) for side, units in wanted.items())
    ((offered,),) = world.rows("SELECT sum(offered) FROM session_item WHERE session_id = ?", session)
    if offered:  # a restored box may have forgotten all that it offered
        world.stranded.append(stranded / offered)


def _served(world: World, turned: Turned) -> bool:
    """Whether they got it, or may not have it for a reason that no stock can mend."""
    if turned.shopper is None:
        answer = world.tap(selling.sell_walk_in, turned.session, turned.sku, 1)
        return not (isinstance(answer, Refusal) and answer.code == "sold_out")
    try:
        world.cloud.buy(turned.shopper, Wish(turned.session, ((turned.sku, 1),)))
    except CannotSell as no:
        return no.code != "sold_out"
    return True


def _left(world: World, session: str) -> Counter[tuple[bool, str]]:
    """(would somebody online have had it, SKU) -> units."""
    left: Counter[tuple[bool, str]] = Counter()
    held = {grant.grant_id: grant for grant in world.cloud.grants() if grant.session_id == session}
    for grant in held.values():
        left[False, grant.sku] += grant.remaining
    for sku, free in world.rows(
        "SELECT s.code, max(0, i.free - max(0, coalesce(i.reserve, 0) - i.walk_in)) FROM session_item i "
        "JOIN sku s ON s.id = i.sku_id WHERE i.session_id = ?",
        session,
    ):
        left[True, sku] += free
    for grant_id, sku, remaining in world.rows(
        "SELECT g.id, s.code, g.remaining FROM stock_grant g JOIN sku s ON s.id = g.sku_id WHERE g.session_id = ?",
        session,
    ):
        left[True, sku] += remaining if grant_id not in held else 0
    return left
