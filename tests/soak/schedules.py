"""Schedules: from one integer to an evening full of faults, played to its end."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.soak.agreement import Wrong, check, check_end, settle
from tests.soak.outcome import Outcome
from tests.soak.rules import ROOMS, RULES, Pick, close_session
from tests.soak.stranded import last_call
from tests.soak.world import World, make_template

SCHEDULES = 10_000
STEPS = (50, 90)
PICKS = 1 << 24
EVENING = ("selling", "sorting", "counter")
FAULTS = ("line", "death")
Story = list[tuple[str, int]]
"""The steps of a schedule: the name of a rule and its pick."""


class Played(msgspec.Struct):
    """How a schedule went: what was wrong, if anything, and what it saw."""

    steps: int = 0
    kind: str = ""
    what: str = ""
    kinds: set[str] = set()
    """Of facts that the box's journal holds in the end."""
    stranded: list[float] = []
    crashes: int = 0
    cuts: int = 0
    restores: int = 0


def story_of(seed: int) -> Story:
    """The schedule of a seed. Each has a temper of its own: what happens often in one is rare in another.

    Half of them go through an evening (sell, sort, hand over); in the others everything happens at any time.
    """
    dice = random.Random(seed)
    temper = {room: dice.choice((0.4, 1.0, 1.0, 2.5)) for room in ROOMS}
    weights = {rule.__name__: weight * temper[room] for room in FAULTS for rule, weight in ROOMS[room].items()}
    length = dice.randint(*STEPS)
    parts = EVENING if dice.random() < 0.5 else ("any time",)
    names: list[str] = []
    for number, part in enumerate(parts, 1):
        for room in EVENING:
            here = temper[room] * (2.0 if room == part else 0.1 if part in EVENING else 1.0)
            weights |= {rule.__name__: weight * here for rule, weight in ROOMS[room].items()}
        upto = length * number // len(parts)
        names += dice.choices(list(weights), list(weights.values()), k=upto - len(names))
    return [(name, dice.randrange(PICKS)) for name in names]


def play(story: Iterable[tuple[str, int]], folder: Path, template: Path) -> Played:
    """Play it step by step, look after each, let everything be said, and compare the two sides."""
    world = World(folder, template)
    played = Played()
    try:
        for name, pick in story:
            RULES[name](world, Pick(pick))
            played.steps += 1
            check(world)
        end(world)
    except Exception as error:  # noqa: BLE001  whatever it is, the seed is what counts
        played.kind = error.kind if isinstance(error, Wrong) else "books"
        played.what = f"{type(error).__name__}: {error}"
    finally:
        played.kinds = {kind for (kind,) in world.rows("SELECT DISTINCT kind FROM journal")}
        played.stranded, played.crashes = world.stranded, world.crashes + world.cloud_crashes
        played.cuts, played.restores = world.cuts, world.restores
        world.close()
    return played


def end(world: World) -> None:
    """The evening ends as it stands; then all is said and compared, open and closed."""
    for (session,) in world.rows("SELECT id FROM live_session WHERE state = 'open'"):
        last_call(world, session)
    settle(world)
    check_end(world)
    for _ in world.rows("SELECT id FROM live_session WHERE state = 'open'"):
        close_session(world, Pick(0))
    settle(world)
    check_end(world)


def shortened(story: Story, kind: str, folder: Path, template: Path) -> Story:
    """The story without every step that it goes wrong without, in the same way."""
    size = max(1, len(story) // 2)
    while True:
        start = 0
        while start < len(story):
            shorter = story[:start] + story[start + size :]
            with fresh(folder) as place:
                if play(shorter, place, template).kind == kind:
                    story = shorter
                else:
                    start += size
        if size == 1:
            return story
        size //= 2


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield Path(place)


@contextmanager
def stage() -> Iterator[tuple[Path, Path]]:
    """Somewhere to play, in memory where there is such a place, and the files to begin with."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else None
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # a box that dies complains; that is what it is here for
    try:
        with tempfile.TemporaryDirectory(prefix="tihuo-twins-", dir=parent) as place:
            template = Path(place) / "template"
            template.mkdir()
            yield Path(place), make_template(template)
    finally:
        logging.disable(disabled)


def _play_seeds(seeds: range) -> list[tuple[int, Played]]:
    played = []
    with stage() as (folder, template):
        for seed in seeds:
            with fresh(folder) as place:
                played.append((seed, play(story_of(seed), place, template)))
    return played


def schedules(_folder: Path) -> Outcome:
    """The part of the soak: so many seeds, two processes, each schedule played to its end, in memory where it can."""
    count = int(os.environ.get("TIHUO_SOAK_SCHEDULES", SCHEDULES))
    chunks = [range(start, min(start + 100, count)) for start in range(0, count, 100)]
    outcome, stranded, steps, began = Outcome(), [], 0, time.monotonic()
    faults = crashes = cuts = restores = 0
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for number, chunk in enumerate(pool.imap_unordered(_play_seeds, chunks), 1):
            for seed, played in chunk:
                outcome.schedules += 1
                steps, crashes, cuts = steps + played.steps, crashes + played.crashes, cuts + played.cuts
                restores += played.restores
                stranded += played.stranded
                if played.kind:
                    faults += 1
                    outcome.wrong.append(f"seed {seed}: {played.what[:300]}")
                    if played.kind in ("oversold", "lost", "twice"):
                        setattr(outcome, played.kind, getattr(outcome, played.kind) + 1)
            if number % 10 == 0:
                print(f"  {outcome.schedules} schedules, {faults} wrong, {time.monotonic() - began:.0f} s", flush=True)
    print(f"  {steps} steps, {crashes} crashes, {cuts} lines cut, {restores} restores, {len(stranded)} sold out")
    outcome.stranded = sum(stranded) / len(stranded) if stranded else None
    return outcome


def main(seeds: list[int]) -> None:
    """`python -m tests.soak.schedules 4711`: what goes wrong with a seed, and the shortest story that goes so wrong."""
    with stage() as (folder, template):
        for seed in seeds:
            with fresh(folder) as place:
                played = play(story_of(seed), place, template)
            print(f"seed {seed}: {played.what or 'nothing wrong'}, {played.steps} steps")
            if played.kind:
                for step in shortened(story_of(seed), played.kind, folder, template):
                    print(f"    {step!r},")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]])
