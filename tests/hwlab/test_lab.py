"""Everything in `inside/` passes in the lab: lamps, buttons, expanders on the kernel's pins, printer, cameras, keys."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.hwlab.lab import REPO, run_inside

INSIDE = "\n".join(path.read_text() for path in (REPO / "tests" / "hwlab" / "inside").glob("test_*.py"))
WRITTEN = set(re.findall(r"^def (test_\w+)", INSIDE, re.MULTILINE))


def test_everything_inside_passes_and_nothing_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run_inside(tmp_path, sys.executable)
    report = said.partition("@up")[2]
    with capsys.disabled():
        print("\n" + "\n".join(line for line in report.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR"))))
    assert code == 0, report[-6000:]
    assert set(re.findall(r"^PASSED .*::(test_\w+)", report, re.MULTILINE)) == WRITTEN, report[-2000:]
    assert re.search(r"^\d+ passed in", report, re.MULTILINE), report[-2000:]  # and nothing was skipped beside them
