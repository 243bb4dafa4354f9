"""The kiosk as a customer finds it: every state, in both languages, on both screens."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pages.conftest import LANDSCAPE, PORTRAIT, OpenPage, barriers, hold_still, playwright
from tests.pages.evening import Evening, Served, TwinOf
from tests.pages.walking import even_pace, scan
from tihuo.boards.lamps import pulses
from tihuo.boards.pickup import open_calls
from tihuo.devices.simulated import SimulatedSpeech
from tihuo.stages import handing_over, preparing, welcoming

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
OVERLAPPING = """() => {
  const leaves = [...document.querySelectorAll('#strip *, #stage *')].filter((one) => !one.closest('svg')
    && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
    && one.getClientRects().length && getComputedStyle(one).visibility !== 'hidden');
  const rows = leaves.map((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return [one, range.getBoundingClientRect()];
  });
  const found = [];
  rows.forEach(([one, a], i) => rows.slice(i + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 4 && high > 8) found.push(`${one.outerHTML.slice(0, 80)} / ${other.outerHTML.slice(0, 80)}`);
  }));
  return found;
}"""
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
LISTEN = """() => {
  window.played = [];
  window.AudioBufferSourceNode = class extends AudioBufferSourceNode {
    start(at) {
      document.documentElement.dataset.played = played.push(this.buffer.duration);
      super.start(at);
    }
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


def faults(page: Any) -> list[str]:
    """What is in the way of somebody who sees badly and is in a hurry."""
    hold_still(page)
    looks = {
        "beyond the edge of the screen": OUTSIDE,
        "wider than its place": CROWDED,
        "over something else": OVERLAPPING,
        "text below 24 px": SMALL,
        "targets below 64 px": NARROW,
    }
    found = [f"{what}: {one}" for what, look in looks.items() for one in page.evaluate(look)]
    return found + barriers(page, "color-contrast-enhanced")


def easy_to_use(page: Any, language: str) -> None:
    """Whether anybody can use what is on the screen, and reads one language."""
    assert faults(page) == []
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
    page.click(".call")
    look("called")
    page.click("[data-view-ends]")
    scene(page, "idle")
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
    page.click(".tick >> nth=2")
    page.click(".actions .go")
    look("partly")
    page.click(".actions .button >> nth=1")
    look("done")
    evening.later(6_000)
    page.wait_for_selector("html[lang='zh-CN'] .scene-idle")
    page.goto(f"{served.url}/kiosk?k=k1&lang={language}")
    for order, code in (
        ("o3", "not_ready"),
        ("o4", "already_collected"),
        ("o5", "cancelled"),
        ("o6", "nothing_left"),
        ("o7", "refused_order"),
    ):
        evening.show(evening.code(order))
        told(page, code)
        easy_to_use(page, language)
    for code, outcome in ((FORGED, "unknown_code"), (ELSEWHERE, "other_shop")):
        evening.show(code)
        told(page, outcome)
        easy_to_use(page, language)
    evening.part("camera", "camera_unplugged")
    evening.part("cloud", "broker_unreachable")
    evening.later(13_000)
    page.wait_for_selector("html[lang='zh-CN'] .scene-pad digit-pad")
    easy_to_use(page, "zh")
    page.click("text=English")
    page.wait_for_selector("text=Type your eight digits")
    easy_to_use(page, "en")
    evening.part("restore", "restoring")
    scene(page, "closed")
    easy_to_use(page, "en")
    evening.part("ledger", "disk_full")
    page.wait_for_selector(".scene-closed:not(:has(.call))")
    easy_to_use(page, "en")


def more_for_lin(evening: Evening, **lines: int) -> str:
    """One evening later she bought again; gives the new order."""
    number = evening.value("SELECT count(*) FROM shop_order") + 1
    session, order, begins = f"s{number}", f"o{number}", evening.clock.now + number * DAY_MS
    evening.do(preparing.receive, "RICE", 20)
    evening.do(preparing.receive, "EGGS", 10)
    evening.plan(session, window=(begins, begins + 1))
    evening.do(preparing.open_session, session)
    evening.sell(order, "lin", session, **lines)
    evening.do(preparing.close_session, session)
    evening.sort(session)
    return order


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("parcels", [6, 8])
def test_many_parcels_find_their_place(
    evening: Evening, served: Served, open_page: OpenPage, parcels: int, viewport: dict[str, int], language: str
) -> None:
    order = more_for_lin(evening, RICE=1, MILK=1, BUNS=1)
    if parcels == 8:
        order = more_for_lin(evening, RICE=1, MILK=1)
    page = kiosk(served, open_page, language, viewport=viewport)
    evening.show(evening.code(order))
    scene(page, "welcome")
    expect(page.locator(".slot-name")).to_have_count(parcels)
    zones = [slot.inner_text()[0] for slot in page.query_selector_all(".slot-name")]
    assert zones == sorted(zones), "frozen ones last"
    easy_to_use(page, language)
    page.click(".actions .button >> nth=1")
    scene(page, "choose")
    easy_to_use(page, language)


def test_a_long_name_of_a_shop_and_a_long_line_fit(twin_of: TwinOf, open_page: OpenPage) -> None:
    long = "朝阳里社区团购直播自提服务中心东门便民水果蔬菜鲜奶小店三十字"
    assert len(long) == 30
    twin, served = twin_of(shop_name=long)
    twin.do(
        welcoming.write_lines,
        {"zh": long * 2, "en": "Fresh milk comes on Tuesdays, and the first strawberries too"},
    )
    for viewport in (PORTRAIT, LANDSCAPE):
        page = kiosk(served, open_page, viewport=viewport)
        twin.part("cloud", "broker_unreachable")
        twin.part("printer_receipt", "printer_paper_out")
        page.wait_for_selector("#strip li >> nth=1")
        easy_to_use(page, "zh")
        twin.show(twin.code("o1" if viewport is PORTRAIT else "o2"))
        scene(page, "welcome")
        easy_to_use(page, "zh")
        page.click(".actions .go")
        scene(page, "done")
        assert long * 2 in page.inner_text(".line")
        easy_to_use(page, "zh")
        twin.later(11_000)


@pytest.mark.parametrize("viewport", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_elderly_mode_is_larger_and_slower_and_ends_with_the_customer(
    evening: Evening, served: Served, open_page: OpenPage, language: str, viewport: dict[str, int]
) -> None:
    page = kiosk(served, open_page, language, viewport=viewport)
    usual = "parseFloat(getComputedStyle(document.querySelector('.words p')).fontSize)"
    before = page.evaluate(usual)
    page.click("[data-slow]")
    page.wait_for_selector(".scene-idle.slow")
    expect(page.locator("[data-slow]")).to_have_attribute("aria-checked", "true")
    expect(page.locator(".ring")).to_be_visible()
    assert page.evaluate(usual) > before
    easy_to_use(page, language)
    evening.show(evening.code("o1"))
    page.wait_for_selector(".scene-welcome.slow")
    assert 45 < int(page.inner_text("[data-seconds]")) <= 90
    easy_to_use(page, language)
    evening.later(89_000)
    assert page.locator(".scene-welcome").count() == 1
    evening.later(2_000)
    page.wait_for_selector(".scene-confirm.slow")
    easy_to_use(page, language)
    page.click(".actions .button >> nth=1")
    page.wait_for_selector(".scene-choose.slow")
    easy_to_use(page, language)
    page.click(".tick >> nth=2")
    page.click(".actions .go")
    page.wait_for_selector(".scene-partly.slow")
    easy_to_use(page, language)
    page.click(".actions .button >> nth=1")
    page.wait_for_selector(".scene-done.slow")
    evening.later(11_000)
    page.wait_for_selector(".scene-idle:not(.slow) >> text=刷码取货")
    evening.show(evening.code("o2"))
    page.wait_for_selector(".scene-welcome:not(.slow)")


def test_elderly_mode_that_nobody_uses_ends_by_itself(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page, quiet=False)
    page.clock.install()
    page.click("[data-slow]")
    page.wait_for_selector(".scene-idle.slow")
    evening.clock.tick(61_000)
    page.clock.run_for(62_000)
    page.wait_for_selector(".scene-idle:not(.slow)")
    evening.show(evening.code("o1"))
    page.wait_for_selector(".scene-welcome:not(.slow)")
    assert int(page.inner_text("[data-seconds]")) <= 45


def test_somebody_else_at_once_is_served_as_usual(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.click("[data-slow]")
    page.wait_for_selector(".scene-idle.slow")
    evening.show(evening.code("o1"))
    page.wait_for_selector(".scene-welcome.slow")
    evening.show(evening.code("o1"))
    page.wait_for_selector(".scene-welcome.slow")
    evening.show(evening.code("o2"))
    page.wait_for_selector(".scene-welcome:not(.slow) >> text=赵*")


def test_what_it_says_aloud_is_heard_and_never_names_anybody(twin_of: TwinOf, open_page: OpenPage) -> None:
    voice = SimulatedSpeech()
    twin, served = twin_of(speech=voice)
    page = kiosk(served, open_page)
    page.evaluate(LISTEN)
    twin.show(twin.code("o2"))
    scene(page, "welcome")
    assert page.get_attribute("#view", "data-say") is None, "only in elderly mode"
    page.click(".actions .go")
    scene(page, "done")
    twin.later(6_000)
    page.wait_for_selector(".scene-idle")
    page.click("[data-slow]")
    page.wait_for_selector(".scene-idle.slow")
    page.wait_for_selector("html[data-played='1']")
    twin.show(twin.code("o1"))
    page.wait_for_selector(".scene-welcome.slow")
    page.wait_for_selector("html[data-played='8']")
    assert page.evaluate("Math.min(...played)") > 0.1, "seconds of sound"
    assert [words for _, words in voice.said][-7:] == [
        "您好。", "您有三个包裹。", "请到常温 A 区，一号。", "请到冷藏 C 区，一号。", "请到冷冻 F 区，一号。",
        "冷冻的请最后拿。", "拿好以后，请按绿色的按钮。",
    ]  # fmt: skip
    twin.part("lights")
    page.click(".actions .go")
    scene(page, "done")
    page.wait_for_selector("html[data-played='9']")
    assert not [words for _, words in voice.said if "林" in words or "1001" in words]


def test_a_voice_that_fails_leaves_the_screen_to_speak(twin_of: TwinOf, open_page: OpenPage) -> None:
    voice = SimulatedSpeech()
    voice.silence()
    twin, served = twin_of(speech=voice, speaks_always=True)
    page = kiosk(served, open_page)
    with page.expect_response(lambda answer: "/kiosk/say/" in answer.url and answer.status == 204):
        twin.show(twin.code("o2"))
    scene(page, "welcome")


def test_the_pad_lets_a_scanner_pass(evening: Evening, served: Served, open_page: OpenPage) -> None:
    """There are eight digits and more inside a code: they are not somebody's short code."""
    page = kiosk(served, open_page)
    evening.part("camera", "camera_unplugged")
    page.wait_for_selector("digit-pad")
    code = "TH1:S01:12345678:" + "2" * 16
    even_pace(page)
    page.keyboard.type(code)
    expect(page.locator("output.digits")).to_have_text("")
    page.keyboard.press("Enter")
    page.wait_for_selector(".scene-told")
    assert evening.value("SELECT count(*) FROM visit WHERE kiosk = 'k1'") == 1


def test_a_paper_that_runs_out_takes_no_digits_away(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.click(".small-actions .button >> nth=0")
    scene(page, "pad")
    page.click("[data-key='7']")
    with page.expect_response(lambda answer: "/kiosk/stage" in answer.url and answer.status == 204):
        evening.part("printer_receipt", "printer_paper_out")
    expect(page.locator("output.digits b >> nth=0")).to_have_text("7")


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


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_scans_digits_that_pause_is_sent_to_the_staff(
    evening: Evening, served: Served, open_page: OpenPage, language: str
) -> None:
    """As with the digits on the screen, for a scanner on the box says nothing to the page but through the visit."""
    page = kiosk(served, open_page, language, viewport=LANDSCAPE)
    for guess in range(5):
        evening.show(f"{guess:08d}")
    told(page, "unknown_code")
    evening.show(evening.digits("o2"))
    told(page, "too_many_tries")
    easy_to_use(page, language)
    page.click(".actions .go.call")
    scene(page, "called")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_looks_up_later_sees_that_two_codes_lie_there(
    evening: Evening, served: Served, open_page: OpenPage, language: str
) -> None:
    page = kiosk(served, open_page, language, viewport=LANDSCAPE)
    evening.do(handing_over.keep_apart, "k1")
    told(page, "two_codes")
    easy_to_use(page, language)
    first = page.inner_text("#stage h1")
    for _ in range(5):
        evening.later(8_000)
        evening.do(handing_over.still_apart, "k1")
    page.wait_for_timeout(300)
    assert page.inner_text("#stage h1") == first and page.locator(".ring").count() == 1
    page.click("[hx-get*='/kiosk/pad']")
    scene(page, "pad")
    page.click("[data-key='3']")
    evening.later(8_000)
    evening.do(handing_over.still_apart, "k1")
    page.wait_for_timeout(300)
    assert page.inner_text("output.digits") == "3", "who types meanwhile is left alone"
    page.click("[data-view-ends]")
    told(page, "two_codes")
    evening.later(13_000)
    scene(page, "idle")


def test_the_digit_pad_mends_mistakes(served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    page.click(".small-actions .button >> nth=0")
    scene(page, "pad")
    typed = page.locator("output.digits b")
    for key in ("1", "2", "3", "back", "4"):
        page.click(f"[data-key='{key}']")
    expect(typed).to_have_text(["1", "2", "4", *[""] * 5])
    page.keyboard.press("5")
    expect(typed).to_have_text(["1", "2", "4", "5", *[""] * 4])
    page.click("[data-key='clear']")
    expect(typed).to_have_text([""] * 8)


def test_a_scanner_that_types_is_as_good_as_the_camera(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    scan(page, evening.code("o2"))
    scene(page, "welcome")


def test_calling_staff_reaches_them(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = kiosk(served, open_page)
    for _ in range(2):
        page.click(".call")
        scene(page, "called")
        page.click("[data-view-ends]")
        scene(page, "idle")
    now = evening.clock.now
    calls = evening.read(open_calls, now)
    assert [(call.kiosk, call.at) for call in calls] == [("k1", now)], "two taps in a row are one call"


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
