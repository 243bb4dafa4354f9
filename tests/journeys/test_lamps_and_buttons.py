"""A shelf with buttons in a whole box: from a scan to the lamp, from the button to the parcel; what fails is named."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.house import SESSION, House
from tihuo.boards import sorting as board
from tihuo.boards.dead_lamps import dead_lamps
from tihuo.shop.lamps import mark_well
from tihuo.stages import preparing, sorting

pytestmark = pytest.mark.broker


def health(house: House) -> dict[str, Any]:
    with urllib.request.urlopen(f"{house.base}/healthz") as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def test_a_button_says_that_what_is_lit_was_put(house: House) -> None:
    house.wait_for_state(house.buy(tudou=2), "accepted")
    house.do(preparing.close_session, SESSION)
    wave = house.do(sorting.open_wave, SESSION)
    house.do(sorting.scan_item, "table", "tudou")
    (slot,) = house.wait("the lamp shines", lambda: house.twins.lights.shining())
    for other in ("A02", "A03", "C01"):  # beside a dark lamp
        if other != slot:
            house.twins.buttons.press(other)
    house.twins.buttons.press(slot)
    house.wait("the lamp is out", lambda: not house.twins.lights.shining())
    (parcel,) = house.read(board.by_customer, wave, 0, 10)
    assert (parcel.put, parcel.wanted) == (2, 2)
    assert house.imbalances() == {}


def test_a_line_that_does_not_follow_is_named_over_a_restart_until_it_is_tested(house: House) -> None:
    house.twins.lights.cut_line("A07")
    house.box.fitting.lights.hold(["A07"], 600)
    house.wait("it is remembered", lambda: [row.slot for row in house.read(dead_lamps)] == ["A07"])
    house.wait("it is said", lambda: house.trouble("lights") == "lamp_silent")
    told = health(house)
    assert (told["parts"]["lights"], told["slots"]) == ("lamp_silent", {"lights": "A07"})
    house.restart_box()
    house.wait("it is still said", lambda: house.trouble("lights") == "lamp_silent")
    house.do(mark_well, "A07")
    house.wait("all is well", lambda: not house.trouble("lights"))
    assert "slots" not in health(house)


def test_a_box_without_a_lamp_test_begins_dark(open_house: Callable[..., House]) -> None:
    quiet = {"test_at_start": False}
    house = open_house(
        settings=lambda settings: settings.model_copy(update={"lights": settings.lights.model_copy(update=quiet)})
    )
    house.wait("the picture was drawn", lambda: house.twins.lights.history())
    assert {color for drawing in house.twins.lights.history() for color in drawing} == {""}


def test_buttons_that_vanish_are_said_and_taps_do_the_same(house: House) -> None:
    house.twins.buttons.vanish()
    house.wait("the box says so", lambda: house.trouble("buttons") == "buttons_unreachable")
    house.twins.buttons.come_back()
    house.wait("all is well", lambda: not house.trouble("buttons"))
