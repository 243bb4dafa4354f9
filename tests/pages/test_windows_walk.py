"""自提时段, 到店提醒, 逾期未取 in a browser: the owner cuts the evening, staff call and put away, the owner decides."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.little_shop import HOUR, WINDOW
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.boards.balance import imbalances
from tihuo.boards.windows import window_loads
from tihuo.shop.events import CustomerCalled, PhoneShown
from tihuo.stages import handing_over, scheduling
from tihuo.timetable import Timetable

pytestmark = pytest.mark.browser
expect = playwright.expect

PICTURES = os.environ.get("TIHUO_PICTURES", "")
"""A folder in which each page is kept as a picture, to be looked at."""
HALF = HOUR // 2
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def at(evening: Evening, moment: int) -> None:
    """Let the shop's clock come to that moment, and the timetable look."""
    evening.clock.now = moment
    timetable = Timetable(evening.writer, evening.readers, evening.clock.reading)
    for _ in range(4):
        timetable.step()


@pytest.fixture
def evening(ordered: Evening) -> Evening:
    return ordered


@LANGUAGES
def test_the_owner_cuts_the_evening_into_windows(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    page = log_in(served, open_page, OWNER, "/owner/windows", viewport=DESK, language=language, quiet=False)
    expect(page.locator(".empty")).to_be_visible()
    picture(page, f"windows-empty-{language}")
    assert barriers(page) == []
    page.locator("input[name=capacity]").fill("1")
    page.locator("input[name=each]").fill("60")
    page.locator("form[hx-post='/owner/windows/add'] button").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(4)
    page.locator("table.rows tbody tr").nth(3).locator("button").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(3)
    evening.sell("o4", "d", EGGS=1)
    page.locator("form[hx-post='/owner/windows/share-out'] button").click()
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator(".loads li").first).to_contain_text("0 / 2")
    loads = evening.read(window_loads, "s1")
    assert [(row.customers, row.over) for row in loads] == [(2, 1), (1, 0), (1, 0)]
    page.locator("input[name=each]").fill("0")
    page.locator("form[hx-post='/owner/windows/add'] button").click()
    expect(page.locator("form[hx-post='/owner/windows/add'] [data-why]")).not_to_be_empty()
    picture(page, f"windows-{language}")
    assert barriers(page) == []
    answer = page.request.get(f"{served.url}/owner/export/windows.xlsx?session=s1")
    assert answer.ok and answer.body()[:2] == b"PK"


@LANGUAGES
def test_staff_call_whoever_could_not_be_reminded(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    evening.do(scheduling.add_windows, "s1", *WINDOW, 2, HOUR)
    evening.do(scheduling.choose, 2, WINDOW[0], WINDOW[0] + HOUR)
    evening.do(scheduling.choose, 1, WINDOW[0], WINDOW[0] + HOUR)
    evening.sort()
    at(evening, WINDOW[0] - HALF)
    at(evening, WINDOW[0])  # nobody answered: there is no cloud
    page = log_in(served, open_page, STAFF, "/staff/pickup", viewport=PHONE, language=language)
    expect(page.locator("#call-errands a").first).to_be_visible()
    picture(page, f"pickup-errands-{language}")
    page.locator("#call-errands a").first.click()
    page.wait_for_url("**/staff/calls")
    rows = page.locator("[id^=call-row]")
    expect(rows).to_have_count(2)  # the third comes an hour later
    picture(page, f"calls-{language}")
    assert barriers(page) == []
    lin = rows.filter(has_text="林")
    expect(lin).not_to_contain_text("林小树")
    lin.locator("form").first.locator("button").click()
    expect(lin.locator("a[href='tel:19900001001']")).to_contain_text("林小树")
    assert [event.order_id for event in evening.events(PhoneShown)] == ["o1"]
    picture(page, f"calls-shown-{language}")
    lin.locator("form").nth(2).locator("button").click()
    expect(lin.locator(".tally")).to_contain_text("1" if language == "zh" else "once")
    lin.locator("form").nth(1).locator("button").click()
    expect(rows).to_have_count(1)
    assert [event.outcome for event in evening.events(CustomerCalled)] == ["no_answer", "reached"]
    expect(page.locator(".loads li")).to_have_count(4)
    picture(page, f"calls-left-{language}")


@LANGUAGES
def test_what_nobody_fetched_is_called_about_moved_and_decided(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    evening.sort()
    at(evening, WINDOW[1] + 4 * HOUR)  # the milk's turn
    page = log_in(served, open_page, STAFF, "/staff/calls", viewport=PHONE, language=language, quiet=False)
    task = page.locator("[id^=task-row]")
    expect(task).to_have_count(1)
    picture(page, f"tasks-{language}")
    assert barriers(page) == []
    task.locator("form").nth(1).locator("button").click()
    expect(task.locator("form")).to_have_count(0)
    task.locator("a.button").click()
    expect(page.locator("input[name=text]").first).to_be_focused()
    picture(page, f"move-{language}")
    page.keyboard.type("TH:SLOT:A02")  # a shelf is no fridge
    page.keyboard.press("Enter")
    expect(page.locator("[data-why]").first).not_to_be_empty()
    page.locator("form input[name=text]:not([type=hidden])").first.fill("")
    page.keyboard.type("TH:SLOT:C02")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/calls")
    assert evening.value("SELECT slot FROM parcel WHERE zone = 'chilled'") == "C02"
    assert evening.value("SELECT step FROM uncollected WHERE parcel_id = 2") == "held"

    at(evening, WINDOW[1] + 12 * HOUR)
    desk = log_in(served, open_page, OWNER, "/owner", viewport=DESK, language=language)
    picture(desk, f"tonight-uncollected-{language}")
    desk.locator(".waits a[href='/owner/uncollected']").first.click()
    mine = desk.locator(".decide > li")
    expect(mine).to_have_count(1)
    picture(desk, f"uncollected-{language}")
    assert barriers(desk) == []
    mine.locator("form").first.locator("button").click()
    expect(mine).to_have_count(0)
    assert evening.value("SELECT step FROM uncollected WHERE parcel_id = 2") == "kept"
    at(evening, WINDOW[1] + 96 * HOUR)
    desk.reload()
    expect(mine).to_have_count(4)
    milk = mine.filter(has_text="C02")
    milk.locator("select").select_option("void")
    milk.locator("button.stop").click()
    expect(mine).to_have_count(3)
    assert evening.line("o1", "MILK") == {"quantity": 2, "cancelled": 2}
    assert evening.item("MILK")["void"] == 2
    picture(desk, f"uncollected-later-{language}")
    assert evening.read(imbalances) == {}


@LANGUAGES
def test_staff_give_an_order_another_window(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    evening.do(scheduling.add_windows, "s1", *WINDOW, 1, HOUR)
    evening.sort()
    evening.do(handing_over.hand_over_by_code, evening.code("o2"))
    page = log_in(
        served, open_page, STAFF, "/staff/calls/orders/1/window", viewport=PHONE, language=language, quiet=False
    )
    picture(page, f"window-{language}")
    assert barriers(page) == []
    page.locator(".list form button").nth(3).click()
    page.wait_for_url("**/staff/pickup/orders/1")
    assert evening.value("SELECT window_from FROM shop_order WHERE no = 1") == WINDOW[0] + 3 * HOUR
    page.goto(f"{served.url}/staff/calls/orders/1/window?lang={language}")
    page.locator("input[name=end]").fill("2020-01-01T08:00")
    page.locator("main button.go").click()
    expect(page.locator("main [data-why]").last).not_to_be_empty()


@LANGUAGES
def test_an_unsure_clock_says_so(served: Served, open_page: OpenPage, evening: Evening, language: str) -> None:
    evening.sort()
    evening.clock.sure = False
    at(evening, WINDOW[0])
    page = log_in(served, open_page, STAFF, "/staff/calls", viewport=PHONE, language=language)
    expect(page.locator(".banner").first).to_be_visible()
    expect(page.locator("[id^=call-row]")).to_have_count(3)
    picture(page, f"calls-unsure-{language}")
