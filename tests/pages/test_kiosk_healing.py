"""A kiosk that nobody looks after: a crashed tab, a browser that dies, a box that restarts, a page that fell silent."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import Any

import pytest

from tests.pages.conftest import ARGUMENTS, CHROMIUM, OpenPage, playwright
from tests.pages.evening import Evening, Served
from tihuo.ledger.database import DatabaseTrouble

pytestmark = pytest.mark.browser
expect = playwright.expect


def at_kiosk(served: Served, open_page: OpenPage, **options: Any) -> Any:
    return open_page(f"{served.url}/kiosk?k=k1", **options)


def welcomed(page: Any, name: str = "林*") -> None:
    page.wait_for_selector(f".scene-welcome h1:has-text('{name}')")


def test_a_reload_in_the_middle_shows_the_same(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    page.click("[data-slow]")
    page.wait_for_selector(".slow")
    evening.show(evening.code("o1"))
    welcomed(page)
    before = page.inner_text("#stage .heroes")
    page.reload()
    welcomed(page)
    page.wait_for_selector(".slow")
    assert page.inner_text("#stage .heroes") == before


def test_a_browser_that_was_killed_comes_back_to_the_same_visit(
    evening: Evening, served: Served, chromium: Any
) -> None:
    mortal = chromium.browser_type.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    page = mortal.new_page()
    page.goto(f"{served.url}/kiosk?k=k1")
    evening.show(evening.code("o1"))
    welcomed(page)
    session = mortal.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    browser = next(one["id"] for one in processes if one["type"] == "browser")
    os.kill(browser, signal.SIGKILL)
    again = chromium.new_context().new_page()
    again.goto(f"{served.url}/kiosk?k=k1")
    welcomed(again)
    again.click(".actions .go")
    again.wait_for_selector(".scene-done")
    again.context.close()


def test_a_tab_that_crashed_is_missed_by_the_box(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    with page.expect_response(lambda answer: "/kiosk/strip" in answer.url):
        evening.part("lights")
    ask = page.context.new_page()

    def awake() -> str:
        return str(ask.goto(f"{served.url}/kiosk/awake?k=k1").text())

    assert awake() == "awake"
    with page.expect_event("crash"), contextlib.suppress(playwright.Error):
        page.goto("chrome://crash")
    evening.clock.tick(46_000)
    assert awake() == "silent", "the watch starts the browser again"
    ask.goto(f"{served.url}/kiosk?k=k1")
    ask.wait_for_selector(".scene-idle")


def test_a_page_without_a_stage_begins_anew(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    evening.show(evening.code("o1"))
    welcomed(page)
    page.clock.install()
    page.evaluate("document.getElementById('stage').replaceChildren()")
    with page.expect_navigation():
        page.clock.run_for(5_100)
    welcomed(page)


def test_a_page_whose_questions_are_not_answered_begins_anew_when_the_box_is_there(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    page = at_kiosk(served, open_page, quiet=False)
    page.clock.install()
    page.route("**/kiosk/strip?**", lambda route: route.abort())
    page.route("**/kiosk/stage?**", lambda route: route.abort())
    with page.expect_navigation():
        page.clock.run_for(70_000)
    page.wait_for_selector(".scene-idle")


def test_without_the_box_the_page_stays_and_says_so(evening: Evening, open_page: OpenPage) -> None:
    first = Served(evening.app)
    page = at_kiosk(first, open_page, quiet=False)
    evening.show(evening.code("o1"))
    welcomed(page)
    page.wait_for_selector("html[data-link=ok]")
    first.stop()
    page.click(".actions .go")
    page.wait_for_selector(".lost-link:visible")
    page.clock.install()
    page.clock.run_for(90_000)
    assert page.url.startswith(first.url) and page.is_visible("#stage h1"), "no white page, no browser's own"
    again = Evening(evening.path, session_key=evening.door.session_key)
    second = Served(again.app, port=first.port)
    try:
        page.clock.run_for(70_000)
        welcomed(page)
        page.wait_for_selector(".lost-link", state="hidden")
        page.click(".actions .go")
        page.wait_for_selector(".scene-done")
    finally:
        second.stop()
        again.close()
    assert evening.value("SELECT count(DISTINCT parcel_id) FROM handover_line WHERE visit_id IS NOT NULL") == 3


def test_when_nothing_can_be_handed_over_the_screen_says_so_and_comes_back(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    page = at_kiosk(served, open_page)
    evening.show(evening.code("o1"))
    welcomed(page)
    evening.part("ledger", "disk_full")
    page.wait_for_selector(".scene-closed >> text=柜台")
    assert "林*" not in page.content() and page.locator(".go:has-text('都拿到了')").count() == 0
    evening.part("ledger")
    welcomed(page)
    evening.part("restore", "restoring")
    page.wait_for_selector(".scene-closed .call")
    page.click(".call")
    page.wait_for_selector(".scene-called")


def test_a_call_that_could_not_be_kept_is_not_promised(
    evening: Evening, served: Served, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = at_kiosk(served, open_page)

    def refuse(*_: Any, **__: Any) -> Any:
        raise DatabaseTrouble("disk_full")

    monkeypatch.setattr(evening.writer, "write", refuse)
    page.click(".call")
    page.wait_for_selector(".scene-told >> text=柜台")


def test_the_owner_is_told_of_a_screen_that_fell_silent(evening: Evening, served: Served, open_page: OpenPage) -> None:
    screens = evening.door.screens
    assert screens.silent("k1", 0) is None, "a kiosk that never was is not missed"
    page = at_kiosk(served, open_page)
    with page.expect_response(lambda answer: "/kiosk/strip" in answer.url and answer.ok):
        evening.part("lights")
    assert screens.silent("k1", evening.clock.ticks()) is False
    assert screens.silent("k2", evening.clock.ticks()) is None
    assert evening.sql("SELECT name FROM keep WHERE name GLOB 'screen:*'") == [("screen:k1",)]
