"""The doors of the rush: how a page waits for the writer without a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tihuo.api import asking


def test_a_page_waits_for_its_answer_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def evening() -> None:
        answers = asking._Answers(asyncio.get_running_loop())
        told = answers.expect()
        monkeypatch.setattr(asking, "WRITE_SECONDS", 0.0)
        forgotten = answers.expect()
        answers.say(told, "yes", None)
        assert await told == "yes"
        await asyncio.wait([forgotten], timeout=20)
        assert isinstance(forgotten.exception(), TimeoutError)
        answers.say(forgotten, "too late", None)
        again = answers.expect()
        await asyncio.wait([again], timeout=20)
        assert isinstance(again.exception(), TimeoutError), "the look begins anew when somebody waits again"

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: a browser test may have left a loop in this one
        pool.submit(asyncio.run, evening()).result(60)
