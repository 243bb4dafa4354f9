"""What an order costs in instructions and in bytes: exact, whatever else the machine is doing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.bench import shop
from tests.bench.figure import Figure

PROTOTYPE = {50: 130_000.0, 1: 284_000.0}
TARGET_INSTRUCTIONS = 3.0
TARGET_BYTES = {1: 70.0, 10: 14.0, 50: 6.0}


def instructions(folder: Path) -> list[Figure]:
    """Reserve, journal and commit under callgrind; the difference of two lengths leaves out the start."""
    figures = []
    for batch, (short, long) in {50: (250, 1250), 1: (100, 400)}.items():
        counts = [_callgrind(folder, batch, length) for length in (short, long)]
        value = (counts[1] - counts[0]) / (long - short)
        figures.append(
            Figure(
                name=f"ingest_instr.{batch}",
                what=f"instructions to reserve, journal and commit an order, {batch} to a commit",
                value=value,
                unit="instructions",
                floor=PROTOTYPE[batch],
                floor_name="prototype without a journal",
                n=long - short,
                target=TARGET_INSTRUCTIONS,
            )
        )
    return figures


def _callgrind(folder: Path, batch: int, count: int) -> int:
    database = folder / f"instr-{batch}-{count}.db"
    shop.make(database)
    child = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind.out'}", "--trace-children=no",
         sys.executable, "-m", "tests.bench.cost", str(database), str(batch), str(count)],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", child.stderr)
    assert found, child.stderr[-500:]
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


def _child(database: Path, batch: int, count: int) -> None:
    from tihuo.ledger.writer import Writer, folds
    from tihuo.stages.selling import accept_orders

    waiting = shop.orders(database, 1000)[:count] if count <= 1000 else shop.orders(database, count)
    writer = Writer(database, shop.HOUSE, shop.clock, batch=batch)
    accept = folds(lambda work, orders: accept_orders(work, orders))
    before = _bytes_written()
    for start in range(0, count, batch):
        jobs = [writer.write(accept, order) for order in waiting[start : start + batch]]
        writer.step(0)
        assert all(job.result(0) == "accepted" for job in jobs)
    print(_bytes_written() - before)


def _bytes_written() -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/io").read_text().splitlines() if "wchar" in line)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
