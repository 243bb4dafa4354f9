"""称重 and 缺货处理 on the phone: grams that go into a slot, a weight that is asked about, what stands in for what."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, all_sent, log_in
from tihuo.boards import short_picks
from tihuo.boards.balance import imbalances
from tihuo.shop.events import PhoneShown
from tihuo.stages import preparing, selling, sorting

pytestmark = pytest.mark.browser
expect = playwright.expect

PICTURES = os.environ.get("TIHUO_PICTURES", "")
"""A folder in which each page is kept as a picture, to be looked at."""


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.fixture
def evening(staffed: Evening) -> Evening:
    """Three customers bought apples by weight, and rice that will be missing: lin wants something similar, zhao
    wants to be asked."""
    for sku in (
        preparing.NewSku(
            code="APPLES",
            product="红富士苹果",
            spec="500 g",
            unit="份",
            price_fen=1000,
            nominal_grams=500,
            scale_code="123",
        ),
        preparing.NewSku(code="RICE-2", product="大米", spec="2.5 kg", unit="袋", price_fen=2200),
        preparing.NewSku(code="MILLET", product="沁州黄小米", spec="1 kg", unit="袋", price_fen=1500),
    ):
        staffed.do(preparing.keep_sku, sku)
        staffed.do(preparing.receive, sku.code, 5)
    items = [
        preparing.NewItem(sku=sku, kind="presale", quantity=20, price_fen=price, cap_set_by="店主")
        for sku, price in (("APPLES", 1000), ("RICE", 3990))
    ]
    staffed.plan("s2", *items)
    staffed.do(preparing.open_session, "s2")
    for order_id, who, rule, wanted in (
        ("o1", "lin", "similar", {"APPLES": 2, "RICE": 1}),
        ("o2", "zhao", "ask", {"APPLES": 1, "RICE": 1}),
        ("o3", "ou", "refund", {"APPLES": 1}),
    ):
        new = staffed.order(order_id, who, "s2", **wanted)
        staffed.do(selling.accept_order, msgspec.structs.replace(new, substitution=rule))
    staffed.do(sorting.open_wave, "s2")
    return staffed


def refunded(evening: Evening, order_id: str) -> int:
    return int(evening.value("SELECT refunded_fen FROM shop_order WHERE order_id = ?", order_id))


def weighing(page: Any, slot: str) -> Any:
    return page.locator(".weigh").filter(has=page.get_by_text(slot, exact=True))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_grams_are_typed_and_an_odd_weight_is_asked_about_once(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, language=language)
    errand = page.locator("#errands a")
    expect(errand).to_contain_text("3")
    picture(page, f"errands-{language}")
    errand.click()
    expect(page.locator(".weigh")).to_have_count(3)
    picture(page, f"weigh-{language}")

    first = weighing(page, "A01")
    first.locator("input[name=grams]").fill("960")
    expect(first.locator(".comes")).to_contain_text("¥19.20")
    picture(page, f"weigh-comes-{language}")
    first.locator("button").click()
    expect(page.locator("#toast")).to_contain_text("¥0.80")
    expect(page.locator("section .weigh")).to_have_count(2)
    assert evening.line("o1", "APPLES")["put"] == 2
    picture(page, f"weighed-{language}")

    page.locator("#toast button").click()
    expect(page.locator("section .weigh")).to_have_count(3)
    assert evening.line("o1", "APPLES") == {"quantity": 2}

    odd = weighing(page, "A03")
    odd.locator("input[name=grams]").fill("1200")
    odd.locator("button").click()
    expect(odd.locator(".comes[role=alert]")).to_contain_text("500")
    picture(page, f"weigh-odd-{language}")
    assert evening.line("o3", "APPLES") == {"quantity": 1}
    with page.expect_response(lambda answer: "asked=" in answer.url):  # somebody else sorts: the question stands
        evening.do(sorting.put, 1, evening.sku("RICE"), 1)
    expect(odd.locator(".comes[role=alert]")).to_contain_text("500")
    odd.locator("button").click()
    expect(page.locator("section .weigh")).to_have_count(2)
    assert refunded(evening, "o3") == 0 and evening.line("o3", "APPLES")["put"] == 1

    page.locator("summary").click()
    again = page.locator("details .weigh")
    again.locator("input[name=grams]").fill("450")
    again.locator("button").click()
    expect(page.locator("#toast")).to_contain_text("¥1.00")
    assert refunded(evening, "o3") == 100
    picture(page, f"weigh-again-{language}")
    assert barriers(page) == []
    assert not evening.read(imbalances)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_missing_is_chosen_or_asked_for(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    for parcel in (1, 2):
        evening.do(sorting.short, parcel, evening.sku("RICE"), 1)
    page = log_in(served, open_page, STAFF, "/staff/missing", viewport=PHONE, language=language)
    page.clock.install()
    rows = page.locator(".want")
    expect(rows).to_have_count(2)
    picture(page, f"missing-{language}")
    assert barriers(page) == []

    ask = rows.filter(has_text="赵")
    ask.locator("form").nth(0).locator("button").click()
    expect(ask.locator("a[href='tel:19900001002']")).to_be_visible()
    assert [event.order_id for event in evening.events(PhoneShown)] == ["o2"]
    ask.locator("form").nth(2).locator("button").click()
    expect(rows.filter(has_text="赵").locator(".tally")).to_contain_text("1" if language == "zh" else "once")
    picture(page, f"missing-called-{language}")
    all_sent(page)
    rows.filter(has_text="赵").locator("button.go").click()
    expect(rows.filter(has_text="赵").locator("a.go")).to_be_visible()

    rows.filter(has_text="林").locator("a.go").click()
    choices = page.locator(".taps li")
    expect(choices).to_have_count(3)
    expect(choices.first).to_contain_text("2.5 kg")
    picture(page, f"instead-{language}")
    assert barriers(page) == []
    choices.first.locator("button").click()
    expect(page.locator("#toast")).to_contain_text("2.5 kg")
    assert refunded(evening, "o1") == 0  # five seconds to call it off
    page.clock.run_for(6000)
    expect(page.locator("#instead .empty")).to_be_visible()
    picture(page, f"instead-done-{language}")
    assert refunded(evening, "o1") == 1790

    page.locator("#instead .empty a").click()
    page.locator(".want").filter(has_text="赵").locator("form button").last.click()
    page.clock.run_for(6000)
    expect(page.locator("#missing .empty")).to_be_visible()
    assert refunded(evening, "o2") == 3990
    assert [case.state for case in evening.read(short_picks.decided, "s2")] == ["substituted", "refunded"]
    picture(page, f"missing-none-{language}")
    assert not evening.read(imbalances)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_owner_sees_who_decided_what(served: Served, open_page: OpenPage, evening: Evening, language: str) -> None:
    evening.do(sorting.short, 1, evening.sku("RICE"), 1, actor="小林")
    evening.do(sorting.put, 1, evening.sku("APPLES"), 2, 960, actor="小林")
    page = log_in(served, open_page, OWNER, "/owner", viewport=DESK, language=language)
    expect(page.locator(".waits")).to_contain_text("缺货" if language == "zh" else "missing")
    page.goto(f"{served.url}/owner/orders/1")
    expect(page.locator("main")).to_contain_text("960")
    expect(page.locator("main")).to_contain_text("小林")
    picture(page, f"owner-order-{language}")
    page.goto(f"{served.url}/owner/prepare/sku?code=APPLES")
    expect(page.locator("input[name=scale]")).to_have_value("123")
    picture(page, f"owner-sku-{language}")
    answer = page.request.get(f"{served.url}/owner/export/missing.xlsx?session=s2")
    assert answer.ok and answer.body()[:2] == b"PK"
