"""A bounded part of `make soak cuts`, and proof that the harness sees what it is there to see."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.soak.cut_story import story
from tests.soak.cuts import busy
from tests.soak.loop_cuts import NoLoopDevice, loop_cuts
from tests.soak.platter import Platter, Record
from tihuo.demo.broker import NoBroker, find_broker

needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc, which makes the witness under the daemon")


@pytest.mark.slow
@needs_gcc
def test_whatever_a_power_cut_leaves_of_a_story_opens_balances_and_keeps_every_promise(tmp_path: Path) -> None:
    outcome = story(tmp_path / "story", 40, torn=2)
    assert outcome.wrong == []
    assert outcome.cuts > 120


@pytest.mark.slow
@needs_gcc
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_database_that_does_not_sync_its_commits_is_found_out(tmp_path: Path, synchronous: str) -> None:
    assert story(tmp_path / "story", 10, synchronous=synchronous, torn=1).lost > 0


@needs_gcc
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.broker
def test_whatever_a_power_cut_leaves_of_a_busy_evening_keeps_what_the_outside_had_heard(tmp_path: Path) -> None:
    try:
        find_broker("mosquitto")
    except NoBroker as missing:
        pytest.skip(str(missing))
    outcome = busy(tmp_path / "busy", 3.0, 40)
    assert outcome.wrong == []
    assert outcome.cuts >= 120


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.root
def test_a_power_cut_below_the_file_system_keeps_what_the_outside_had_heard(tmp_path: Path) -> None:
    try:
        find_broker("mosquitto")
        outcome = loop_cuts(tmp_path / "loop", 3)
    except (NoBroker, NoLoopDevice) as missing:
        pytest.skip(str(missing))
    assert outcome.wrong == []


class Disk:
    """A platter that is written to by hand."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.platter = Platter(folder)

    def do(self, what: str, file: int = 3, at: int = 0, data: bytes = b"") -> None:
        self.platter.see(Record(what, file, at, data))

    def open(self, name: str, file: int = 3) -> None:
        self.do("O", file, data=str(self.folder.resolve() / name if name else self.folder.resolve()).encode())

    def sync_folder(self) -> None:
        self.open("", 9)
        self.do("B", 9)
        self.do("D", 9)

    def left(self, way: str, target: Path, seed: int = 1) -> dict[str, bytes]:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        self.platter.leave(way, random.Random(seed), target)  # type: ignore[arg-type]
        return {file.name: file.read_bytes() for file in target.iterdir()}


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "disk")


def test_only_what_was_written_before_a_sync_began_is_sure_to_last(disk: Disk, tmp_path: Path) -> None:
    disk.open("a")
    disk.sync_folder()
    disk.do("W", data=b"one")
    disk.do("B")
    disk.do("W", at=3, data=b"two")
    disk.do("D")
    assert disk.left("synced", tmp_path / "found") == {"a": b"one"}
    assert disk.left("kept", tmp_path / "found") == {"a": b"onetwo"}


def test_a_name_lasts_once_its_folder_was_synced(disk: Disk, tmp_path: Path) -> None:
    disk.open("a")
    disk.do("W", data=b"one")
    disk.do("B")
    disk.do("D")
    assert disk.left("synced", tmp_path / "found") == {}
    disk.sync_folder()
    here = str(disk.folder.resolve())
    disk.do("N", -1, data=f"{here}/a\0{here}/b".encode())
    assert disk.left("synced", tmp_path / "found") == {"a": b"one"}
    disk.sync_folder()
    assert disk.left("synced", tmp_path / "found") == {"b": b"one"}
    disk.do("U", -1, data=f"{here}/b".encode())
    assert disk.left("synced", tmp_path / "found") == {"b": b"one"}
    assert disk.left("kept", tmp_path / "found") == {}


def test_what_was_not_synced_may_be_there_by_the_sector(disk: Disk, tmp_path: Path) -> None:
    disk.open("a")
    disk.sync_folder()
    disk.do("W", data=b"x" * 2048)
    found = {disk.left("torn", tmp_path / "found", seed)["a"] for seed in range(40)}
    sectors = {content[start : start + 512] for content in found for start in range(0, len(content), 512)}
    assert sectors == {b"x" * 512, bytes(512)}
    assert len(found) > 8


def test_a_file_that_is_cut_may_come_back_until_it_is_synced(disk: Disk, tmp_path: Path) -> None:
    disk.open("a")
    disk.sync_folder()
    disk.do("W", data=b"x" * 512)
    disk.do("B")
    disk.do("D")
    disk.do("T", at=0)
    assert disk.left("synced", tmp_path / "found") == {"a": b"x" * 512}
    assert {disk.left("torn", tmp_path / "found", seed)["a"] for seed in range(20)} == {b"", b"x" * 512}
    disk.do("B")
    disk.do("D")
    assert disk.left("synced", tmp_path / "found") == {"a": b""}
