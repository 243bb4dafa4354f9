"""The simulator page: a phone, the lamps, the paper, and parts that break, on one table."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.little_shop import copy_of
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import Evening, Served
from tests.pages.played_devices import PlayedDevices

pytestmark = pytest.mark.browser
expect = playwright.expect


@pytest.fixture
def devices(tmp_path: Path) -> PlayedDevices:
    return PlayedDevices(tmp_path)


@pytest.fixture
def evening(evening_file: Path, tmp_path: Path, devices: PlayedDevices) -> Iterator[Evening]:
    evening = devices.evening = Evening(copy_of(evening_file, tmp_path / "shop.db"), simulator=devices)
    yield evening
    evening.close()


def table(served: Served, open_page: OpenPage, language: str = "zh") -> Any:
    return open_page(f"{served.url}/simulator?lang={language}", viewport={"width": 1440, "height": 900})


def test_a_phone_under_the_camera_lights_the_shelf(evening: Evening, served: Served, open_page: OpenPage) -> None:
    page = table(served, open_page)
    kiosk = open_page(f"{served.url}/kiosk")
    page.click("#phone-o1 button")
    expect(page.locator(".shelf .blink")).to_have_count(3)
    kiosk.wait_for_selector(".scene-welcome")
    kiosk.click(".actions .go")
    expect(page.locator(".shelf .blink")).to_have_count(0)


def test_a_picture_of_ones_own_is_shown_to_the_camera(
    devices: PlayedDevices, served: Served, open_page: OpenPage
) -> None:
    page = table(served, open_page)
    drawn = io.BytesIO()
    Image.new("RGB", (1600, 1200), "white").save(drawn, "PNG")
    picture = drawn.getvalue() + b"\0" * 200_000  # larger than any form may be
    with page.expect_response("**/simulator/picture") as answer:
        page.set_input_files("input[type=file]", {"name": "a.png", "mimeType": "image/png", "buffer": picture})
    assert answer.value.status == 204
    assert devices.held == [picture]
    with page.expect_response("**/simulator/clear"):
        page.click("text=拿走")
    assert devices.held[-1] is None


def test_what_is_no_picture_is_turned_away_in_words(
    devices: PlayedDevices, served: Served, open_page: OpenPage
) -> None:
    page = open_page(f"{served.url}/simulator", quiet=False)
    text = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.set_input_files("input[type=file]", text)
    page.wait_for_selector("#notice >> text=这不是摄像头能看的图片")
    assert devices.held == []


def test_paper_appears_as_it_comes_out(
    evening: Evening, devices: PlayedDevices, served: Served, open_page: OpenPage
) -> None:
    page = table(served, open_page)
    page.wait_for_selector("text=还没有打印")
    devices.print_label()
    evening.app.state.live.publish({"paper"})
    picture = page.wait_for_selector("#paper img")
    picture.scroll_into_view_if_needed()
    expect(page.locator("#paper img")).to_have_js_property("naturalWidth", 480)


def test_parts_break_and_mend(evening: Evening, served: Served, open_page: OpenPage) -> None:
    evening.part("printer_receipt")
    page = table(served, open_page)
    page.click("[aria-label='打印机: 没纸']")
    page.wait_for_selector("#parts >> text=打印机缺纸。")
    page.click("[aria-label='打印机: 修好']")
    expect(page.locator("#parts .bad")).to_have_count(0)


def test_a_part_that_this_demo_has_not_says_so(served: Served, open_page: OpenPage) -> None:
    page = open_page(f"{served.url}/simulator", quiet=False)
    page.click("[aria-label='货架灯: 拔掉']")
    page.wait_for_selector("#notice >> text=演示里没有这个部分")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_in_the_way(
    evening: Evening, devices: PlayedDevices, served: Served, open_page: OpenPage, language: str
) -> None:
    evening.part("camera", "camera_hung")
    devices.print_label()
    page = table(served, open_page, language)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
