"""The contract of shelf lights: on gpiozero's mock pins, which have levels like real ones, and on the simulated one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from tihuo.devices.gpio_rail import FREE_PINS, GpioRail, gpio_shelf
from tihuo.devices.ports import BLINK_MS, Lamp, ShelfLights
from tihuo.devices.shelf import Shelf
from tihuo.devices.simulated import SimulatedLights
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


def simulated(clock: Clock) -> Wall:
    lights = SimulatedLights(SLOTS, clock=clock)
    return Wall(lights, lights.shining, clock)


@pytest.fixture(params=[on_pins, switched_to_ground, simulated], ids=lambda make: str(make.__name__))
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    made = request.param(Clock())
    yield made
    made.lights.close()


def lamps(*slots: str, blink: str = "on") -> dict[str, Lamp]:
    return {slot: Lamp(slot, blink=blink) for slot in slots}  # type: ignore[arg-type]


def test_a_new_shelf_is_dark(wall: Wall) -> None:
    assert wall.shining() == set()


def test_what_is_shown_shines_and_nothing_else(wall: Wall) -> None:
    lights: ShelfLights = wall.lights
    lights.show(lamps("A01", "C03"))
    assert wall.shining() == {"A01", "C03"}
    lights.show(lamps("C03", "F02") | lamps("A14", blink="off"))
    assert wall.shining() == {"C03", "F02"}
    lights.show({})
    assert wall.shining() == set()


def test_showing_the_same_again_changes_nothing(wall: Wall) -> None:
    for _ in range(3):
        wall.lights.show(lamps("A02"))
        assert wall.shining() == {"A02"}


def test_a_blinking_lamp_follows_the_clock_that_the_screens_follow(wall: Wall) -> None:
    wall.lights.show(lamps("A01") | lamps("A02", "A03", blink="blink"))
    seen = []
    for half in range(4):
        wall.clock.ms = 1_795_000_000_000 + half * BLINK_MS
        wall.lights.step()
        seen.append(wall.shining())
    assert seen == [{"A01", "A02", "A03"}, {"A01"}] * 2


def test_a_slot_without_a_lamp_is_named_after_the_others_are_drawn(wall: Wall) -> None:
    with pytest.raises(LampOutOfRange) as raised:
        wall.lights.show(lamps("A01", "Z99", "B07"))
    assert raised.value.slots == ["B07", "Z99"]
    assert wall.shining() == {"A01"}


def test_the_lamp_test_ends_with_the_picture_it_found(wall: Wall) -> None:
    wall.lights.show(lamps("A05"))
    wall.lights.test(step_s=0)
    assert wall.shining() == {"A05"}


def test_a_closed_shelf_is_dark_and_stays_so() -> None:
    lights = SimulatedLights(SLOTS)
    lights.show(lamps("A01"))
    lights.close()
    lights.show(lamps("A02"))
    assert lights.shining() == set()


def test_a_shelf_that_has_vanished_can_be_closed() -> None:
    lights = SimulatedLights(SLOTS)
    lights.show(lamps("A01"))
    lights.vanish()
    lights.close()
    assert lights.shining() == set()


def test_the_lamp_test_lights_one_after_another_and_then_all() -> None:
    lights = SimulatedLights(SLOTS)
    lights.test(step_s=0)
    one_by_one = [tuple(slot == lit for slot in SLOTS) for lit in SLOTS]
    assert lights.history() == [*one_by_one, (True,) * len(SLOTS), (False,) * len(SLOTS)]
    lights.close()


def test_what_is_shown_during_a_lamp_test_is_drawn_after_it() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01", "A02"], rail)
    rail.on_write = lambda levels: shelf.show(lamps("A02")) if levels == (True, False) else None
    shelf.test(step_s=0)
    assert rail.drawn == [(True, False), (False, True), (True, True), (False, True)]
    shelf.close()


class WatchedRail:
    def __init__(self) -> None:
        self.drawn: list[tuple[bool, ...]] = []
        self.changed = threading.Condition()
        self.on_write: Callable[[tuple[bool, ...]], None] = lambda levels: None
        self.broken = False

    def write(self, levels: Sequence[bool]) -> None:
        if self.broken:
            raise LightsUnreachable(driver="test", reason="broken")
        with self.changed:
            self.drawn.append(tuple(levels))
            self.changed.notify_all()
        self.on_write(tuple(levels))

    def close(self) -> None: ...


def test_lamps_blink_by_themselves() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01"], rail)
    shelf.show(lamps("A01", blink="blink"))
    with rail.changed:
        assert rail.changed.wait_for(lambda: {(True,), (False,)} <= set(rail.drawn), timeout=10)
    shelf.show(lamps("A01"))
    assert rail.drawn[-1] == (True,)
    shelf.close()


def test_a_picture_that_could_not_be_drawn_comes_with_the_next_beat() -> None:
    rail = WatchedRail()
    shelf = Shelf(["A01"], rail)
    rail.broken = True
    with pytest.raises(LightsTrouble):
        shelf.show(lamps("A01"))
    rail.broken = False
    shelf.step()
    assert rail.drawn == [(True,)]
    shelf.close()


def test_the_demo_sees_what_a_customer_would_see() -> None:
    lights = SimulatedLights(SLOTS)
    picture = {"A01": Lamp("A01", "amber"), "C01": Lamp("C01", "blue", "blink"), "F01": Lamp("F01", blink="off")}
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
