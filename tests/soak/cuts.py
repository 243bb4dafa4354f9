"""The power goes (停电) at the file layer: every moment at which a disk could have been left behind, judged.

The real daemon lives through a busy minute with a witness under it (`tracedisk.c`). What it noted is played again into
a `Platter`, and just before each sync is over, when most was promised and least is safe, the disk is taken as it would
be found: with nothing unsynced, with everything, and with half of the unsynced sectors. It must open, pass SQLite's
check, balance, and hold whatever had been promised by then.
"""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.labels import Sink
from tests.soak import cut_story
from tests.soak.evening import Evening
from tests.soak.loop_cuts import NoLoopDevice, loop_cuts
from tests.soak.mortal import shim
from tests.soak.outcome import Outcome, together
from tests.soak.platter import WAYS, Platter, in_memory, records
from tests.soak.promises import judge
from tests.soak.witness import Witness
from tihuo.ledger.database import DatabaseTrouble, Look, Readers, check

SECONDS = 25.0
POINTS = 500
"""At most so many syncs are looked at, spread over the evening."""


def cuts(folder: Path) -> Outcome:
    """The part of `make soak`."""
    outcomes = [busy(folder / "busy", SECONDS, POINTS), cut_story.story(folder / "story", 10_000)]
    try:
        outcomes.append(loop_cuts(folder / "loop"))
    except NoLoopDevice as missing:
        print(f"  loop device: left out, {missing}")
    return together(outcomes)


def busy(folder: Path, seconds: float, points: int, *, seed: int = 5) -> Outcome:
    """A busy evening of the real daemon."""
    folder.mkdir(parents=True)
    trace, sink = folder / "trace", Sink()
    printer = {"TIHUO_PRINTERS__LABEL__KIND": "network", "TIHUO_PRINTERS__LABEL__ADDRESS": f"{sink.host}:{sink.port}"}
    house = Evening(folder, seed, **printer)
    try:
        platter = Platter(house.mortal.folder)
        watched = {
            "LD_PRELOAD": shim("tracedisk", folder),
            "TRACE_FILE": str(trace),
            "TRACE_DIR": str(house.mortal.folder.resolve()),
        }
        assert house.mortal.start(watched), house.mortal.last_words()
        house.begin()
        time.sleep(seconds)
        house.crowd.finish()
        house.counter.finish()
        house.mortal.kill()
    finally:
        house.close()
        sink.close()
    witness = Witness()
    outcome = Outcome()
    with TemporaryDirectory(dir=in_memory()) as scratch:
        outcome = _replay(trace, platter, witness, points, Path(scratch))
    heard = witness.promises
    print(
        f"  busy evening: {outcome.cuts} disks; promised: {len(heard.wishes)} taps, {len(heard.orders)} orders, "
        f"{witness.acks} events acknowledged, {heard.said[1]} said, {witness.printed} labels"
    )
    assert min(len(heard.wishes), len(heard.orders), heard.said[1], witness.printed) > 5, "hardly anything happened"
    return outcome


def _replay(trace: Path, platter: Platter, witness: Witness, points: int, scratch: Path) -> Outcome:
    syncs = sum(note.what == "D" for note in records(trace))
    every = max(1, syncs // points)
    chance = random.Random(syncs)
    outcomes = [Outcome()]
    seen = 0
    for note in records(trace):
        if note.what == "D":
            seen += 1
            if seen % every == 0:
                outcomes.append(_power_goes(platter, witness, f"sync {seen} of {syncs}", chance, scratch))
        platter.see(note)
        witness.see(note)
    return together(outcomes)


def _power_goes(platter: Platter, witness: Witness, where: str, chance: random.Random, scratch: Path) -> Outcome:
    outcomes = [Outcome(cuts=len(WAYS))]
    for way in WAYS:
        found = scratch / way
        shutil.rmtree(found, ignore_errors=True)
        found.mkdir()
        platter.leave(way, chance, found)
        outcomes.append(_judge(found / "tihuo.db", witness, f"{where}, {way}"))
    return together(outcomes)


def _judge(database: Path, witness: Witness, where: str) -> Outcome:
    faults = check(database)
    if faults:
        return Outcome(wrong=[f"{where}: {fault}" for fault in faults[:3]])
    readers = Readers(database)
    try:
        outcome = readers.read(judge, witness.so_far(), where)
        moved = readers.read(_papers_begun)
    except DatabaseTrouble as trouble:
        return Outcome(wrong=[f"{where}: {trouble}"])
    finally:
        readers.close()
    if moved < witness.printed:
        outcome.wrong.append(f"{where}: {witness.printed} labels left the box, {moved} are known to have")
        outcome.twice += 1
    return outcome


def _papers_begun(look: Look) -> int:
    row = look.one("SELECT count(*) FROM print_job WHERE state <> 'queued'")
    return int(row[0]) if row else 0
