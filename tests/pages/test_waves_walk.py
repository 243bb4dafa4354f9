"""A wave of two buildings, carried two parcels at a time by somebody with a phone and a scanner that types."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import STAFF, Evening, Served
from tests.pages.walking import PHONE, log_in, scan
from tihuo.boards import sorting
from tihuo.shop.orders import NewLine
from tihuo.stages import selling

pytestmark = pytest.mark.browser
expect = playwright.expect
DOORS = ("3号601室", "37号102室", "3号502室", "5号301室")


@pytest.fixture
def floor(staffed: Evening) -> Evening:
    """Four households of three buildings want a bag of rice each."""
    for number, door in enumerate(DOORS, 1):
        new = selling.ImportedOrder(
            order_id=f"ktt:g:{number}",
            part_ids=(str(number),),
            customer_id=door,
            customer_name="顾客",
            customer_phone="",
            door=door,
            placed_at=1,
            lines=(NewLine("1", "RICE", 1, 3990, ""),),
            paid_fen=3990,
        )
        staffed.do(selling.import_order, "s1", new)
    return staffed


def test_a_part_of_the_orders_is_carried_cluster_by_cluster(floor: Evening, open_page: OpenPage) -> None:
    served = Served(floor.app)
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    page.get_by_role("link", name="Only a part of it").click()
    page.wait_for_url("**/staff/sorting/choose*")
    assert barriers(page) == []
    for building in ("3号", "37号"):
        page.get_by_role("checkbox", name=building).first.check()
    page.get_by_role("radio", name="A few parcels at a time").check()
    page.get_by_label("Parcels carried at once").fill("2")
    page.get_by_role("button", name="Open this wave").click()
    page.get_by_role("button", name="Carry the next 2 parcels").click()
    expect(page.locator("#floor")).to_contain_text("You carry cluster 1 of 2")
    expect(page.locator("#floor .bags")).to_contain_text("A01: 0/1 A03: 0/1")
    assert barriers(page) == []
    scan(page, "6901234567892")
    expect(page.locator(".wants .want")).to_have_count(2)
    page.locator(".wants button.put").first.click()
    expect(page.locator(".wants .want")).to_have_count(1)
    scan(page, "TH:SLOT:A03")
    expect(page.locator("#floor")).to_contain_text("Every slot has it")
    assert floor.sql("SELECT door, put FROM order_line JOIN shop_order ON no = order_no "
                     "JOIN customer c ON c.id = customer_id WHERE parcel_id IS NOT NULL ORDER BY door") == [
        ("37号102室", 0), ("3号502室", 1), ("3号601室", 1)
    ]  # fmt: skip
    page.get_by_role("button", name="Put it down").click()
    page.get_by_role("button", name="Carry the next 2 parcels").click()
    expect(page.locator("#floor")).to_contain_text("You carry cluster 2 of 2")
    page.get_by_role("link", name="By building").click()
    expect(page.locator(".building")).to_have_count(2)
    assert barriers(page) == []
    assert floor.read(sorting.station_picture, STAFF).cluster == 2
    served.stop()
