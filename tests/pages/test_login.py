"""The login, and a tablet that becomes a kiosk."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, PIN, STAFF, Evening, Served

pytestmark = pytest.mark.browser
expect = playwright.expect
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page_name", ["login", "pair"])
def test_nothing_is_in_the_way(
    evening: Evening, served: Served, open_page: OpenPage, page_name: str, language: str
) -> None:
    page = open_page(f"{served.url}/{page_name}?lang={language}", viewport=PHONE)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_wrong_pin_is_said_and_the_right_one_opens_the_page_that_was_asked_for(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    page = open_page(f"{served.url}/staff/more", viewport=PHONE, quiet=False)
    page.click(f"text={STAFF}")
    page.fill("#pin", "000")
    page.click("text=登录")
    page.wait_for_selector("text=密码和姓名对不上。")
    assert barriers(page) == []
    expect(page.locator("#pin")).to_be_focused()
    page.fill("#pin", PIN)
    page.click("button >> text=登录")
    page.wait_for_url("**/staff/more")


def test_the_language_is_remembered(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = open_page(f"{served.url}/login", viewport=PHONE)
    page.click("text=English")
    page.goto(f"{served.url}/login")
    page.wait_for_selector("text=Who is working?")


def test_a_tablet_becomes_a_kiosk(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = open_page(f"{served.url}/pair", viewport=PHONE)
    page.click(f"text={OWNER}")
    page.select_option("#kiosk", "k2")
    page.fill("#pin", PIN)
    page.click("button.go")
    page.wait_for_selector(".scene-idle")
    evening.show(evening.code("o2"), "k2")
    page.wait_for_selector(".scene-welcome")
    evening.show(evening.code("o1"), "k1")
    expect(page.locator(".slot-name")).to_have_count(1)
