"""The staff's phone, walked through: sorting with a scanner that types, undo, Wi-Fi that goes, and the counter."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import PHONE, all_sent, kept, log_in, scan
from tihuo.boards import balance, counter, sorting
from tihuo.stages import handing_over
from tihuo.stages import sorting as stage

pytestmark = pytest.mark.browser
expect = playwright.expect

RICE, STRANGER = "6901234567892", "6900000000113"
HEAR = """() => {
  const { dataset } = document.body;
  dataset.heard = '';
  const hear = (node) => node.localName === 'shop-sound' && (dataset.heard += node.getAttribute('play') + ' ');
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(hear)))
    .observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def evening(ordered: Evening) -> Evening:
    """Three orders have come in; nobody has begun to sort."""
    return ordered


@pytest.fixture
def phone(served: Served, open_page: OpenPage) -> Any:
    """She has logged in and stands before the shelf. Time passes in the page when the test says so."""
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    page.clock.install()
    return page


def row(page: Any, slot: str) -> Any:
    return page.locator(".want").filter(has=page.get_by_text(slot, exact=True))


def open_wave(evening: Evening, page: Any) -> None:
    evening.do(stage.open_wave, "s1")
    expect(page.locator(".wave")).to_be_visible()


def rice_of(evening: Evening, order_id: str) -> dict[str, int]:
    return evening.line(order_id, "RICE")


def test_sorting_from_the_first_order_to_the_label(phone: Any, evening: Evening) -> None:
    phone.get_by_role("button", name="Open a wave").click()
    expect(phone.locator(".wave")).to_contain_text("0 of 4 parcels")

    scan(phone, RICE)
    expect(phone.locator("#hand h2")).to_have_text("大米")
    expect(phone.locator("#hand .item .count")).to_contain_text("6")
    expect(phone.locator(".map .on")).to_have_count(3)
    assert [want.slot for want in evening.read(sorting.station_picture, STAFF).wants] == ["A01", "A02", "A03"]

    row(phone, "A01").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A01: put 3")
    expect(phone.locator("#toast")).to_contain_text("Its label is being printed.")
    expect(row(phone, "A01")).to_have_count(0)
    expect(phone.locator("#hand .item .count")).to_contain_text("3")
    assert [job.content["slot"] for job in evening.queued("label")] == ["A01"]

    phone.locator("#toast").get_by_role("button", name="Undo").click()
    expect(row(phone, "A01")).to_have_count(1)
    assert evening.queued("label") == []

    row(phone, "A03").get_by_role("button", name="Change the number").click()
    row(phone, "A03").get_by_role("button", name="One less").click()
    row(phone, "A03").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A03: put 1")
    expect(phone.locator("#hand .item .count")).to_contain_text("5")
    assert not evening.read(balance.imbalances)


def test_short_and_damage_wait_five_seconds_and_can_be_called_off(phone: Any, evening: Evening) -> None:
    open_wave(evening, phone)
    scan(phone, RICE)
    row(phone, "A02").get_by_role("button", name="Short").click()
    expect(phone.locator("#toast")).to_contain_text("A02: short")
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.locator("#toast").get_by_role("button", name="Undo").click()
    phone.clock.run_for(6000)
    expect(row(phone, "A02")).to_have_class("want")
    assert rice_of(evening, "o2") == {"quantity": 1}

    row(phone, "A02").get_by_role("button", name="Short").click()
    phone.clock.run_for(6000)
    expect(phone.locator("#toast")).to_contain_text("A02: short, the money goes back")
    expect(row(phone, "A02")).to_have_count(0)
    assert rice_of(evening, "o2") == {"quantity": 1, "short": 1}

    row(phone, "A01").get_by_role("button", name="Bad").click()
    phone.clock.run_for(6000)
    expect(phone.locator("#toast")).to_contain_text("A01: damage recorded")
    assert not evening.read(balance.imbalances)


def test_another_verb_within_the_five_seconds_takes_the_place_of_the_first(phone: Any, evening: Evening) -> None:
    open_wave(evening, phone)
    scan(phone, RICE)
    row(phone, "A02").get_by_role("button", name="Short").click()
    row(phone, "A02").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    phone.clock.run_for(6000)
    assert rice_of(evening, "o2") == {"quantity": 1, "put": 1}


def test_a_wrong_item_is_red_and_in_words(phone: Any, evening: Evening) -> None:
    open_wave(evening, phone)
    phone.evaluate(HEAR)
    for code, said in ((STRANGER, "Nobody knows this barcode"), ("BUNS", "Not in this wave")):
        scan(phone, code)
        wrong = phone.locator(".hand.wrong")
        expect(wrong).to_contain_text(said)
        expect(wrong).to_have_css("background-color", "rgb(156, 25, 25)")
    expect(phone.locator("body")).to_have_attribute("data-heard", "stop stop ")
    phone.get_by_role("button", name="Put it aside").click()
    expect(phone.locator(".hand")).to_have_count(0)


def test_goods_without_a_barcode_are_taken_by_a_tap_or_by_their_code(phone: Any, evening: Evening) -> None:
    open_wave(evening, phone)
    phone.get_by_role("button", name="鸡蛋").click()
    expect(phone.locator("#hand h2")).to_have_text("鸡蛋")
    phone.get_by_role("button", name="Put it down").click()
    phone.get_by_role("button", name="Scan", exact=True).click()
    phone.get_by_label("Barcode or code of an item").fill("MILK")
    phone.keyboard.press("Enter")
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    expect(phone.locator("dialog")).to_be_hidden()


def test_a_scanner_never_presses_the_button_that_was_tapped_last(phone: Any, evening: Evening) -> None:
    """Its Enter would."""
    open_wave(evening, phone)
    scan(phone, RICE)
    row(phone, "A01").get_by_role("button", name="Put").focus()
    scan(phone, "MILK")
    assert [tap["url"] for tap in kept(phone) if tap["url"] != "/staff/scan"] == []
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    assert rice_of(evening, "o1") == {"quantity": 3}


def test_taps_wait_while_the_wifi_is_gone_and_arrive_once(phone: Any, evening: Evening) -> None:
    open_wave(evening, phone)
    scan(phone, RICE)
    expect(row(phone, "A02")).to_have_count(1)
    lost = []

    def lose(route: Any) -> None:
        """First the tap does not reach the box; later it does, but the answer never reaches the phone."""
        lost.append(route.request.post_data)
        if len(lost) > 2:
            route.fetch()
        route.abort()

    phone.route("**/staff/sorting/put", lose)
    row(phone, "A02").get_by_role("button", name="Put").click()
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.reload()
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.clock.run_for(7000)
    expect(phone.locator("[data-late]")).to_contain_text("1")
    phone.unroute_all(behavior="wait")
    assert len(lost) > 2
    assert len(set(lost)) == 1
    phone.clock.run_for(4000)
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    expect(row(phone, "A02")).to_have_count(0)
    expect(phone.locator("[data-late]")).to_be_hidden()
    assert rice_of(evening, "o2") == {"quantity": 1, "put": 1}


def test_a_second_touch_of_the_same_spot_is_no_second_tap(phone: Any, evening: Evening) -> None:
    """The row is gone and the next one has moved up under her finger before she lifts it from a double tap."""
    open_wave(evening, phone)
    scan(phone, RICE)
    spot = row(phone, "A02").get_by_role("button", name="Put").bounding_box()
    spot = (spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)
    phone.clock.pause_at(phone.evaluate("Date.now()") + 60_000)
    phone.mouse.click(*spot)
    while row(phone, "A02").count():
        phone.clock.run_for(5)
    phone.mouse.click(*spot)
    all_sent(phone)
    phone.clock.run_for(1000)
    phone.mouse.click(*spot)
    assert [tap["row"] for tap in kept(phone)] == ["4-1"]


def test_two_phones_see_each_other_and_a_late_tap_is_refused_in_its_row(
    phone: Any, served: Served, open_page: OpenPage, evening: Evening
) -> None:
    open_wave(evening, phone)
    scan(phone, RICE)
    expect(row(phone, "A02")).to_have_count(1)
    other = log_in(served, open_page, OWNER, "/staff/sorting", viewport=PHONE)
    scan(other, RICE)
    row(other, "A02").get_by_role("button", name="Put").click()
    expect(row(phone, "A02")).to_have_count(0)
    phone.route("**/staff/sorting/floor*", lambda route: route.abort())
    row(other, "A03").get_by_role("button", name="Change the number").click()
    row(other, "A03").get_by_role("button", name="One less").click()
    row(other, "A03").get_by_role("button", name="Put").click()
    expect(other.locator("#toast")).to_contain_text("A03: put 1")
    row(phone, "A03").get_by_role("button", name="Put").click()
    expect(row(phone, "A03").locator("[data-why]")).to_contain_text("The parcel does not want that many.")


def test_handing_over_by_code_and_by_parts(phone: Any, served: Served, evening: Evening) -> None:
    evening.sort()
    phone.goto(f"{served.url}/staff/pickup")
    expect(phone.locator("#shelf .tap")).to_have_count(4)
    scan(phone, evening.code("o1"))
    expect(phone.locator("summary.big")).to_have_count(2)
    phone.get_by_role("button", name="Hand over 2 parcels").click()
    expect(phone.locator("#toast")).to_contain_text("5 units handed over")
    phone.locator("#toast").get_by_role("button", name="Undo").click()
    expect(phone.locator("#toast")).to_contain_text("5 units are back in their slot")
    phone.get_by_role("button", name="Hand over 2 parcels").click()
    expect(phone.locator("#order")).to_contain_text("Collected already")

    phone.get_by_role("link", name="Next customer").click()
    phone.wait_for_url("**/staff/pickup")
    scan(phone, evening.code("o1"))
    expect(phone.locator(".banner")).to_contain_text("Collected already")

    phone.goto(f"{served.url}/staff/pickup")
    phone.locator("#find").fill(evening.digits("o2"))
    phone.keyboard.press("Enter")
    phone.get_by_role("button", name="Hand over the parcel").click()
    expect(phone.locator("#toast")).to_contain_text("1 unit handed over")

    phone.goto(f"{served.url}/staff/pickup?q=A03")
    phone.locator("#shelf .tap").first.click()
    phone.locator(".counted").filter(has_text="鸡蛋").get_by_role("button", name="One less").click()
    phone.get_by_role("button", name="Hand over").click()
    expect(phone.locator("#given")).to_contain_text("2 units handed over")
    left = evening.read(counter.counter_parcel, evening.parcels()[3][0])
    assert {line.name: line.here for line in left.lines} == {"大米": 0, "鸡蛋": 1}
    phone.get_by_role("button", name="Undo A03").click()
    expect(phone.locator("#toast")).to_contain_text("2 units are back in their slot: A03")
    back = evening.read(counter.counter_parcel, evening.parcels()[3][0])
    assert {line.name: line.here for line in back.lines} == {"大米": 2, "鸡蛋": 1}
    assert not evening.read(balance.imbalances)


def test_the_counter_sees_who_calls_and_what_comes(phone: Any, served: Served, evening: Evening) -> None:
    phone.goto(f"{served.url}/staff/pickup")
    expect(phone.locator(".empty")).to_contain_text("Nothing waits on the shelf")
    evening.do(handing_over.call_staff, "k2")
    expect(phone.locator(".call")).to_contain_text("Somebody calls at kiosk k2")
    evening.sort()
    expect(phone.locator("#shelf .tap")).to_have_count(4)


def test_goods_come_in_and_go_over_the_counter(phone: Any, served: Served) -> None:
    phone.goto(f"{served.url}/staff/stock")
    expect(phone.locator("#items .tap").filter(has_text="大米")).to_contain_text("6 ordered")
    scan(phone, RICE)
    phone.locator(".card").get_by_label("Units that came in").fill("24")
    phone.get_by_role("button", name="Receive", exact=True).click()
    expect(phone.locator("#found")).to_contain_text("24 received")
    phone.get_by_role("button", name="Sell", exact=True).click()
    expect(phone.locator("#found")).to_contain_text("1 sold over the counter")
    expect(phone.locator("#items .tap").filter(has_text="大米")).to_contain_text("1 gone")
    scan(phone, STRANGER)
    expect(phone.locator("#found")).to_contain_text("Nothing in the catalog fits")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_on_the_phone_stands_in_anybodys_way(
    served: Served, open_page: OpenPage, evening: Evening, language: str
) -> None:
    wave = evening.do(stage.open_wave, "s1")
    for parcel, sku, units in evening.open_units(wave)[2:]:
        evening.do(stage.put, parcel, sku, units)
    evening.part("printer_label", "printer_paper_out")
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, language=language)
    found = barriers(page)
    scan(page, STRANGER)
    page.locator(".hand.wrong").wait_for()
    found += barriers(page)
    scan(page, RICE)
    page.locator(".wants").wait_for()
    found += barriers(page)
    scan(page, "TH:CMD:QTY-1")
    page.locator("#number").wait_for()
    found += barriers(page)
    page.evaluate("localStorage['tihuo-refused:1:a'] = JSON.stringify({ once: 'a', says: 'A01', why: 'no' })")
    scan(page, "TH:CMD:SHORT")
    page.locator("[data-refused] li").wait_for()
    found += barriers(page)
    page.locator("[data-understood]").click()
    scan(page, "TH:CMD:UNDO")
    page.locator(".scan").click()
    found += barriers(page)
    parcel = evening.parcels()[2][0]
    for path in (
        "/staff/sorting?view=customer",
        f"/staff/sorting/parcels/{parcel}",
        "/staff/pickup?q=1002",
        f"/staff/pickup/parcels/{parcel}",
        "/staff/pickup/orders/2",
        "/staff/scan/slots/A03",
        "/staff/stock",
        "/staff/sheets",
        "/staff/sheets/desk",
        "/staff/more",
        "/staff/more?scheme=dark",
        "/staff/sorting",
    ):
        page.goto(f"{served.url}{path}")
        found += [f"{path} {barrier}" for barrier in barriers(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the phone"
    assert found == []


SMALL = """() => [...document.querySelectorAll('button, a, input, select, textarea, summary, label')].filter((part) => {
  if (part.matches('label:not(.button)')) return false;
  const { width, height } = part.getBoundingClientRect();
  const shown = part.checkVisibility() && width > 1 && !part.closest('.unseen, .skip, dialog:not([open])');
  const row = part.matches('.tap') || part.parentElement.matches('.verbs');
  return shown && part.type !== 'hidden' && (height < (part.matches('.tap') ? 56 : 48) || (!row && width < 44));
}).map((part) => `${part.outerHTML.slice(0, 90)} ${part.clientWidth}x${part.clientHeight}`)"""
"""What is too small for a thumb on this page."""


@pytest.mark.parametrize(("width", "height"), [(360, 740), (390, 844)])
def test_everything_is_large_enough_for_a_thumb(
    served: Served, open_page: OpenPage, evening: Evening, width: int, height: int
) -> None:
    evening.do(stage.open_wave, "s1")
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport={"width": width, "height": height})
    small: dict[str, list[str]] = {"floor": page.evaluate(SMALL)}
    scan(page, RICE)
    page.locator(".wants").wait_for()
    small["hand"] = page.evaluate(SMALL)
    rows = page.locator(".want").evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)")
    assert min(rows) >= 56
    parts = ".want:last-child .slot, .want:last-child .verbs > *"
    edges = page.locator(parts).evaluate_all(
        "(parts) => parts.map((part) => part.getBoundingClientRect()).map(({ left, right }) => [left, right])"
    )
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(edges)), "one stands over the other"
    scan(page, STRANGER)
    page.locator(".hand.wrong").wait_for()
    page.locator(".scan").click()
    small["sheet"] = page.evaluate(SMALL)
    for number, sku, units in evening.open_units():
        evening.do(stage.put, number, sku, units)
    parcel = evening.parcels()[0][0]
    for path in (
        "/staff/sorting?view=customer",
        f"/staff/sorting/parcels/{parcel}",
        f"/staff/pickup/parcels/{parcel}",
        "/staff/pickup",
        "/staff/pickup/orders/2",
        "/staff/scan/slots/A01",
        "/staff/sheets",
        "/staff/more",
    ):
        page.goto(f"{served.url}{path}")
        small[path] = page.evaluate(SMALL)
    assert {where: parts for where, parts in small.items() if parts} == {}
