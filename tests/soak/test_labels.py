"""A bounded part of `make soak labels`: the process that prints is killed at a few of 200 labels, in each way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.labels import LABELS, story

ENDS = [(1, "half"), (66, "out"), (133, "written"), (LABELS, "half"), (LABELS, "out"), (LABELS, "written")]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_no_label_is_missing_or_came_out_twice_in_silence(tmp_path: Path) -> None:
    outcome = story(tmp_path, ENDS)
    assert outcome.wrong == []
    assert outcome.clean
    assert outcome.kills == len(ENDS)
