"""The page of an order in a browser: what happened, on the screen, unmasked on purpose, and on paper."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.pages.conftest import OpenPage, barriers
from tests.pages.evening import OWNER, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.boards.trail import about_orders
from tihuo.ledger.seals import Sealer
from tihuo.stages import handing_over

pytestmark = pytest.mark.browser


def keep(page: Any, name: str) -> None:
    """A picture for whoever wants to look: TIHUO_PICTURES names the folder."""
    if folder := os.environ.get("TIHUO_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def collected(evening: Evening) -> Evening:
    """o1 was handed over at the kiosk; the last entries are not sealed, and nobody vouched for the clock then."""
    visit = evening.show(evening.code("o1"))
    evening.do(handing_over.hand_over, visit, actor="kiosk k1")
    Sealer(evening.writer, evening.readers, about_orders).step()
    evening.clock.sure = False
    evening.do(handing_over.leave, visit, actor="kiosk k1")
    evening.clock.sure = True
    return evening


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_step_of_an_order(collected: Evening, served: Served, open_page: OpenPage, language: str) -> None:
    page = log_in(served, open_page, OWNER, "/owner/orders/1", language=language, viewport=DESK)
    trail = page.locator("section.trail")
    words = trail.inner_text()
    accepted, given, unsure = ("收单", "已交付", "时间未校准") if language == "zh" else (
        "Order accepted", "Handed over", "clock unsure",
    )  # fmt: skip
    assert accepted in words and given in words
    assert unsure in trail.locator("tbody tr").last.inner_text()
    assert "林小树" not in page.content()
    assert barriers(page) == []
    keep(page, f"order-{language}")
    page.get_by_role("button", name="查看姓名电话" if language == "zh" else "Show her number").click()
    page.wait_for_selector("#who:has-text('林小树')")
    page.reload()
    assert "林小树" not in page.content()
    assert collected.sql("SELECT actor LIKE '% @ phone %' FROM journal ORDER BY entry DESC LIMIT 1") == [(1,)]


def test_it_is_read_on_a_phone_and_on_paper(collected: Evening, served: Served, open_page: OpenPage) -> None:
    page = log_in(served, open_page, OWNER, "/owner/orders/1", language="zh", viewport=PHONE)
    keep(page, "order-phone")
    page.evaluate("window.print = () => (window.printed = true)")
    page.get_by_role("button", name="打印本页").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})
    keep(page, "order-paper")
    assert not page.locator("nav.rail").is_visible()
    assert not page.get_by_role("button", name="打印本页").is_visible()
    assert page.locator("section.trail tbody tr").last.is_visible()


def test_the_steps_come_out_of_the_printer_once(collected: Evening, served: Served, open_page: OpenPage) -> None:
    page = log_in(served, open_page, OWNER, "/owner/orders/1", language="zh", viewport=DESK)
    page.get_by_role("button", name="用小票机打印").dblclick()
    page.wait_for_selector("text=已送往清单打印机")
    assert collected.sql("SELECT count(*) FROM print_job WHERE subject = 'trail:1'") == [(1,)]


def test_an_order_that_was_refused_has_its_story_too(evening: Evening, served: Served, open_page: OpenPage) -> None:
    number = evening.value("SELECT no FROM shop_order WHERE order_id = 'o7'")
    page = log_in(served, open_page, OWNER, f"/owner/orders/{number}", language="zh", viewport=DESK)
    assert "拒单" in page.locator("section.trail").inner_text()
