"""Lamps follow the shelf; a line that does not follow is remembered, and one goes by the number there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.little_shop import LittleShop
from tihuo.boards.dead_lamps import dead_lamps
from tihuo.devices.shelf import BUDGET, FAULT
from tihuo.devices.simulated import SimulatedButtons, SimulatedLights
from tihuo.devices.troubles import DeviceTrouble
from tihuo.reactions.buttons import ButtonDesk
from tihuo.reactions.lights import LampKeeper
from tihuo.shop.lamps import mark_dead, mark_well
from tihuo.shop.words import Refusal
from tihuo.stages import preparing, sorting

SLOTS = ["A01", "A02", "A03", "C01", "F01"]


@pytest.fixture
def lights() -> Iterator[SimulatedLights]:
    made = SimulatedLights(SLOTS)
    yield made
    made.close()


@pytest.fixture
def told() -> list[DeviceTrouble | None]:
    return []


@pytest.fixture
def keeper(shop: LittleShop, lights: SimulatedLights, told: list[DeviceTrouble | None]) -> LampKeeper:
    return LampKeeper(shop.writer, shop.readers, lights, told.append)


def settle(shop: LittleShop) -> None:
    """Wait for what was written on the side."""
    shop.writer.write(lambda work: None).result(10)


def in_hand(shop: LittleShop) -> tuple[int, str]:
    """Rice is in somebody's hand; the wave, and the slot that wants it."""
    shop.sell("o1", "lin", RICE=2)
    shop.do(preparing.close_session, "s1")
    wave = shop.do(sorting.open_wave, "s1")
    shop.do(sorting.scan_item, "table", "RICE")
    return wave, str(shop.value("SELECT slot FROM parcel"))


def test_a_line_that_never_follows_is_remembered_and_named(
    shop: LittleShop, lights: SimulatedLights, keeper: LampKeeper, told: list[DeviceTrouble | None]
) -> None:
    lights.cut_line("A02")
    lights.hold(["A02"], 1000)
    for _ in range(BUDGET // FAULT):
        keeper.step()
    settle(shop)
    assert [(row.slot, row.why) for row in shop.read(dead_lamps)] == [("A02", "silent")]
    keeper.step()
    assert repr(told[-1]) == "lamp_silent(slots='A02')"
    lights.mend_lamp("A02")
    lights.hold((), 0)
    shop.do(mark_well, "A02")
    keeper.step()
    assert told[-1] is None


def test_the_lamp_test_at_the_start_finds_it_at_once(shop: LittleShop, lights: SimulatedLights) -> None:
    lights.cut_line("F01")
    keeper = LampKeeper(shop.writer, shop.readers, lights, lambda _: None, test_at_start=True)
    keeper.step()
    settle(shop)
    assert [row.slot for row in shop.read(dead_lamps)] == ["F01"]
    drawn = len(lights.history())
    assert drawn > len(SLOTS)
    keeper.step()
    assert len(lights.history()) == drawn + 1


def test_a_shelf_that_has_vanished_is_told_and_drawn_when_it_is_back(
    shop: LittleShop, lights: SimulatedLights, keeper: LampKeeper, told: list[DeviceTrouble | None]
) -> None:
    _, slot = in_hand(shop)
    lights.vanish()
    keeper.step()
    assert told[-1] is not None and told[-1].code == "lights_unreachable"
    lights.come_back()
    keeper.step()
    assert (told[-1], lights.shining()) == (None, {slot})


def test_a_dead_lamp_is_told_once_and_only_of_slots_that_are_there(shop: LittleShop) -> None:
    for _ in range(2):
        shop.do(mark_dead, "A01", "dark")
    with pytest.raises(Refusal, match="unknown_slot"):
        shop.do(mark_dead, "Z99", "dark")
    for _ in range(2):
        shop.do(mark_well, "A01")
    kinds = [kind for (kind,) in shop.sql("SELECT kind FROM journal WHERE kind LIKE 'lamp.%' ORDER BY entry")]
    assert kinds == ["lamp.dead", "lamp.well"]


# --- buttons --------------------------------------------------------------------------------------------------------


def test_a_press_puts_what_is_lit_and_the_lamp_goes_out(
    shop: LittleShop, lights: SimulatedLights, keeper: LampKeeper
) -> None:
    wave, slot = in_hand(shop)
    buttons = SimulatedButtons(SLOTS)
    buttons.start(ButtonDesk(shop.writer, buttons, lambda _: None).press)
    keeper.step()
    assert lights.shining() == {slot}
    buttons.press(slot)
    settle(shop)
    assert not shop.open_units(wave)
    keeper.step()
    assert lights.shining() == set()
    who = shop.value("SELECT actor FROM journal WHERE kind = 'units.put' ORDER BY entry DESC")
    assert who == "button"


def test_a_press_beside_a_dark_lamp_changes_nothing(shop: LittleShop) -> None:
    wave, slot = in_hand(shop)
    buttons = SimulatedButtons(SLOTS)
    buttons.start(ButtonDesk(shop.writer, buttons, lambda _: None).press)
    before = shop.open_units(wave)
    for other in SLOTS:
        if other != slot:
            buttons.press(other)
    settle(shop)
    assert shop.open_units(wave) == before


def test_stuck_and_unreachable_buttons_are_told(shop: LittleShop, told: list[DeviceTrouble | None]) -> None:
    now = [0]
    buttons = SimulatedButtons(SLOTS, clock=lambda: now[0])
    desk = ButtonDesk(shop.writer, buttons, told.append)
    buttons.hold("A01")
    now[0] += 10_000
    desk.step()
    buttons.let_go("A01")
    desk.step()
    buttons.vanish()
    desk.step()
    assert [trouble and trouble.code for trouble in told] == ["button_stuck", None, "buttons_unreachable"]
