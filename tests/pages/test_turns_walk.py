"""排队 in a browser: a number at a kiosk, a call on a staff's phone, a television that shows it and heals itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.little_shop import copy_of
from tests.pages.conftest import LANDSCAPE, PORTRAIT, OpenPage, barriers
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.stages import handing_over, queueing
from tihuo.timetable import Timetable

pytestmark = pytest.mark.browser
TELEVISION = {"width": 1920, "height": 1080}


@pytest.fixture
def evening(evening_file: Path, tmp_path: Path) -> Iterator[Evening]:
    rules = {"numbers": True, "kiosks": ("k1", "k2")}
    evening = Evening(copy_of(evening_file, tmp_path / "shop.db"), rules=rules)
    yield evening
    evening.close()


def on_time(evening: Evening) -> None:
    Timetable(evening.writer, evening.readers, evening.clock.reading, evening.house).step()


def keep(page: Any, name: str) -> None:
    """A picture for whoever wants to look: TIHUO_PICTURES names the folder."""
    if folder := os.environ.get("TIHUO_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=False)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_a_number_at_a_kiosk(
    evening: Evening, served: Served, open_page: OpenPage, viewport: dict[str, int], language: str
) -> None:
    page = open_page(f"{served.url}/kiosk?k=k1&lang={language}", viewport=viewport)
    keep(page, f"idle-{language}-{viewport['width']}")
    page.get_by_role("button", name="Take a number" if language == "en" else "取号").click()
    page.wait_for_selector("strong.fact:has-text('1')")
    keep(page, f"number-{language}-{viewport['width']}")
    assert barriers(page) == []
    page.locator("[data-view-ends]").click()
    page.wait_for_selector(".scene-idle")
    assert evening.sql("SELECT number, kiosk, state FROM turn") == [(1, "k1", "waiting")]


def test_the_television_shows_what_is_called_and_heals_itself(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    page = open_page(f"{served.url}/now", viewport=TELEVISION, quiet=False)
    page.wait_for_selector(".nobody")
    keep(page, "now-empty")
    assert barriers(page) == []
    for _ in range(2):
        evening.do(queueing.take_number, "k1")
    evening.do(queueing.take_by_code, evening.code("o1"))
    for _ in range(4):
        evening.do(queueing.take_number)
    evening.clock.tick(240_000)
    on_time(evening)
    page.wait_for_selector(".call b:text-is('1')")
    page.wait_for_selector(".call b:text-is('2')")
    page.wait_for_function("document.querySelector('now-serving').dataset.rung === '1'")
    assert page.locator(".line li").all_inner_texts() == ["3", "4", "5", "6", "7"]
    keep(page, "now-two")
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    visit = evening.show(evening.code("o2"), "k1")
    on_time(evening)
    evening.do(handing_over.hand_over, visit)
    evening.do(handing_over.leave, visit)
    on_time(evening)
    on_time(evening)
    page.wait_for_selector(".call:has(b:text-is('3')) span:has-text('k1')")
    page.wait_for_function("document.querySelector('now-serving').dataset.rung === '2'")
    port = served.port
    served.stop()
    page.wait_for_selector("html[data-link=lost]")
    keep(page, "now-lost")
    evening.do(queueing.skip, 3)
    again = Served(evening.app, port)
    try:
        page.wait_for_selector("html[data-link=ok]")
        on_time(evening)
        page.wait_for_selector(".call b:text-is('4')")
    finally:
        again.stop()


def test_staff_call_and_the_owner_sees_how_long_it_took(evening: Evening, served: Served, open_page: OpenPage) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/turns", language="zh", viewport=PHONE)
    phone.get_by_role("button", name="取号").last.click()
    phone.wait_for_selector("li.waiting")
    phone.locator("#turn-code").fill(evening.code("o1"))
    phone.locator("form.search button").click()
    phone.wait_for_selector("li.waiting:has-text('林*')")
    evening.clock.tick(95_000)
    phone.get_by_role("button", name="下一位到柜台").click()
    phone.wait_for_selector("li.called:has-text('柜台')")
    keep(phone, "staff-turns")
    assert barriers(phone) == []
    phone.get_by_role("button", name="到了").click()
    phone.wait_for_selector("li.served")
    desk = log_in(served, open_page, OWNER, "/owner", language="zh", viewport=DESK)
    desk.wait_for_selector(".turn-waits")
    desk.locator(".turn-waits").scroll_into_view_if_needed()
    keep(desk, "owner-waits")
    assert "1.6 分钟" in desk.locator(".turn-waits").inner_text()
    assert barriers(desk) == []
