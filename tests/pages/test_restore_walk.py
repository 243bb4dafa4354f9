"""恢复 in a real browser: a box from a backup waits, says what for, and its owner may go on in her own name."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, Evening, Served
from tests.pages.walking import DESK, log_in
from tihuo.shop.fence import look_again
from tihuo.shop.work import Work
from tihuo.stages import restoring

pytestmark = pytest.mark.browser
expect = playwright.expect


def test_the_owner_waits_then_goes_on_and_counts(evening: Evening, served: Served, open_page: OpenPage) -> None:
    evening.do(restoring.raise_fence, "restored", 1_000)
    evening.do(look_again, "minted", "s1", "RICE", 3)
    evening.part("restore", "restoring")
    page = log_in(served, open_page, OWNER, "/owner", viewport=DESK)
    page.locator("a[href='/owner/restore']").first.click()
    board = page.locator("#restore")
    expect(board).to_contain_text("The box waits for the cloud")
    expect(board).to_contain_text("大米")
    assert barriers(page) == []

    kiosk = open_page(f"{served.url}/kiosk?k=k1&lang=en", viewport={"width": 1024, "height": 600})
    evening.show(evening.code("o1"))
    expect(kiosk.locator("body")).to_contain_text("Pickup pauses for a moment")

    evening.do(told, 7)
    evening.part("restore", "restoring")
    expect(board).to_contain_text("The cloud tells what happened since the backup")
    expect(board.locator(".figures")).to_contain_text("7")

    page.get_by_text("Go on without the cloud").click()
    page.get_by_role("button", name="Go on", exact=True).click()
    assert evening.value("SELECT passed_by FROM fence") == "", "the browser asks for the tick first"
    box = page.get_by_role("checkbox")
    box.check()
    with page.expect_response("**/owner/restore/board"):
        evening.part("restore", "restoring")
    expect(box, "what she was about to do survives a redrawn page").to_be_checked()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(board).to_contain_text("The shop goes on without knowing everything")
    expect(board).to_contain_text(OWNER)
    assert evening.value("SELECT passed_by FROM fence") == OWNER

    board.get_by_role("button", name="Put right").click()
    expect(board).not_to_contain_text("Look at these")
    assert evening.value("SELECT settled_by FROM recount") == OWNER

    evening.part("restore", "restoring_passed")
    evening.later(60_000)
    evening.show(evening.code("o1"))
    expect(kiosk.locator("body")).to_contain_text("A01")


def told(work: Work, left: int) -> None:
    work.sql("UPDATE fence SET to_tell = ?", (left,))
