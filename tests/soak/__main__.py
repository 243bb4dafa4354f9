"""`make soak`: every fault again and again, and one line at the end. `python -m tests.soak kills` runs that part."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.soak import clusters, cuts, kills, labels, long_cut, rush, schedules
from tests.soak.outcome import Outcome, together

SUITE: dict[str, Callable[[Path], Outcome]] = {
    "kills": kills.kills,
    "labels": labels.labels,
    "rush": rush.rush,
    "cuts": cuts.cuts,
    "long_cut": long_cut.long_cut,
    "schedules": schedules.schedules,
    "clusters": clusters.clusters,
}
STRANDED = 0.05
"""At most this share of what could have been sold may be left over for want of a line."""


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(SUITE)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(SUITE)}")
        return 2
    outcomes = []
    for name in wanted or SUITE:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tihuo-soak-") as folder:
            outcome = SUITE[name](Path(folder))
        print(f"{name}: {outcome}, {time.monotonic() - began:.0f} s", flush=True)
        outcomes.append(outcome)
    all_in_all = together(outcomes)
    for fault in all_in_all.wrong:
        print(f"  wrong: {fault}")
    stranded = "not measured" if all_in_all.stranded is None else f"{all_in_all.stranded:.1%}"
    print(
        f"{all_in_all.schedules} schedules run, {all_in_all.kills} kills survived, {all_in_all.cuts} cuts survived, "
        f"oversold {all_in_all.oversold}, lost {all_in_all.lost}, twice {all_in_all.twice}, stranded {stranded}"
    )
    return 0 if all_in_all.clean and (all_in_all.stranded or 0.0) <= STRANDED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
