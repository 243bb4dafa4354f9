"""Whatever happens in whatever order: every right is in one place, every unit is somewhere, and all boards agree."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.little_shop import GOODS, ITEMS, LittleShop, copy_of
from tihuo.boards.balance import imbalances
from tihuo.boards.sorting import by_customer, by_product, waves
from tihuo.shop import arrival
from tihuo.shop.events import (
    GoodsBroughtBack,
    OrderHandedOver,
    OrderHandoverUndone,
    OrderRefused,
    OrderShort,
    QuarantineDecided,
    UnitsLost,
    WalkInSold,
)
from tihuo.shop.orders import NewLine
from tihuo.shop.shortages import POLICIES
from tihuo.shop.words import Refusal
from tihuo.stages import (
    aftercare,
    allocating,
    caring,
    handing_over,
    preparing,
    receiving,
    reporting,
    selling,
    sorting,
    undoing,
)

SKUS = [sku.code for sku in GOODS]
PEOPLE = ["lin", "zhao", "ou"]
PICK = st.integers(0, 200)
BASKET = st.tuples(st.sampled_from(PEOPLE), st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1))
READY = "customer_id IN (SELECT customer_id FROM parcel WHERE state = 'ready')"


class Shop(RuleBasedStateMachine):
    """Everything that staff, customers and the cloud can do, in any order, sensible or not.

    One rule a room, so that none is drowned by the others; in it, `pick` chooses among what is there.
    """

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.shop = LittleShop(copy_of(self.template, Path(self._folder.name) / "shop.db"), running=False)
        self.orders = 0
        self.sessions = 1

    def teardown(self) -> None:
        self.shop.close()
        self._folder.cleanup()

    def do(self, stage: Any, *args: Any) -> Any:
        """A stage may refuse; anything else that it raises is a bug."""
        try:
            return self.shop.do(stage, *args)
        except Refusal:
            return None

    def one_of(self, pick: int, statement: str) -> Any:
        """One of what is there; something that is not there if there is nothing."""
        rows = self.shop.sql(statement)
        return rows[pick % len(rows)][0] if rows else 99

    def session(self, pick: int) -> str:
        return str(self.one_of(pick, "SELECT id FROM live_session ORDER BY id"))

    def units(self, pick: int, which: str) -> tuple[int, int, int]:
        """A parcel, a SKU in it, and some of its units that are wanted, or lie on the shelf; or a bit too many."""
        rows = self.shop.sql(
            f"SELECT l.parcel_id, l.sku_id, sum({which}) AS units FROM order_line l WHERE l.parcel_id IS NOT NULL "
            "GROUP BY 1, 2 HAVING units > 0 ORDER BY 1, 2"
        )
        if not rows:
            return 1, 1, 1
        parcel, sku, most = rows[pick % len(rows)]
        return parcel, sku, 1 + pick // 7 % (most + 1)

    def sell(self, customer: str, session: str, wanted: dict[str, int]) -> None:
        self.orders += 1
        self.shop.sell(f"o{self.orders}", customer, session, **wanted)

    @initialize(baskets=st.lists(BASKET, min_size=2, max_size=6), sorted_=st.booleans())
    def some_have_ordered_already(self, baskets: list[tuple[str, dict[str, int]]], sorted_: bool) -> None:
        for customer, wanted in baskets:
            self.sell(customer, "s1", wanted)
        if sorted_:
            for parcel, sku, units in self.shop.open_units(self.do(sorting.open_wave, "s1")):
                self.do(sorting.put, parcel, sku, units)

    @rule(basket=BASKET, pick=PICK)
    def someone_orders(self, basket: tuple[str, dict[str, int]], pick: int) -> None:
        self.sell(basket[0], self.session(pick), basket[1])

    @rule(picks=st.lists(PICK, min_size=1, max_size=4), paid=st.integers(0, 9000))
    def someone_orders_oddly(self, picks: list[int], paid: int) -> None:
        """From whichever grants, perhaps twice the same, of whichever session, paid with a coupon."""
        self.orders += 1
        grants = self.shop.sql(
            "SELECT g.session_id, s.code, g.id FROM stock_grant g JOIN sku s ON s.id = g.sku_id ORDER BY g.id"
        )
        chosen = [grants[pick % len(grants)] for pick in picks]
        lines = tuple(NewLine(f"l{n}", sku, 1 + picks[n] % 3, 1000, grant) for n, (_, sku, grant) in enumerate(chosen))
        new = self.shop.order(f"o{self.orders}", "lin", chosen[0][0])
        self.shop.do(selling.accept_order, msgspec.structs.replace(new, lines=lines, paid_fen=paid))

    @rule(
        what=st.sampled_from(
            [
                "receive",
                "plan",
                "open",
                "close",
                "time",
                "again",
                "cancel",
                "give back",
                "close grant",
                "walk in",
                "import",
            ]
        ),
        pick=PICK,
        quantity=st.integers(-1, 5),
    )
    def the_day_goes_on(self, what: str, pick: int, quantity: int) -> None:
        grant = self.one_of(pick, "SELECT id FROM stock_grant WHERE remaining > 0 ORDER BY id")
        match what:
            case "receive":
                self.do(preparing.receive, SKUS[pick % 4], quantity)
            case "plan":
                self.sessions += 1
                items = [msgspec.structs.replace(item, quantity=quantity) for item in ITEMS[2 * (pick % 2) :]]
                with suppress(Refusal):
                    self.shop.plan(f"s{self.sessions}", *items)
                    if pick % 3:
                        self.do(preparing.open_session, f"s{self.sessions}")
            case "open":
                self.do(preparing.open_session, self.session(pick))
            case "close":
                self.do(preparing.close_session, self.session(pick))
            case "time":
                self.shop.clock.tick(quantity * 15_000 + 15_000)
                self.do(handing_over.ask_again)
            case "again":
                assert self.shop.sell(f"o{1 + pick % self.orders}", "ou", RICE=1) == "repeated"
            case "cancel":
                accepted = "SELECT order_id FROM shop_order WHERE state = 'accepted' ORDER BY no"
                self.do(selling.cancel_order, self.one_of(pick, accepted), "changed her mind")
            case "give back":
                self.do(selling.take_back, grant, quantity)
            case "close grant":
                self.do(selling.close_grant, grant)
            case "walk in":
                self.do(selling.sell_walk_in, self.session(pick), SKUS[pick % 4], quantity)
            case "import":
                self.do(selling.import_order, self.session(pick), imported(pick, max(quantity, 1)))

    @rule(
        what=st.sampled_from(["open", "count", "count", "undo", "close", "close"]),
        pick=PICK,
        quantity=st.integers(0, 9),
        policy=st.sampled_from([*POLICIES, "later"]),
        over=st.sampled_from(["back", "keep", "sell"]),
    )
    def a_van_comes(self, what: str, pick: int, quantity: int, policy: str, over: str) -> None:
        delivery = self.one_of(pick, "SELECT id FROM delivery WHERE state = 'open' ORDER BY id")
        match what:
            case "open":
                self.do(receiving.open_delivery, self.session(pick), "")
            case "count":
                how = ("good", "good", "damaged", "wrong")[pick // 4 % 4]
                self.do(receiving.count, delivery, SKUS[pick % 4], quantity, how)
            case "undo":
                self.do(receiving.undo_count, self.one_of(pick, "SELECT id FROM delivery_count ORDER BY id"))
            case "close":
                lines = self.shop.read(lambda look: arrival.plan(look.rows, delivery))
                choices = {line.sku: arrival.Choice(policy=policy, over=over, wrong="keep") for line in lines}
                self.do(receiving.close_delivery, delivery, arrival.fingerprint(lines), choices)

    @rule(
        what=st.sampled_from(
            ["cap", "reserve", "ask back", "into", "lose", "lose", "resell", "discard", "cancel", "stock", "add"]
        ),
        pick=PICK,
        quantity=st.integers(-1, 12),
        policy=st.sampled_from(["", *POLICIES]),
    )
    def the_owner_decides(self, what: str, pick: int, quantity: int, policy: str) -> None:
        session, sku = self.session(pick), SKUS[pick % 4]
        reason = aftercare.REASONS[pick % 3]
        match what:
            case "cap":
                self.do(allocating.set_cap, session, sku, 3 * quantity)
            case "reserve":
                self.do(allocating.set_reserve, session, sku, quantity)
            case "ask back":
                self.do(allocating.ask_back, session, sku, quantity)
            case "into":
                self.do(preparing.receive, sku, quantity, session)
            case "lose":
                self.do(aftercare.lose, session, sku, quantity, reason, policy)
            case "stock":
                self.do(aftercare.lose, "", sku, quantity, reason)
            case "resell" | "discard":
                waiting = "SELECT s.code FROM session_item i JOIN sku s ON s.id = i.sku_id WHERE quarantine > 0"
                stage = aftercare.resell if what == "resell" else aftercare.discard
                self.do(stage, session, self.one_of(pick, waiting), max(quantity // 4, 1))
            case "cancel":
                self.do(aftercare.cancel, self.one_of(pick, "SELECT no FROM shop_order ORDER BY no"), "sorry")
            case "add":
                item = msgspec.structs.replace(ITEMS[pick % 4], quantity=max(quantity, 0))
                self.do(preparing.add_item, session, item)

    @rule(what=st.sampled_from(["wave", "put", "fill", "fill", "short", "damage", "undo", "undo", "scan"]), pick=PICK)
    def sorting(self, what: str, pick: int) -> None:
        wanted = self.units(pick, "l.quantity - l.put - l.short - l.cancelled")
        match what:
            case "wave":
                lines = "shop_order JOIN order_line ON order_no = no"
                unsorted = self.one_of(pick, f"SELECT DISTINCT session_id FROM {lines} WHERE parcel_id IS NULL")
                self.do(sorting.open_wave, unsorted)
            case "put":
                self.do(sorting.put, *wanted)
            case "fill":
                for parcel, sku, units in self.shop.open_units():
                    if parcel == wanted[0]:
                        self.do(sorting.put, parcel, sku, units)
            case "short":
                self.do(sorting.short, *wanted)
            case "damage":
                self.do(sorting.damage, *wanted)
            case "undo":
                self.do(sorting.undo_put, *self.units(pick, "l.put - l.handed_over"))
            case "scan":
                self.do(sorting.scan_item, "table 1", SKUS[pick % 4])

    @rule(
        what=st.sampled_from(["check in", "check in and take", "take", "by code", "parcel", "part", "part", "undo"]),
        pick=PICK,
        choice=st.none() | st.lists(st.integers(1, 8), max_size=4),
    )
    def picking_up(self, what: str, pick: int, choice: list[int] | None) -> None:
        order = self.one_of(pick, f"SELECT order_id FROM shop_order WHERE {READY} OR {pick} % 5 = 0 ORDER BY no")
        code = self.shop.code(order) if order != 99 else "nonsense"
        parcel, sku, quantity = self.units(pick, "l.put - l.handed_over")
        match what:
            case "check in":
                self.do(handing_over.check_in, f"k{pick % 2}", code)
            case "check in and take":
                self.do(handing_over.hand_over, self.do(handing_over.check_in, f"k{pick % 2}", code), choice)
            case "take":
                visit = self.one_of(pick, "SELECT id FROM visit WHERE closed_at IS NULL ORDER BY id")
                self.do(handing_over.hand_over, visit, choice)
            case "by code":
                self.do(handing_over.hand_over_by_code, code)
            case "parcel":
                self.do(handing_over.hand_over_parcel, parcel)
            case "part":
                self.do(handing_over.hand_over_parcel, parcel, {sku: quantity})
            case "undo":
                gone = "SELECT DISTINCT parcel_id FROM handover_line WHERE undone_at IS NULL ORDER BY 1"
                self.do(undoing.undo_hand_over, self.one_of(pick, gone), "a mistake")

    @rule(
        what=st.sampled_from(
            ["missing", "missing", "found", "gone", "back", "back", "wrong", "settle", "slot", "kiosk"]
        ),
        pick=PICK,
        kind=st.sampled_from(["exchange", "refund_only"]),
    )
    def something_is_not_right(self, what: str, pick: int, kind: str) -> None:
        ticket = self.one_of(pick, "SELECT DISTINCT ticket_no FROM missed_line ORDER BY 1")
        parcel, sku, quantity = self.units(pick, "l.put")
        match what:
            case "missing":
                self.do(caring.report_missing, parcel, {sku: quantity}, kind, "not in the bag")
            case "kiosk":
                visit = self.one_of(pick, "SELECT id FROM visit WHERE closed_at IS NULL ORDER BY id")
                self.do(reporting.report_goods, visit, parcel, {sku: quantity}, kind)
                self.do(reporting.report_parcels, visit, [parcel])
            case "found" | "gone":
                self.do(caring.settle_missing, ticket, what == "found")
            case "back":
                out = "SELECT order_no FROM order_line WHERE handed_over > 0 ORDER BY order_no, line_no"
                order = self.one_of(pick, out)
                line = self.one_of(pick, f"SELECT line_no FROM order_line WHERE order_no = {order} AND handed_over > 0")
                fate = ("quarantine", "void")[pick % 2]
                self.do(caring.bring_back, order, {line: 1 + pick // 7 % 2}, fate, "it is sour")
            case "wrong":
                holder = self.one_of(pick // 3, "SELECT no FROM shop_order WHERE state = 'accepted' ORDER BY no")
                hers = "SELECT parcel_id FROM order_line WHERE order_no = ? AND handed_over > 0 ORDER BY 1 LIMIT 1"
                gone = [row[0] for row in self.shop.sql(hers, holder)]
                self.do(undoing.put_right, parcel, holder, gone)
            case "settle":
                self.do(undoing.settle_astray, self.one_of(pick, "SELECT parcel_id FROM astray"), pick % 2 == 0)
            case "slot":
                self.do(undoing.put_elsewhere, parcel, ("A01", "A02", "A03", "C01")[pick // 3 % 4])

    # what holds after every step

    @invariant()
    def the_ledger_balances(self) -> None:
        assert self.shop.read(imbalances) == {}

    @invariant()
    def what_a_wave_holds_is_the_same_by_product_and_by_customer(self) -> None:
        for wave in self.shop.read(waves):
            products, parcels = self.shop.read(by_product, wave.wave_id), self.shop.read(by_customer, wave.wave_id)
            for figure in ("wanted", "put", "short"):
                assert sum(getattr(row, figure) for row in products) == sum(getattr(row, figure) for row in parcels)
            assert sum(row.wanted for row in products) == wave.units
            assert sum(row.put for row in products) == wave.units_put
            assert all(row.wanted == row.put + row.short + row.left for row in products)

    @invariant()
    def the_journal_tells_the_same_story_as_the_rows(self) -> None:
        told: dict[str, Counter[str]] = {"handed_over": Counter(), "short": Counter()}
        refunded: Counter[str] = Counter()
        for event in self.shop.events(OrderHandedOver, OrderHandoverUndone, OrderShort, OrderRefused):
            if isinstance(event, OrderHandoverUndone):
                told["handed_over"].subtract({event.order_id: sum(line.quantity for line in event.lines)})
            if isinstance(event, OrderHandedOver | OrderShort):
                kind = "handed_over" if isinstance(event, OrderHandedOver) else "short"
                told[kind].update({event.order_id: sum(line.quantity for line in event.lines)})
            if isinstance(event, OrderShort | OrderRefused):
                refunded[event.order_id] += event.refund.amount_fen
        for kind, counts in told.items():
            rows = self.shop.sql(
                f"SELECT o.order_id, sum(l.{kind}) FROM shop_order o JOIN order_line l ON l.order_no = o.no "
                f"GROUP BY o.no HAVING sum(l.{kind}) > 0"
            )
            assert dict(rows) == +counts
        assert +refunded == dict(self.shop.sql("SELECT order_id, refunded_fen FROM shop_order WHERE refunded_fen > 0"))
        walk_in = sum(event.quantity for event in self.shop.events(WalkInSold))
        lines = sum(told["handed_over"].values())
        back = self.shop.events(GoodsBroughtBack)
        returned = sum(event.quantity for event in back)
        assert self.shop.value("SELECT sum(handed_over) FROM session_item") == walk_in + lines - returned
        missing = sum(event.quantity for event in self.shop.events(UnitsLost) if event.session_id)
        missing += sum(
            line.quantity for event in self.shop.events(OrderShort) for line in event.lines if line.reason == "short"
        )
        missing += sum(event.quantity for event in self.shop.events(QuarantineDecided) if event.outcome == "void")
        missing += sum(event.quantity for event in back if event.fate == "void")
        assert self.shop.value("SELECT sum(void + owed) FROM session_item") == missing

    @invariant()
    def each_item_is_offered_as_often_as_its_cap_says_or_as_was_sold_and_never_lent_beyond_its_reserve(self) -> None:
        assert self.shop.sql("SELECT 1 FROM session_item WHERE offered > cap AND free > 0") == []

    @invariant()
    def whatever_changed_is_in_the_journal(self) -> None:
        assert self.shop.sql("SELECT 1 FROM session_item WHERE version > (SELECT max(entry) FROM journal)") == []

    @invariant()
    def no_two_bags_lie_in_one_place(self) -> None:
        places = "SELECT slot, place FROM parcel WHERE state IN ('sorting', 'ready') GROUP BY 1, 2 HAVING count(*) > 1"
        assert self.shop.sql(places) == []

    @invariant()
    def a_bag_has_a_label_exactly_while_something_lies_in_it(self) -> None:
        unlabelled = self.shop.sql(
            "SELECT id FROM parcel p WHERE state = 'ready' AND NOT EXISTS (SELECT 1 FROM print_job "
            "WHERE subject = 'parcel:' || p.id AND state = 'queued')"
        )
        assert unlabelled == []


def imported(number: int, quantity: int) -> selling.ImportedOrder:
    return selling.ImportedOrder(
        order_id=f"k{number}",
        part_ids=(f"k{number}",),
        customer_id=PEOPLE[number % 3],
        customer_name="",
        customer_phone="",
        door="3-601",
        placed_at=1,
        lines=(NewLine("l1", SKUS[number % 4], quantity, 500, ""), NewLine("l2", SKUS[number % 4], 1, 500, "")),
        paid_fen=500,
    )


@pytest.mark.slow
def test_whatever_happens_in_whatever_order(seeded_file: Path) -> None:
    Shop.template = seeded_file
    machine = Shop.TestCase
    machine.settings = settings(
        max_examples=80,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],  # a story of fifty steps can be read; shortening it takes minutes
    )
    machine().runTest()
