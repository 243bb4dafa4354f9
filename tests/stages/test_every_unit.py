"""Whatever happens in whatever order: what is there is what came in, less what was handed over and what was lost; and
the ledger of every SKU explains it to the unit."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.little_shop import GOODS
from tests.stages.test_invariant import PICK, SKUS, Shop
from tihuo.boards.sku_ledger import sku_ledger, units
from tihuo.shop import arrival
from tihuo.shop.corrections import LESS, MORE
from tihuo.shop.events import (
    GoodsBroughtBack,
    GoodsReceived,
    OrderShort,
    QuarantineDecided,
    StockCorrected,
    UnitsLost,
    WalkInSold,
)
from tihuo.shop.words import Refusal
from tihuo.stages import adjusting, counting, receiving

ON_HAND = ("RICE", "EGGS")


class House(Shop):
    """The shop with its shelves: deliveries, corrections and counts come on top of all that it can do."""

    counts = 0

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(-12, 6), pick=PICK)
    def somebody_sees_that_the_book_is_wrong(self, sku: str, quantity: int, pick: int) -> None:
        reasons = MORE if quantity > 0 else LESS
        session = self.session(pick) if pick % 3 == 0 else ""
        self.do(adjusting.correct, sku, quantity, reasons[pick % len(reasons)], "", session)

    @rule(pick=PICK)
    def she_tapped_the_wrong_thing(self, pick: int) -> None:
        self.do(adjusting.undo_correction, self.one_of(pick, "SELECT id FROM correction WHERE undone_at IS NULL"))

    @rule(sku=st.sampled_from(SKUS), off=st.integers(-3, 3), what=st.sampled_from(["type", "scan", "apply", "again"]))
    def somebody_counts(self, sku: str, off: int, what: str) -> None:
        count = self.do(counting.open_count, "all")
        match what:
            case "type":
                self.do(counting.count_type, count, sku, max(0, self.shop.read(units, sku).loose + off))
            case "scan":
                self.do(counting.count_scan, count, sku)
            case "apply":
                self.do(counting.confirm_all, count)
                self.do(counting.apply_count, count)
            case "again":
                self.do(counting.recount, count)

    @rule(pick=PICK, quantity=st.integers(1, 12), keep=st.sampled_from(["back", "keep", "sell"]))
    def a_van_comes(self, pick: int, quantity: int, keep: str) -> None:
        with suppress(Refusal):
            delivery = self.shop.do(receiving.open_delivery, self.session(pick), "")
            self.do(receiving.count, delivery, SKUS[pick % 4], quantity, ("good", "good", "damaged")[pick % 3])
            if pick % 2:
                with self.shop.readers.look() as look:
                    plan = arrival.plan(look.rows, delivery)
                choices = {line.sku: arrival.Choice(policy="first_paid", over=keep) for line in plan}
                self.do(receiving.close_delivery, delivery, arrival.fingerprint(plan), choices)

    def the_journal_tells_the_same_story_as_the_rows(self) -> None:
        """Not here: deliveries and corrections tell what is missing in words of their own."""

    @invariant()
    def what_is_there_came_in_and_did_not_leave(self) -> None:
        came: Counter[str] = Counter()
        went: Counter[str] = Counter()
        for event in self.shop.events(
            GoodsReceived, StockCorrected, UnitsLost, WalkInSold, QuarantineDecided, OrderShort, GoodsBroughtBack
        ):
            match event:
                case GoodsReceived():
                    came[event.sku] += event.quantity
                case StockCorrected():  # what sessions lost is told as a loss of its own
                    came[event.sku] += event.quantity if event.undoes or event.quantity > 0 else event.on_hand
                case UnitsLost() | WalkInSold():
                    went[event.sku] += event.quantity
                case QuarantineDecided(outcome="void"):
                    went[event.sku] += event.quantity
                case GoodsBroughtBack(fate="quarantine"):
                    came[event.sku] += event.quantity
                case OrderShort():
                    for line in event.lines:
                        if line.reason == "short":
                            went[self.sku_of(event.order_id, line.line_id)] += line.quantity
        for sku, imported, handed_over in self.shop.sql(
            "SELECT s.code, sum(CASE o.channel WHEN 'import' THEN l.quantity ELSE 0 END), sum(l.handed_over) "
            "FROM order_line l JOIN shop_order o ON o.no = l.order_no JOIN sku s ON s.id = l.sku_id GROUP BY s.id"
        ):
            came[sku] += imported
            went[sku] += handed_over
        for sku in ON_HAND:
            assert self.shop.read(units, sku).there == came[sku] - went[sku]

    def sku_of(self, order_id: str, line_id: str) -> str:
        return str(
            self.shop.value(
                "SELECT s.code FROM order_line l JOIN shop_order o ON o.no = l.order_no JOIN sku s ON s.id = l.sku_id "
                "WHERE o.order_id = ? AND l.line_id = ?",
                order_id,
                line_id,
            )
        )

    @invariant()
    def no_place_of_a_shelf_holds_less_than_nothing(self) -> None:
        for sku in SKUS:
            found = self.shop.read(units, sku)
            assert found.to_come >= 0
            assert found.there >= found.in_parcels >= 0
            assert found.there + found.to_come == found.promised

    @invariant()
    def every_ledger_adds_up(self) -> None:
        for sku in SKUS:
            ledger = self.shop.read(sku_ledger, sku, limit=None)
            assert ledger.faults == ()
            assert all(move.links or move.what != "sold" for move in ledger.movements)
            assert all(min(move.after) >= 0 for move in ledger.movements)


@pytest.mark.slow
def test_every_unit_is_explained_whatever_happens(seeded_file: Path) -> None:
    assert {sku.code for sku in GOODS} > set(ON_HAND)
    House.template = seeded_file
    machine = House.TestCase
    machine.settings = settings(
        max_examples=40,
        stateful_step_count=40,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    machine().runTest()
