"""The contract of shelf lights: the same tests over pins, shift registers, a strip, expanders and the simulated shelf.

Pins and SPI are gpiozero's mock ones, which have levels like real ones; behind them are chips made from data sheets.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from tests.devices.chips import Apa102Strip, Bus, Hc595Chain, spi_pins
from tihuo.devices.expander_rail import ExpanderRail, Expanders
from tihuo.devices.gpio_rail import FREE_PINS, GpioRail, gpio_shelf
from tihuo.devices.ports import Blink, Glow, ShelfLights, Shown
from tihuo.devices.rhythm import RHYTHMS, TURN_MS
from tihuo.devices.shelf import BUDGET, FAULT, Shelf
from tihuo.devices.shift_rail import ShiftRail
from tihuo.devices.simulated import SimulatedLights
from tihuo.devices.spi_wire import SpiWire
from tihuo.devices.strip_rail import StripRail
from tihuo.devices.troubles import (
    LampOutOfRange,
    LampPinTaken,
    LightsMissingDriver,
    LightsTrouble,
    LightsUnreachable,
)

SLOTS = [f"A{number:02d}" for number in range(1, 15)] + [f"C{number:02d}" for number in range(1, 7)] + ["F01", "F02"]
PINS = dict(zip(SLOTS, FREE_PINS, strict=False))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> float:
        return self.ms / 1000


class Wall:
    """A shelf, and eyes to see which of its lamps have current."""

    def __init__(self, lights: Shelf | SimulatedLights, shining: Callable[[], set[str]], clock: Clock) -> None:
        self.lights, self.shining, self.clock = lights, shining, clock


def on_pins(clock: Clock) -> Wall:
    factory = MockFactory()
    shelf = Shelf(SLOTS, GpioRail(PINS, factory=factory), clock=clock)
    return Wall(shelf, lambda: {slot for slot, pin in PINS.items() if factory.pin(pin).state}, clock)


def switched_to_ground(clock: Clock) -> Wall:
    factory = MockFactory()
    shelf = Shelf(SLOTS, GpioRail(PINS, factory=factory, active_high=False), clock=clock)
    return Wall(shelf, lambda: {slot for slot, pin in PINS.items() if not factory.pin(pin).state}, clock)


def _shift(clock: Clock, **options: bool) -> Wall:
    factory = spi_pins()
    chain = Hc595Chain(factory, 3)
    shelf = Shelf(SLOTS, ShiftRail(len(SLOTS), SpiWire(factory=factory), **options), clock=clock)
    high = options.get("active_high", True)
    return Wall(
        shelf, lambda: {slot for slot, level in zip(SLOTS, chain.outputs, strict=False) if level is high}, clock
    )


def shift_registers(clock: Clock) -> Wall:
    return _shift(clock)


def shift_registers_read_back(clock: Clock) -> Wall:
    return _shift(clock, feedback=True)


def shift_registers_to_supply(clock: Clock) -> Wall:
    wall = _shift(clock, active_high=False)
    wall.lights.step()  # a register comes up as it likes; the first picture makes it dark
    return wall


def strip(clock: Clock) -> Wall:
    factory = spi_pins()
    leds = Apa102Strip(factory, 2 * len(SLOTS))
    shelf = Shelf(SLOTS, StripRail(SpiWire(factory=factory), leds_per_slot=2), clock=clock)

    def shining() -> set[str]:
        assert leds.faults == []
        pairs = list(zip(leds.leds[::2], leds.leds[1::2], strict=True))
        assert all(left == right for left, right in pairs)
        return {slot for slot, (led, _) in zip(SLOTS, pairs, strict=True) if led.shines}

    return Wall(shelf, shining, clock)


def _expanders(clock: Clock, buttons: bool, *addresses: int) -> Wall:
    bus = Bus(*addresses)
    chips = Expanders(bus, len(SLOTS), buttons=buttons)
    shelf = Shelf(SLOTS, ExpanderRail(chips), clock=clock)

    def shining() -> set[str]:
        lines = [(bus.chips[address], line) for address in addresses for line in range(7 if buttons else 16)]
        return {slot for slot, (chip, line) in zip(SLOTS, lines, strict=False) if chip.lamp(line)}

    return Wall(shelf, shining, clock)


def expanders(clock: Clock) -> Wall:
    return _expanders(clock, False, 0x20, 0x21)


def expanders_with_buttons(clock: Clock) -> Wall:
    return _expanders(clock, True, 0x20, 0x21, 0x22, 0x23)


def simulated(clock: Clock) -> Wall:
    lights = SimulatedLights(SLOTS, clock=clock)
    return Wall(lights, lights.shining, clock)


KINDS = [
    on_pins,
    switched_to_ground,
    shift_registers,
    shift_registers_read_back,
    shift_registers_to_supply,
    strip,
    expanders,
    expanders_with_buttons,
    simulated,
]


@pytest.fixture(params=KINDS, ids=lambda make: str(make.__name__))
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    made = request.param(Clock())
    yield made
    made.lights.close()


def lamps(*slots: str, rhythm: Blink = "on") -> dict[str, list[Glow]]:
    return {slot: [Glow(rhythm=rhythm)] for slot in slots}


def test_a_new_shelf_is_dark(wall: Wall) -> None:
    assert wall.shining() == set()


def test_what_is_shown_shines_and_nothing_else(wall: Wall) -> None:
    lights: ShelfLights = wall.lights
    assert lights.show(lamps("A01", "C03")) == Shown()
    assert wall.shining() == {"A01", "C03"}
    lights.show(lamps("C03", "F02") | lamps("A14", rhythm="off"))
    assert wall.shining() == {"C03", "F02"}
    lights.show({})
    assert wall.shining() == set()


def test_each_lamp_is_its_own(wall: Wall) -> None:
    for slot in SLOTS:
        wall.lights.show(lamps(slot))
        assert wall.shining() == {slot}


def test_showing_the_same_again_changes_nothing(wall: Wall) -> None:
    for _ in range(3):
        wall.lights.show(lamps("A02"))
        assert wall.shining() == {"A02"}


def test_a_blinking_lamp_follows_the_clock_that_the_screens_follow(wall: Wall) -> None:
    wall.lights.show(lamps("A01") | lamps("A02", "A03", rhythm="blink"))
    seen = []
    for half in range(4):
        wall.clock.ms = 1_795_000_000_000 + half * 500
        wall.lights.step()
        seen.append(wall.shining())
    assert seen == [{"A01", "A02", "A03"}, {"A01"}] * 2


def test_a_slot_without_a_lamp_is_refused_and_the_others_are_drawn(wall: Wall) -> None:
    assert wall.lights.show(lamps("A01", "Z99", "B07")) == Shown(refused=frozenset({"B07", "Z99"}))
    assert wall.shining() == {"A01"}


def test_a_dead_lamp_is_left_alone_until_it_is_held_for_somebody_who_looks(wall: Wall) -> None:
    wall.lights.show(lamps("A05", "A06"), dead={"A05"})
    assert wall.shining() == {"A06"}
    assert wall.lights.hold(["A05", "B07"], 60) == Shown(refused=frozenset({"B07"}))
    assert wall.shining() == {"A05", "A06"}
    wall.clock.ms += 60_000
    wall.lights.step()
    assert wall.shining() == {"A06"}


def test_all_lamps_are_held_and_let_go(wall: Wall) -> None:
    wall.lights.show(lamps("A05"))
    wall.lights.hold(SLOTS, 60)
    assert wall.shining() == set(SLOTS)
    wall.lights.show(lamps("A06"))
    assert wall.shining() == set(SLOTS)
    wall.lights.hold((), 0)
    assert wall.shining() == {"A06"}


def test_the_lamp_test_ends_with_the_picture_it_found(wall: Wall) -> None:
    wall.lights.show(lamps("A05"))
    assert wall.lights.test(step_s=0) == Shown()
    assert wall.shining() == {"A05"}


@pytest.mark.parametrize("make", KINDS, ids=lambda make: str(make.__name__))
def test_a_closed_shelf_is_dark_and_stays_so(make: Callable[[Clock], Wall]) -> None:
    wall = make(Clock())
    wall.lights.show(lamps("A01"))
    if make not in (on_pins, switched_to_ground):  # a pin that is let go is an input again, with no level of ours
        wall.lights.close()
        wall.lights.show(lamps("A02"))
        assert wall.shining() == set()


# --- rhythm and colour ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rhythm", "seconds"),
    [
        ("on", "########" * 2),
        ("off", "........" * 2),
        ("blink", "####...." * 2),
        ("double", "#.#....." * 2),
        ("fast", "#.#.#.#." * 2),
        ("long", "############...."),
    ],
)
def test_rhythms_tell_people_apart_on_lamps_of_one_colour(rhythm: Blink, seconds: str) -> None:
    """Two seconds in eighths, beginning at a whole second since the epoch."""
    clock = Clock()
    lights = SimulatedLights(["A01"], clock=clock)
    lights.show(lamps("A01", rhythm=rhythm))
    seen = ""
    for eighth in range(16):
        clock.ms = 1_795_000_000_000 + eighth * 125
        lights.step()
        seen += "#" if lights.shining() else "."
    assert seen == seconds
    lights.close()


def test_every_rhythm_fits_into_a_turn() -> None:
    assert [rhythm for rhythm, (period, _) in RHYTHMS.items() if TURN_MS % period] == []


def test_two_people_on_one_slot_are_shown_in_turn() -> None:
    clock = Clock()
    lights = SimulatedLights(["A01"], clock=clock)
    lights.show({"A01": [Glow("green", "on"), Glow("blue", "double")]})
    seen = []
    for half in range(8):
        clock.ms = 1_795_000_000_000 + half * 500
        lights.step()
        seen.append(lights.colors().get("A01", ""))
    assert seen == ["green"] * 4 + ["blue", "", "blue", ""]
    lights.close()


def test_a_strip_shows_colours_at_the_brightness_of_the_settings() -> None:
    factory = spi_pins()
    leds = Apa102Strip(factory, 3)
    shelf = Shelf(["A01", "A02", "A03"], StripRail(SpiWire(factory=factory), brightness=5))
    shelf.show({"A01": [Glow("blue")], "A02": [Glow("green")], "A03": [Glow("no such colour")]})
    assert [(led.brightness, led.red, led.green, led.blue) for led in leds.leds] == [
        (5, 0, 0, 255),
        (5, 0, 255, 0),
        (5, 255, 255, 255),
    ]
    shelf.close()


def test_a_strip_longer_than_said_stays_dark_behind_its_end() -> None:
    factory = spi_pins()
    leds = Apa102Strip(factory, 200)
    shelf = Shelf(["A01"] * 1, StripRail(SpiWire(factory=factory)))
    shelf.hold(["A01"], 60)
    assert leds.faults == ["the last LEDs never see their data, or an SK9822 never shows it"]
    assert not any(led.shines for led in leds.leds[1:])
    shelf.close()


@pytest.mark.parametrize("slots", [1, 8, 9, 24, 200])
def test_a_chain_of_any_length_shows_all_bits_at_once(slots: int) -> None:
    names = [f"A{number:03d}" for number in range(slots)]
    factory = spi_pins()
    chain = Hc595Chain(factory, -(-slots // 8))
    shelf = Shelf(names, ShiftRail(slots, SpiWire(factory=factory)))
    shelf.show(lamps(names[0], names[-1]))
    lit = [line for line, level in enumerate(chain.outputs) if level]
    assert lit == sorted({0, slots - 1})
    assert chain.transfers == 1
    shelf.close()


# --- the closed loop ------------------------------------------------------------------------------------------------


def shorted(factory: MockFactory, pin: int) -> None:
    """Something holds this pin low, whatever it is told."""
    wire = factory.pin(pin)
    wire._set_state = lambda value: None
    wire._state = False


def test_a_pin_that_does_not_follow_is_silent() -> None:
    factory = MockFactory()
    rail = GpioRail(PINS, factory=factory)
    shorted(factory, PINS["C03"])
    shelf = Shelf(SLOTS, rail)
    assert shelf.reads_back
    assert shelf.show(lamps("A01", "C03")) == Shown(silent=frozenset({"C03"}))
    assert shelf.show(lamps("A01")) == Shown()
    shelf.close()


def test_a_chip_that_is_unplugged_makes_its_own_lamps_silent_and_is_redrawn_when_it_is_back() -> None:
    bus = Bus(0x20, 0x21)
    shelf = Shelf(SLOTS, ExpanderRail(Expanders(bus, len(SLOTS))))
    bus.unplugged.add(0x21)
    assert shelf.show(lamps("A01", "F02")) == Shown(silent=frozenset(SLOTS[16:]))
    assert bus.chips[0x20].lamp(0)
    bus.unplugged.clear()
    bus.chips[0x21].lose_power()
    assert shelf.show(lamps("A01", "F02")) == Shown()
    assert [line for line in range(16) if bus.chips[0x21].lamp(line)] == [5]
    bus.unplugged |= {0x20, 0x21}
    with pytest.raises(LightsTrouble, match="lights_silent"):
        shelf.show({})
    shelf.close()


def test_a_latch_that_does_not_take_a_bit_is_silent_on_that_bit() -> None:
    bus = Bus(0x20, 0x21)
    bus.chips[0x20].deaf_latch.add(3)
    shelf = Shelf(SLOTS, ExpanderRail(Expanders(bus, len(SLOTS))))
    assert shelf.show(lamps("A03", "A04")) == Shown(silent=frozenset({"A04"}))
    shelf.close()


@pytest.mark.parametrize("floats", [False, True], ids=["low", "high"])
@pytest.mark.parametrize("cut_before", [0, 1, 2])
@pytest.mark.parametrize("picture", [(), ("A01",), tuple(SLOTS)], ids=["dark", "one", "all"])
def test_a_chain_that_is_cut_anywhere_is_silent_even_when_all_is_dark(
    floats: bool, cut_before: int, picture: tuple[str, ...]
) -> None:
    factory = spi_pins()
    chain = Hc595Chain(factory, 3)
    shelf = Shelf(SLOTS, ShiftRail(len(SLOTS), SpiWire(factory=factory), feedback=True))
    chain.cut_before, chain.floats = cut_before, floats
    with pytest.raises(LightsTrouble, match="lights_silent"):
        shelf.show(lamps(*picture))
    chain.cut_before = None
    assert shelf.show(lamps(*picture)) == Shown()
    shelf.close()


def test_without_a_wire_back_only_the_transfer_is_known() -> None:
    factory = spi_pins()
    chain = Hc595Chain(factory, 3)
    shelf = Shelf(SLOTS, ShiftRail(len(SLOTS), SpiWire(factory=factory)))
    chain.cut_before = 0
    assert not shelf.reads_back
    assert shelf.show(lamps("A01")) == Shown()
    shelf.close()


def test_a_line_that_fails_again_and_again_is_given_up_until_somebody_tests_it() -> None:
    lights = SimulatedLights(SLOTS)
    lights.cut_line("A07")
    drawings = BUDGET // FAULT
    shown = [lights.show(lamps("A07", "A08")) for _ in range(drawings)]
    assert shown[-2] == Shown(silent=frozenset({"A07"}))
    assert shown[-1].given_up == {"A07"}
    lights.mend_lamp("A07")
    assert lights.show(lamps("A07", "A08")) == Shown(given_up=frozenset({"A07"}))
    assert lights.shining() == {"A08"}
    assert lights.hold(["A07"], 60) == Shown()
    assert lights.shining() == {"A07", "A08"}
    lights.hold((), 0)
    assert lights.shining() == {"A07", "A08"}
    lights.close()


def test_a_lamp_that_is_no_longer_dead_has_a_new_budget() -> None:
    lights = SimulatedLights(SLOTS)
    lights.cut_line("A07")
    for _ in range(BUDGET // FAULT):
        lights.show(lamps("A07"))
    lights.show(lamps("A07"), dead={"A07"})
    lights.mend_lamp("A07")
    assert lights.show(lamps("A07")) == Shown()
    assert lights.shining() == {"A07"}
    lights.close()


def test_a_rare_mishap_never_adds_up() -> None:
    lights = SimulatedLights(SLOTS)
    for _ in range(100):
        lights.cut_line("A07")
        assert lights.show(lamps("A07")).given_up == frozenset()
        lights.mend_lamp("A07")
        for _ in range(FAULT):
            assert lights.show(lamps("A07")) == Shown()
    lights.close()


def test_a_chip_whose_lamps_are_all_given_up_is_asked_nothing() -> None:
    """A bus that hangs takes its time; the other chips do not wait for it again and again."""
    bus = Bus(0x20)
    shelf = Shelf(SLOTS, ExpanderRail(Expanders(bus, len(SLOTS))))
    for _ in range(BUDGET // FAULT):
        shelf.show({})
    bus.asked.clear()
    assert shelf.show(lamps("A01")).given_up == frozenset(SLOTS[16:])
    assert set(bus.asked) == {0x20}
    shelf.close()


# --- threads and vanishing ------------------------------------------------------------------------------------------


def test_a_shelf_that_has_vanished_can_be_closed() -> None:
    lights = SimulatedLights(SLOTS)
    lights.show(lamps("A01"))
    lights.vanish()
    lights.close()
    assert lights.shining() == set()


def test_the_lamp_test_lights_one_after_another_and_then_all() -> None:
    lights = SimulatedLights(SLOTS)
    lights.test(step_s=0)
    one_by_one = [tuple("white" if slot == lit else "" for slot in SLOTS) for lit in SLOTS]
    assert lights.history() == [*one_by_one, ("white",) * len(SLOTS), ("",) * len(SLOTS)]
    lights.close()


def test_the_lamp_test_finds_the_lines_that_do_not_follow() -> None:
    lights = SimulatedLights(SLOTS)
    lights.cut_line("C02")
    lights.break_lamp("C03")
    assert lights.test(step_s=0) == Shown(silent=frozenset({"C02"}))
    lights.close()


def test_what_is_shown_during_a_lamp_test_is_drawn_after_it() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01", "A02"], rail)
    rail.on_write = lambda colors: shelf.show(lamps("A02")) and None if colors == ("white", "") else None
    shelf.test(step_s=0)
    assert rail.drawn == [("white", ""), ("", "white"), ("white", "white"), ("", "white")]
    shelf.close()


class WatchedRail:
    reads_back = False

    def __init__(self) -> None:
        self.drawn: list[tuple[str | None, ...]] = []
        self.changed = threading.Condition()
        self.on_write: Callable[[tuple[str | None, ...]], None] = lambda colors: None
        self.broken = False

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        if self.broken:
            raise LightsUnreachable(driver="test", reason="broken")
        with self.changed:
            self.drawn.append(tuple(colors))
            self.changed.notify_all()
        self.on_write(tuple(colors))
        return ()

    def close(self) -> None: ...


def test_lamps_blink_by_themselves() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01"], rail)
    shelf.show(lamps("A01", rhythm="fast"))
    with rail.changed:
        assert rail.changed.wait_for(lambda: {("white",), ("",)} <= set(rail.drawn), timeout=10)
    shelf.show(lamps("A01"))
    assert rail.drawn[-1] == ("white",)
    shelf.close()


def test_what_was_held_goes_out_by_itself() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01"], rail)
    shelf.hold(["A01"], 0.05)
    with rail.changed:
        assert rail.changed.wait_for(lambda: rail.drawn[-1] == ("",), timeout=10)
    shelf.close()


def test_a_picture_that_could_not_be_drawn_comes_with_the_next_beat() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01"], rail)
    rail.broken = True
    with pytest.raises(LightsTrouble):
        shelf.show(lamps("A01"))
    rail.broken = False
    shelf.step()
    assert rail.drawn == [("white",)]
    shelf.close()


def test_the_demo_sees_what_a_customer_would_see() -> None:
    lights = SimulatedLights(SLOTS)
    picture = {"A01": [Glow("amber")], "C01": [Glow("blue", "blink")], "F01": []}
    lights.show(picture)
    assert lights.lit() == {"A01": picture["A01"], "C01": picture["C01"]}
    lights.break_lamp("A01")
    assert set(lights.lit()) == {"C01"}
    lights.vanish()
    assert lights.lit() == {}
    with pytest.raises(LightsUnreachable):
        lights.show(picture)
    lights.come_back()
    lights.mend_lamp("A01")
    lights.show(picture)
    assert set(lights.lit()) == {"A01", "C01"}
    lights.close()


def test_two_slots_cannot_claim_one_pin() -> None:
    with pytest.raises(LampPinTaken) as raised:
        gpio_shelf({"A01": 17, "A02": 18, "C01": 17}, driver="mock")
    assert raised.value.facts == {"pin": 17, "slots": ["A01", "C01"]}


@pytest.mark.parametrize("pin", [-1, 0, 1, 28, 40])
def test_a_pin_that_the_header_does_not_have_is_refused(pin: int) -> None:
    with pytest.raises(LampOutOfRange) as raised:
        gpio_shelf({"A01": pin}, driver="mock")
    assert raised.value.facts == {"slots": ["A01"], "pin": pin}


def test_a_pin_that_something_else_holds_is_told() -> None:
    factory = MockFactory()
    first = GpioRail({"A01": 17}, factory=factory)
    with pytest.raises(LightsUnreachable, match="lights_unreachable") as raised:
        GpioRail({"A02": 17}, factory=factory)
    assert "in use" in str(raised.value.reason)
    first.close()


def test_an_unknown_driver_is_loud() -> None:
    with pytest.raises(LightsMissingDriver) as raised:
        gpio_shelf({"A01": 17}, driver="whatever works")
    assert raised.value.driver == "whatever works"


@pytest.mark.parametrize("driver", ["lgpio", "pigpio", "rpigpio"])
def test_a_driver_that_is_not_there_is_loud_and_no_other_is_tried(driver: str) -> None:
    """Without pins each of them is missing or finds none; gpiozero itself would go from one to the next."""
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has pins, and a driver might work")
    with pytest.raises((LightsMissingDriver, LightsUnreachable)) as raised:
        gpio_shelf({"A01": 17}, driver=driver)
    assert raised.value.driver == driver
