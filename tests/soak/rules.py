"""What may happen to the twin world: each rule is one step of a schedule, and `Pick` says which of what is there.

A rule may be refused, by the cloud or by the shop; that is an ordinary day. Whatever else it raises is a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.little_shop import EVENING, GOODS
from tests.soak.stranded import Turned, last_call
from tests.soak.world import HOURS, OFFERED, World, plan
from tihuo.cloud import down
from tihuo.cloud.fields import LineQuantity, Substitution
from tihuo.demo.cloud import CannotSell, Shopper, Wish
from tihuo.shop import arrival
from tihuo.shop.corrections import LESS, MORE
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.shortages import POLICIES
from tihuo.shop.words import Refusal
from tihuo.stages import (
    adjusting,
    aftercare,
    allocating,
    caring,
    handing_over,
    preparing,
    receiving,
    selling,
    sorting,
    substituting,
    undoing,
    weighing,
)

Thing = TypeVar("Thing")
Rule = Callable[["World", "Pick"], None]
SKUS = [sku.code for sku in GOODS]
SHOPPERS = [
    Shopper("lin", "林小树", "19900001001"),
    Shopper("zhao", "赵大河", "19900001002"),
    Shopper("ou", "欧阳青山", "19900001003"),
    Shopper("lin2", "林小树", "19900001001"),
]
YEAR = 365 * 24 * HOURS
JUMPS = (-YEAR, -EVENING, -HOURS, -60_000, 0, 60_000, HOURS, YEAR)
MOST_SESSIONS = 3
_OPEN = "l.quantity - l.put - l.short - l.cancelled"


class Pick:
    """One integer, spent on one choice after another; 0 always takes the first."""

    def __init__(self, number: int) -> None:
        self._rest = number

    def below(self, count: int) -> int:
        self._rest, choice = divmod(self._rest, count)
        return choice

    def of(self, things: Sequence[Thing]) -> Thing:
        return things[self.below(len(things))]

    def maybe(self) -> bool:
        return bool(self.below(2))


# the cloud's customers


def buy(world: World, pick: Pick, substitution: Substitution = "refund") -> None:
    """Somebody buys one article or two, if the cloud has them."""
    offers = world.cloud.offers()
    if not offers:
        return
    session = pick.of(offers).session_id
    wanted = {pick.of(SKUS): 1 + pick.below(4)}
    if pick.below(4) == 0:
        wanted[pick.of(SKUS)] = 1
    shopper = pick.of(SHOPPERS)
    try:
        world.cloud.buy(shopper, Wish(session, tuple(wanted.items()), substitution=substitution))
    except CannotSell as no:
        if no.code == "sold_out":
            sku = str(no.facts["sku"])
            world.turned_away += [Turned(session, sku, shopper)] * wanted[sku]


def rush(world: World, pick: Pick) -> None:
    """Five customers within a second."""
    for _ in range(5):
        buy(world, Pick(pick.below(1 << 12)))


def buy_or_else(world: World, pick: Pick) -> None:
    """Somebody who takes something similar for what is missing, or wants to be asked."""
    buy(world, pick, "ask" if pick.maybe() else "similar")


def cancel(world: World, pick: Pick) -> None:
    orders = world.cloud_rows("SELECT order_id FROM bought WHERE NOT cancel_asked ORDER BY order_id")
    if orders:
        world.cloud.cancel(pick.of(orders)[0])


def give_back(world: World, pick: Pick) -> None:
    """The cloud returns rights that it does not need."""
    held = [grant for grant in world.cloud.grants() if grant.remaining]
    if held:
        grant = pick.of(held)
        world.self_willed.add(grant.session_id)
        world.cloud.give_back(grant.grant_id, 1 + pick.below(grant.remaining))


def close_grant(world: World, pick: Pick) -> None:
    """The cloud ends a grant before its time."""
    held = [grant for grant in world.cloud.grants() if not grant.closed]
    if held:
        grant = pick.of(held)
        world.self_willed.add(grant.session_id)
        world.cloud._change(lambda: world.cloud._sales._close_grant(grant.grant_id))


def say_again(world: World, pick: Pick) -> None:
    """The cloud says its last order once more, as a new event."""
    if world.cloud_rows("SELECT 1 FROM outbox WHERE type = 'order.placed' LIMIT 1"):
        world.cloud.repeat_last_order()


def say_otherwise(world: World, pick: Pick) -> None:
    """The cloud gives a second order the number of its last one."""
    if world.cloud_rows("SELECT 1 FROM outbox WHERE type = 'order.placed' LIMIT 1"):
        world.cloud.repeat_last_order_otherwise(note=pick.of(("又来一次", "不要袋子")))


def complain(world: World, pick: Pick) -> None:
    """A customer is not content with one unit of an order."""
    lines = world.cloud_rows(
        "SELECT order_id, line_id FROM bought_line JOIN bought USING (order_id) "
        "WHERE state NOT IN ('paid', 'refused', 'rejected') ORDER BY 1, 2"
    )
    if lines:
        order_id, line_id = pick.of(lines)
        world.requests += 1
        request = down.AftersalesRequested(
            f"ask-{world.requests}", order_id, "return", (LineQuantity(line_id, 1),), "坏了"
        )
        world.cloud._change(lambda: world.cloud._stream.add(request))


# the shop's day


def open_session(world: World, pick: Pick) -> None:
    """One more evening begins; goods that were on hand came in for it."""
    number = int(world.rows("SELECT count(*) FROM live_session")[0][0])
    if number < MOST_SESSIONS:
        for sku, (kind, quantity) in OFFERED.items():
            if kind == "on_hand":
                world.tap(preparing.receive, sku, quantity)
        begins = EVENING + round(world.now * 1000)  # the owner knows the time
        world.tap(preparing.plan_session, plan(f"s{number + 1}", begins, 1 + pick.below(2)))
    drafts = world.rows("SELECT id FROM live_session WHERE state = 'draft'")
    if drafts:
        world.tap(preparing.open_session, drafts[0][0])


def close_session(world: World, pick: Pick) -> None:
    """截单. What is stranded is counted at this moment."""
    sessions = world.rows("SELECT id FROM live_session WHERE state = 'open' ORDER BY id")
    if sessions:
        session = pick.of(sessions)[0]
        last_call(world, session)
        world.tap(preparing.close_session, session)


def receive(world: World, pick: Pick) -> None:
    world.tap(preparing.receive, pick.of(SKUS), 1 + pick.below(5))


def set_cap(world: World, pick: Pick) -> None:
    """The owner sells more of something, or less."""
    world.tap(allocating.set_cap, _session(world, pick), pick.of(SKUS), pick.below(20))


def set_reserve(world: World, pick: Pick) -> None:
    world.tap(allocating.set_reserve, _session(world, pick), pick.of(SKUS), pick.below(5))


def ask_back(world: World, pick: Pick) -> None:
    """Somebody in the shop wants what the cloud holds."""
    world.tap(allocating.ask_back, _session(world, pick), pick.of(SKUS), 1 + pick.below(4))


def lose(world: World, pick: Pick) -> None:
    """Units broke on the shelf, or the delivery was short: perhaps of what the cloud has sold."""
    reason, policy = pick.of(aftercare.REASONS), pick.of(POLICIES)
    world.tap(aftercare.lose, _session(world, pick), pick.of(SKUS), 1 + pick.below(6), reason, policy)


def cancel_in_the_shop(world: World, pick: Pick) -> None:
    """A person cancels an order, however far it is."""
    orders = world.rows("SELECT no FROM shop_order ORDER BY no")
    if orders:
        world.tap(aftercare.cancel, pick.of(orders)[0], "打错了")


def decide(world: World, pick: Pick) -> None:
    """Staff look at what waits in quarantine: it is sold again, or thrown away."""
    waiting = world.rows(
        "SELECT i.session_id, s.code, i.quarantine FROM session_item i JOIN sku s ON s.id = i.sku_id "
        "WHERE i.quarantine > 0 ORDER BY 1, 2"
    )
    if waiting:
        session, sku, units = pick.of(waiting)
        world.tap(pick.of((aftercare.resell, aftercare.discard)), session, sku, 1 + pick.below(units))


def walk_in(world: World, pick: Pick) -> None:
    session, sku, units = _session(world, pick), pick.of(SKUS), 1 + pick.below(3)
    answer = world.tap(selling.sell_walk_in, session, sku, units)
    if isinstance(answer, Refusal) and answer.code == "sold_out":
        world.turned_away += [Turned(session, sku)] * units


def correct(world: World, pick: Pick) -> None:
    """Somebody sees that the book is wrong, or that she was."""
    undoable = world.rows("SELECT id FROM correction WHERE undone_at IS NULL ORDER BY id")
    if undoable and pick.below(3) == 0:
        world.tap(adjusting.undo_correction, pick.of(undoable)[0])
        return
    quantity = pick.of((-4, -2, -1, 1, 2))
    session = _session(world, pick) if pick.maybe() else ""
    world.tap(adjusting.correct, pick.of(SKUS), quantity, pick.of(MORE if quantity > 0 else LESS), "", session)


def van(world: World, pick: Pick) -> None:
    """The van brings some of what was sold, and the delivery is closed as it was counted."""
    delivery = world.tap(receiving.open_delivery, _session(world, pick), "")
    if not isinstance(delivery, int):
        return
    for sku in SKUS:
        if units := pick.below(9):
            world.tap(receiving.count, delivery, sku, units, "damaged" if units == 8 else "good")
    with world.box.readers.look() as look:
        plan = arrival.plan(look.rows, delivery)
    policy, over = pick.of((*POLICIES, receiving.LATER)), pick.of(("back", "keep", "sell"))
    choices = {line.sku: arrival.Choice(policy=policy, over=over) for line in plan}
    world.tap(receiving.close_delivery, delivery, arrival.fingerprint(plan), choices)


def settle_short(world: World, pick: Pick) -> None:
    """What waits for a decision gets one: something else, an answer on the phone, the money."""
    waiting = world.rows("SELECT id FROM short_pick WHERE state = 'open' ORDER BY id")
    if waiting:
        number = pick.of(waiting)[0]
        match pick.below(4):
            case 0:
                world.tap(substituting.refund, number)
            case 1:
                world.tap(substituting.note_answer, number, pick.of(substituting.ANSWERS))
            case _:
                world.tap(substituting.substitute, number, 1 + pick.below(len(SKUS)))


def weigh(world: World, pick: Pick) -> None:
    lying = world.rows(
        "SELECT l.parcel_id, l.sku_id, sum(l.put) FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "WHERE l.put > 0 AND s.nominal_grams > 0 GROUP BY 1, 2 ORDER BY 1, 2"
    )
    if lying:
        parcel, sku, units = pick.of(lying)
        world.tap(weighing.weigh, parcel, sku, units * (300 + pick.below(300)), True)


def open_wave(world: World, pick: Pick) -> None:
    unsorted = world.rows(
        "SELECT DISTINCT o.session_id FROM shop_order o JOIN order_line l ON l.order_no = o.no "
        "WHERE l.parcel_id IS NULL AND o.state = 'accepted' ORDER BY 1"
    )
    if unsorted:
        world.tap(sorting.open_wave, pick.of(unsorted)[0])


def fill(world: World, pick: Pick) -> None:
    """Everything that a parcel, or everybody, still wants is put."""
    wanted = _units(world, _OPEN)
    if wanted:
        one = pick.of(wanted)[0]
        everybody = pick.maybe()
        for parcel, sku, units in wanted:
            if everybody or parcel == one:
                world.tap(sorting.put, parcel, sku, units)


def put(world: World, pick: Pick) -> None:
    _with_units(world, pick, _OPEN, sorting.put)


def short(world: World, pick: Pick) -> None:
    _with_units(world, pick, _OPEN, sorting.short)


def damage(world: World, pick: Pick) -> None:
    _with_units(world, pick, _OPEN, sorting.damage)


def undo_put(world: World, pick: Pick) -> None:
    _with_units(world, pick, "l.put - l.handed_over", sorting.undo_put)


def hand_over(world: World, pick: Pick) -> None:
    """A customer shows her code at the kiosk and takes what is hers, or a part of it."""
    visit = world.tap(handing_over.check_in, "k1", _code(world, pick))
    if isinstance(visit, int):
        world.tap(handing_over.hand_over, visit, [pick.below(9)] if pick.below(3) == 2 else None)


def hand_over_by_code(world: World, pick: Pick) -> None:
    """The same code at the counter, and perhaps at once again."""
    code = _code(world, pick)
    for _ in range(1 + pick.below(2)):
        world.tap(handing_over.hand_over_by_code, code)


def hand_over_part(world: World, pick: Pick) -> None:
    shelf = _units(world, "l.put - l.handed_over")
    if shelf:
        parcel, sku, units = pick.of(shelf)
        world.tap(handing_over.hand_over_parcel, parcel, {sku: 1 + pick.below(units)})


def undo_hand_over(world: World, pick: Pick) -> None:
    gone = world.rows("SELECT DISTINCT parcel_id FROM handover_line WHERE undone_at IS NULL ORDER BY 1")
    if gone:
        world.tap(undoing.undo_hand_over, pick.of(gone)[0], "拿错了")


def answer_ticket(world: World, pick: Pick) -> None:
    tickets = world.rows("SELECT no FROM service_ticket ORDER BY no")
    if tickets:
        world.tap(caring.move_ticket, pick.of(tickets)[0], pick.of(("in_progress", "done", "rejected")), "看过了")


def _session(world: World, pick: Pick) -> str:
    """A session that is open, if there is one."""
    return str(pick.of(world.rows("SELECT id FROM live_session WHERE state <> 'draft' ORDER BY state DESC, id"))[0])


def _units(world: World, which: str) -> list[tuple[int, int, int]]:
    return [
        (parcel, sku, units)
        for parcel, sku, units in world.rows(
            f"SELECT l.parcel_id, l.sku_id, sum({which}) AS units FROM order_line l WHERE l.parcel_id IS NOT NULL "
            "GROUP BY 1, 2 HAVING units > 0 ORDER BY 1, 2"
        )
    ]


def _with_units(world: World, pick: Pick, which: str, stage: Callable[..., object]) -> None:
    there = _units(world, which)
    if there:
        parcel, sku, units = pick.of(there)
        world.tap(stage, parcel, sku, 1 + pick.below(units + 1))


def _code(world: World, pick: Pick) -> str:
    """The code of an order, in either form: mostly of one that has something on the shelf."""
    waiting = "SELECT DISTINCT l.order_no FROM order_line l WHERE l.put > l.handed_over ORDER BY 1"
    numbers = world.rows(waiting) if pick.below(4) else world.rows("SELECT no FROM shop_order ORDER BY no")
    if not numbers:
        return "nonsense"
    number, house = pick.of(numbers)[0], world.box.writer._house
    return short_code_for(number, house.code_key) if pick.maybe() else code_for(house.store_id, number, house.code_key)


# the line, the clocks, and death


def flow(world: World, pick: Pick) -> None:
    """All that is under way arrives."""
    for _ in range(1 + pick.below(3)):
        world.flow()


def trickle(world: World, pick: Pick) -> None:
    """Some of it arrives, and may wait for the disk."""
    world.flow(pick.below(4), pick.below(4), 0.2, commit=pick.maybe())


def wait(world: World, pick: Pick) -> None:
    """Time passes: what nobody confirmed is said again, and the timetable does what is due."""
    world.tap(handing_over.ask_again)
    world.flow(seconds=pick.of((1.0, 7.0, 60.0, 600.0)))


def drop(world: World, pick: Pick) -> None:
    flying = _flying(world, pick)
    if flying:
        del flying[pick.below(len(flying))]


def duplicate(world: World, pick: Pick) -> None:
    flying = _flying(world, pick)
    if flying:
        flying.insert(pick.below(len(flying) + 1), pick.of(flying))


def reorder(world: World, pick: Pick) -> None:
    flying = _flying(world, pick)
    if len(flying) > 1:
        flying.insert(pick.below(len(flying)), flying.pop())


def _flying(world: World, pick: Pick) -> list[object]:
    """What is under way one way or the other; both sides have just spoken."""
    world.flow(0, 0, 0.2)
    return world.air.up if pick.maybe() else world.air.down  # type: ignore[return-value]


def cut(world: World, pick: Pick) -> None:
    world.cut(pick.of(("box", "cloud")), pick.maybe())


def heal(world: World, pick: Pick) -> None:
    world.heal()


def crash_box(world: World, pick: Pick) -> None:
    """The box dies: with work in its queue, around a commit, or while it answers the broker."""
    how = pick.of(("queued", "before", "after", "acks"))
    if how == "queued":
        world.flow(downs=1 + pick.below(5), commit=False)
        world.flow(0, 0, 0.2, commit=False)
        world.restart_box(pick.maybe())
        return
    world.box.doom(how, pick.below(4))
    pick.of((walk_in, rush, flow, set_cap, ask_back))(world, pick)
    world.flow()


def crash_cloud(world: World, pick: Pick) -> None:
    world.restart_cloud(pick.maybe())


def keep_copy(world: World, pick: Pick) -> None:
    world.keep_copy()


def restore(world: World, pick: Pick) -> None:
    """The box comes back as it was, with the file that it had last or without."""
    if world.copies:
        world.restore(pick.of(world.copies), pick.maybe())


def tap_again(world: World, pick: Pick) -> None:
    world.tap_again()


def jump_clock(world: World, pick: Pick) -> None:
    """The box's clock is a year off, or back in 1970."""
    world.box_jump = pick.of(JUMPS)


def jump_cloud_clock(world: World, pick: Pick) -> None:
    """The cloud's clock is off; later than `sell_until` it sells nothing more."""
    world.cloud_jump = pick.of((0, 0, -HOURS, 600_000, 3 * HOURS))
    if world.cloud_jump > HOURS:
        world.self_willed |= {session for (session,) in world.rows("SELECT id FROM live_session")}


ROOMS: dict[str, dict[Rule, int]] = {
    "selling": {
        buy: 14, buy_or_else: 4, rush: 4, cancel: 3, give_back: 2, close_grant: 1, say_again: 1, say_otherwise: 1,
        complain: 2, walk_in: 6, receive: 1, open_session: 2, close_session: 1, set_cap: 1, set_reserve: 1, ask_back: 3,
        lose: 2, decide: 2, correct: 2, van: 1,
    },
    "sorting": {open_wave: 4, fill: 6, put: 2, short: 2, damage: 2, undo_put: 1, settle_short: 4, weigh: 2},
    "counter": {
        hand_over: 4, hand_over_by_code: 3, hand_over_part: 2, undo_hand_over: 3, cancel_in_the_shop: 1,
        answer_ticket: 2,
    },
    "line": {flow: 20, trickle: 8, wait: 4, drop: 4, duplicate: 3, reorder: 3, cut: 4, heal: 7},
    "death": {
        crash_box: 6, crash_cloud: 3, tap_again: 6, keep_copy: 1, restore: 1, jump_clock: 2, jump_cloud_clock: 1,
    },
}  # fmt: skip
"""Room -> its rules, each with how often it comes."""
RULES: dict[str, Rule] = {rule.__name__: rule for room in ROOMS.values() for rule in room}
