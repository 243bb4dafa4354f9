"""The owner's desk, walked through: a product, a session, orders as they come, tables to take away, people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from tests.little_shop import copy_of
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, PIN, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.api.auth import hash_pin
from tihuo.boards import goods, people, stock
from tihuo.shop import paper
from tihuo.shop.staff import keep_user
from tihuo.stages import handing_over, selling

pytestmark = pytest.mark.browser
expect = playwright.expect


@pytest.fixture
def desk(served: Served, open_page: OpenPage) -> Any:
    """The owner of an evening that is over sits down at her desk."""
    return log_in(served, open_page, OWNER, "/owner", viewport=DESK, quiet=False)


@pytest.fixture
def new_shop(seeded_file: Path, tmp_path: Path) -> Iterator[Evening]:
    """A sale has just begun; nobody has ordered."""
    evening = Evening(copy_of(seeded_file, tmp_path / "shop.db"))
    evening.do(keep_user, OWNER, "owner", hash_pin(PIN))
    yield evening
    evening.close()


def test_a_product_a_session_and_its_first_order(new_shop: Evening, open_page: OpenPage) -> None:
    served = Served(new_shop.app)
    page = log_in(served, open_page, OWNER, "/owner/prepare", viewport=DESK, quiet=False)
    page.get_by_role("link", name="Add a product").click()
    page.get_by_label("Product").fill("荠菜水饺")
    page.get_by_label("Code", exact=False).first.fill("DUMPLINGS")
    page.get_by_label("Barcode").fill("6900000000053")
    page.get_by_label("Price in yuan").fill("21.9")
    page.get_by_text("Frozen").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("[aria-invalid]")).to_have_attribute("name", "barcode")
    page.get_by_label("Barcode").fill("6900000000052")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_url("**/owner/prepare")
    row = page.locator("#sku-DUMPLINGS")
    expect(row).to_contain_text("¥21.90")
    row.get_by_role("spinbutton").fill("8")
    row.get_by_role("button", name="Receive").click()
    expect(row).to_contain_text("+8")
    assert new_shop.read(goods.sku_row, "DUMPLINGS").on_hand == 8

    page.get_by_role("link", name="Plan a session").click()
    page.get_by_label("Title").fill("周六饺子夜")
    page.get_by_role("button", name="Keep the plan").click()
    expect(page.locator("form [data-why]")).to_contain_text("A session needs something to sell.")
    page.get_by_label("荠菜水饺", exact=False).first.check()
    expect(page.get_by_label("Quantity of 荠菜水饺")).to_have_value("8")
    expect(page.get_by_label("Quantity of 大米")).to_be_disabled()
    page.get_by_label("At most of 荠菜水饺 a customer").fill("2")
    page.get_by_role("button", name="Keep the plan").click()
    expect(page.locator("h1")).to_have_text("周六饺子夜")
    page.get_by_role("button", name="Open the sale").click()
    expect(page.locator("#goods")).to_contain_text("荠菜水饺")
    expect(page.locator("#feed")).to_contain_text("No order yet.")

    session = page.url.rsplit("=", 1)[1]
    assert new_shop.sell("o1", "lin", session, DUMPLINGS=2) == "accepted"
    expect(page.locator("#feed li").first).to_contain_text("林*")
    expect(page.locator("#feed li").first).to_contain_text("¥43.80")
    expect(page.locator("#goods tr", has_text="荠菜水饺")).to_contain_text("25%")
    assert new_shop.sell("o2", "lin", session, DUMPLINGS=1) == "refused"
    expect(page.locator("#feed li").first).to_contain_text("over the limit of one customer")

    page.get_by_label("Units").fill("1")
    page.get_by_role("button", name="Sell").click()
    expect(page.locator("#walk-in")).to_contain_text("1 sold over the counter")
    expect(page.locator("#goods tr", has_text="荠菜水饺")).to_contain_text("38%")

    page.get_by_text("Close the sale").click()
    page.get_by_role("button", name="Close it now").click()
    page.wait_for_url("**/owner/sorting")
    assert {row.session_id: row.state for row in new_shop.read(stock.sessions)} == {"s1": "open", session: "closed"}
    served.stop()


def test_tonight_moves_by_itself(desk: Any, evening: Evening) -> None:
    figures = desk.locator(".figures")
    expect(figures).to_contain_text("5")
    ready = desk.locator(".figure", has_text="On the shelf")
    expect(ready.locator(".value")).to_have_text("4")
    evening.do(handing_over.hand_over_by_code, evening.code("o2"))
    expect(ready.locator(".value")).to_have_text("3")
    ready.locator("summary").click()
    expect(ready).to_contain_text("Parcels that are complete and wait for their customer.")
    evening.part("printer_label", "printer_paper_out")
    expect(desk.locator(".banner")).to_contain_text("Put in a new roll")
    label = evening.value("SELECT min(id) FROM print_job WHERE state = 'queued'")
    evening.do(paper.moved, label, ("queued",), "sending")
    evening.do(paper.moved, label, ("sending",), "doubtful")
    expect(desk.locator(".waits")).to_contain_text("One print may not have come out")
    expect(desk.locator(".waits")).to_contain_text("One unit of a cancelled order")


def test_a_table_is_taken_away_as_it_stands_on_the_page(desk: Any, served: Served, tmp_path: Path) -> None:
    desk.goto(f"{served.url}/owner/sorting")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="By product").first.click()
    file = tmp_path / "table.xlsx"
    download.value.save_as(file)
    assert download.value.suggested_filename == "今晚的直播 By product.xlsx"
    head, *rows = load_workbook(str(file)).get_sheet_by_index(0).to_python()
    taken = {row[head.index("Product")]: (row[head.index("Ordered")], row[head.index("Sorted")]) for row in rows}
    shown = {}
    for row in desk.locator("#board tbody tr").all():
        cells = row.locator("td").all_inner_texts()
        shown[cells[0].split()[0]] = (float(cells[3].split()[0]), float(cells[4]))
    assert taken == shown
    assert taken["大米"] == (2, 2)


def test_an_order_tells_its_whole_story(desk: Any, served: Served) -> None:
    desk.goto(f"{served.url}/owner/orders")
    desk.get_by_role("link", name="o4").click()
    expect(desk.locator("main")).to_contain_text("collected")
    expect(desk.locator("main")).to_contain_text("by code at the counter")
    desk.goto(f"{served.url}/owner/orders?q=1001")
    expect(desk.locator("tbody tr")).to_have_count(1)


def test_a_long_list_of_orders_is_read_leaf_by_leaf(desk: Any, served: Served, evening: Evening) -> None:
    for number in range(60):
        new = evening.order(f"i{number}", f"p{number}", RICE=1)
        evening.do(
            selling.import_order,
            "s1",
            selling.ImportedOrder(
                order_id=new.order_id,
                part_ids=(new.order_id,),
                customer_id=new.customer_id,
                customer_name=new.customer_name,
                customer_phone="",
                door="",
                placed_at=new.placed_at,
                lines=new.lines,
                paid_fen=new.paid_fen,
            ),
        )
    desk.goto(f"{served.url}/owner/orders")
    expect(desk.locator("tbody tr td:first-child a")).to_have_count(50)
    desk.get_by_role("button", name="More").scroll_into_view_if_needed()
    expect(desk.locator("tbody tr td:first-child a")).to_have_count(67)
    numbers = desk.locator("tbody tr td:first-child a").all_inner_texts()
    assert len(set(numbers)) == 67


def test_people_come_get_new_pins_and_go(desk: Any, served: Served, open_page: OpenPage, evening: Evening) -> None:
    desk.goto(f"{served.url}/owner/settings")
    desk.get_by_label("Name", exact=True).fill("小何")
    desk.get_by_label("PIN or password").fill(PIN)
    desk.get_by_role("button", name="Keep").click()
    expect(desk.locator("#users li")).to_have_count(3)
    log_in(served, open_page, "小何", "/staff/sorting", viewport=PHONE)
    mine = desk.locator("#users li", has_text=OWNER)
    mine.get_by_text("Remove").first.click()
    mine.get_by_role("button", name=f"Remove {OWNER}").click()
    expect(mine.locator("[data-why]")).to_contain_text("The shop needs at least one owner.")
    desk.keyboard.press("Escape")
    theirs = desk.locator("#users li", has_text=STAFF)
    theirs.get_by_text("Remove").first.click()
    theirs.get_by_role("button", name=f"Remove {STAFF}").click()
    expect(desk.locator("#users li")).to_have_count(2)
    assert {user.name for user in evening.read(people.users)} == {OWNER, "小何"}


@pytest.mark.parametrize(("language", "size"), [("zh", DESK), ("en", DESK), ("zh", PHONE)])
def test_nothing_on_the_desk_stands_in_anybodys_way(
    served: Served, open_page: OpenPage, evening: Evening, language: str, size: dict[str, int]
) -> None:
    evening.part("printer_label", "printer_paper_out")
    page = log_in(served, open_page, OWNER, "/owner", viewport=size, language=language)
    found = []
    for path in (
        "",
        "/prepare",
        "/prepare/sku?code=RICE",
        "/prepare/session?like=s1",
        "/sessions/s1",
        "/live",
        "/sorting",
        "/sorting?view=customer",
        "/pickup",
        "/orders",
        "/orders/1",
        "/aftercare",
        "/review",
        "/devices",
        "/parked",
        "/settings",
        "/settings?scheme=dark",
        "",
    ):
        page.goto(f"{served.url}/owner{path}")
        found += [f"{path} {barrier}" for barrier in barriers(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
    assert found == []
