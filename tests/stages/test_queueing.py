"""排队: numbers are taken once, called in order, and nobody is forgotten at the door."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.conftest import Make
from tests.little_shop import HOUR, HOUSE, LittleShop
from tihuo.boards.turns import Call, now_serving, queue, turn_times, turns_due, waits
from tihuo.shop.turns import CALL_MS, COUNTER, QUIET_MS
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, queueing
from tihuo.timetable import Timetable

BUSY = msgspec.structs.replace(HOUSE, numbers=True, kiosks=("k1", "k2"))
BY_HAND = msgspec.structs.replace(BUSY, calls_by_themselves=False)


@pytest.fixture
def door(make_shop: Make) -> LittleShop:
    return make_shop(house=BY_HAND)


@pytest.fixture
def evening(make_shop: Make) -> LittleShop:
    """Two kiosks that call by themselves, three people whose parcels are ready."""
    shop = make_shop(house=BUSY)
    for order, customer in (("o1", "lin"), ("o2", "zhao"), ("o3", "ou")):
        shop.sell(order, customer, RICE=1)
    shop.sort()
    return shop


def take(shop: LittleShop, kiosk: str = "") -> int:
    return int(shop.do(queueing.take_number, kiosk).number)


def on_time(shop: LittleShop) -> None:
    Timetable(shop.writer, shop.readers, shop.clock.reading, shop.house).step()


def states(shop: LittleShop) -> dict[int, str]:
    return dict(shop.sql("SELECT number, state FROM turn WHERE series = (SELECT max(series) FROM turn)"))


def test_numbers_count_up_and_say_how_many_are_before(door: LittleShop) -> None:
    taken = [door.do(queueing.take_number, "k1") for _ in range(3)]
    assert [(each.number, each.ahead) for each in taken] == [(1, 0), (2, 1), (3, 2)]


def test_a_double_tap_takes_one_number(door: LittleShop) -> None:
    first = door.do(queueing.take_number, "k1", once="turn:k1:a tap")
    again = door.do(queueing.take_number, "k1", once="turn:k1:a tap")
    assert first == again
    assert door.sql("SELECT count(*) FROM turn") == [(1,)]


def test_without_the_setting_there_are_none(shop: LittleShop) -> None:
    with pytest.raises(Refusal, match="numbers_off"):
        shop.do(queueing.take_number)


def test_a_code_that_is_shown_again_keeps_its_number(evening: LittleShop) -> None:
    assert evening.do(queueing.take_by_code, evening.code("o1")).number == 1
    assert evening.do(queueing.take_by_code, evening.code("o2")).number == 2
    assert evening.do(queueing.take_by_code, evening.code("o1")).number == 1
    (mine, _) = evening.read(queue)
    assert (mine.name, mine.slots) == ("林*", "A01")


def test_staff_call_in_order_and_pass_over_who_does_not_come(door: LittleShop) -> None:
    for _ in range(3):
        take(door)
    assert [door.do(queueing.call_next, kiosk) for kiosk in ("k1", "k2", "k1")] == [1, 2, 3]
    assert states(door) == {1: "gone", 2: "called", 3: "called"}
    with pytest.raises(Refusal, match="nobody_waits"):
        door.do(queueing.call_next, "k2")
    assert states(door)[2] == "called", "she is not passed over for nobody"


def test_who_was_passed_over_can_be_called_again(door: LittleShop) -> None:
    take(door)
    door.do(queueing.call_next, "k1")
    door.do(queueing.skip, 1)
    assert states(door) == {1: "gone"}
    assert door.do(queueing.recall, 1, "k2") == 1
    assert door.read(now_serving).called == (Call(1, "k2", 2),)
    with pytest.raises(Refusal, match="turn_over"):
        door.do(queueing.skip, 9)


def test_the_counter_serves_whom_staff_see(door: LittleShop) -> None:
    take(door)
    take(door)
    door.do(queueing.call_next, COUNTER)
    door.do(queueing.came, 1)
    assert states(door) == {1: "served", 2: "waiting"}
    door.clock.tick(10 * CALL_MS)
    on_time(door)
    assert states(door)[1] == "served", "she is being served, however long that takes"
    door.do(queueing.call_next, COUNTER)
    assert states(door) == {1: "done", 2: "called"}


def test_a_free_kiosk_calls_the_next_by_itself(evening: LittleShop) -> None:
    for _ in range(3):
        take(evening)
    on_time(evening)
    assert [(call.number, call.kiosk) for call in evening.read(now_serving).called] == [(1, "k1"), (2, "k2")]
    visit = evening.do(handing_over.check_in, "k1", evening.code("o1"))
    on_time(evening)
    assert states(evening) == {1: "served", 2: "called", 3: "waiting"}
    evening.do(handing_over.hand_over, visit)
    on_time(evening)
    assert states(evening)[3] == "waiting", "somebody stands at k1"
    evening.do(handing_over.leave, visit)
    on_time(evening)
    on_time(evening)
    assert states(evening) == {1: "done", 2: "called", 3: "called"}
    assert dict(evening.sql("SELECT number, to_kiosk FROM turn"))[3] == "k1"


def test_nobody_is_called_to_where_somebody_stands(evening: LittleShop) -> None:
    evening.do(handing_over.check_in, "k1", evening.code("o2"))
    take(evening)
    on_time(evening)
    assert evening.read(now_serving).called == (Call(1, "k2", 1),)


def test_who_does_not_come_is_called_three_times(evening: LittleShop) -> None:
    take(evening)
    on_time(evening)
    for calls in (1, 2, 3):
        assert evening.read(now_serving).called == (Call(1, "k1", calls),)
        evening.clock.tick(CALL_MS)
        on_time(evening)
    assert states(evening) == {1: "gone"}
    assert not evening.read(turns_due, evening.clock.ticks(), BUSY)


def test_a_stranger_does_not_take_the_turn_of_an_order(evening: LittleShop) -> None:
    evening.do(queueing.take_by_code, evening.code("o1"))
    on_time(evening)
    evening.do(handing_over.check_in, "k1", evening.code("o2"))
    on_time(evening)
    assert states(evening) == {1: "called"}
    evening.do(handing_over.check_in, "k2", evening.code("o1"))
    on_time(evening)
    assert states(evening) == {1: "served"}, "wherever she checks in"


def test_a_code_that_helps_nobody_serves_nobody(evening: LittleShop) -> None:
    take(evening)
    on_time(evening)
    evening.do(handing_over.check_in, "k1", "rubbish")
    on_time(evening)
    assert states(evening) == {1: "called"}


def test_an_idle_queue_writes_nothing(evening: LittleShop) -> None:
    take(evening)
    for _ in range(4):
        on_time(evening)
        evening.clock.tick(CALL_MS)
    commits = evening.writer.commits
    for _ in range(5):
        evening.clock.tick(CALL_MS)
        on_time(evening)
    assert evening.writer.commits == commits


@pytest.mark.parametrize(
    ("sure", "passed", "expected"),
    [
        (True, 3 * HOUR, 3),
        (True, 20 * HOUR, 1),
        (False, 3 * HOUR, 3),
        (False, QUIET_MS + 1, 1),
    ],
)
def test_numbers_begin_at_one_with_the_day(door: LittleShop, sure: bool, passed: int, expected: int) -> None:
    door.clock.sure = sure
    take(door)
    take(door)
    door.do(queueing.skip, 1)
    door.do(queueing.skip, 2)
    door.clock.tick(passed)
    assert take(door) == expected


def test_who_waited_the_day_before_waits_no_more(door: LittleShop) -> None:
    take(door)
    door.clock.tick(20 * HOUR)
    assert take(door) == 1
    assert [row.number for row in door.read(queue)] == [1]
    assert door.sql("SELECT state FROM turn ORDER BY id") == [("gone",), ("waiting",)]


def test_a_clock_that_was_unsure_for_a_while_forgets_no_day(door: LittleShop) -> None:
    take(door)
    door.clock.sure = False
    assert take(door) == 2
    door.clock.sure = True
    door.clock.tick(20 * HOUR)
    assert take(door) == 1, "although somebody still waits from the day before"


def test_a_clock_that_becomes_sure_ends_no_day(door: LittleShop) -> None:
    door.clock.sure = False
    take(door)
    door.clock.sure = True
    assert take(door) == 2


def test_a_slip_of_paper_if_the_shop_wants_it(make_shop: Make) -> None:
    shop = make_shop(house=msgspec.structs.replace(BUSY, number_slips=True))
    take(shop)
    ((kind, content),) = shop.sql("SELECT kind, content FROM print_job WHERE subject = 'turn:1'")
    assert kind == "list" and "1 号" in content and "前面还有 0 位" in content


def test_waiting_is_measured_step_by_step(evening: LittleShop) -> None:
    take(evening)
    evening.clock.tick(4_000)
    on_time(evening)
    evening.clock.tick(6_000)
    visit = evening.do(handing_over.check_in, "k1", evening.code("o1"))
    on_time(evening)
    evening.clock.tick(9_000)
    evening.do(handing_over.hand_over, visit)
    on_time(evening)
    found = evening.read(waits)
    assert (found.taken, found.served, found.to_call, found.to_come, found.to_given) == (1, 1, 4_000, 6_000, 9_000)
    assert evening.read(now_serving).wait_ms == 4_000


def test_a_wrong_time_changes_no_waiting(evening: LittleShop) -> None:
    take(evening)
    evening.clock.off = -5 * HOUR
    evening.clock.tick(4_000)
    on_time(evening)
    assert evening.read(turn_times)[0].to_call == 4_000


class Queue(RuleBasedStateMachine):
    """Whatever people, kiosks and staff do, in whatever order."""

    make: Any

    def __init__(self) -> None:
        super().__init__()
        self.shop = self.make(house=BUSY)
        self.taken = 0
        self.first_calls: list[int] = []

    @rule(kiosk=st.sampled_from(["", "k1", "k2"]))
    def take(self, kiosk: str) -> None:
        self.taken += 1
        assert take(self.shop, kiosk) == self.taken

    @rule(kiosk=st.sampled_from(["k1", "k2", COUNTER]))
    def next(self, kiosk: str) -> None:
        self._try(queueing.call_next, kiosk)

    @rule(turn=st.integers(1, 6), kiosk=st.sampled_from(["k1", COUNTER]))
    def recall(self, turn: int, kiosk: str) -> None:
        self._try(queueing.recall, turn, kiosk)

    @rule(turn=st.integers(1, 6), what=st.sampled_from([queueing.skip, queueing.came]))
    def staff(self, turn: int, what: Any) -> None:
        self._try(what, turn)

    @rule(seconds=st.integers(1, 60))
    def wait(self, seconds: int) -> None:
        self.shop.clock.tick(seconds * 1000)
        on_time(self.shop)

    def _try(self, stage: Any, *args: Any) -> None:
        with suppress(Refusal):
            self.shop.do(stage, *args)

    @invariant()
    def everybody_is_in_one_place(self) -> None:
        rows = self.shop.sql("SELECT number, state, calls, to_kiosk FROM turn ORDER BY id")
        assert [row[0] for row in rows] == list(range(1, self.taken + 1))
        assert all(calls == 0 for _, state, calls, _ in rows if state == "waiting")
        shown = self.shop.read(now_serving)
        waiting = [number for number, state, *_ in rows if state == "waiting"]
        assert list(shown.waiting) + [0] * shown.more == waiting[:12] + [0] * len(waiting[12:])

    @invariant()
    def first_calls_are_in_order_unless_staff_wish_otherwise(self) -> None:
        kinds = self.shop.sql(
            "SELECT data ->> '$.number', actor FROM journal WHERE kind = 'turn.called' AND data ->> '$.calls' = 1 "
            "AND actor = 'timetable' ORDER BY entry"
        )
        assert [number for number, _ in kinds] == sorted(number for number, _ in kinds)

    def teardown(self) -> None:
        self.shop.close()


def test_any_play_keeps_the_queue_whole(make_shop: Make) -> None:
    Queue.make = staticmethod(make_shop)
    case = Queue.TestCase
    case.settings = settings(max_examples=12, stateful_step_count=20)
    case().runTest()
