"""Caps, losses and cancelled orders in a real browser: the owner at the desk, staff at the phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.boards.balance import imbalances
from tihuo.stages import aftercare, preparing, selling

pytestmark = pytest.mark.browser
expect = playwright.expect


@pytest.fixture
def evening(staffed: Evening) -> Evening:
    """The sale is on: an order was cancelled, some eggs are broken and owed."""
    staffed.sell("o1", "lin", RICE=3, MILK=2)
    staffed.sell("o2", "zhao", RICE=1, EGGS=1)
    staffed.do(aftercare.cancel, 1, "她搬家了")
    staffed.do(selling.sell_walk_in, "s1", "EGGS", 4)
    staffed.do(aftercare.lose, "s1", "EGGS", 2, "damage")
    return staffed


def say(desk: Any, label: str, value: str, button: str) -> None:
    form = desk.locator("#item form").filter(has=desk.get_by_label(label))
    form.get_by_label(label).fill(value)
    form.get_by_role("button", name=button).click()


def test_the_owner_changes_what_is_for_sale_and_sees_it_in_the_table(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    desk = log_in(served, open_page, OWNER, "/owner/live", viewport=DESK)
    expect(desk.locator("#goods")).to_contain_text("2 units are missing; the cloud was asked for them")
    desk.get_by_role("button", name="Change 大米").click()
    say(desk, "Cap", "18", "Set")
    expect(desk.locator("#item")).to_contain_text("The cap is 18 now")
    say(desk, "For walk-ins", "4", "Keep")
    expect(desk.locator("#item")).to_contain_text("4 kept for walk-ins")
    expect(desk.locator("#goods")).to_contain_text("4 for walk-ins")
    say(desk, "Ask back", "2", "Ask the cloud")
    expect(desk.locator("#item")).to_contain_text("The cloud was asked for 2 units")
    expect(desk.locator("#goods")).to_contain_text("2 asked back")
    say(desk, "Cap", "22", "Set")  # a browser keeps it from being sent: there are no more in the shop
    assert evening.value("SELECT cap FROM session_item WHERE sku_id = ?", evening.sku("RICE")) == 18
    assert barriers(desk) == []


def test_a_product_joins_the_sale_that_is_on(served: Served, open_page: OpenPage, evening: Evening) -> None:
    evening.do(preparing.keep_sku, preparing.NewSku(code="TEA", product="茉莉花茶", price_fen=2500))
    desk = log_in(served, open_page, OWNER, "/owner/live", viewport=DESK)
    desk.get_by_role("button", name="Add a product").click()
    desk.get_by_role("button", name="Choose").click()
    desk.get_by_role("button", name="Offer it now").click()
    expect(desk.locator("#goods")).to_contain_text("茉莉花茶")
    assert evening.item("TEA") == {"minted": 10, "free": 4, "granted": 6}


def test_an_order_on_the_shelf_is_cancelled_and_the_slots_are_named(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    evening.sort()
    desk = log_in(served, open_page, OWNER, "/owner/orders/2", viewport=DESK)
    desk.get_by_text("Cancel the order").click()
    desk.get_by_label("Why?").fill("不要了")
    assert barriers(desk) == []
    desk.get_by_role("button", name="Cancel it now").click()
    expect(desk.locator("#cancel")).to_contain_text("Take these back out")
    expect(desk.locator("#cancel")).to_contain_text("A01")
    desk.get_by_role("link", name="Show the order").click()
    expect(desk.locator("main")).to_contain_text("不要了")
    assert evening.read(imbalances) == {}


def test_goods_that_came_back_are_decided_on_at_the_desk(served: Served, open_page: OpenPage, evening: Evening) -> None:
    desk = log_in(served, open_page, OWNER, "/owner/aftercare", viewport=DESK)
    assert barriers(desk) == []
    row = desk.locator("tr", has_text="RICE")
    row.get_by_role("button", name="Sell again").click()
    expect(desk.get_by_text("3 units are for sale again")).to_be_visible()
    assert evening.item("RICE").get("quarantine", 0) == 0


def test_a_broken_bag_is_written_off_at_the_phone(served: Served, open_page: OpenPage, evening: Evening) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/stock", viewport=PHONE)
    phone.get_by_role("button", name="大米").click()
    assert barriers(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_label("Units that differ").fill("2")
    phone.get_by_role("button", name="Broken", exact=True).click()
    expect(phone.locator("#found")).to_contain_text("2 units taken off")
    assert evening.sql("SELECT quantity, reason, actor FROM correction") == [(-2, "broken", STAFF)]
