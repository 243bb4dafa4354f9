"""Kill -9 at any statement: nothing acknowledged is lost, nothing is applied twice, nothing is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from tests.ledger.killed_story import contents, play
from tests.little_shop import LittleShop, copy_of
from tihuo.boards.balance import imbalances
from tihuo.ledger.database import check

REPO = Path(__file__).resolve().parents[2]


class Life(NamedTuple):
    """How one went: what was acknowledged, how many moments there were (0 after a death), the exit code."""

    said: list[str]
    moments: int
    code: int


class Teller:
    """The program that lives and dies."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.killed_story", str(template), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=REPO,
            env={"PYTHONPATH": f"{REPO / 'daemon'}:{REPO}", "PATH": "/usr/bin:/bin"},
        )

    def live(self, at: int | str) -> Life:
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.write(f"{at}\n")
        life = Life([], 0, 0)
        for line in self._program.stdout:
            word, what = line.split()
            if word == "ended":
                return life._replace(code=int(what))
            if word == "moments":
                life = life._replace(moments=int(what))
            else:
                life.said.append(what)
        raise AssertionError("the program itself died")

    def end(self) -> None:
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.close()
        self._program.stdout.close()
        self._program.wait(10)


@pytest.fixture
def place() -> Iterator[Path]:
    """A file system in memory where there is one: kill -9 takes nothing from the kernel, so the disk has no say."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def teller(seeded_file: Path, place: Path) -> Iterator[Teller]:
    teller = Teller(seeded_file, place)
    yield teller
    teller.end()


class Evening:
    """What the evening is when nobody interferes: the whole database before the first commit and after each."""

    def __init__(self, path: Path) -> None:
        shop = LittleShop(path, running=False)
        self.pictures = [shop.read(contents)]
        self.commit_of: dict[str, int] = {}
        """Which commit each answer needs."""
        said: list[str] = []
        for _ in play(shop, said.append):
            self.pictures.append(shop.read(contents))
            assert shop.read(imbalances) == {}
            for key in said:
                self.commit_of.setdefault(key, len(self.pictures) - 1)
        self.kinds = {kind for (kind,) in shop.sql("SELECT DISTINCT kind FROM journal")}
        shop.close()


@pytest.fixture
def undisturbed(seeded_file: Path, place: Path) -> Evening:
    return Evening(copy_of(seeded_file, place / "undisturbed.db"))


def test_the_evening_is_worth_dying_for(undisturbed: Evening) -> None:
    assert undisturbed.kinds >= {
        "order.accepted", "order.refused", "order.cancelled", "order.short", "order.ready", "order.handed_over",
        "rights.returned", "goods.received", "walk_in.sold", "units.damaged", "put.undone", "visit.checked_in",
        "visit.ended", "paper.queued", "order.handover_undone", "parcel.astray", "ticket.opened", "staff.called",
        "goods.brought_back", "missed.settled", "wave.opened", "units.counted", "count.undone", "delivery.closed",
    }  # fmt: skip
    assert len(set(undisturbed.pictures)) == len(undisturbed.pictures) > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kill_9_at_any_statement(teller: Teller, undisturbed: Evening, place: Path) -> None:
    whole = teller.live("whole")
    assert (whole.code, whole.said) == (0, list(undisturbed.commit_of))
    unheard = set()
    for at in range(1, whole.moments + 1):
        life = teller.live(at)
        assert life.code == -signal.SIGKILL
        path = place / f"{at}.db"
        shop = LittleShop(path, running=False)
        commit = undisturbed.pictures.index(shop.read(contents))  # to the last row as it was between two commits
        promised = max((undisturbed.commit_of[key] for key in life.said), default=0)
        assert promised <= commit <= promised + 1, f"at moment {at}"
        assert shop.read(imbalances) == {}
        for _ in play(shop):
            pass
        assert shop.read(contents) == undisturbed.pictures[-1], f"told again after moment {at}"
        shop.close()
        assert check(path) == []
        path.unlink()
        if commit > promised:
            unheard.add(commit)
    assert unheard == set(range(1, len(undisturbed.pictures)))  # each commit was once followed by death before a word
