"""What is not right, on both sides of the counter: the kiosk tells it, the phone answers, undoes, and puts it right."""

from __future__ import annotations

import pytest

from tests.pages.conftest import LANDSCAPE, PORTRAIT, OpenPage, barriers, hold_still, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.test_kiosk import CROWDED, NARROW, OUTSIDE, OVERLAPPING
from tests.pages.walking import PHONE, log_in, scan
from tihuo.boards import balance, counter, handed, pickup
from tihuo.stages import handing_over

pytestmark = pytest.mark.browser
expect = playwright.expect


@pytest.fixture
def evening(ordered: Evening) -> Evening:
    """Three customers' parcels are on the shelf: lin's two (A01, C01), zhao's (A02), ou's (A03)."""
    ordered.sort()
    return ordered


def test_a_customer_tells_what_is_missing_and_sees_who_comes(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/pickup", viewport=PHONE, quiet=False)
    kiosk = open_page(f"{served.url}/kiosk?k=k1&lang=en")
    evening.show(evening.code("o1"))
    kiosk.get_by_role("button", name="Something is missing").click()
    kiosk.get_by_role("button", name="Something else is wrong").click()
    kiosk.get_by_role("button", name="Something is missing in a parcel").click()
    kiosk.locator(".pick-parcel").filter(has_text="C01").click()
    kiosk.get_by_role("button", name="Please bring it").click()
    expect(kiosk.locator("#stage")).to_contain_text("Please touch what is missing first.")
    kiosk.locator(".missing").first.click()
    kiosk.get_by_role("button", name="Please bring it").click()
    expect(kiosk.locator("#stage")).to_contain_text("Our staff knows")

    call = phone.locator(".call")
    expect(call).to_contain_text("Something is missing in her parcel")
    expect(call).to_contain_text("鲜牛奶 ×1")
    assert phone.locator(".call shop-sound").count() == 1
    call.get_by_role("button", name="On my way").click()
    expect(kiosk.locator("#stage")).to_contain_text("Somebody is on the way to you")
    expect(call).to_contain_text(f"{STAFF} is on the way")
    kiosk.get_by_role("button", name="All right").click()
    kiosk.get_by_role("button", name="I have it all").click()
    expect(kiosk.locator("#stage")).to_contain_text("stays here for you")
    call.get_by_role("button", name="Seen to").click()
    expect(call).to_have_count(0)
    assert evening.line("o1", "MILK") == {"quantity": 2, "put": 2, "handed_over": 1}

    phone.locator("#shelf .tap").filter(has_text="C01").click()
    expect(phone.locator("#main")).to_contain_text("Said to be missing")
    phone.get_by_role("button", name="Found").click()
    expect(phone.locator("#toast")).to_contain_text("Found: 1 unit can be handed over.")
    assert not evening.read(balance.imbalances)


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_stands_in_the_way_of_who_tells_it(
    served: Served, open_page: OpenPage, evening: Evening, viewport: dict[str, int], language: str
) -> None:
    kiosk = open_page(f"{served.url}/kiosk?k=k1&lang={language}", viewport=viewport)
    hold_still(kiosk)
    evening.show(evening.code("o1"))
    kiosk.locator(".scene-welcome").wait_for()
    found: list[str] = []

    def look() -> None:
        for fault in (CROWDED, OUTSIDE, OVERLAPPING, NARROW):
            found.extend(kiosk.evaluate(fault))
        found.extend(barriers(kiosk, "color-contrast-enhanced"))

    kiosk.locator("[hx-get*='/choose']").click()
    kiosk.locator("[hx-get*='/report']").click()
    kiosk.locator(".scene-report").wait_for()
    look()
    kiosk.locator(".picks .button").nth(1).click()
    kiosk.locator(".scene-report_which").wait_for()
    look()
    kiosk.locator(".pick-parcel").first.click()
    kiosk.locator(".scene-report_goods").wait_for()
    look()
    kiosk.locator(".missing").first.click()
    kiosk.locator("[hx-post*='/report/goods']").first.click()
    kiosk.locator(".scene-reported").wait_for()
    look()
    assert found == []


def test_a_receipt_comes_for_who_asks(served: Served, open_page: OpenPage, evening: Evening) -> None:
    kiosk = open_page(f"{served.url}/kiosk?k=k1&lang=en")
    evening.show(evening.code("o2"))
    kiosk.get_by_role("button", name="I have it all").click()
    papers = "SELECT count(*) FROM print_job WHERE kind = 'receipt'"
    assert evening.value(papers) == 0
    kiosk.get_by_role("button", name="A receipt, please").click()
    expect(kiosk.locator("#stage")).to_contain_text("Your receipt is coming out")
    assert evening.value(papers) == 1


def test_the_last_hand_overs_are_taken_back_with_a_reason(
    served: Served, open_page: OpenPage, evening: Evening
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/pickup", viewport=PHONE)
    evening.do(handing_over.hand_over_by_code, evening.code("o1"), actor=STAFF)
    phone.get_by_role("link", name="The last hand-overs").click()
    row = phone.locator(".handed > li").first
    row.get_by_text("Something was wrong").click()
    row.get_by_role("button", name="Wrong person").click()
    expect(phone.locator("#toast")).to_contain_text("5 units are back in their slot: A01 C01")
    expect(row.locator("s")).to_have_count(2)
    expect(row).to_contain_text("wrong person")
    moment = (evening.clock(), True, evening.clock.ticks())
    (back,) = evening.read(handed.last_handovers, moment, evening.house.undo_within_ms)
    assert {parcel.undone_why for parcel in back.parcels} == {"wrong_person"}
    assert barriers(phone) == []


def test_a_parcel_that_went_with_the_wrong_person(served: Served, open_page: OpenPage, evening: Evening) -> None:
    """Lin's code was scanned, zhao's bag was given to her."""
    phone = log_in(served, open_page, STAFF, "/staff/pickup", viewport=PHONE)
    evening.do(handing_over.hand_over_by_code, evening.code("o1"), actor=STAFF)
    phone.locator("#shelf .tap").filter(has_text="A02").click()
    phone.get_by_role("link", name="It went with the wrong person").click()
    phone.locator("#who").fill("1001")
    phone.keyboard.press("Enter")
    phone.locator("main .tap").first.click()
    phone.locator(".choices label").filter(has_text="A01").click()
    assert barriers(phone) == []
    phone.get_by_role("button", name="Put both right").click()
    expect(phone.locator("#report")).to_contain_text("A02 is with 林*; call her.")
    phone.get_by_role("button", name="Call 林*").click()
    expect(phone.locator("a[href='tel:19900001001']")).to_be_visible()
    phone.goto(f"{served.url}/staff/pickup")
    expect(phone.locator("#shelf")).to_contain_text("went home with 林* 1001")
    assert {bag.slot for bag in evening.read(pickup.on_the_shelf)} == {"A01", "A03"}
    phone.get_by_role("button", name="It is back").click()
    expect(phone.locator("#shelf")).not_to_contain_text("went home with")


def test_missing_and_brought_back_at_the_counter(served: Served, open_page: OpenPage, evening: Evening) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/pickup", viewport=PHONE)
    scan(phone, evening.code("o3"))
    phone.locator("summary.big").click()
    phone.get_by_role("link", name="Only this one, or a part of it").click()
    phone.get_by_role("link", name="Something is missing").click()
    phone.locator(".counted").filter(has_text="鸡蛋").get_by_role("button", name="One more").click()
    assert barriers(phone) == []
    phone.get_by_role("button", name="She wants her money back").click()
    phone.get_by_role("link", name="Hand over the rest").click()
    phone.get_by_role("button", name="Hand over").click()
    expect(phone.locator("#given")).to_contain_text("2 units handed over")
    phone.goto(f"{served.url}/staff/pickup/orders/3")
    phone.get_by_role("link", name="She brings something back").click()
    phone.locator(".counted").filter(has_text="大米").get_by_role("button", name="One more").click()
    phone.get_by_label("What does she say?").fill("a hole in the bag")
    assert barriers(phone) == []
    phone.get_by_role("button", name="It is not fit to be sold").click()
    expect(phone.locator("#report")).to_contain_text("Ticket 2 is open")
    assert (evening.item("RICE")["void"], evening.item("RICE")["handed_over"]) == (1, 1)
    assert [(line.name, line.missed) for line in evening.read(counter.counter_parcel, 4).lines if line.missed]
    assert not evening.read(balance.imbalances)

    desk = log_in(served, open_page, OWNER, "/owner/aftercare", viewport={"width": 1366, "height": 900})
    expect(desk.locator("#ticket-2")).to_contain_text("thrown away")
    desk.locator("#ticket-1").get_by_role("button", name="It is gone").click()
    expect(desk.locator("#ticket-1")).to_contain_text("done")
    assert evening.value("SELECT refunded_fen FROM shop_order WHERE no = 3") > 0
