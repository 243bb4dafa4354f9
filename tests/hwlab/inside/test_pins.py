"""Lamps and buttons on lines of the kernel, through the real gpiozero and lgpio."""

from __future__ import annotations

import queue
import time
from typing import Any

from tests.hwlab.inside.conftest import Pins
from tests.little_shop import LittleShop
from tihuo.devices.gpio_buttons import GpioButtons
from tihuo.devices.gpio_rail import GpioRail
from tihuo.devices.ports import Glow, Shown
from tihuo.devices.presses import HELD_MS
from tihuo.devices.shelf import Shelf
from tihuo.reactions.buttons import ButtonDesk
from tihuo.reactions.lights import LampKeeper
from tihuo.stages import preparing, sorting

LAMPS = {"A01": 17, "A02": 18, "A03": 27}
BUTTONS = {"A01": 5, "A02": 6, "A03": 12}


def test_the_kernel_sees_what_is_shown(pins: Pins, factory: Any) -> None:
    shelf = Shelf(list(LAMPS), GpioRail(LAMPS, factory=factory))
    assert pins.high() == set()
    assert shelf.show({"A01": [Glow()], "A03": [Glow()]}) == Shown()
    assert pins.high() == {17, 27}
    assert shelf.show({}) == Shown()
    assert pins.high() == set()
    shelf.close()


def test_lamps_switched_to_ground_shine_when_the_line_is_low(pins: Pins, factory: Any) -> None:
    shelf = Shelf(list(LAMPS), GpioRail(LAMPS, factory=factory, active_high=False))
    assert pins.high() == {17, 18, 27}
    assert shelf.show({"A02": [Glow()]}) == Shown()
    assert pins.high() == {17, 27}
    shelf.close()


def let_go(pins: Pins, buttons: GpioButtons, slot: str) -> None:
    """Until it was heard."""
    pins.pull(BUTTONS[slot], True)
    deadline = time.monotonic() + 120
    while buttons._presses._buttons[slot].down_since is not None:
        assert time.monotonic() < deadline, f"the button of {slot} was never let go"
        time.sleep(0.001)


def test_a_button_to_ground_is_heard_with_its_slot_and_a_held_one_is_stuck(pins: Pins, factory: Any) -> None:
    for pin in BUTTONS.values():
        pins.pull(pin, True)
    now = [1_000_000]
    buttons = GpioButtons(BUTTONS, factory=factory, clock=lambda: now[0])
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    buttons.start(heard.put)
    for slot in ("A02", "A01", "A02"):
        pins.pull(BUTTONS[slot], False)
        assert heard.get(timeout=120) == slot
        now[0] += 1000
        let_go(pins, buttons, slot)
        now[0] += 1000
    pins.pull(BUTTONS["A03"], False)
    assert heard.get(timeout=120) == "A03"
    now[0] += HELD_MS
    assert buttons.stuck() == {"A03"}
    assert heard.empty()
    let_go(pins, buttons, "A03")
    assert buttons.stuck() == frozenset()
    buttons.stop()


def test_from_a_scan_to_a_lamp_and_from_a_button_to_the_parcel(pins: Pins, factory: Any, shop: LittleShop) -> None:
    """An item is scanned, and the line of its lamp goes high; the button beside it is pressed, the goods are in the
    parcel, and the lamp is dark."""
    shop.sell("o1", "lin", RICE=1)
    shop.do(preparing.close_session, "s1")
    wave = shop.do(sorting.open_wave, "s1")
    shelf = Shelf(list(LAMPS), GpioRail(LAMPS, factory=factory))
    for pin in BUTTONS.values():
        pins.pull(pin, True)
    buttons = GpioButtons(BUTTONS, factory=factory)
    keeper = LampKeeper(shop.writer, shop.readers, shelf, lambda trouble: None)
    desk = ButtonDesk(shop.writer, buttons, lambda trouble: None)
    committed: queue.SimpleQueue[object] = queue.SimpleQueue()
    shop.writer.listen(lambda events: committed.put(events))
    buttons.start(desk.press)
    assert not shop.do(sorting.scan_item, "table", "RICE").refusal
    keeper.step()
    (slot,) = [slot for slot, pin in LAMPS.items() if pins.level(pin)]
    assert shop.open_units(wave)
    while not committed.empty():
        committed.get()
    pins.pull(BUTTONS[slot], False)
    committed.get(timeout=120)
    assert not shop.open_units(wave)
    keeper.step()
    assert pins.high() & set(LAMPS.values()) == set()
    let_go(pins, buttons, slot)
    buttons.stop()
    shelf.close()
