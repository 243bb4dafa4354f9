"""Taps and scans while the Wi-Fi, the box, the login or the phone's own memory is gone: in order, once, none lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import ARGUMENTS, CHROMIUM, WAIT_MS, OpenPage, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import PHONE, all_sent, kept, log_in, scan
from tihuo.boards import balance
from tihuo.shop.events import UnitsPut
from tihuo.shop.scans import slot_text
from tihuo.stages import sorting as stage

pytestmark = pytest.mark.browser
expect = playwright.expect

RICE = "6901234567892"


@pytest.fixture
def evening(wave_open: Evening) -> Evening:
    """A wave is open: o1 wants 3 rice (A01) and 2 milk (C01), o2 one rice (A02), o3 2 rice and eggs (A03)."""
    return wave_open


@pytest.fixture
def phone(served: Served, open_page: OpenPage) -> Any:
    """The rice is in her hand."""
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    page.clock.install()
    scan(page, RICE)
    expect(row(page, "A01")).to_have_count(1)
    return page


def row(page: Any, slot: str) -> Any:
    return page.locator(".want").filter(has=page.get_by_text(slot, exact=True))


def put(page: Any, slot: str) -> None:
    row(page, slot).get_by_role("button", name="Put").click()
    page.clock.run_for(500)  # a second finger's tap is no echo of the first


def puts(evening: Evening) -> list[tuple[int, int]]:
    return [(event.parcel_id, event.quantity) for event in evening.events(UnitsPut)]


def parcel_in(evening: Evening, slot: str) -> int:
    return int(next(parcel for parcel, _, _, where, *_ in evening.parcels() if where == slot))


def test_the_order_is_kept_over_a_gap_and_a_reload(phone: Any, evening: Evening) -> None:
    phone.context.set_offline(True)
    put(phone, "A03")
    put(phone, "A01")
    scan(phone, "TH:SKU:MILK")
    scan(phone, slot_text("C01"))
    assert [tap["scan"] or tap["row"] for tap in kept(phone)] == ["4-1", "1-1", "TH:SKU:MILK", slot_text("C01")]
    expect(row(phone, "A03")).to_have_class("want unsent")
    phone.clock.run_for(4000)
    expect(phone.locator("[data-late]")).to_contain_text("4")
    assert puts(evening) == []
    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator("[data-late]")).to_be_hidden()
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    slots = ("A03", "A01", "C01")
    assert puts(evening) == [(parcel_in(evening, slot), units) for slot, units in zip(slots, (2, 3, 2), strict=True)]
    all_sent(phone)


def test_the_box_is_restarted_in_the_middle(evening: Evening, open_page: OpenPage) -> None:
    """Its answer was on the way when it died: the tap is sent again, and counts once."""
    box = Served(evening.app)
    phone = log_in(box, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    phone.clock.install()
    scan(phone, RICE)
    expect(row(phone, "A01")).to_have_count(1)
    reached = []

    def die(route: Any) -> None:
        if not reached:
            reached.append(route.fetch())
        route.abort()

    phone.route("**/staff/sorting/put", die)
    row(phone, "A01").get_by_role("button", name="Change the number").click()
    for _ in range(2):
        row(phone, "A01").get_by_role("button", name="One less").click()
        phone.clock.run_for(500)
    put(phone, "A01")
    while not reached:
        phone.wait_for_timeout(10)
    put(phone, "A02")
    box.stop()
    evening.close()
    assert {tap["row"] for tap in kept(phone)} == {"1-1", "3-1"}
    phone.unroute_all(behavior="wait")
    again = Evening(evening.path)
    box = Served(again.app, port=box.port)
    try:
        phone.clock.run_for(4000)
        expect(phone.locator("[data-late]")).to_be_hidden()
        expect(row(phone, "A02")).to_have_count(0)
        all_sent(phone)
        assert puts(again) == [(parcel_in(again, "A01"), 1), (parcel_in(again, "A02"), 1)]
        assert not again.read(balance.imbalances)
    finally:
        box.stop()
        again.close()


def test_the_browser_is_closed_in_the_middle(chromium: Any, served: Served, evening: Evening, tmp_path: Path) -> None:
    def browser() -> Any:
        context = chromium.browser_type.launch_persistent_context(
            str(tmp_path / "phone"), executable_path=CHROMIUM, args=ARGUMENTS, viewport=PHONE
        )
        context.set_default_timeout(WAIT_MS)
        return context

    first = browser()
    page = log_in(served, lambda address, **_: _opened(first, address), STAFF, "/staff/sorting", viewport=PHONE)
    scan(page, RICE)
    expect(row(page, "A02")).to_have_count(1)
    first.set_offline(True)
    row(page, "A02").get_by_role("button", name="Put").click()
    expect(row(page, "A02")).to_have_class("want unsent")
    first.close()
    second = browser()
    page = _opened(second, f"{served.url}/staff/pickup")
    expect(page.locator("#toast")).to_contain_text("A02")
    assert puts(evening) == [(parcel_in(evening, "A02"), 1)]
    second.close()


def _opened(context: Any, address: str) -> Any:
    page = context.new_page()
    page.goto(address)
    return page


def test_taps_wait_for_whoever_made_them_to_log_in_again(phone: Any, served: Served, evening: Evening) -> None:
    phone.context.set_offline(True)
    put(phone, "A02")
    phone.context.clear_cookies()
    phone.context.set_offline(False)
    phone.clock.run_for(4000)
    phone.wait_for_url("**/login?*")
    assert puts(evening) == []
    log_in(served, lambda address, **_: phone.goto(address) and phone, OWNER, "/staff/sorting")
    expect(phone.locator("[data-others]")).to_contain_text(f"{STAFF} 1")
    phone.context.clear_cookies()
    log_in(served, lambda address, **_: phone.goto(address) and phone, STAFF, "/staff/sorting")
    expect(phone.locator("#toast")).to_contain_text("A02: put 1")
    expect(phone.locator("[data-others]")).to_be_hidden()
    assert [entry.actor.partition(" @ ")[0] for entry in evening.read(_puts)] == [STAFF]


def _puts(look: Any) -> list[Any]:
    from tihuo.ledger.journal import entries_after

    return [entry for entry in entries_after(look, 0, 10_000) if isinstance(entry.event, UnitsPut)]


def test_what_was_refused_meanwhile_is_told_and_loses_nothing_else(phone: Any, evening: Evening) -> None:
    phone.context.set_offline(True)
    put(phone, "A01")
    put(phone, "A02")
    put(phone, "A03")
    for slot, units in (("A01", 3), ("A03", 2)):
        evening.do(stage.put, parcel_in(evening, slot), evening.sku("RICE"), units)
    phone.clock.run_for(30_000)
    phone.context.set_offline(False)
    phone.clock.run_for(4000)
    refused = phone.locator("[data-refused]")
    expect(refused.locator("li")).to_have_count(2)
    assert puts(evening)[2:] == [(parcel_in(evening, "A02"), 1)]
    phone.reload()
    expect(refused.locator("li")).to_have_count(2)
    refused.get_by_role("button", name="Understood").click()
    expect(refused).to_be_hidden()
    phone.reload()
    expect(refused).to_be_hidden()
    all_sent(phone)


def test_a_tap_that_the_box_trips_over_does_not_stop_the_others(phone: Any, evening: Evening) -> None:
    tripped = []

    def trip(route: Any) -> None:
        if f"parcel={parcel_in(evening, 'A02')}&" not in (route.request.post_data or ""):
            route.continue_()
            return
        tripped.append(route.request.post_data)
        route.fulfill(status=500, content_type="text/html", body="<strong>Something went wrong</strong>")

    phone.route("**/staff/sorting/put", trip)
    put(phone, "A02")
    put(phone, "A01")
    while len(tripped) < 5:
        phone.clock.run_for(3000)
        phone.wait_for_timeout(50)
    expect(phone.locator("[data-refused] li")).to_have_count(1)
    expect(row(phone, "A01")).to_have_count(0)
    assert len(tripped) == 5
    assert puts(evening) == [(parcel_in(evening, "A01"), 3)]


@pytest.mark.parametrize(
    "broken",
    [
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }",
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })",
    ],
    ids=["full", "forbidden"],
)
def test_a_phone_that_keeps_nothing_says_so_and_works_while_the_page_is_open(
    served: Served, open_page: OpenPage, evening: Evening, broken: str
) -> None:
    phone = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    phone.add_init_script(broken)
    phone.goto(f"{served.url}/staff/sorting")
    phone.clock.install()
    scan(phone, RICE)
    expect(row(phone, "A02")).to_have_count(1)
    expect(phone.locator("[data-unkept]")).to_be_visible()
    phone.context.set_offline(True)
    put(phone, "A02")
    expect(row(phone, "A02")).to_have_class("want unsent")
    phone.context.set_offline(False)
    phone.clock.run_for(4000)
    expect(row(phone, "A02")).to_have_count(0)
    assert puts(evening) == [(parcel_in(evening, "A02"), 1)]


def test_two_pages_of_one_phone_send_a_tap_once(phone: Any, served: Served, evening: Evening) -> None:
    phone.context.set_offline(True)
    put(phone, "A02")
    other = phone.context.new_page()
    phone.context.set_offline(False)
    other.goto(f"{served.url}/staff/sorting")
    phone.clock.run_for(4000)
    expect(row(phone, "A02")).to_have_count(0)
    expect(row(other, "A02")).to_have_count(0)
    assert puts(evening) == [(parcel_in(evening, "A02"), 1)]
    all_sent(other)
