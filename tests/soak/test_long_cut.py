"""A bounded part of `make soak long_cut`: three days offline, with 800 events on each side."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.long_cut import cut_off
from tihuo.demo.broker import NoBroker, find_broker


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.broker
def test_after_three_days_offline_both_books_say_the_same(tmp_path: Path) -> None:
    try:
        find_broker("mosquitto")
    except NoBroker as missing:
        pytest.skip(str(missing))
    outcome = cut_off(tmp_path / "cut", 800)
    assert outcome.wrong == []
    assert outcome.clean
