"""Two people in a row at one screen: the second never sees the first, whatever button or accident there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.conftest import OpenPage, playwright
from tests.pages.evening import Evening, Served

pytestmark = pytest.mark.browser
expect = playwright.expect

HERS = ("林*", "A01", "C01", "F01")
HIDE = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
REST = "document.dispatchEvent(new Event('visibilitychange'))"


def at_kiosk(served: Served, open_page: OpenPage, kiosk: str = "k1", **options: Any) -> Any:
    return open_page(f"{served.url}/kiosk?k={kiosk}", **options)


def welcomed(page: Any, name: str) -> None:
    page.wait_for_selector(f".scene-welcome h1:has-text('{name}')")


def nothing_of_her(page: Any) -> None:
    everything = page.content()
    assert not [word for word in HERS[:1] if word in everything]
    assert not page.query_selector_all(".slot-name")


def test_the_next_customer_sees_only_her_own(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    evening.show(evening.code("o1"))
    welcomed(page, "林*")
    evening.show(evening.code("o2"))
    welcomed(page, "赵*")
    assert "林" not in page.content() and "F01" not in page.inner_text(".heroes")


def test_back_and_forward_bring_nobody_back(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page, quiet=False)
    evening.show(evening.code("o1"))
    welcomed(page, "林*")
    page.goto(f"{served.url}/healthz")
    evening.later(46_000)
    evening.later(21_000)
    page.go_back()
    page.wait_for_selector(".scene-idle")
    nothing_of_her(page)
    page.go_forward()
    page.go_back()
    page.wait_for_selector(".scene-idle")
    nothing_of_her(page)


def test_a_page_out_of_the_browsers_memory_is_drawn_anew(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    evening.show(evening.code("o1"))
    welcomed(page, "林*")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    nothing_of_her(page)
    evening.later(46_000)
    evening.later(21_000)
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_selector(".scene-idle")
    nothing_of_her(page)


def test_a_new_language_leaves_no_page_behind(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    before = page.evaluate("history.length")
    page.click("text=English")
    page.wait_for_selector("text=Scan to pick up")
    page.click("text=中文")
    page.wait_for_selector("text=刷码取货")
    assert page.evaluate("history.length") == before


def test_nothing_is_kept_by_the_browser(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    evening.show(evening.code("o1"))
    welcomed(page, "林*")
    page.click(".actions .button >> nth=1")
    page.wait_for_selector(".scene-choose")
    page.click(".tick >> nth=0")
    page.reload()
    welcomed(page, "林*")
    page.click(".actions .button >> nth=1")
    page.wait_for_selector(".scene-choose")
    expect(page.locator(".tick :checked")).to_have_count(3)
    kept = [
        one.url
        for one in answers
        if one.url.startswith(f"{served.url}/kiosk") and one.headers["cache-control"] != "no-store"
    ]
    assert not kept
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    fields = page.eval_on_selector_all(
        "input", "all => all.filter((one) => one.type !== 'hidden').map((one) => one.type)"
    )
    assert set(fields) <= {"checkbox"}, "there is no field that a keyboard or a memory could fill"


def test_two_kiosks_side_by_side_know_nothing_of_each_other(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    left, right = at_kiosk(served, open_page, "k1"), at_kiosk(served, open_page, "k2")
    evening.show(evening.code("o1"), "k1")
    evening.show(evening.code("o2"), "k2")
    welcomed(left, "林*")
    welcomed(right, "赵*")
    assert "赵" not in left.content() and "林" not in right.content()
    left.click(".actions .go")
    left.wait_for_selector(".scene-done")
    assert right.inner_text("h1").startswith("赵*")
    right.click(".actions .go")
    right.wait_for_selector(".scene-done")
    assert evening.value("SELECT count(DISTINCT actor) FROM handover_line WHERE visit_id IS NOT NULL") == 2


def test_a_screen_that_was_dark_shows_what_is_true_now(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = at_kiosk(served, open_page)
    evening.show(evening.code("o1"))
    welcomed(page, "林*")
    page.evaluate(HIDE % "true" + REST)
    with page.expect_request(lambda asked: "/kiosk/stage" in asked.url):
        page.evaluate(HIDE % "false" + REST)
