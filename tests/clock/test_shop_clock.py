"""The shop's clock by itself: each rule of docs/clock.md with a machine whose time, count and witnesses are ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tihuo.timekeeping import JUMP_MS, OLDEST_CREDIBLE, RTC_LOOK_MS, ShopClock, since_boot, system_time

EVENING = 1_800_000_000_000
SECOND, DAY = 1000, 86_400_000
YEAR = 365 * DAY


class Machine:
    """A computer: `run` lets time pass, `jump` sets its clock, `synchronise` is what timesyncd does."""

    def __init__(self, folder: Path, wall: int = EVENING) -> None:
        self.wall = wall
        self.ticks = 5 * SECOND
        self.file = folder / "synchronized"
        self.rtc = folder / "since_epoch"

    def clock(self, **known: Any) -> ShopClock:
        return ShopClock(
            synchronized=self.file, rtc=self.rtc, wall=lambda: self.wall, ticks=lambda: self.ticks, **known
        )

    def run(self, ms: int) -> None:
        self.wall += ms
        self.ticks += ms

    def jump(self, ms: int) -> None:
        self.wall += ms

    def synchronise(self) -> None:
        self.file.unlink(missing_ok=True)
        self.file.write_text(str(self.ticks))

    def module_says(self, millis: int) -> None:
        self.rtc.write_text(f"{millis // 1000}\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nobody_vouches_for_a_clock_until_it_is_synchronised(machine: Machine) -> None:
    clock = machine.clock()
    assert (clock(), clock.sure, clock.trouble) == (EVENING, False, "clock_unsure")
    machine.synchronise()
    machine.run(SECOND)
    assert (clock(), clock.sure, clock.trouble) == (EVENING + SECOND, True, "")


def test_a_box_that_wakes_up_in_1970_goes_on_after_its_last_record(machine: Machine) -> None:
    machine.wall = 30 * SECOND
    clock = machine.clock(last_sure=EVENING - DAY, last=EVENING)
    assert (clock(), clock.sure, clock.trouble) == (EVENING, False, "clock_not_set")
    machine.run(90 * SECOND)
    assert clock() == EVENING + 90 * SECOND
    machine.jump(EVENING + DAY - machine.wall)
    machine.synchronise()
    assert (clock(), clock.sure, clock.trouble) == (EVENING + DAY, True, "")


def test_a_new_box_in_1970_says_that_it_knows_nothing(machine: Machine) -> None:
    machine.wall = 30 * SECOND
    clock = machine.clock()
    machine.synchronise()
    assert (clock(), clock.sure, clock.trouble) == (30 * SECOND, False, "clock_not_set")


def test_a_box_that_wakes_up_a_little_in_the_past_goes_on_after_what_it_knows_for_sure(machine: Machine) -> None:
    clock = machine.clock(last_sure=EVENING + DAY, last=EVENING + DAY)
    assert (clock(), clock.trouble) == (EVENING + DAY, "clock_not_set")


def test_a_wrong_year_in_the_records_is_not_kept_for_ever(machine: Machine) -> None:
    """Unsure entries from a year ahead do not hold back a clock that is credible now."""
    clock = machine.clock(last_sure=EVENING - DAY, last=EVENING + YEAR)
    assert (clock(), clock.trouble) == (EVENING, "clock_unsure")


@pytest.mark.parametrize("step", [YEAR, -YEAR, JUMP_MS + 1, -JUMP_MS - 1])
def test_after_a_jump_time_goes_on_from_what_was_sure(machine: Machine, step: int) -> None:
    machine.synchronise()
    clock = machine.clock()
    assert clock.sure
    machine.run(10 * SECOND)
    machine.jump(step)
    assert (clock(), clock.sure, clock.jumps) == (EVENING + 10 * SECOND, False, 1)
    machine.run(50 * SECOND)
    assert (clock(), clock.sure) == (EVENING + 60 * SECOND, False)
    machine.jump(-step)
    assert (clock(), clock.sure) == (EVENING + 60 * SECOND, False)
    machine.synchronise()
    machine.run(SECOND)
    assert (clock(), clock.sure, clock.trouble) == (EVENING + 61 * SECOND, True, "")


def test_a_sure_clock_wins_even_backwards(machine: Machine) -> None:
    machine.synchronise()
    clock = machine.clock(last_sure=EVENING, last=EVENING)
    assert clock() == EVENING
    machine.jump(-DAY)
    machine.synchronise()
    assert (clock(), clock.sure) == (EVENING - DAY, True)


def test_a_clock_that_was_never_sure_follows_a_person_forward_and_comes_back_with_her(machine: Machine) -> None:
    clock = machine.clock()
    machine.jump(YEAR)
    assert (clock(), clock.sure) == (EVENING + YEAR, False)
    machine.run(SECOND)
    machine.jump(-YEAR)
    assert (clock(), clock.sure) == (EVENING + SECOND, False)


def test_a_clock_that_was_never_sure_does_not_go_back_to_before_it_began(machine: Machine) -> None:
    clock = machine.clock()
    machine.run(SECOND)
    machine.jump(-YEAR)
    assert (clock(), clock.trouble) == (EVENING + SECOND, "clock_not_set")
    machine.run(DAY)
    assert clock() == EVENING + SECOND + DAY


def test_gentle_corrections_are_no_jump(machine: Machine) -> None:
    machine.synchronise()
    clock = machine.clock()
    for step in (JUMP_MS, -JUMP_MS, 40, -40):
        machine.run(SECOND)
        machine.jump(step)
        assert clock.sure
        assert clock() == machine.wall
    assert clock.jumps == 0


def test_sleep_is_no_jump(machine: Machine) -> None:
    machine.synchronise()
    clock = machine.clock()
    machine.run(8 * 3600 * SECOND)
    assert (clock.sure, clock.jumps) == (True, 0)


def test_a_clock_module_that_agrees_vouches_without_a_network(machine: Machine) -> None:
    machine.module_says(EVENING + 5 * SECOND)
    clock = machine.clock(last_sure=EVENING - DAY)
    assert clock.sure
    machine.jump(YEAR)
    assert (clock.sure, clock()) == (False, EVENING)
    machine.jump(-YEAR)
    assert clock.sure


def test_a_clock_module_that_was_never_set_vouches_for_nothing(machine: Machine) -> None:
    machine.wall = 20 * SECOND
    machine.module_says(machine.wall)
    assert not machine.clock().sure
    machine.wall = OLDEST_CREDIBLE + DAY
    machine.module_says(machine.wall)
    assert not machine.clock(last_sure=EVENING).sure


def test_a_clock_module_that_cannot_be_read_is_none(machine: Machine) -> None:
    machine.rtc.write_text("?")
    clock = machine.clock()
    assert not clock.sure
    machine.module_says(EVENING + RTC_LOOK_MS)
    machine.run(RTC_LOOK_MS)
    assert clock.sure


def test_settings_may_trust_the_machine(machine: Machine) -> None:
    clock = machine.clock(trusted=True)
    machine.jump(YEAR)
    assert (clock(), clock.sure) == (EVENING + YEAR, True)
    machine.wall = 0
    assert (clock(), clock.sure) == (EVENING + YEAR, False)


def test_the_count_for_deadlines_never_jumps(machine: Machine) -> None:
    clock = machine.clock()
    before = clock.reading().ticks
    for step in (YEAR, -3 * YEAR):
        machine.jump(step)
        assert clock.reading().ticks == clock.ticks() == before
    machine.run(7)
    assert clock.reading().ticks == before + 7


def test_the_real_machine_has_both() -> None:
    clock = ShopClock()
    first, second = clock.reading(), clock.reading()
    assert abs(first.now - system_time()) < 60 * SECOND
    assert 0 < first.ticks <= second.ticks <= since_boot()
