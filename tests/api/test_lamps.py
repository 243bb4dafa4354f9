"""灯光自检 by hand, and the wiring page: what a person sees of her lamps, and what she tells the box."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest

from tests.api.desk import OWNER, SHELF, STAFF, Desk, code_of, desk, words
from tihuo.api.app import create_app
from tihuo.boards.dead_lamps import dead_lamps
from tihuo.devices.lamp_plan import LampKind, LampPlan
from tihuo.devices.simulated import SimulatedLights
from tihuo.reactions.lights import LampKeeper

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
Change = Callable[..., Desk]


@pytest.fixture
def lights() -> Iterator[SimulatedLights]:
    made = SimulatedLights(list(SHELF.slots()))
    yield made
    made.close()


@pytest.fixture
def lit_desk(desk: Desk, lights: SimulatedLights) -> Desk:
    return with_door(desk, lights=lights)


def with_door(desk: Desk, **changes: object) -> Desk:
    desk.door = dataclasses.replace(desk.door, **changes)
    desk.app = create_app(desk.door)
    return desk


def dead(desk: Desk) -> dict[str, str]:
    return {row.slot: row.why for row in desk.shop.read(dead_lamps)}


def test_somebody_lights_all_and_taps_the_one_that_stays_dark(lit_desk: Desk, lights: SimulatedLights) -> None:
    staff = lit_desk.client(STAFF, "en")
    assert "No lamp is known to be dark" in words(staff.get("/staff/lamps").text)
    assert "Now every lamp shines" in words(staff.post("/staff/lamps/test", headers=TAP).text)
    assert lights.shining() == set(SHELF.slots())
    again = staff.post("/staff/lamps/dark", data={"slot": "A02", "whole": "true"}, headers=TAP)
    assert "Now every lamp shines" in words(again.text)
    done = words(staff.post("/staff/lamps/done", headers=TAP).text)
    assert "A02 It stays dark" in done
    assert (dead(lit_desk), lights.shining()) == ({"A02": "dark"}, set())


def test_a_second_tap_takes_it_back(lit_desk: Desk) -> None:
    staff = lit_desk.client(STAFF, "en")
    for way in ("dark", "dark", "shines"):
        staff.post(f"/staff/lamps/{way}", data={"slot": "A02", "whole": "true"}, headers=TAP)
    assert dead(lit_desk) == {}


def test_a_dead_lamp_is_tested_alone_and_is_well_when_somebody_sees_it(lit_desk: Desk, lights: SimulatedLights) -> None:
    staff = lit_desk.client(STAFF, "en")
    staff.post("/staff/lamps/dark", data={"slot": "C01"}, headers=TAP)
    asked = staff.post("/staff/lamps/test", data={"slot": "C01"}, headers=TAP)
    assert "Does the lamp of C01 shine?" in words(asked.text)
    assert lights.shining() == {"C01"}
    staff.post("/staff/lamps/shines", data={"slot": "C01"}, headers=TAP)
    assert (dead(lit_desk), lights.shining()) == ({}, set())


def test_what_the_box_itself_finds_silent_is_remembered_at_once(lit_desk: Desk, lights: SimulatedLights) -> None:
    lights.cut_line("F01")
    shown = words(lit_desk.client(OWNER, "en").post("/staff/lamps/test", headers=TAP).text)
    assert "Now every lamp shines" in shown
    assert dead(lit_desk) == {"F01": "silent"}


def test_a_shelf_that_cannot_be_reached_says_so(lit_desk: Desk, lights: SimulatedLights) -> None:
    lights.vanish()
    shown = words(lit_desk.client(STAFF, "en").post("/staff/lamps/test", headers=TAP).text)
    assert "The shelf lights cannot be reached." in shown
    assert dead(lit_desk) == {}


def test_a_box_without_lamps_and_a_slot_that_is_not_there(desk: Desk) -> None:
    staff = desk.client(STAFF, "en")
    assert "This box has no shelf lights." in words(staff.get("/staff/lamps").text)
    refused = staff.post("/staff/lamps/dark", data={"slot": "Z99"}, headers=TAP)
    assert (refused.status_code, code_of(refused.text)) == (409, "unknown_slot")


def test_a_dead_lamp_survives_the_night_and_stands_in_health(lit_desk: Desk, lights: SimulatedLights) -> None:
    lit_desk.client(STAFF).post("/staff/lamps/dark", data={"slot": "A03"}, headers=TAP)
    told = []
    keeper = LampKeeper(lit_desk.shop.writer, lit_desk.shop.readers, lights, told.append)
    keeper.step()
    assert [(trouble.code, trouble.facts) for trouble in told] == [("lamp_silent", {"slots": "A03"})]


# --- the wiring page ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("gpio", ["GPIO17", "#11", "all pins of the Pi"]),
        ("shift", ["QA", "QF", "74HC595", "MISO", "one chip"]),
        ("strip", ["LED 1", "LED 6", "6 × 16.5 mA", "the supply"]),
        ("expander", ["0x20", "GPA0", "GPB5", "MCP23017"]),
    ],
)
def test_the_wiring_page_says_which_wire_goes_where(kind: LampKind, said: list[str], desk: Desk) -> None:
    plan = LampPlan(kind, tuple(SHELF.slots()), pins={"A01": 17}, buttons=True, feedback=True)
    page = words(with_door(desk, wiring=plan).client(OWNER, "en").get("/owner/devices/wiring").text)
    assert [text for text in said if text not in page] == []
    assert ("These slots have no lamp" in page) == (kind == "gpio")


def test_the_wiring_list_goes_to_the_printer_of_lists(desk: Desk) -> None:
    plan = LampPlan("shift", tuple(SHELF.slots()))
    owner = with_door(desk, wiring=plan).client(OWNER, "en")
    for _ in range(2):
        owner.post("/owner/devices/wiring/print", data={"once": "tap-of-her-0001"}, headers=TAP)
    (job,) = desk.shop.queued("list")
    assert [row["text"] for row in job.content["rows"]] == ["QA", "QB", "QC", "QD", "QE", "QF"]


def test_a_box_without_real_lamps_says_how_to_choose_them(desk: Desk) -> None:
    assert "lights.kind" in words(desk.client(OWNER, "en").get("/owner/devices/wiring").text)


def test_the_staff_does_not_solder(desk: Desk) -> None:
    assert desk.client(STAFF).get("/owner/devices/wiring").status_code in (303, 403)
