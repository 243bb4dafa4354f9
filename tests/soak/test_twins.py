"""Box and cloud as twins: whatever happens to line, process or clock, both tell the same story in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.soak.agreement import check
from tests.soak.rules import RULES, Pick
from tests.soak.schedules import PICKS, end, fresh, play, stage, story_of
from tests.soak.seeds import SEEDS, STORIES
from tests.soak.world import World

SCHEDULES = 60
REACHED = {
    "grant.issued", "grant.revoke_requested", "rights.returned", "walk_in.sold", "order.accepted", "order.refused",
    "order.cancelled", "order.short", "order.ready", "order.handed_over", "order.handover_undone", "units.lost",
    "refund.settled", "message.parked", "session.closed", "fence.raised", "restored",
    "order.adjusted", "short.picked", "short.decided", "stock.corrected", "delivery.closed",
}  # fmt: skip
"""Facts that these evenings come to, all of them."""


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Path, Path]]:
    """A folder to play in, and the files that a world begins with."""
    with stage() as found:
        yield found


class Twins(RuleBasedStateMachine):
    """Every rule, in any order; the invariants after each, and agreement at the end."""

    folder: Path
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._place = fresh(self.folder)
        self.world = World(self._place.__enter__(), self.template)
        self.whole = True

    def happens(self, name: str, pick: int) -> None:
        try:
            RULES[name](self.world, Pick(pick))
            check(self.world)
        except BaseException:
            self.whole = False
            raise

    def teardown(self) -> None:
        try:
            if self.whole:
                end(self.world)
        finally:
            self.world.close()
            self._place.__exit__(None, None, None)


def _rule(name: str) -> Callable[..., Any]:
    def happens(self: Twins, pick: int) -> None:
        self.happens(name, pick)

    happens.__name__ = name
    return rule(pick=st.integers(0, PICKS - 1))(happens)


for _name in RULES:
    setattr(Twins, _name, _rule(_name))


@pytest.mark.slow
def test_whatever_happens_both_sides_tell_the_same_story(place: tuple[Path, Path]) -> None:
    Twins.folder, Twins.template = place
    machine = Twins.TestCase
    machine.settings = settings(
        max_examples=60,
        stateful_step_count=50,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    machine().runTest()


@pytest.mark.slow
def test_evenings_full_of_faults(place: tuple[Path, Path]) -> None:
    folder, template = place
    reached: set[str] = set()
    for seed in range(SCHEDULES):
        with fresh(folder) as here:
            played = play(story_of(seed), here, template)
        assert not played.what, f"seed {seed}"
        assert played.steps >= 50
        reached |= played.kinds
    assert reached >= REACHED


def test_the_seeds_that_once_went_wrong(place: tuple[Path, Path]) -> None:
    for seed in SEEDS:
        with fresh(place[0]) as here:
            assert not play(story_of(seed), here, place[1]).what, f"seed {seed}"


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_a_story_that_once_went_wrong(place: tuple[Path, Path], story: list[tuple[str, int]]) -> None:
    with fresh(place[0]) as here:
        assert not play(story, here, place[1]).what


def test_a_seed_plays_the_same_evening_again(place: tuple[Path, Path]) -> None:
    ends = []
    for _ in range(2):
        with fresh(place[0]) as here:
            world = World(here, place[1])
            for name, pick in story_of(7):
                RULES[name](world, Pick(pick))
            end(world)
            ends.append(
                (
                    world.rows("SELECT kind, data, at FROM journal ORDER BY entry"),
                    world.cloud_rows("SELECT type, data FROM outbox ORDER BY seq"),
                )
            )
            world.close()
    assert ends[0] == ends[1]
