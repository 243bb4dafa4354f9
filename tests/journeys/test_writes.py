"""What a shop writes to its card: little for each thing that happens, and nothing at all while nothing happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.day import a_day

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ORDERS = 12
MOST = {"order": 40_000, "scan": 8_000, "put": 24_000, "scan, put, label": 30_000, "visit, hand-over, receipt": 60_000}
"""Bytes of the book each time it happens."""


def test_a_small_day_stays_within_its_budget_and_an_idle_box_writes_nothing(tmp_path: Path) -> None:
    with a_day(tmp_path, ORDERS) as day:
        day.sell()
        day.sort()
        day.collect()
        day.idle(4.0)
        day.ends_well()
    each: dict[str, list[int]] = {}
    for stretch in day.counter.stretches:
        book = sum(size for name, (size, _, _) in stretch.files.items() if name.startswith("tihuo.db"))
        each.setdefault(stretch.what, []).append(book // stretch.times)
    assert {what for what, most in MOST.items() if sum(each[what]) / len(each[what]) > most} == set(), each
    assert each["idle"] == [0]
    work = [stretch for stretch in day.counter.stretches if stretch.what in MOST]
    logged = sum(stretch.files.get("log", (0, 0, 0))[0] for stretch in work)
    assert logged < 200, "two lines when the first page is drawn: which parts there are not"
