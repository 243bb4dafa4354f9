"""The kiosk as a customer finds it: every state, in both languages, on both screens."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pages.conftest import LANDSCAPE, PORTRAIT, OpenPage, barriers, playwright
from tests.pages.evening import Evening, Served
from tihuo.boards.lamps import pulses
from tihuo.boards.pickup import recent_calls
from tihuo.stages import preparing

pytestmark = pytest.mark.browser
expect = playwright.expect

DAY_MS = 86_400_000
FORGED = "TH1:S01:1:AAAAAAAAAAAAAAAA"
ELSEWHERE = "TH1:S99:1:AAAAAAAAAAAAAAAA"
OUTSIDE = """() => [...document.querySelectorAll('body *')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && !one.closest('svg') && !one.closest('.unseen')
    && (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
}).map((one) => one.outerHTML.slice(0, 100))"""
CROWDED = """() => [...document.querySelectorAll('#stage *')].filter((one) =>
  one.childElementCount === 0 && one.textContent.trim() && !one.closest('svg') && one.getClientRects().length
  && (one.scrollWidth > one.clientWidth + 1) && getComputedStyle(one).display !== 'inline')
  .map((one) => one.outerHTML.slice(0, 100))"""
SMALL = """() => [...document.querySelectorAll('body *')].filter((one) => {
  if (![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) return false;
  if (!one.getBoundingClientRect().width || getComputedStyle(one).visibility === 'hidden') return false;
  const drawing = one.closest('svg');
  const scale = drawing ? drawing.getScreenCTM().a : 1;
  return parseFloat(getComputedStyle(one).fontSize) * scale < 23.5;
}).map((one) => one.outerHTML.slice(0, 100))"""
SETTLED = """() => Promise.all(
  document.querySelector('.scene').getAnimations().map((one) => one.finished.catch(() => {})))"""
NARROW = """() => [...document.querySelectorAll('button, a, label')].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && (box.width < 63.5 || box.height < 63.5);
}).map((one) => one.outerHTML.slice(0, 100))"""


TWICE = """async () => {
  const body = new URLSearchParams(new FormData(document.getElementById('view')));
  const send = () => fetch('/kiosk/hand-over?k=k1', {method: 'POST', body}).then((answer) => answer.text());
  return Promise.all([send(), send()]);
}"""
COUNT_DRAWINGS = """() => {
  window.drawn = 0;
  new MutationObserver(() => drawn++).observe(document.getElementById('stage'), {childList: true});
}"""
WRITE_NOTES_DOWN = """() => {
  window.notes = [];
  window.OscillatorNode = class extends OscillatorNode {
    start(at) { notes.push(this.frequency.value); super.start(at); }
  };
}"""
ASK_FOR_A_MENU = """() => document.querySelector('h1').dispatchEvent(
  new MouseEvent('contextmenu', {bubbles: true, cancelable: true}))"""


def kiosk(served: Served, open_page: OpenPage, language: str = "zh", **options: Any) -> Any:
    return open_page(f"{served.url}/kiosk?k=k1" + ("&lang=en" if language == "en" else ""), **options)


def scene(page: Any, name: str) -> None:
    page.wait_for_selector(f".scene-{name}")


def told(page: Any, code: str) -> None:
    page.wait_for_selector(f".scene-told[data-cue*=':{code}:']")


def easy_to_use(page: Any, language: str) -> None:
    """Whether somebody who sees badly and is in a hurry can use what is on the screen."""
    page.evaluate(SETTLED)
    assert page.evaluate(OUTSIDE) == [], "beyond the edge of the screen"
    assert page.evaluate(CROWDED) == [], "wider than its place"
    assert page.evaluate(SMALL) == [], "text below 24 px"
    assert page.evaluate(NARROW) == [], "targets below 64 px"
    assert barriers(page, "color-contrast-enhanced") == []
    said = page.inner_text("#stage")
    if language == "zh":
        assert not re.search(r"[A-Za-z]{2,}", said.replace("English", "")), said
        assert "!" not in said and "！" not in said
    else:
        assert not re.search(r"[\u3000-\u9fff]", re.sub(r"中文|.\*", "", said)), said


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_state_can_be_read_and_touched(
    evening: Evening, served: Served, open_page: OpenPage, language: str, viewport: dict[str, int]
) -> None:
    page = kiosk(served, open_page, language, viewport=viewport)

    def look(name: str) -> None:
        scene(page, name)
        easy_to_use(page, language)

    look("idle")
    page.click(".small-actions .button >> nth=0")
    look("pad")
    page.click("[data-view-ends]")
    scene(page, "idle")
    evening.show(evening.code("o1"))
    look("welcome")
    assert [slot.inner_text() for slot in page.query_selector_all(".slot-name")] == ["A01", "C01", "F01"]
    assert "林*" in page.inner_text("h1") and "林小树" not in page.content()
    evening.later(46_000)
    look("confirm")
    page.click(".actions .button >> nth=1")
    look("choose")
    page.click(".call")
    look("called")
    page.click("[data-view-ends]")
    scene(page, "confirm")
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    page.click(".tick >> nth=2")
    page.click(".actions .go")
    look("partly")
    page.click(".actions .button >> nth=1")
    look("done")
    evening.later(6_000)
    for order, code in (
        ("o3", "not_ready"),
        ("o4", "already_collected"),
        ("o5", "cancelled"),
        ("o6", "nothing_left"),
        ("o7", "refused_order"),
    ):
        evening.show(evening.code(order))
        told(page, code)
        easy_to_use(page, "zh" if page.get_attribute("html", "lang") == "zh-CN" else "en")
    for code, outcome in ((FORGED, "unknown_code"), (ELSEWHERE, "other_shop")):
        evening.show(code)
        told(page, outcome)
        easy_to_use(page, "zh" if page.get_attribute("html", "lang") == "zh-CN" else "en")
    evening.part("camera", "camera_unplugged")
    evening.part("cloud", "broker_unreachable")
    evening.later(13_000)
    expect(page.locator(".scene-pad digit-pad")).to_be_visible()
    easy_to_use(page, "zh")
    page.click("text=English")
    page.wait_for_selector("text=Type your eight digits")
    easy_to_use(page, "en")


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_six_parcels_find_their_place(
    evening: Evening, served: Served, open_page: OpenPage, viewport: dict[str, int]
) -> None:
    evening.do(preparing.receive, "RICE", 20)
    evening.do(preparing.receive, "EGGS", 10)
    evening.plan("s2", window=(evening.clock.now + DAY_MS, evening.clock.now + DAY_MS + 1))
    evening.do(preparing.open_session, "s2")
    evening.sell("o8", "lin", "s2", RICE=1, MILK=1, BUNS=1)
    evening.do(preparing.close_session, "s2")
    evening.sort("s2")
    page = kiosk(served, open_page, viewport=viewport)
    evening.show(evening.code("o8"))
    scene(page, "welcome")
    expect(page.locator(".slot-name")).to_have_count(6)
    easy_to_use(page, "zh")
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    easy_to_use(page, "zh")


def test_a_customer_takes_everything(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o1"))
    scene(page, "welcome")
    assert evening.read(pulses) == {"A01": "blink", "C01": "blink", "F01": "blink"}
    assert page.locator(".shelf .blink").count() == 3
    page.click(".actions .go")
    scene(page, "done")
    assert evening.read(pulses) == {}
    assert {state for *_, customer, _, _, _, _, state in evening.parcels() if customer == "lin"} <= {"handed_over"}
    assert evening.value("SELECT DISTINCT actor FROM handover_line WHERE visit_id IS NOT NULL") == "kiosk k1"
    evening.later(5_000)
    scene(page, "idle")


def test_a_customer_leaves_one_parcel_and_comes_back_for_it(
    evening: Evening, served: Served, open_page: OpenPage
) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o1"))
    scene(page, "welcome")
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    page.click(".tick >> nth=1")
    page.click(".actions .go")
    scene(page, "partly")
    assert page.inner_text(".slot-name") == "C01"
    assert "16:00" in page.inner_text(".words"), "until when it is kept"
    page.click(".actions .go")
    scene(page, "idle")
    evening.show(evening.code("o1"))
    scene(page, "welcome")
    assert page.inner_text(".slot-name") == "C01"
    page.click(".actions .go")
    scene(page, "done")


def test_ticking_nothing_takes_nothing(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    assert "请至少勾选一个" not in page.inner_text("#stage")
    page.click(".tick")
    page.click(".actions .go")
    page.wait_for_selector("text=请至少勾选一个")
    assert evening.value("SELECT count(*) FROM handover_line WHERE visit_id IS NOT NULL") == 0


def test_ticks_outlive_a_change_of_the_visit(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o1"))
    scene(page, "welcome")
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    page.click(".tick >> nth=1")
    with page.expect_response(lambda answer: "/kiosk/stage" in answer.url and answer.status == 200):
        evening.later(46_000)
    expect(page.locator(".tick :checked")).to_have_count(2)
    expect(page.locator("h1")).to_have_text("您拿到了哪些包裹？")


def test_two_people_at_the_same_button_hand_over_once(evening: Evening, served: Served, open_page: OpenPage) -> None:
    here, there = kiosk(served, open_page), kiosk(served, open_page)
    evening.show(evening.code("o2"))
    scene(here, "welcome")
    scene(there, "welcome")
    for page in (here, there):
        page.evaluate("window.button = document.querySelector('.actions .go')")
    for page in (here, there):
        page.evaluate("button.click()")
        page.evaluate("button.click()")
    scene(here, "done")
    scene(there, "done")
    assert evening.sql("SELECT quantity FROM handover_line WHERE visit_id IS NOT NULL") == [(1,)]


def test_the_same_tap_twice_is_one_wish(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    answers = page.evaluate(TWICE)
    assert ["scene-done" in answer for answer in answers] == [True, True]
    assert evening.sql("SELECT quantity FROM handover_line WHERE visit_id IS NOT NULL") == [(1,)]


def test_digits_open_a_visit_and_wrong_ones_are_rationed(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)

    def type_digits(digits: str) -> None:
        page.click("text=输入 8 位数字")
        scene(page, "pad")
        for digit in digits:
            page.click(f"[data-key='{digit}']")

    type_digits(evening.digits("o2"))
    scene(page, "welcome")
    evening.later(46_000)
    evening.later(21_000)
    scene(page, "idle")
    for _ in range(5):
        type_digits("00000000")
        told(page, "unknown_code")
    type_digits(evening.digits("o2"))
    page.wait_for_selector(".scene-told >> text=输错的次数太多")
    assert evening.value("SELECT count(*) FROM visit WHERE outcome = 'unknown_code'") == 5


def test_the_digit_pad_mends_mistakes(served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.click(".small-actions .button >> nth=0")
    scene(page, "pad")
    typed = page.locator("output.digits")
    for key in ("1", "2", "3", "back", "4"):
        page.click(f"[data-key='{key}']")
    assert re.sub(r"\s", "", typed.inner_text()) == "124"
    page.keyboard.press("5")
    assert re.sub(r"\s", "", typed.inner_text()) == "1245"
    page.click("[data-key='clear']")
    assert re.sub(r"\s", "", typed.inner_text()) == ""


def test_a_scanner_that_types_is_as_good_as_the_camera(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.keyboard.type(evening.code("o2"))
    page.keyboard.press("Enter")
    scene(page, "welcome")


def test_calling_staff_reaches_them(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    for _ in range(2):
        page.click(".call")
        scene(page, "called")
        page.click("[data-view-ends]")
        scene(page, "idle")
    now = evening.clock.now
    assert evening.read(recent_calls, 0, now) == [("k1", now)], "two taps in a row are one call"


def test_a_view_of_the_screen_alone_ends_by_itself(served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.clock.install()
    page.click(".small-actions .button >> nth=0")
    scene(page, "pad")
    page.clock.run_for(31_000)
    scene(page, "idle")


def test_the_ring_counts_the_seconds_down(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.clock.install()
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    expect(page.locator("[data-seconds]")).to_have_text(re.compile("4[0-5]"))
    page.clock.run_for(30_000)
    expect(page.locator("[data-seconds]")).to_have_text(re.compile("1[0-5]"))


def test_the_next_customer_finds_her_own_language(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(FORGED)
    told(page, "unknown_code")
    evening.later(13_000)
    page.click("text=English")
    page.wait_for_selector("text=Scan to pick up")
    evening.show(evening.code("o2"))
    page.wait_for_selector("text=Hello, 赵*")
    page.click("text=I have it all")
    page.wait_for_selector("text=Thank you, 赵*")
    evening.later(6_000)
    page.wait_for_selector("text=刷码取货")


def test_the_kiosk_says_what_still_works(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.part("printer_receipt", "printer_paper_out")
    page.wait_for_selector("#strip >> text=暂时不出小票，取货照常")
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    page.click(".actions .go")
    scene(page, "done")
    assert "小票" not in page.inner_text("#stage")
    evening.part("printer_receipt")
    page.wait_for_selector("#strip >> text=暂时不出小票", state="detached")
    evening.part("cloud", "broker_unreachable")
    page.wait_for_selector("#strip >> text=16:00 起离线，取货照常")
    evening.part("ledger", "disk_full")
    page.wait_for_selector("#strip >> text=取货暂停，请叫店员")


def test_what_stands_on_the_screen_is_not_drawn_again(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    page.evaluate(COUNT_DRAWINGS)
    with page.expect_response(lambda answer: "/kiosk/stage" in answer.url and answer.status == 204):
        page.click(".actions .go")
    scene(page, "done")
    assert page.evaluate("drawn") == 1, "by the answer to the tap; the event that follows it changes nothing"


def test_a_restart_of_the_box_is_survived(evening: Evening, open_page: OpenPage) -> None:
    first = Served(evening.app)
    page = kiosk(first, open_page, quiet=False)
    page.wait_for_selector("html[data-link=ok]")
    assert not page.is_visible(".lost-link")
    first.stop()
    page.wait_for_selector(".lost-link:visible >> text=正在恢复")
    evening.show(evening.code("o2"))
    again = Evening(evening.path, session_key=evening.door.session_key)
    second = Served(again.app, port=first.port)
    try:
        scene(page, "welcome")
        page.wait_for_selector(".lost-link", state="hidden")
    finally:
        second.stop()
        again.close()


def test_lamps_and_screens_beat_together(evening: Evening, served: Served, open_page: OpenPage) -> None:
    here, there = kiosk(served, open_page), kiosk(served, open_page)
    record = """() => new Promise((done) => {
      const seen = [];
      new MutationObserver(() => {
        seen.push([document.documentElement.dataset.beat, Date.now() % 1000]);
        if (seen.length === 4) done(seen);
      }).observe(document.documentElement, {attributeFilter: ['data-beat']});
    })"""
    for page in (here, there):
        for state, at in page.evaluate(record):
            assert state == ("on" if at < 500 else "off")


def test_a_new_state_is_heard_once(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.evaluate(WRITE_NOTES_DOWN)
    evening.show(evening.code("o2"))
    scene(page, "welcome")
    assert page.evaluate("notes") == [660, 880]
    evening.part("lights")
    evening.show(FORGED)
    told(page, "unknown_code")
    assert page.evaluate("notes") == [660, 880, 440, 330]


def test_nothing_moves_for_those_who_asked_for_stillness(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page, reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    evening.show(evening.code("o1"))
    scene(page, "welcome")
    assert page.evaluate("document.getAnimations().length") == 0
    fill = "getComputedStyle(document.querySelector('.shelf .blink .cell')).fill"
    assert page.evaluate(fill) == "rgb(240, 180, 41)", "a lit slot stays lit"


def test_a_finger_that_rests_selects_nothing_and_opens_no_menu(served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.dblclick("h1")
    assert page.evaluate("String(getSelection())") == ""
    assert page.evaluate(ASK_FOR_A_MENU) is False, "the menu was prevented"
