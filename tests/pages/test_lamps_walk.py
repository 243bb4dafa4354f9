"""The lamp test with a phone in the hand, and the wiring page on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.little_shop import copy_of
from tests.pages.conftest import OpenPage, barriers, playwright
from tests.pages.evening import OWNER, SHELF, STAFF, Evening, Served
from tests.pages.walking import DESK, PHONE, log_in
from tihuo.devices.lamp_plan import LampPlan
from tihuo.devices.simulated import SimulatedLights

pytestmark = pytest.mark.browser
expect = playwright.expect
SLOTS = tuple(SHELF.slots())


@pytest.fixture
def lights() -> Iterator[SimulatedLights]:
    made = SimulatedLights(SLOTS)
    yield made
    made.close()


@pytest.fixture
def lit(evening_file: Path, tmp_path: Path, lights: SimulatedLights) -> Iterator[Served]:
    """An evening whose shelf has lamps, on the registers of the wiring page."""
    plan = LampPlan("shift", SLOTS, feedback=True)
    evening = Evening(copy_of(evening_file, tmp_path / "lamps.db"), lights=lights, wiring=plan)
    served = Served(evening.app)
    yield served
    served.stop()
    evening.close()


def test_all_are_lit_and_the_dark_one_is_tapped(lit: Served, open_page: OpenPage, lights: SimulatedLights) -> None:
    page = log_in(lit, open_page, STAFF, "/staff/more", viewport=PHONE)
    page.get_by_role("link", name="Test the lamps").click()
    page.get_by_role("button", name="Light all lamps and look").click()
    expect(page.locator("#lamps .banner")).to_contain_text("Now every lamp shines")
    assert lights.shining() == set(SLOTS)
    page.get_by_role("button", name="A07").click()
    expect(page.locator(".lamp-grid .dark")).to_have_text("A07")
    heights = page.locator(".lamp-grid .button").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert min(heights) >= 48
    assert barriers(page) == []
    page.get_by_role("button", name="All others shine").click()
    expect(page.locator("#lamps .list")).to_contain_text("A07")
    assert lights.shining() == set()
    page.get_by_role("button", name="Test it").click()
    expect(page.locator("#lamps .banner")).to_contain_text("Does the lamp of A07 shine?")
    assert lights.shining() == {"A07"}
    page.get_by_role("button", name="It shines").click()
    expect(page.locator("#lamps .well")).to_contain_text("No lamp is known to be dark")


def test_the_owner_sees_the_lamps_and_their_wires(lit: Served, open_page: OpenPage) -> None:
    page = log_in(lit, open_page, OWNER, "/owner/devices", viewport=DESK)
    expect(page.locator("#lamps")).to_contain_text("Light all lamps and look")
    page.get_by_role("link", name="Wiring of the lamps").click()
    expect(page.locator(".shelf.wired")).to_contain_text("3·QH")
    expect(page.locator(".pins .used text:not(.number)")).to_have_text(["MOSI", "MISO", "SCLK", "CE0"])
    assert barriers(page) == []
    page.get_by_role("button", name="Print this list").click()
    expect(page.locator("main")).to_contain_text("The list waits for the printer.")
