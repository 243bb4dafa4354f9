"""自提码 walked through: a customer without her phone at the kiosk, and the page where the staff renew and delegate."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pages.conftest import LANDSCAPE, PORTRAIT, OpenPage, barriers, playwright
from tests.pages.evening import STAFF, Evening, Served
from tests.pages.test_kiosk import faults, kiosk, scene, told
from tests.pages.walking import PHONE, log_in
from tihuo.boards.codes import tail_question
from tihuo.shop.events import CheckedIn
from tihuo.stages import preparing

pytestmark = pytest.mark.browser
expect = playwright.expect

GOODS = ("云南高原红富士苹果 5 斤装", "有机菠菜", "农家土鸡蛋", "手工三鲜水饺", "长粒香大米 10 kg 真空装", "冰糖心梨")


@pytest.fixture
def various(evening: Evening) -> Evening:
    """The shop sells enough different things to ask about."""
    for number, name in enumerate(GOODS):
        evening.do(preparing.keep_sku, preparing.NewSku(code=f"V{number}", product=name, unit="份", price_fen=100))
    return evening


def type_tail(page: Any, tail: str) -> None:
    page.click("[hx-get*='/tail']")
    scene(page, "tail")
    for digit in tail:
        page.click(f"[data-key='{digit}']")
    scene(page, "tail_name")


def hers(shop: Evening, tail: str) -> list[int]:
    bought = shop.sql(
        "SELECT DISTINCT s.product_id FROM order_line l JOIN sku s ON s.id = l.sku_id JOIN shop_order o "
        "ON o.no = l.order_no JOIN customer c ON c.id = o.customer_id WHERE substr(c.phone, -4) = ?",
        tail,
    )
    return [product for product, _ in shop.read(tail_question, tail, shop.house).goods if (product,) in bought]


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["1080x1920", "1024x600"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_customer_without_her_phone_is_recognised_by_three_answers(
    served: Served, open_page: OpenPage, various: Evening, language: str, viewport: dict[str, int]
) -> None:
    page = kiosk(served, open_page, language, viewport=viewport)
    page.click("[hx-get*='/tail']")
    scene(page, "tail")
    assert faults(page) == []
    page.click("[data-view-ends]")
    scene(page, "idle")
    type_tail(page, "1001")
    assert faults(page) == []
    page.get_by_role("button", name="林", exact=True).click()
    scene(page, "tail_goods")
    assert faults(page) == []
    page.click("button.go")
    expect(page.locator(".words p")).to_have_text(re.compile("请至少点一个|at least one"))
    for product in hers(various, "1001"):
        page.locator(f".pick:has(input[value='{product}'])").click()
    assert faults(page) == []
    page.click("button.go")
    scene(page, "welcome")
    assert various.events(CheckedIn)[-1].by == "phone_tail"


def test_whoever_does_not_know_is_told_nothing(served: Served, open_page: OpenPage, various: Evening) -> None:
    page = kiosk(served, open_page)
    type_tail(page, "7777")
    page.locator(".names button").first.click()
    scene(page, "tail_goods")
    page.locator(".pick").first.click()
    page.click("button.go")
    told(page, "tail_unknown")
    assert faults(page) == []


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["1080x1920", "1024x600"])
@pytest.mark.parametrize("text", ["134567890123456789", "https://example.org/", "TH1:S77:1:AAAAAAAAAAAAAAAA"])
def test_a_strange_code_is_named_on_the_screen(
    served: Served, open_page: OpenPage, evening: Evening, text: str, viewport: dict[str, int]
) -> None:
    page = kiosk(served, open_page, viewport=viewport)
    evening.show(text)
    page.wait_for_selector(".scene-told")
    assert faults(page) == []


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["1080x1920", "1024x600"])
def test_a_code_shown_again_says_when_and_from_which_slot(
    served: Served, open_page: OpenPage, evening: Evening, viewport: dict[str, int]
) -> None:
    page = kiosk(served, open_page, viewport=viewport)
    evening.later(3_600_000)
    evening.show(evening.code("o4"))
    told(page, "already_collected")
    expect(page.locator(".fact")).to_contain_text("A0")
    assert faults(page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_staff_renew_a_code_and_give_a_neighbour_one(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/pickup/orders/1", viewport=PHONE, language=language)
    phone.click("a[href='/staff/codes/orders/1']")
    phone.wait_for_selector("#codes")
    assert barriers(phone) == []
    before = phone.locator(".code-digits").first.inner_text()
    phone.locator("input[name=name]").fill("李阿姨")
    phone.locator("input[name=line]").first.check()
    phone.locator("form[hx-post$='/neighbours'] button.go").click()
    expect(phone.locator("#codes .banner.go")).to_be_visible()
    expect(phone.locator("#codes li")).to_contain_text("李*")
    assert barriers(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.locator("summary").first.click()
    phone.locator("form[hx-post$='/renew'] button").click()
    expect(phone.locator(".code-digits").first).not_to_have_text(before)
    phone.locator("form[hx-post$='/revoke'] button").click()
    expect(phone.locator("#codes li .code-digits")).to_have_count(0)
    phone.locator("form[hx-post$='/labels'] button").click()
    expect(phone.locator("#codes .banner")).to_be_visible()
    assert barriers(phone) == []
