"""A bounded part of `make soak kills`: ten deaths of the real process, and the broker's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.soak.evening import Evening
from tests.soak.kills import evening
from tests.soak.mortal import shim
from tests.soak.promises import look_at
from tihuo.demo.broker import NoBroker, find_broker


@pytest.fixture
def _tools() -> None:
    if not shutil.which("gcc"):
        pytest.skip("no gcc, which makes the shim that kills at a commit")
    try:
        find_broker("mosquitto")
    except NoBroker as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.broker
@pytest.mark.usefixtures("_tools")
def test_ten_deaths_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    outcome = evening(tmp_path / "evening", 77, 10)
    assert outcome.wrong == []
    assert outcome.clean
    assert outcome.kills == 10


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("_tools")
def test_a_daemon_that_says_yes_before_its_commit_is_found_out(tmp_path: Path) -> None:
    plug = {"LD_PRELOAD": shim("killsync", tmp_path), "KILL_FILE": "tihuo.db-wal", "KILL_WHEN": "unwritten"}
    house = Evening(tmp_path / "evening", 78, program="tests.soak.hasty")
    lost = 0
    try:
        assert house.mortal.start()
        house.begin()
        house.crowd.finish()  # then nearly every commit is somebody's tap
        for death in range(12):
            house.mortal.kill()
            with house.counter.quiet:
                house.mortal.start({**plug, "KILL_AT": str(10 + death)})
            house.mortal.wait(5)
            with house.counter.quiet:
                lost = look_at(house.mortal.database, house.heard(), f"death {death}", tmp_path / "scratch").lost
            if lost:
                break
    finally:
        house.close()
    assert lost
