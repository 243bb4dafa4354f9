"""What an order costs in instructions and in bytes: exact, whatever else the machine is doing."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.bench import shop
from tests.bench.figure import Figure
from tests.bench.native import library

PROTOTYPE = {50: 130_000.0, 1: 284_000.0}
TARGET_INSTRUCTIONS = {50: 1.5, 1: 1.5}
TARGET_BYTES = {1: 25.0, 10: 6.0, 50: 3.5}
WARM = 150
"""Orders before counting begins: the till has seen what sells, statements are prepared."""


def instructions(folder: Path) -> list[Figure]:
    """Reserve, journal and commit under callgrind; the start and the first batches are not counted."""
    figures = []
    for batch, count in {50: 400, 1: 100}.items():
        value = _callgrind(folder, batch, count) / count
        figures.append(
            Figure(
                name=f"ingest_instr.{batch}",
                what=f"instructions to reserve, journal and commit an order, {batch} to a commit",
                value=value,
                unit="instructions",
                floor=PROTOTYPE[batch],
                floor_name="prototype without a journal",
                n=count,
                target=TARGET_INSTRUCTIONS[batch],
            )
        )
    return figures


def _callgrind(folder: Path, batch: int, count: int) -> int:
    database = folder / f"instr-{batch}.db"
    shop.make(database)
    child = subprocess.run(
        ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / 'callgrind.out'}",
         sys.executable, "-m", "tests.bench.cost", str(database), str(batch), str(count), str(library("mark", folder))],
        capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", child.stderr)
    assert child.returncode == 0 and found, child.stderr[-2000:]
    return int(found[1])


def written(folder: Path) -> list[Figure]:
    """SQLite's own bytes an order: what the process hands to write(2), at three sizes of a commit."""
    figures = []
    for batch, count in ((1, 400), (10, 1000), (50, 3000)):
        database = folder / f"bytes-{batch}.db"
        shop.make(database)
        child = subprocess.run(
            [sys.executable, "-m", "tests.bench.cost", str(database), str(batch), str(count)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        figures.append(
            Figure(
                name=f"bytes.{batch}",
                what=f"bytes that SQLite writes for an order, {batch} to a commit",
                value=float(child.stdout) / count,
                unit="B",
                floor=shop.PAYLOAD,
                floor_name="payload",
                n=count,
                target=TARGET_BYTES[batch],
            )
        )
    return figures


def _child(database: Path, batch: int, count: int, mark: str) -> None:
    from tihuo.ledger.writer import Writer
    from tihuo.shop.work import folds
    from tihuo.stages.selling import accept_orders

    warm = WARM if mark else 0
    waiting = shop.orders(database, warm + count)
    writer = Writer(database, shop.HOUSE, shop.clock, batch=batch)
    accept = folds(accept_orders)
    counter = ctypes.CDLL(mark) if mark else None

    def run(orders: list[shop.NewOrder]) -> None:
        answers: list[object] = []
        for start in range(0, len(orders), batch):
            for order in orders[start : start + batch]:
                writer.tell(accept, order, done=lambda answer, _: answers.append(answer))
            writer.step(0)
        assert answers == ["accepted"] * len(orders)

    run(waiting[:warm])
    before = _bytes_written()
    if counter:
        counter.begin()
    run(waiting[warm:])
    if counter:
        counter.end()
    print(_bytes_written() - before)


def _bytes_written() -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/io").read_text().splitlines() if "wchar" in line)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")
