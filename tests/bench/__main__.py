"""`make bench`: every figure, a file and a table. `python -m tests.bench cost views` measures only those."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import corpus, cost, day, doors, exactly, eyes, ingest, labels, lamps, pages, start, tray, views
from tests.bench.figure import Figure, save

Bench = Callable[[Path], list[Figure]]


def _with_world(*parts: Callable[[ingest.World], list[Figure]]) -> Bench:
    def run(folder: Path) -> list[Figure]:
        world = ingest.World(folder)
        try:
            return [figure for part in parts for figure in part(world)]
        finally:
            world.close()

    return run


SUITE: dict[str, Bench] = {
    "cost": lambda folder: cost.instructions(folder) + cost.written(folder),
    "views": views.views,
    "decode": eyes.decode,
    "corpus": corpus.corpus,
    "start": start.start,
    "exactly": exactly.exactly_once,
    "counter": doors.counter,
    "under_sale": doors.under_sale,
    "tray": tray.code_to_page,
    "lamps": lamps.scan_to_lamp,
    "labels": labels.labels,
    "pages": pages.pages_open,
    "day": day.day,
    "ingest": _with_world(ingest.rate, ingest.slow_card, ingest.backlog, ingest.latency),
}
LONG = {"day"}
"""Minutes each: measured only when asked for by name."""


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(SUITE)
    if unknown:
        print(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(SUITE)}")
        return 2
    figures: list[Figure] = []
    for name in wanted or [name for name in SUITE if name not in LONG]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tihuo-bench-") as folder:
            found = SUITE[name](Path(folder))
        for figure in found:
            ratio = f"{figure.ratio:.3g} x {figure.floor_name}" if figure.ratio is not None else figure.floor_name
            sign = ">=" if figure.good == "more" else "<="
            mark = "MISSED" if figure.missed else figure.verdict
            print(
                f"{figure.name:22} {figure.value:12.4g} {figure.unit:12} {ratio:48} {sign} {figure.target:<6g} {mark}"
            )
        print(f"  {name}: {time.monotonic() - began:.0f} s")
        figures += found
    save(figures)
    missed = [figure.name for figure in figures if figure.missed]
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
