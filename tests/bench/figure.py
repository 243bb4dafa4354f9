"""A measured figure, and how figures become a file and a table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

HERE = Path(__file__).parent
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`value` in `unit`; `floor` in the same unit, None where there is none; `ratio` is value over floor.

    `target` is judged on the ratio where there is a floor and on the value otherwise; `good` says which way is better.
    `due` is False for a figure whose target belongs to a later release. `gate`: what it must not fall behind while it
    is short of its target. `n` counts samples or rounds.
    """

    name: str
    what: str
    value: float
    unit: str
    n: int
    target: float
    good: Literal["more", "less"] = "less"
    floor: float | None = None
    floor_name: str = ""
    due: bool = True
    gate: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def reached(self) -> bool:
        return self._within(self.target)

    @property
    def missed(self) -> bool:
        """Whether this release may not go out with it."""
        return self.due and not self._within(self.target if self.gate is None else self.gate)

    @property
    def verdict(self) -> str:
        if self.reached:
            return "✓"
        if not self.due:
            return "not due yet"
        return "✗" if self.missed else f"short of it; gate {self.gate:g}"

    def _within(self, limit: float) -> bool:
        judged = self.value if self.ratio is None else self.ratio
        return judged >= limit if self.good == "more" else judged <= limit


def median(numbers: Iterable[float]) -> float:
    return statistics.median(numbers)


def percentile(numbers: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` of them do not exceed."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def save(figures: Sequence[Figure]) -> None:
    """Write `results.json` and the table of the README, keeping the newest of figures that were not measured now."""
    path = HERE / "results.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for figure in figures:
        known[figure.name] = {
            "value": _short(figure.value),
            "unit": figure.unit,
            "floor": _short(figure.floor) if figure.floor is not None else None,
            "ratio": _short(figure.ratio) if figure.ratio is not None else None,
            "n": figure.n,
            "target": figure.target,
            "reached": figure.reached,
            "due": figure.due,
            "verdict": figure.verdict,
            "what": figure.what,
            "floor_name": figure.floor_name,
            "good": figure.good,
        }
    path.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    readme = HERE / "README.md"
    text = readme.read_text("utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    readme.write_text(f"{head}{BEGIN}{table(known)}{END}{tail}", "utf-8")


def table(known: dict[str, dict[str, object]]) -> str:
    rows = ["| figure | what | value | floor | ratio | target | |", "|---|---|---|---|---|---|---|"]
    for name, row in sorted(known.items()):
        floor = f"{row['floor']} ({row['floor_name']})" if row["floor"] else row["floor_name"] or "–"
        sign = "≥" if row["good"] == "more" else "≤"
        ratio = row["ratio"] if row["ratio"] is not None else "–"
        mark = row.get("verdict") or ("✓" if row["reached"] else "✗" if row.get("due", True) else "not due yet")
        rows.append(
            f"| `{name}` | {row['what']} | {row['value']} {row['unit']} | {floor} | {ratio} "
            f"| {sign} {row['target']} | {mark} |"
        )
    return "\n".join(rows) + "\n"


def _short(number: float) -> float:
    return float(f"{number:.4g}")
