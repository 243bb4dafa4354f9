"""The power goes below the file system: ext4 on a loop device whose file lies on XFS.

A reflink copy of that file is the disk at one instant; what ext4 had not sent to it is missing, as after a power cut.
The copy is mounted, which replays ext4's journal, and judged by what had been promised before it was taken.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.soak.evening import Evening
from tests.soak.outcome import Outcome, together
from tests.soak.promises import look_at

CUTS = 25


class NoLoopDevice(Exception):
    """This machine cannot do it; the text says what is missing."""


def loop_cuts(folder: Path, count: int = CUTS, seed: int = 8) -> Outcome:
    """Raises `NoLoopDevice`."""
    chance = random.Random(seed)
    outcomes = [Outcome(cuts=count)]
    with _disk(folder, folder / "evening" / "shop") as (disk, snapshot):
        house = Evening(folder / "evening", seed)
        try:
            assert house.mortal.start(), house.mortal.last_words()
            house.begin()
            for number in range(count):
                time.sleep(chance.uniform(0.2, 1.2))
                heard = house.heard()
                _run("cp", "--reflink=always", disk, snapshot)
                with _mounted(snapshot, folder / "found"):
                    found = folder / "found" / "tihuo.db"
                    outcomes.append(look_at(found, heard, f"loop cut {number}", folder / "scratch"))
            told = len(house.counter.promised)
        finally:
            house.close()
    outcome = together(outcomes)
    print(f"  loop device: {count} cuts, {len(house.crowd.orders)} orders, {told} taps")
    assert told > count, "hardly anything happened"
    return outcome


@contextmanager
def _disk(folder: Path, place: Path) -> Iterator[tuple[Path, Path]]:
    """A card of 64 MB at `place`: its image, and where to put a copy of it."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("truncate", "-s", "600M", folder / "xfs.img")
    _run("mkfs.xfs", "-q", "-m", "reflink=1", folder / "xfs.img")
    with _mounted(folder / "xfs.img", folder / "xfs"):
        card = folder / "xfs" / "card.img"
        _run("truncate", "-s", "64M", card)
        _run("mkfs.ext4", "-q", card)
        with _mounted(card, place, "commit=5"):
            yield card, folder / "xfs" / "snapshot.img"


@contextmanager
def _mounted(image: Path, place: Path, *options: str) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-o", ",".join(("loop", *options)), image, place)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise NoLoopDevice(f"{missing.filename} is not installed") from missing
    if done.returncode:
        raise NoLoopDevice(f"{command[0]}: {done.stderr.strip()}")
