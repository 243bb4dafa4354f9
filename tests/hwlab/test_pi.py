"""The lights on an emulated Raspberry Pi 3B: our adapter, the real gpiozero and lgpio, the real kernel driver of the
pins; what the pins are is read from outside of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.hwlab.pi import Pi
from tests.hwlab.pi_inside import SLOTS

FINE = {"refused": [], "silent": [], "given_up": []}
WATCH_S = 60.0


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pi]:
    machine = Pi(tmp_path_factory.mktemp("pi"))
    yield machine
    machine.stop()


def on(*slots: str) -> dict[str, str]:
    return dict.fromkeys(slots, "on")


def test_the_adapter_takes_the_real_driver_on_a_pi_3b(pi: Pi) -> None:
    assert pi.board == "gpiozero.pins.lgpio LGPIOFactory 3B"


def test_a_new_shelf_is_dark(pi: Pi) -> None:
    assert pi.high() == set()


def test_each_pin_of_the_header_is_the_lamp_of_its_slot(pi: Pi) -> None:
    for slot, pin in SLOTS.items():
        assert pi.ask(do="show", glows=on(slot)) == FINE
        assert pi.high() == {pin}
    assert pi.ask(do="show", glows=on(*SLOTS)) == FINE
    assert pi.high() == set(SLOTS.values())
    pi.ask(do="show", glows={})
    assert pi.high() == set()


def test_the_rhythms_are_on_the_wires(pi: Pi) -> None:
    """Which of four lamps shines together with which, watched until every picture of a blink has been seen."""
    glows = {"A01": "on", "A02": "blink", "A03": "fast", "A04": "long"}
    pi.ask(do="show", glows=glows)
    seen: dict[str, set[bool]] = {slot: set() for slot in glows}
    deadline = time.monotonic() + WATCH_S
    while time.monotonic() < deadline and any(len(levels) < 2 for slot, levels in seen.items() if slot != "A01"):
        high = pi.high()
        assert high <= {SLOTS[slot] for slot in glows}
        for slot in glows:
            seen[slot].add(SLOTS[slot] in high)
    assert seen == {"A01": {True}, "A02": {True, False}, "A03": {True, False}, "A04": {True, False}}
    pi.ask(do="show", glows={})


def test_a_dead_lamp_is_left_alone_and_held_for_whoever_looks(pi: Pi) -> None:
    pi.ask(do="show", glows=on("A05", "A06"), dead=["A05"])
    assert pi.high() == {SLOTS["A06"]}
    assert pi.ask(do="hold", slots=["A05", "Z99"]) == FINE | {"refused": ["Z99"]}
    assert pi.high() == {SLOTS["A05"], SLOTS["A06"]}
    pi.ask(do="hold", slots=[])
    assert pi.high() == {SLOTS["A06"]}


def test_the_lamp_test_finds_every_line_in_order(pi: Pi) -> None:
    assert pi.ask(do="test") == FINE
    assert pi.high() == {SLOTS["A06"]}


def test_closing_lets_the_pins_go(pi: Pi) -> None:
    assert pi.ask(do="close") == "closed"
    assert pi.high() == set()
