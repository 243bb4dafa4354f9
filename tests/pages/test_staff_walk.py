"""The staff's phone, walked through: sorting with a scanner that types, undo, Wi-Fi that goes, and the counter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.pages.evening import Evening, Served
from tests.pages.walking import PHONE, faults, log_in, scan, watch, window

from tihuo.boards import balance, counter, paper, sorting

pytestmark = pytest.mark.browser
RICE, MILK, TOFU = "6900000000014", "6900000000038", "6900000000045"


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    """Orders have come in; nobody has begun to sort."""
    evening = Evening(tmp_path)
    evening.staff()
    evening.stream()
    evening.order("王小明", rice=3, milk=2)
    evening.order("李娜", rice=1)
    evening.order("陈建国", rice=2, noodles=1)
    yield evening
    evening.close()


@pytest.fixture
def url(evening: Evening) -> Iterator[str]:
    served = Served(evening.app)
    yield served.url
    served.stop()


@pytest.fixture
def phone(browser: Browser, url: str) -> Iterator[Page]:
    """小林 has logged in, and stands before the shelf. Time passes only when the test says so."""
    context = window(browser, url, PHONE, "en")
    page = log_in(context, "小林", "/staff/sorting")
    said = watch(page)
    page.clock.install()
    yield page
    assert said == []
    context.close()


def row(page: Page, slot: str):  # type: ignore[no-untyped-def]
    return page.locator(".want").filter(has=page.get_by_text(slot, exact=True))


def parcel_of(evening: Evening, customer: str) -> int:
    """The first parcel of a customer."""
    number = evening.look(
        lambda look: look.one("SELECT id FROM parcel WHERE customer_id = ? ORDER BY id", (f"c-{customer}",))
    )
    return int(number[0])


def test_sorting_from_the_first_order_to_the_label(phone: Page, evening: Evening) -> None:
    phone.get_by_role("button", name="Open a wave").click()
    expect(phone.locator(".wave")).to_contain_text("0 of 4 parcels")

    scan(phone, RICE)
    expect(phone.locator("#hand h2")).to_have_text("五常大米")
    expect(phone.locator("#hand .item .count")).to_contain_text("6")
    expect(phone.locator(".map .on")).to_have_count(3)
    assert set(evening.look(sorting.station_picture, "小林").wants[0].slot) <= set("A0123456789")

    row(phone, "A01").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A01: put 3")
    expect(phone.locator("#toast")).to_contain_text("Its label is being printed.")
    expect(row(phone, "A01")).to_have_count(0)
    expect(phone.locator("#hand .item .count")).to_contain_text("3")
    assert [job.content["slot"] for job in evening.look(paper.queued_paper, "label")] == ["A01"]

    phone.locator("#toast").get_by_role("button", name="Undo").click()
    expect(row(phone, "A01")).to_have_count(1)
    assert evening.look(paper.queued_paper, "label") == []

    row(phone, "A03").get_by_role("button", name="Change the number").click()
    row(phone, "A03").get_by_role("button", name="One less").click()
    row(phone, "A03").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A03: put 1")
    expect(phone.locator("#hand .item .count")).to_contain_text("5")
    assert not evening.look(balance.imbalances)


def test_short_and_damage_wait_five_seconds_and_can_be_called_off(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    row(phone, "A02").get_by_role("button", name="Short").click()
    expect(phone.locator("#toast")).to_contain_text("A02: short")
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.locator("#toast").get_by_role("button", name="Undo").click()
    phone.clock.run_for(6000)
    expect(row(phone, "A02")).to_have_class("want")
    lines = evening.look(sorting.parcel_lines, [parcel_of(evening, "李娜")])
    assert [line.short for line in lines] == [0]

    row(phone, "A02").get_by_role("button", name="Short").click()
    phone.clock.run_for(6000)
    expect(phone.locator("#toast")).to_contain_text("A02: short, the money goes back")
    expect(row(phone, "A02")).to_have_count(0)
    assert [line.short for line in evening.look(sorting.parcel_lines, [parcel_of(evening, "李娜")])] == [1]

    row(phone, "A01").get_by_role("button", name="Bad").click()
    phone.clock.run_for(6000)
    expect(phone.locator("#toast")).to_contain_text("A01: damage recorded")
    assert not evening.look(balance.imbalances)


def test_another_verb_within_the_five_seconds_takes_the_place_of_the_first(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    row(phone, "A02").get_by_role("button", name="Short").click()
    row(phone, "A02").get_by_role("button", name="Put").click()
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    phone.clock.run_for(6000)
    line = evening.look(sorting.parcel_lines, [parcel_of(evening, "李娜")])[0]
    assert (line.put, line.short) == (1, 0)


def test_a_wrong_item_is_red_and_in_words(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    for code, said in (("6900000000113", "Nobody knows this barcode"), (TOFU, "Not in this wave")):
        scan(phone, code)
        wrong = phone.locator(".hand.wrong")
        expect(wrong).to_contain_text(said)
        expect(wrong).to_have_css("background-color", "rgb(156, 25, 25)")
        expect(phone.locator("shop-sound[play=stop]")).to_have_count(1)
    phone.get_by_role("button", name="Put it aside").click()
    expect(phone.locator(".hand")).to_have_count(0)


def test_goods_without_a_barcode_are_taken_by_a_tap_or_by_their_code(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    phone.get_by_role("button", name="手工挂面").click()
    expect(phone.locator("#hand h2")).to_have_text("手工挂面")
    phone.get_by_role("button", name="Put it down").click()
    phone.get_by_role("button", name="Scan", exact=True).click()
    phone.get_by_label("Barcode or code of an item").fill("milk")
    phone.keyboard.press("Enter")
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    expect(phone.locator("dialog")).to_be_hidden()


def test_a_scanner_never_presses_the_button_that_was_tapped_last(phone: Page, evening: Evening) -> None:
    """Its Enter would."""
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    row(phone, "A01").get_by_role("button", name="Put").focus()
    scan(phone, MILK)
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    assert [line.put for line in evening.look(sorting.parcel_lines, [parcel_of(evening, "王小明")])] == [0]


def test_taps_wait_while_the_wifi_is_gone_and_arrive_once(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    expect(row(phone, "A02")).to_have_count(1)
    cut = {"lost": 0}

    def answer_lost(route):  # type: ignore[no-untyped-def]
        """The box hears the tap, but its answer never reaches the phone."""
        cut["lost"] += 1
        if cut["lost"] > 1:
            route.fetch()
        route.abort()

    phone.route("**/staff/sorting/put", answer_lost)
    row(phone, "A02").get_by_role("button", name="Put").click()
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.reload()
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.clock.run_for(7000)
    expect(phone.locator("[data-late]")).to_contain_text("1")
    assert cut["lost"] > 2
    phone.unroute("**/staff/sorting/put")
    phone.clock.run_for(4000)
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    expect(row(phone, "A02")).to_have_count(0)
    expect(phone.locator("[data-late]")).to_be_hidden()
    assert evening.look(sorting.parcel_lines, [parcel_of(evening, "李娜")])[0].put == 1


def test_a_second_touch_of_the_same_spot_is_no_second_tap(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    row(phone, "A02").get_by_role("button", name="Put").dblclick()
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    expect(row(phone, "A03")).to_have_count(1)
    assert [want.slot for want in evening.look(sorting.station_picture, "小林").wants] == ["A01", "A03"]


def test_two_phones_see_each_other_and_a_late_tap_is_refused_in_its_row(
    phone: Page, browser: Browser, url: str, evening: Evening
) -> None:
    evening.open_wave()
    phone.reload()
    scan(phone, RICE)
    expect(row(phone, "A02")).to_have_count(1)
    context = window(browser, url, PHONE, "en")
    other = log_in(context, "周姐", "/staff/sorting")
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
    context.close()


def test_handing_over_by_code_and_by_parts(phone: Page, evening: Evening) -> None:
    evening.open_wave()
    evening.sort("王小明", "李娜", "陈建国")
    phone.goto("/staff/pickup")
    expect(phone.locator("#shelf .tap")).to_have_count(4)
    scan(phone, evening.code("王小明"))
    expect(phone.locator(".tap.big")).to_have_count(2)
    phone.get_by_role("button", name="Hand over 2 parcels").click()
    expect(phone.locator("#order")).to_contain_text("5 units handed over")

    phone.get_by_role("link", name="Next customer").click()
    scan(phone, evening.code("王小明"))
    expect(phone.locator(".banner")).to_contain_text("Collected already")

    phone.goto("/staff/pickup")
    phone.locator("#find").fill(evening.digits("李娜"))
    phone.keyboard.press("Enter")
    phone.get_by_role("button", name="Hand over the parcel").click()
    expect(phone.locator("#order")).to_contain_text("1 unit handed over")

    phone.goto("/staff/pickup?q=A03")
    phone.locator("#shelf .tap").first.click()
    phone.locator(".counted").filter(has_text="手工挂面").get_by_role("button", name="One less").click()
    phone.get_by_role("button", name="Hand over").click()
    expect(phone.locator("#given")).to_contain_text("2 units handed over")
    left = evening.look(counter.counter_parcel, parcel_of(evening, "陈建国"))
    assert {line.name: line.here for line in left.lines} == {"五常大米": 0, "手工挂面": 1}
    assert not evening.look(balance.imbalances)


def test_the_counter_sees_who_calls_and_what_comes(phone: Page, evening: Evening) -> None:
    from tihuo.stages import handing_over

    evening.open_wave()
    phone.goto("/staff/pickup")
    expect(phone.locator(".empty")).to_contain_text("Nothing waits on the shelf")
    evening.do(handing_over.call_staff, "k2")
    expect(phone.locator(".call")).to_contain_text("Somebody calls at kiosk k2")
    evening.sort("李娜")
    expect(phone.locator("#shelf .tap")).to_have_count(1)


def test_goods_come_in_and_go_over_the_counter(phone: Page, evening: Evening) -> None:
    phone.goto("/staff/stock")
    expect(phone.locator("#items .tap").filter(has_text="五常大米")).to_contain_text("6 ordered")
    scan(phone, RICE)
    phone.locator(".card").get_by_label("Units that came in").fill("24")
    phone.get_by_role("button", name="Receive").click()
    expect(phone.locator("#found")).to_contain_text("24 received")
    phone.get_by_role("button", name="Sell").click()
    expect(phone.locator("#found")).to_contain_text("1 sold over the counter")
    expect(phone.locator("#items .tap").filter(has_text="五常大米")).to_contain_text("1 gone")
    scan(phone, "6900000000113")
    expect(phone.locator("#found")).to_contain_text("Nothing in the catalog fits")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_phone_has_no_serious_faults(browser: Browser, url: str, evening: Evening, language: str) -> None:
    evening.open_wave()
    evening.sort("李娜")
    evening.break_part("printer_label", "printer_paper_out")
    context = window(browser, url, PHONE, language)
    page = log_in(context, "小林", "/staff/sorting")
    said = watch(page)
    found = faults(page)
    scan(page, "0000")
    page.locator(".hand.wrong").wait_for()
    found += faults(page)
    scan(page, RICE)
    page.locator("#hand h2").wait_for()
    found += faults(page)
    page.locator(".scan").click()
    found += faults(page)
    parcel = parcel_of(evening, "李娜")
    for path in (
        "/staff/sorting?view=customer",
        f"/staff/sorting/parcels/{parcel}",
        "/staff/pickup?q=0002",
        f"/staff/pickup/parcels/{parcel}",
        "/staff/pickup/orders/2",
        "/staff/stock",
        "/staff/more",
        "/staff/more?scheme=dark",
        "/staff/sorting",
    ):
        page.goto(path)
        found += [f"{path} {fault}" for fault in faults(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the phone"
    assert found == []
    assert said == []
    context.close()
