"""A bounded part of the rush at two kiosks; the whole is in `make soak`."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.soak.rush import rush

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PEOPLE = 12


def test_everybody_gets_what_is_hers_once_whatever_goes_wrong(tmp_path: Path) -> None:
    if not (shutil.which("chromium") or shutil.which("chromium-browser")):
        pytest.skip("Chromium is not installed")
    with ThreadPoolExecutor(1) as own:  # one Playwright to a thread, and the pages have theirs in this one
        outcome = own.submit(rush, tmp_path / "rush", PEOPLE).result()
    assert outcome.wrong == []
    assert (outcome.lost, outcome.twice) == (0, 0)
    assert outcome.kills == 1
