"""The plug is pulled (断电), hundreds of times: the real daemon dies by SIGKILL at any moment and at every commit.

While a real broker feeds it and staff sort and hand over, the process is killed after a random time, or at the n-th
commit: before it is written, before it is synced, or after that and before anybody hears of it; or in a checkpoint.
The broker dies too, and forgets its queues. After each death the file that was left is judged, and at the end of the
evening the cloud, the staff and the store must tell the same story.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.soak.evening import Evening
from tests.soak.mortal import shim
from tests.soak.outcome import Outcome, together
from tests.soak.promises import look_at

KILLS, EVENINGS = 216, 9
LIFE_S = 0.7
"""A life lasts that long at most, beyond the start."""


def kills(folder: Path) -> Outcome:
    """The part of `make soak`."""
    return together([evening(folder / f"evening{number}", number, KILLS // EVENINGS) for number in range(EVENINGS)])


def evening(folder: Path, seed: int, deaths: int) -> Outcome:
    """One evening with so many deaths."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    library = shim("killsync", folder)
    house = Evening(folder, seed)
    outcomes = [Outcome(kills=deaths)]
    try:
        assert house.mortal.start(), house.mortal.last_words()
        house.begin()
        plan: dict[str, str] = {}
        for death in range(deaths):
            _die(house, chance, plan)
            where = f"evening {seed}, death {death} ({_in_words(plan)})"
            with house.counter.quiet:
                outcomes.append(look_at(house.mortal.database, house.heard(), where, folder / "scratch"))
                if chance.random() < 0.25:
                    house.broker.kill()
                    house.broker.start()
                plan = _next_death(chance, library)
                house.mortal.start(plan)
        _die(house, chance, plan)
        house.mortal.start()
        outcomes.append(Outcome(wrong=[f"evening {seed}: {left}" for left in house.settle()]))
        agreed = house.agree()
        agreed.wrong = [f"evening {seed}: {fault}" for fault in agreed.wrong]
        outcomes.append(agreed)
        house.mortal.stop()
        outcomes.append(look_at(house.mortal.database, house.heard(), f"evening {seed}, end", folder / "scratch"))
        told = len(house.counter.promised)
        print(
            f"  evening {seed}: {deaths} kills, {len(house.crowd.orders)} orders, {told} taps, {house.counter.answers}"
        )
        assert told > deaths and len(house.crowd.orders) > deaths, "hardly anything happened this evening"
    finally:
        house.close()
    return together(outcomes)


def _die(house: Evening, chance: random.Random, plan: dict[str, str]) -> None:
    """Wait for the death that was planned; if it does not come in time, or none was planned, kill."""
    life = chance.uniform(0.05, LIFE_S)
    house.mortal.wait(LIFE_S * 2 if plan else life)
    if chance.random() < 0.1 and house.mortal.alive:
        house.broker.kill()  # the broker first, and the box while it looks for it
        house.broker.start()
        time.sleep(chance.uniform(0.0, 0.2))
    house.mortal.kill()


def _next_death(chance: random.Random, library: str) -> dict[str, str]:
    """The environment for the next life: none to be killed from outside, or the sync at which it ends."""
    dice = chance.random()
    if dice < 0.2:
        return {}
    when = chance.choice(("unwritten", "before", "after"))
    if dice < 0.27:  # a checkpoint
        return {"LD_PRELOAD": library, "KILL_FILE": "tihuo.db", "KILL_AT": "1", "KILL_WHEN": when}
    at = chance.choice((1, 2, 3, *(chance.randint(1, 60) for _ in range(5))))
    return {"LD_PRELOAD": library, "KILL_FILE": "tihuo.db-wal", "KILL_AT": str(at), "KILL_WHEN": when}


def _in_words(plan: dict[str, str]) -> str:
    return f"{plan['KILL_WHEN']} sync {plan['KILL_AT']} of {plan['KILL_FILE']}" if plan else "from outside"
