"""Whatever the clock, the cloud, the power and the customers do: nobody is reminded twice of the same, and nothing on
the shelf is without somebody whose turn it is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.little_shop import EVENING, HOUR, WINDOW, LittleShop
from tests.stages.test_invariant import PICK, Shop
from tihuo.boards import uncollected
from tihuo.shop.events import OrderUncollected, OrderWindowChanged, ReminderDue
from tihuo.shop.reminders import AGAIN_MS, OUTCOMES
from tihuo.shop.uncollected import OWNERS
from tihuo.stages import overdue, reminding, scheduling
from tihuo.timetable import Timetable

SECOND, MINUTE, DAY = 1_000, 60_000, 24 * HOUR


class Waiting(Shop):
    """The shop, with days that pass, a clock that errs, a box that is switched off, and a cloud that answers or not."""

    def __init__(self) -> None:
        super().__init__()
        self.switch_on()

    def switch_on(self) -> None:
        """The box begins again with what is on its card; the writer runs by itself, as the timetable wants it."""
        clock, path = self.shop.clock, self.shop.path
        self.shop.close()
        self.shop = LittleShop(path)
        self.shop.clock.now, self.shop.clock.off, self.shop.clock.sure = clock.now, clock.off, clock.sure

    def tick(self, times: int = 1) -> None:
        timetable = Timetable(self.shop.writer, self.shop.readers, self.shop.clock.reading)
        for _ in range(times):
            timetable.step()

    @rule(ms=st.sampled_from([SECOND, 5 * MINUTE, 30 * MINUTE, 3 * HOUR, 13 * HOUR, DAY]), times=st.integers(1, 3))
    def time_passes(self, ms: int, times: int) -> None:
        self.shop.clock.tick(ms)
        self.tick(times)

    @rule()
    def it_is_time_to_come(self) -> None:
        self.shop.clock.now = max(self.shop.clock.now, WINDOW[0] - 30 * MINUTE)
        self.tick(2)

    @rule(off=st.sampled_from([0, 0, 20 * HOUR, -20 * HOUR, -EVENING]), sure=st.booleans())
    def the_clock_is_set(self, off: int, sure: bool) -> None:
        self.shop.clock.off, self.shop.clock.sure = off, sure
        self.tick()

    @rule(before=st.booleans())
    def the_power_goes(self, before: bool) -> None:
        self.switch_on()
        if before:
            self.tick()
        self.do(reminding.go_on)

    @rule(pick=PICK, state=st.sampled_from(["sent", "failed", "no_consent"]))
    def the_cloud_answers(self, pick: int, state: str) -> None:
        asked = self.shop.events(ReminderDue)
        if asked:
            self.do(reminding.note_result, asked[pick % len(asked)].order_id, state)

    @rule(pick=PICK, count=st.integers(0, 2), hers=st.booleans())
    def she_agrees_to_messages(self, pick: int, count: int, hers: bool) -> None:
        who = ("lin", "zhao", "ou")[pick % 3]
        self.do(reminding.note_credits, "" if hers else f"o{pick % 5 + 1}", who if hers else "", count)

    @rule(pick=PICK, outcome=st.sampled_from(OUTCOMES))
    def somebody_calls(self, pick: int, outcome: str) -> None:
        self.do(reminding.note_call, self.one_of(pick, "SELECT order_no FROM reminder"), outcome)
        self.do(overdue.note_call, self.one_of(pick, "SELECT parcel_id FROM uncollected"), outcome)

    @rule(pick=PICK, later=st.sampled_from([0, MINUTE, 3 * HOUR, 2 * DAY]), own=st.booleans())
    def she_comes_another_time(self, pick: int, later: int, own: bool) -> None:
        start = max(WINDOW[0], self.shop.clock.now) + later
        order = self.one_of(pick, "SELECT no FROM shop_order")
        self.do(scheduling.choose, order, start, start + HOUR, start + MINUTE if own else None)

    @rule(pick=PICK, each=st.sampled_from([0, HOUR]), size=st.integers(1, 3))
    def the_owner_cuts_the_evening(self, pick: int, each: int, size: int) -> None:
        start = WINDOW[0] + pick % 3 * HOUR
        self.do(scheduling.add_windows, self.session(pick), start, start + 2 * HOUR, size, each)
        self.do(scheduling.share_out, self.session(pick))

    @rule(pick=PICK, what=st.sampled_from(["up", "move", "leave", "keep", "refund", "void", "spoiled"]))
    def somebody_deals_with_what_waits(self, pick: int, what: str) -> None:
        parcel = self.one_of(pick, "SELECT parcel_id FROM uncollected")
        match what:
            case "up":
                self.do(overdue.take_up, parcel)
            case "move":
                self.do(overdue.move_parcel, parcel, ("A02", "C01", "F01")[pick % 3])
            case "leave":
                self.do(overdue.leave_in_place, parcel)
            case "keep":
                self.do(overdue.keep, parcel, self.shop.clock() + pick * HOUR)
            case _:
                back, bad = what != "void", what != "refund"
                self.do(give_up, parcel, back, bad)

    @invariant()
    def everything_on_the_shelf_is_somebodys(self) -> None:
        gone = "SELECT parcel_id FROM astray"
        ready = self.shop.sql(f"SELECT id FROM parcel WHERE state = 'ready' AND id NOT IN ({gone}) ORDER BY id")
        rows = self.shop.read(uncollected.uncollected, also_waiting=True)
        assert sorted((row.parcel_id,) for row in rows) == ready
        assert all(row.owner in ("customer", "staff", "owner") and row.due_at > 0 for row in rows)
        assert all(row.step == "window" or row.limit_at > 0 for row in rows)
        assert {row.step for row in rows} <= set(OWNERS)

    @invariant()
    def nobody_is_reminded_twice_of_the_same(self) -> None:
        told: dict[str, list[int]] = {}
        for event in self.shop.events(ReminderDue):
            for order_id in (event.order_id, *event.also):
                told.setdefault(order_id, []).append(event.due_at)
        for moments in told.values():
            assert all(later - before >= AGAIN_MS - HOUR for before, later in pairwise(moments))

    @invariant()
    def the_cloud_hears_once_a_window_that_nobody_came(self) -> None:
        said: dict[str, set[str]] = {}
        for event in self.shop.events(OrderUncollected, OrderWindowChanged):
            before = said.setdefault(event.order_id, set())
            if isinstance(event, OrderWindowChanged):
                before.clear()
            elif event.step == 1:
                now = {line.line_id for line in event.lines}
                assert not now & before
                before |= now

    def a_bag_has_a_label_exactly_while_something_lies_in_it(self) -> None:
        """Not here: days pass, and paper that nobody printed waits for a person."""

    def the_journal_tells_the_same_story_as_the_rows(self) -> None:
        """Not here: what is given up is told as cancelled and as lost."""


def give_up(work: Any, parcel: int, money_back: bool, spoiled: bool) -> None:
    overdue.give_up(work, parcel, money_back=money_back, spoiled=spoiled)


@pytest.mark.slow
def test_whatever_waits_is_somebodys_and_nobody_is_told_twice(seeded_file: Path) -> None:
    Waiting.template = seeded_file
    machine = Waiting.TestCase
    machine.settings = settings(
        max_examples=40,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    machine().runTest()
