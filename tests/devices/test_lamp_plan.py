"""接线 and 电流核算: settings that would burn something, or cannot be wired, are refused with their sum in words."""

from __future__ import annotations

from typing import Any

import pytest

from tihuo.devices.lamp_budget import each_ma, faults, loads, resistor
from tihuo.devices.lamp_plan import HEADER, Electrics, LampPlan, joints
from tihuo.settings import Settings, SettingsTrouble, load

SLOTS = tuple(f"A{number:02d}" for number in range(1, 25))
PINS = dict(zip(SLOTS, range(2, 16), strict=False))


def lights(**chosen: Any) -> Settings:
    return load(None, lights=chosen)


def refused(**chosen: Any) -> str:
    with pytest.raises(SettingsTrouble) as raised:
        lights(**chosen)
    (line,) = raised.value.lines
    return line


def test_resistors_too_small_for_the_pi_are_refused_with_the_sum() -> None:
    said = refused(kind="gpio", pins=PINS, resistor_ohm=220)
    assert "(3.3 V − 2 V) / 220 Ω = 5.9 mA; 14 together 82.7 mA" in said
    assert "all pins of the Pi together can carry 50 mA: take resistors of 364 Ω or more" in said
    lights(kind="gpio", pins=PINS, resistor_ohm=364)


def test_one_pin_alone_can_be_too_much() -> None:
    said = refused(kind="gpio", pins={"A01": 17}, resistor_ohm=68)
    assert "68 Ω = 19.1 mA, and one pin of the Pi can carry 16 mA" in said


def test_a_chip_can_be_too_much() -> None:
    said = refused(kind="shift", volts=5, resistor_ohm=330)
    assert "8 together 72.7 mA, and one 74HC595 can carry 70 mA: take resistors of 343 Ω or more" in said
    lights(kind="shift", volts=5, resistor_ohm=343)
    said = refused(kind="expander", resistor_ohm=150)
    assert "16 together 138.7 mA, and one MCP23017 can carry 125 mA" in said
    lights(kind="expander", resistor_ohm=150, buttons=True)  # fewer lamps a chip


def test_a_strip_needs_a_supply_that_can_feed_it() -> None:
    said = refused(kind="strip", brightness=31, leds_per_slot=3)
    assert "60 mA × 31/31 + 1 mA = 61.0 mA; 72 together 4392.0 mA" in said
    assert "can carry 2000 mA: take a bigger supply, or a lights.brightness of 13 or less" in said
    lights(kind="strip", brightness=13, leds_per_slot=3)
    lights(kind="strip", brightness=31, leds_per_slot=3, supply_ma=4400)


def test_a_lamp_that_needs_more_than_there_is_stays_dark() -> None:
    assert "does not shine on 3.3 V" in refused(kind="gpio", pins=PINS, lamp_volts=3.4)


@pytest.mark.parametrize("kind", ["gpio", "shift", "expander"])
@pytest.mark.parametrize("lamp_volts", [1.8, 2.0, 2.2, 3.0, 3.2])
def test_the_resistor_that_is_advised_always_fits(kind: Any, lamp_volts: float) -> None:
    pins = dict(zip(SLOTS, HEADER, strict=False))
    plan = LampPlan(kind, SLOTS, pins=pins, electrics=Electrics(lamp_volts=lamp_volts))
    assert faults(plan) == []
    assert all(load.fits for load in loads(plan))
    smaller = LampPlan(kind, SLOTS, pins=pins, electrics=Electrics(3.3, lamp_volts, resistor(plan) / 4))
    assert faults(smaller) or each_ma(smaller) > 5


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"pins": {"A01": 17, "A02": 17}}, "GPIO 17 is claimed by the lamp of A01 and by the lamp of A02"),
        ({"pins": {"A01": 28}}, "the lamp of A01 is on pin 28, and the header has GPIO 2 to 27"),
        ({"pins": {"Z99": 17}}, "lights.pins names slots that no shelf unit has: Z99"),
        ({"pins": {"A01": 17}, "button_pins": {"A02": 17}}, "by the lamp of A01 and by the button of A02"),
        ({"kind": "shift", "button_pins": {"A01": 10}}, "GPIO 10 is claimed by the lamps (MOSI) and by the button"),
        ({"kind": "expander", "button_pins": {"A01": 3}}, "GPIO 3 is claimed by the lamps (SCL) and by the button"),
        ({"kind": "shift", "order": ["A01", "", "A01"]}, "lights.order names a slot twice: A01"),
        ({"kind": "strip", "order": ["A01", "B07"]}, "lights.order names slots that no shelf unit has: B07"),
        ({"kind": "tape"}, "'none', 'simulated', 'gpio', 'shift', 'strip' or 'expander'"),
    ],
)
def test_a_map_that_cannot_be_wired_is_refused(chosen: dict[str, Any], said: str) -> None:
    assert said in refused(**{"kind": "gpio", **chosen})


def test_more_slots_than_a_bus_of_expanders_carries() -> None:
    plan = LampPlan("expander", tuple(f"A{number:03d}" for number in range(1, 130)))
    assert "129 slots at 16 a chip need 9 MCP23017" in faults(plan)[0]
    assert faults(LampPlan("expander", plan.slots[:128])) == []
    assert "57 slots at 7 a chip" in faults(LampPlan("expander", plan.slots[:57], buttons=True))[0]


def test_200_slots_fit_on_registers_and_on_a_strip() -> None:
    slots = tuple(f"A{number:03d}" for number in range(1, 201))
    assert faults(LampPlan("shift", slots)) == []
    assert faults(LampPlan("strip", slots, brightness=4)) == []
    assert "lights.brightness of 4 or less" in faults(LampPlan("strip", slots))[0]
    assert "1200, and a strip has 1000 at most" in faults(LampPlan("strip", slots, leds_per_slot=6, brightness=1))[0]


def test_every_slot_has_a_place_on_its_chip() -> None:
    shift = {row.slot: (row.chip, row.output) for row in joints(LampPlan("shift", SLOTS))}
    assert (shift["A01"], shift["A08"], shift["A09"], shift["A24"]) == ((1, "QA"), (1, "QH"), (2, "QA"), (3, "QH"))
    chips = {row.slot: row for row in joints(LampPlan("expander", SLOTS))}
    assert (chips["A09"].output, chips["A17"].output, chips["A17"].address) == ("GPB0", "GPA0", "0x21")
    both = {row.slot: (row.output, row.button) for row in joints(LampPlan("expander", SLOTS, buttons=True))}
    assert (both["A07"], both["A08"]) == (("GPA6", "GPB6"), ("GPA0", "GPB0"))
    strip = {row.slot: row.output for row in joints(LampPlan("strip", ("A01", "", "A03"), leds_per_slot=3))}
    assert strip == {"A01": "LED 1–3", "A03": "LED 7–9"}
    pins = {row.slot: (row.output, row.header) for row in joints(LampPlan("gpio", SLOTS, pins={"A05": 17}))}
    assert pins == {"A05": ("GPIO17", 11)}
