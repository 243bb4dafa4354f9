"""到货, walked through: the owner tells a supplier, a phone counts what he brings, the owner closes it."""

from __future__ import annotations

import msgspec
import pytest

from tests.little_shop import GOODS
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.test_staff_walk import SMALL
from tests.pages.walking import DESK, PHONE, log_in, scan
from tihuo.stages import preparing, receiving, selling

pytestmark = pytest.mark.browser
expect = playwright.expect
DAIRY = "牧场直送"


@pytest.fixture
def evening(staffed: Evening) -> Evening:
    """The sale is over: of the dairy's milk lin has 4, zhao 4, ou 3."""
    staffed.do(preparing.keep_sku, msgspec.structs.replace(GOODS[2], supplier=DAIRY))
    for order_id, customer, units in (("o1", "lin", 4), ("o2", "zhao", 4), ("o3", "ou", 3)):
        staffed.sell(order_id, customer, MILK=units)
        staffed.clock.tick(1000)
    staffed.do(preparing.close_session, "s1")
    for grant, sold in staffed.sql("SELECT id, sold FROM stock_grant"):
        staffed.do(selling.close_grant, grant, sold)
    return staffed


def test_from_the_list_to_the_shelf(evening: Evening, served: Served, open_page: OpenPage) -> None:
    desk = log_in(served, open_page, OWNER, "/owner/purchase", viewport=DESK)
    dairy = desk.locator("section", has_text=DAIRY)
    expect(dairy.locator("textarea").first).to_have_value("【朝阳里小店】01-15 要货\n鲜牛奶 950 ml  11瓶\n共1种，11件")
    dairy.get_by_role("button", name="Copy").click()
    expect(dairy.locator("[data-copied]")).to_be_visible()
    dairy.get_by_role("button", name="He has been told").click()
    expect(dairy).to_contain_text(f"by {OWNER}")
    assert barriers(desk) == []

    phone = log_in(served, open_page, STAFF, "/staff/receiving", viewport=PHONE)
    phone.get_by_role("listitem").filter(has_text=DAIRY).get_by_role("button").click()
    phone.wait_for_url("**/staff/receiving/1")
    scan(phone, "MILK")
    hand = phone.locator("#hand")
    hand.locator("input[name=quantity]").fill("7")
    hand.get_by_label("Batch").fill("B7")
    hand.get_by_role("button", name="Count in").click()
    expect(hand).to_contain_text("7 / 11")
    hand.get_by_role("button", name="All 4 that are left").click()
    expect(hand).to_contain_text("11 / 11")
    phone.locator("#toast").get_by_role("button", name="Undo").click()
    expect(hand).to_contain_text("7 / 11")
    hand.get_by_role("button", name="Damaged").click()
    expect(phone.locator("#board")).to_contain_text("1 damaged")
    scan(phone, "6901234567892")
    expect(hand).to_contain_text("This was not asked for")
    hand.get_by_role("button", name="Keep apart").click()
    expect(phone.locator("#board")).to_contain_text("1 kept apart")
    assert barriers(phone) == []
    assert phone.evaluate(SMALL) == []
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    desk.goto(f"{served.url}/owner/deliveries/1")
    desk.locator("#preview").get_by_label("by hand").check()
    expect(desk.get_by_role("button", name="Close the delivery")).to_be_disabled()
    expect(desk.locator("#preview")).to_contain_text("0 of 4 are shared out.")
    desk.get_by_label("林* goes without").fill("4")
    desk.get_by_label("林* goes without").press("Tab")
    expect(desk.locator("#preview")).to_contain_text("¥50.00 go back at once")
    assert barriers(desk) == []
    phone.get_by_role("button", name="All is counted").click()
    expect(desk.locator("#preview")).to_contain_text("4 of 4 are shared out.")
    desk.get_by_role("button", name="Close the delivery").click()
    expect(desk.locator("main")).to_contain_text("4 missing: by hand")
    assert [evening.line(order, "MILK").get("short", 0) for order in ("o1", "o2", "o3")] == [4, 0, 0]
    expect(phone.locator("#board")).to_contain_text("closed")


def test_what_was_counted_while_she_looked_is_shown_before_anything_happens(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    delivery = evening.do(receiving.open_delivery, "s1", DAIRY)
    evening.do(receiving.count, delivery, "MILK", 9)
    desk = log_in(served, open_page, OWNER, f"/owner/deliveries/{delivery}", viewport=DESK)
    desk.evaluate("document.querySelector('live-updates').remove()")
    evening.do(receiving.count, delivery, "MILK", 1)
    desk.get_by_role("button", name="Close the delivery").click()
    expect(desk.locator("#preview")).to_contain_text("Something has changed since you looked")
    expect(desk.locator("#preview")).to_contain_text("¥12.50 go back at once")
    desk.get_by_role("button", name="Close the delivery").click()
    expect(desk.locator("main")).to_contain_text("1 missing: whoever paid first keeps hers")
    assert evening.line("o3", "MILK") == {"quantity": 3, "short": 1}
