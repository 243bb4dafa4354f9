"""An item scanned until the lamps of its slots are lit, on a card whose syncs take 5 ms longer."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.bench import shop
from tests.bench.figure import Figure, median
from tests.bench.ingest import SLOW, modelled_sync
from tests.bench.native import slow_disk
from tihuo.devices.ports import Glow, Shown
from tihuo.devices.simulated import SimulatedLights
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.reactions.lights import LampKeeper
from tihuo.stages import selling, sorting

ORDERS, POPULAR = 300, 30
SCANS = 60


def scan_to_lamp(folder: Path) -> list[Figure]:
    """Writer, lamp keeper and simulated shelf as the daemon has them, in a wave of 300 orders."""
    database = folder / "lamps.db"
    shop.make(database)
    command = [sys.executable, "-m", "tests.bench.lamps", str(database)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=120, env=slow_disk(folder, SLOW))
    assert child.returncode == 0, child.stderr[-2000:]
    waits: list[float] = json.loads(child.stdout)
    return [
        Figure(
            name="scan_to_lamp",
            what="item scanned until the picture of the lamps has been shown, durable, p50",
            value=median(waits[3:]),
            unit="ms",
            floor=modelled_sync(folder),
            floor_name="one modelled sync",
            n=len(waits) - 3,
            target=2.0,
            due=False,
        )
    ]


class Watched:
    """A shelf that says when it has shown a picture with lamps in it."""

    def __init__(self, shelf: SimulatedLights) -> None:
        self._shelf = shelf
        self.shown: queue.SimpleQueue[tuple[float, bool]] = queue.SimpleQueue()

    @property
    def reads_back(self) -> bool:
        return self._shelf.reads_back

    def show(self, glows: Mapping[str, Sequence[Glow]], dead: Collection[str] = ()) -> Shown:
        shown = self._shelf.show(glows, dead)
        self.shown.put((time.perf_counter(), bool(glows)))
        return shown

    def test(self) -> Shown:
        return self._shelf.test()

    def hold(self, slots: Collection[str], seconds: float) -> Shown:
        return self._shelf.hold(slots, seconds)

    def close(self) -> None:
        self._shelf.close()

    def wait(self, lit: bool) -> float:
        """When the next picture with lamps, or without, was shown."""
        while True:
            at, found = self.shown.get(timeout=10)
            if found == lit:
                return at


def _child(database: Path) -> None:
    writer, readers = Writer(database, shop.HOUSE, shop.clock), Readers(database)
    writer.start()
    for order in shop.orders(database, ORDERS, customers=ORDERS):
        last = writer.write(selling.accept_order, order)
    last.result(60)
    writer.write(sorting.open_wave, "s1").result(60)
    shelf = Watched(SimulatedLights([slot for slots in shop.HOUSE.slots.values() for slot in slots]))
    keeper = LampKeeper(writer, readers, shelf, lambda _: None)
    writer.listen(lambda _: keeper.follower.wake())
    keeper.follower.start()
    shelf.wait(lit=False)
    waits = []
    for number in range(SCANS):
        began = time.perf_counter()
        scan = writer.write(sorting.scan_item, "table", shop.barcode(number % POPULAR), urgent=True)
        found = scan.result(10)
        assert not found.refusal, found
        waits.append((shelf.wait(lit=True) - began) * 1000)
        writer.write(sorting.lay_down, "table").result(10)
        shelf.wait(lit=False)
    keeper.follower.ask_to_stop()
    keeper.follower.join()
    writer.close()
    readers.close()
    print(json.dumps(waits))


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
