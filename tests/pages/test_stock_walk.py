"""库存 walked through: putting the book right with two taps, counting with a scanner that types, and the ledger."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in, scan
from tihuo.boards.balance import imbalances
from tihuo.boards.sku_ledger import units

pytestmark = pytest.mark.browser
expect = playwright.expect

RICE = "6901234567892"


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def there(evening: Evening, sku: str) -> int:
    return int(evening.read(units, sku).there)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_taps_and_a_reason_and_five_seconds_to_take_it_back(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    before = there(evening, "RICE")
    phone = log_in(served, open_page, STAFF, "/staff/stock", viewport=PHONE, language=language)
    phone.clock.install()
    scan(phone, RICE)
    card = phone.locator("#found .card")
    expect(card.locator("h2")).to_have_text("大米")
    assert barriers(phone) == []
    assert fits(phone)
    card.locator(".correct [data-step='1']").click()
    expect(card.locator("legend").first).to_contain_text("2")
    card.locator("button[value='-broken']").click()
    expect(phone.locator("#found .banner")).to_be_visible()
    assert there(evening, "RICE") == before - 2
    assert barriers(phone) == []
    phone.locator("#found passing-note button").click()
    expect(phone.locator("#toast")).to_contain_text("2")
    expect(phone.locator("#found .count").first).to_contain_text(str(before))
    assert there(evening, "RICE") == before
    phone.locator("button[value='-sample']").click()
    expect(phone.locator("#found passing-note")).to_be_visible()
    phone.clock.run_for(6000)
    expect(phone.locator("#found passing-note")).to_have_count(0)
    assert there(evening, "RICE") == before - 1
    assert evening.read(imbalances) == {}


def test_a_photograph_goes_with_it_and_stands_in_the_ledger(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    taken = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 900)).convert("RGB").save(taken, "JPEG")
    phone = log_in(served, open_page, STAFF, "/staff/stock?text=RICE", viewport=PHONE)
    phone.get_by_text("Photograph, note, which goods").click()
    picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": taken.getvalue()}
    phone.locator(".correct input[type=file]").set_input_files(picture)
    phone.locator(".correct input[name=note]").fill("老鼠咬的")
    assert fits(phone)
    phone.locator("button[value='-broken']").click()
    expect(phone.locator("#found .banner")).to_contain_text("The photograph is kept.")

    desk = log_in(served, open_page, OWNER, "/owner/ledger?sku=RICE", viewport=DESK)
    expect(desk.locator("main")).to_contain_text("It adds up")
    expect(desk.locator(".ledger tbody tr").first).to_contain_text("老鼠咬的")
    assert barriers(desk) == []
    assert fits(desk)
    link = desk.get_by_role("link", name="photograph").get_attribute("href")
    shown = desk.request.get(served.url + link)
    assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
    desk.locator("select[name=kind]").select_option("losses")
    desk.get_by_role("button", name="Show").click()
    expect(desk.locator(".ledger tbody tr")).to_have_count(1)


def test_more_than_there_is_cannot_be_taken_off(served: Served, open_page: OpenPage, evening: Evening) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/stock?text=RICE", viewport=PHONE, quiet=False)
    phone.locator(".correct input[name=quantity]").fill("99")
    phone.locator("button[value='-fewer']").click()
    expect(phone.get_by_text("There are not that many.")).to_be_visible()
    assert evening.sql("SELECT * FROM correction") == []


def test_counting_by_scan_survives_a_gap_of_the_wifi_and_puts_the_book_right(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    before = there(evening, "EGGS"), evening.read(units, "EGGS").loose, there(evening, "RICE")
    phone = log_in(served, open_page, STAFF, "/staff/stock/counts", viewport=PHONE, quiet=False)
    assert barriers(phone) == []
    assert fits(phone)
    phone.get_by_role("button", name="Ambient").click()
    expect(phone.locator("#sheet")).to_contain_text("Scan the first piece")
    scan(phone, RICE)
    rice = phone.locator("#line-RICE")
    expect(rice.locator(".count b")).to_have_text("1")
    phone.context.set_offline(True)
    phone.wait_for_timeout(800)  # a trigger held too long is one scan; two pulls of it are two
    scan(phone, RICE)
    phone.context.set_offline(False)
    expect(rice.locator(".count b")).to_have_text("2")
    phone.locator("#line-EGGS").get_by_role("button", name="Type the number").click()
    phone.locator("#line-EGGS input[name=counted]").fill(str(before[1] - 1))
    phone.locator("#line-EGGS").get_by_role("button", name="That is all").click()
    expect(phone.locator("#line-EGGS")).to_contain_text("1 missing")
    rice.locator("input[name=counted]").fill(str(evening.read(units, "RICE").loose))
    rice.get_by_role("button", name="That is all").click()
    expect(rice).to_contain_text("all there")
    expect(phone.locator(".preview")).to_contain_text("-1")
    assert barriers(phone) == []
    assert fits(phone)
    phone.get_by_role("button", name="Put the book right").click()
    expect(phone.locator("#sheet .banner")).to_contain_text("0 more, 1 fewer")
    assert (there(evening, "EGGS"), there(evening, "RICE")) == (before[0] - 1, before[2])
    assert evening.read(imbalances) == {}


def test_the_floor_leads_to_the_shelf_that_says_otherwise(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE)
    scan(phone, "MILK")
    phone.get_by_role("link", name="The shelf says otherwise").click()
    expect(phone.locator("#found .card h2")).to_have_text("鲜牛奶")
