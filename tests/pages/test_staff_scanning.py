"""Full hands: a scanner that types sorts a whole wave without a touch; a photograph does where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import zxingcpp

from tests.devices import codes
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, STAFF, Evening, Served
from tests.pages.walking import PHONE, log_in, scan
from tihuo.boards import balance, sorting
from tihuo.shop.lamps import mark_dead
from tihuo.shop.scans import COMMANDS, NUMBER, NUMBERS, command_text, slot_text
from tihuo.stages import preparing
from tihuo.stages import sorting as stage

pytestmark = pytest.mark.browser
expect = playwright.expect

RICE, STRANGER = "6901234567892", "6900000000113"
HEAR = """() => {
  const { dataset } = document.body;
  dataset.heard = '';
  const hear = (node) => node.localName === 'shop-sound' && (dataset.heard += node.getAttribute('play') + ' ');
  new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) =>
    [node, ...(node.querySelectorAll?.('shop-sound') ?? [])].forEach(hear))))
    .observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def evening(wave_open: Evening) -> Evening:
    """A wave is open: o1 wants 3 rice (A01) and 2 milk (C01), o2 one rice (A02), o3 2 rice and eggs (A03)."""
    return wave_open


@pytest.fixture
def phone(served: Served, open_page: OpenPage) -> Any:
    page = log_in(served, open_page, STAFF, "/staff/sorting", viewport=PHONE, quiet=False)
    page.clock.install()
    page.evaluate(HEAR)
    return page


def says(page: Any, text: str, sound: str, *told: str) -> None:
    """A scan is answered by a sound and by words."""
    before = page.evaluate("document.body.dataset.heard")
    scan(page, text)
    expect(page.locator("body")).to_have_attribute("data-heard", f"{before}{sound} ")
    for words in told:
        expect(page.locator("#toast")).to_contain_text(words)
    page.clock.run_for(800)  # the same code within a moment is one trigger held too long


def test_a_scanner_alone_sorts_a_whole_wave(phone: Any, evening: Evening) -> None:
    says(phone, RICE, "ok")
    expect(phone.locator("#hand h2")).to_have_text("大米")
    says(phone, "TH:CMD:QTY-2", "look")
    expect(phone.locator("#number")).to_contain_text("× 2")
    says(phone, slot_text("A01"), "ok", "A01 ×2")
    says(phone, slot_text("A01"), "ok", "A01 ×1")
    says(phone, slot_text("C01"), "stop", "Slot C01 does not want it.")
    says(phone, "TH:CMD:PUT", "ok", "A02 ×1", "A03 ×2", "Its label is being printed. A02")
    says(phone, "TH:CMD:UNDO", "look", "Taken back", "A03 ×2")
    says(phone, slot_text("A02"), "ok", "A02 ×1")
    says(phone, "TH:CMD:QTY-1", "look")
    says(phone, "TH:CMD:DAMAGE", "look", "Broken")
    phone.clock.run_for(6000)
    expect(phone.locator("body")).to_have_attribute("data-heard", "ok look ok ok stop ok look ok look look look ")
    expect(phone.locator("#toast")).to_contain_text("Damage recorded: A03 ×1")
    says(phone, "TH:CMD:PUT", "ok", "A03 ×2")
    says(phone, "TH:CMD:PUT", "stop", "No slot wants any more of it.")
    says(phone, STRANGER, "stop")
    expect(phone.locator(".hand.wrong")).to_contain_text("Nobody knows this barcode")
    says(phone, "6901234567890", "stop")
    expect(phone.locator(".hand.wrong")).to_contain_text("The number was misread")
    says(phone, "TH:CMD:NEXT", "ok")
    first = phone.locator("#hand:not(.wrong) h2")
    expect(first).not_to_have_text("大米")
    while True:
        goods = first.text_content()
        if goods == "鸡蛋":
            says(phone, "TH:CMD:SHORT", "look", "Short")
            phone.clock.run_for(6000)
            expect(phone.locator("#toast")).to_contain_text("A03 ×1")
        else:
            says(phone, "TH:CMD:PUT", "ok", "C01 ×2")
        if not evening.open_units():
            break
        says(phone, "TH:CMD:NEXT", "ok")
        expect(first).not_to_have_text(str(goods))
    says(phone, "TH:CMD:NEXT", "stop", "nothing to sort")
    says(phone, "TH:CMD:DONE", "ok", "Laid down.")
    expect(phone.locator(".hand")).to_have_count(0)
    assert not evening.open_units()
    assert evening.line("o3", "EGGS") == {"quantity": 1, "short": 1}
    assert evening.line("o3", "RICE") == {"quantity": 2, "put": 2}
    assert not evening.read(balance.imbalances)


def test_what_cannot_be_taken_back_waits_for_undo_or_the_next_scan(phone: Any, evening: Evening) -> None:
    says(phone, RICE, "ok")
    says(phone, "TH:CMD:SHORT", "look", "all that is still lit")
    says(phone, "TH:CMD:UNDO", "ok", "Called off")
    phone.clock.run_for(6000)
    assert len(evening.open_units()) == 5
    says(phone, "TH:CMD:SHORT", "look")
    scan(phone, "TH:SKU:MILK")
    expect(phone.locator("#hand h2")).to_have_text("鲜牛奶")
    assert evening.line("o2", "RICE") == {"quantity": 1, "short": 1}
    assert evening.line("o1", "MILK") == {"quantity": 2}


def test_the_same_code_twice_in_a_moment_is_one_scan(phone: Any, evening: Evening) -> None:
    says(phone, RICE, "ok")
    says(phone, "TH:CMD:QTY-1", "look")
    phone.clock.pause_at(phone.evaluate("Date.now()") + 1000)
    scan(phone, slot_text("A01"))
    scan(phone, slot_text("A01"))
    phone.clock.resume()
    expect(phone.locator("#toast")).to_contain_text("A01 ×1")
    phone.wait_for_function("!Object.keys(localStorage).some((name) => name.startsWith('tihuo-tap:'))")
    assert evening.line("o1", "RICE") == {"quantity": 3, "put": 1}


def test_a_scanner_is_understood_through_a_chinese_input_method(phone: Any, evening: Evening) -> None:
    """The input method swallows the characters; what arrives is where the keys sit."""
    says(phone, RICE, "ok")
    phone.evaluate(
        """(text) => [...text, "Enter"].forEach((letter) => {
          const shift = letter === ":";
          const other = { ":": "Semicolon", "-": "Minus", Enter: "Enter" };
          const code = other[letter] ?? (/\\d/.test(letter) ? "Digit" : "Key") + letter;
          document.body.dispatchEvent(new KeyboardEvent("keydown",
            { key: letter === "Enter" ? "Enter" : "Process", code, shiftKey: shift, bubbles: true, cancelable: true }));
        })""",
        "TH:CMD:QTY-3",
    )
    expect(phone.locator("#number")).to_contain_text("× 3")


def test_two_products_with_one_barcode_are_told_apart(phone: Any, evening: Evening) -> None:
    evening.do(
        preparing.keep_sku,
        preparing.NewSku(
            code="RICE2", product="大米两袋装", spec="2 × 5 kg", barcode=RICE, price_fen=7500, shares_barcode=True
        ),
    )
    says(phone, RICE, "look")
    expect(phone.locator(".which li")).to_have_count(2)
    phone.locator(".which").get_by_role("button", name="大米 5 kg").click()
    expect(phone.locator("#hand h2")).to_have_text("大米")


def test_a_scan_goes_to_whatever_was_scanned(phone: Any, served: Served, evening: Evening) -> None:
    scan(phone, slot_text("A03"))
    phone.wait_for_url("**/staff/scan/slots/A03")
    expect(phone.locator(".tap.big")).to_contain_text("欧*")
    scan(phone, RICE)
    phone.wait_for_url("**/staff/sorting")
    expect(phone.locator("#hand h2")).to_have_text("大米")
    scan(phone, evening.code("o1"))
    phone.wait_for_url("**/staff/pickup/orders/*")
    expect(phone.locator(".banner")).to_contain_text("Still being sorted")
    scan(phone, evening.digits("o2"))
    phone.wait_for_url("**/staff/pickup/orders/2*")
    scan(phone, slot_text("A03"))
    phone.wait_for_url("**/staff/scan/slots/A03")
    assert evening.line("o3", "RICE") == {"quantity": 2}, "only on the sorting floor a slot takes something"


def test_without_a_wave_an_item_is_goods_of_the_shop(phone: Any, evening: Evening) -> None:
    for parcel, sku, units in evening.open_units():
        evening.do(stage.put, parcel, sku, units)
    scan(phone, RICE)
    phone.wait_for_url("**/staff/stock?*")
    expect(phone.locator("#found")).to_contain_text("大米")


def test_a_photograph_is_scanned_without_a_camera_permission(phone: Any) -> None:
    phone.locator(".scan").click()
    phone.locator("#photo").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": codes.ean13(RICE)})
    expect(phone.locator("#hand h2")).to_have_text("大米")
    expect(phone.locator("dialog")).to_be_hidden()


def test_a_photograph_says_what_to_do(phone: Any) -> None:
    phone.locator(".scan").click()
    sheet = phone.locator("dialog")
    heic = b"\0\0\0\x18ftypheic" + bytes(2000)
    phone.locator("#photo").set_input_files({"name": "x.heic", "mimeType": "image/heic", "buffer": heic})
    expect(sheet).to_contain_text("The box cannot read pictures of this kind (HEIC).")
    table = codes.png(codes.Image.new("L", (600, 400), 200))
    phone.locator("#photo").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": table})
    expect(sheet).to_contain_text("There is no code in this picture.")
    two = codes.Image.new("L", (1200, 1200), 255)
    for number, drawn in enumerate((codes.ean13(RICE), codes.code128(slot_text("A02")))):
        two.paste(codes.Image.open(codes.io.BytesIO(drawn)), (0, number * 600))
    phone.locator("#photo").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": codes.png(two)})
    expect(sheet.locator(".taps li")).to_have_count(2)
    sheet.get_by_role("button", name="大米").click()
    expect(phone.locator("#hand h2")).to_have_text("大米")


def test_the_sheet_and_the_slot_labels_are_asked_for(phone: Any, served: Served, evening: Evening) -> None:
    phone.goto(f"{served.url}/staff/sheets")
    phone.get_by_role("button", name="Print the command sheet").click()
    expect(phone.locator("#toast")).to_contain_text("1 piece is being printed")
    [sheet] = evening.queued("sheet")
    assert {code["text"] for code in sheet.content["codes"]} >= {"TH:CMD:PUT", "TH:CMD:UNDO", "TH:CMD:QTY-12"}
    phone.get_by_role("button", name="Print the labels of all slots").click()
    slots = [slot for slots in evening.house.slots.values() for slot in slots]
    expect(phone.locator("#toast")).to_contain_text(f"{len(slots)} pieces are being printed")
    subjects = [subject for (subject,) in evening.sql("SELECT subject FROM print_job WHERE kind = 'slot' ORDER BY id")]
    assert subjects == [f"slot:{slot}" for slot in slots]
    assert barriers(phone) == []


def test_the_sheet_for_a_desk_is_read_by_another_reader(served: Served, open_page: OpenPage, evening: Evening) -> None:
    page = log_in(served, open_page, STAFF, "/staff/sheets/desk", viewport={"width": 1000, "height": 1400})
    page.emulate_media(media="print")
    drawn = np.asarray(codes.Image.open(codes.io.BytesIO(page.screenshot(full_page=True))).convert("L"))
    read = {code.text for code in zxingcpp.read_barcodes(drawn, formats=zxingcpp.BarcodeFormat.Code128)}
    slots = [slot for slots in evening.house.slots.values() for slot in slots]
    wanted = {*map(command_text, COMMANDS), *(command_text(NUMBER, number) for number in NUMBERS)}
    assert read == wanted | {slot_text(slot) for slot in slots}


def test_her_lamp_moves_as_the_shelf_does_or_is_told_in_words(
    phone: Any, served: Served, open_page: OpenPage, evening: Evening
) -> None:
    says(phone, RICE, "ok")
    other = log_in(served, open_page, OWNER, "/staff/sorting", viewport=PHONE, reduced_motion="reduce")
    scan(other, RICE)
    expect(other.locator("#hand")).to_be_visible()
    for page in (phone, other):
        page.goto(f"{served.url}/staff/sorting")
    looks = {sorter.station: (sorter.color, sorter.rhythm) for sorter in evening.read(sorting.who_sorts)}
    assert looks == {STAFF: ("green", "on"), OWNER: ("blue", "double")}
    expect(phone.locator("picker-lamp")).to_have_class("on")
    expect(other.locator("picker-lamp")).to_have_class("double")
    expect(other.locator(".rhythm")).to_contain_text("Your lamps flash twice")
    assert other.locator("picker-lamp").evaluate("(lamp) => getComputedStyle(lamp).animationName") == "none"
    assert other.locator(".rhythm span").bounding_box()["width"] > 40
    assert phone.locator(".rhythm span").bounding_box()["width"] <= 1


def test_a_dead_lamp_is_named_beside_the_numbers(phone: Any, evening: Evening) -> None:
    evening.do(mark_dead, "A02", "dark")
    says(phone, RICE, "ok")
    expect(phone.locator(".silent")).to_have_text("The lamp of A02 is dead: go by its number.")
    expect(phone.locator(".map .dead")).to_have_count(1)


def test_goods_are_found_by_a_part_of_their_name(phone: Any, evening: Evening, served: Served) -> None:
    names = ("青菜", "白菜", "豆腐", "牛腩", "虾仁", "土豆", "苹果", "菠菜", "香蕉")
    codes_of = {f"X{number}": name for number, name in enumerate(names)}
    for code, name in codes_of.items():
        evening.do(preparing.keep_sku, preparing.NewSku(code=code, product=name, price_fen=100))
        evening.do(preparing.receive, code, 5)
    items = [preparing.NewItem(sku=code, kind="on_hand", quantity=5, price_fen=100) for code in codes_of]
    evening.plan("s2", *items)
    evening.do(preparing.open_session, "s2")
    for code in codes_of:
        assert evening.sell(f"of {code}", "zhao", "s2", **{code: 1}) == "accepted"
    wave = evening.do(stage.open_wave, "s2")
    phone.goto(f"{served.url}/staff/sorting?wave={wave}")
    phone.locator("#filter").fill("菜")
    expect(phone.locator("#products li:visible")).to_have_count(3)
    with phone.expect_response("**/staff/sorting/floor*"):
        evening.do(stage.scan_item, OWNER, "X2")  # the list is drawn again
        phone.clock.run_for(500)
    expect(phone.locator("#products li:visible")).to_have_count(3)
    phone.locator("#products").get_by_role("button", name="菠菜").click()
    expect(phone.locator("#hand h2")).to_have_text("菠菜")
