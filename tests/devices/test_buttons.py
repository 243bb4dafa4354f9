"""The contract of buttons: on mock pins, on expanders, and simulated. A finger counts once; a stuck one never."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from gpiozero.pins.mock import MockFactory

from tests.devices.chips import Bus
from tihuo.devices.expander_buttons import ExpanderButtons
from tihuo.devices.expander_rail import ExpanderRail, Expanders
from tihuo.devices.gpio_buttons import GpioButtons
from tihuo.devices.ports import Buttons, Glow
from tihuo.devices.presses import HELD_MS, MOST_PRESSES, SHORTEST_PAUSE_MS, WITHIN_MS
from tihuo.devices.shelf import Shelf
from tihuo.devices.simulated import SimulatedButtons
from tihuo.devices.troubles import ButtonsTrouble, ButtonsUnreachable

SLOTS = ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "C01", "F01"]


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


class Board:
    """Buttons, fingers for them, and what was heard."""

    def __init__(self, buttons: Buttons, move: Callable[[str, bool], None], clock: Clock) -> None:
        self.buttons, self.move, self.clock = buttons, move, clock
        self.heard: list[str] = []

    def press(self, slot: str, ms: int = 80) -> None:
        self.move(slot, True)
        self.clock.ms += ms
        self.move(slot, False)
        self.clock.ms += SHORTEST_PAUSE_MS

    def listen(self) -> None:
        self.buttons.start(self.heard.append)


def on_pins(clock: Clock) -> Board:
    factory = MockFactory()
    pins = {slot: 4 + number for number, slot in enumerate(SLOTS)}
    buttons = GpioButtons(pins, factory=factory, clock=clock)

    def move(slot: str, down: bool) -> None:
        pin = factory.pin(pins[slot])
        if down:
            pin.drive_low()
        else:
            pin.drive_high()

    return Board(buttons, move, clock)


class SteppedByHand(ExpanderButtons):
    """Nobody asks but the test."""

    def start(self, on_press: Callable[[str], None]) -> None:
        self._on_press = on_press
        self.step()


def on_expanders(clock: Clock) -> Board:
    bus = Bus(0x20, 0x21)
    buttons = SteppedByHand(SLOTS, Expanders(bus, len(SLOTS), buttons=True), clock=clock)

    def move(slot: str, down: bool) -> None:
        chip, bit = divmod(SLOTS.index(slot), 7)
        grounded = bus.chips[0x20 + chip].grounded
        (grounded.add if down else grounded.discard)(8 + bit)
        for _ in range(2):  # two readings that agree
            if buttons._level is not None:
                buttons.step()

    return Board(buttons, move, clock)


def simulated(clock: Clock) -> Board:
    buttons = SimulatedButtons(SLOTS, clock=clock)
    return Board(buttons, lambda slot, down: buttons.hold(slot) if down else buttons.let_go(slot), clock)


@pytest.fixture(params=[on_pins, on_expanders, simulated], ids=lambda make: str(make.__name__))
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    made = request.param(Clock())
    yield made
    made.buttons.stop()


def test_a_press_is_heard_once_with_its_slot(board: Board) -> None:
    board.listen()
    for slot in SLOTS:
        board.press(slot)
    assert board.heard == SLOTS
    assert board.buttons.stuck() == frozenset()


def test_contacts_that_bounce_are_one_press(board: Board) -> None:
    board.listen()
    for _ in range(3):
        board.move("A03", True)
        board.clock.ms += 2
        board.move("A03", False)
        board.clock.ms += 2
    board.clock.ms += SHORTEST_PAUSE_MS
    board.press("A03")
    assert board.heard == ["A03", "A03"]


def test_two_buttons_at_once_are_two_presses(board: Board) -> None:
    board.listen()
    board.move("A01", True)
    board.move("C01", True)
    board.move("A01", False)
    board.move("C01", False)
    assert board.heard == ["A01", "C01"]


def test_a_button_that_is_held_is_one_press_and_then_stuck_until_it_is_free(board: Board) -> None:
    board.listen()
    board.move("A07", True)
    board.clock.ms += HELD_MS - 1
    assert board.buttons.stuck() == frozenset()
    board.clock.ms += 1
    assert board.buttons.stuck() == {"A07"}
    board.move("A07", False)
    assert board.buttons.stuck() == frozenset()
    board.clock.ms += SHORTEST_PAUSE_MS
    board.press("A07")
    assert board.heard == ["A07", "A07"]


def test_a_button_that_was_down_when_the_box_began_was_not_pressed(board: Board) -> None:
    if isinstance(board.buttons, SimulatedButtons):
        pytest.skip("the simulated buttons have no wires to be down before anybody looks")
    board.move("A02", True)
    board.listen()
    board.move("A02", True)
    assert board.heard == []
    board.clock.ms += HELD_MS
    assert board.buttons.stuck() == {"A02"}


def test_a_button_that_chatters_is_ignored_until_it_is_quiet(board: Board) -> None:
    board.listen()
    for _ in range(MOST_PRESSES + 4):
        board.press("A05", ms=10)
    assert len(board.heard) == MOST_PRESSES
    assert board.buttons.stuck() == {"A05"}
    board.clock.ms += WITHIN_MS
    assert board.buttons.stuck() == frozenset()
    board.press("A05")
    assert len(board.heard) == MOST_PRESSES + 1


# --- expanders alone ------------------------------------------------------------------------------------------------


def test_one_reading_alone_is_no_level() -> None:
    bus, clock = Bus(0x20), Clock()
    buttons = SteppedByHand(SLOTS[:7], Expanders(bus, 7, buttons=True), clock=clock)
    heard: list[str] = []
    buttons.start(heard.append)
    bus.chips[0x20].grounded.add(8)
    buttons.step()
    bus.chips[0x20].grounded.clear()
    buttons.step()
    buttons.step()
    assert heard == []


def test_lamps_and_buttons_share_a_chip() -> None:
    bus = Bus(0x20)
    chips = Expanders(bus, 7, buttons=True)
    shelf, heard = Shelf(SLOTS[:7], ExpanderRail(chips)), []
    buttons = SteppedByHand(SLOTS[:7], chips, clock=Clock())
    buttons.start(heard.append)
    bus.chips[0x20].grounded.add(8 + 3)
    shelf.show({"A04": [Glow()]})
    buttons.step()
    shelf.show({"A05": [Glow()]})
    buttons.step()
    assert heard == ["A04"]
    assert [line for line in range(16) if bus.chips[0x20].lamp(line)] == [4]
    shelf.close()
    assert bus.closed


def test_a_chip_that_goes_away_is_told_and_presses_count_again_when_it_is_back() -> None:
    bus, heard = Bus(0x20, 0x21), []
    buttons = ExpanderButtons(SLOTS, Expanders(bus, len(SLOTS), buttons=True), clock=Clock())
    buttons._on_press = heard.append
    buttons.step()
    bus.unplugged.add(0x21)
    buttons.ask()
    with pytest.raises(ButtonsUnreachable) as raised:
        buttons.stuck()
    assert raised.value.address == "0x21"
    bus.unplugged.clear()
    bus.chips[0x21].lose_power()
    bus.chips[0x20].grounded.add(8)
    for _ in range(3):  # what is down when it is back was not pressed now
        buttons.ask()
    assert (heard, buttons.stuck()) == ([], frozenset())
    bus.chips[0x21].grounded.add(8 + SLOTS.index("F01") - 7)
    for _ in range(2):
        buttons.ask()
    assert heard == ["F01"]


def test_a_board_that_has_vanished_says_so() -> None:
    buttons = SimulatedButtons(SLOTS)
    buttons.start(lambda slot: None)
    buttons.vanish()
    buttons.press("A01")
    with pytest.raises(ButtonsTrouble):
        buttons.stuck()
    buttons.come_back()
    assert buttons.stuck() == frozenset()
    with pytest.raises(KeyError):
        buttons.press("Z99")


def test_a_pin_that_something_else_holds_is_told() -> None:
    factory = MockFactory()
    first = GpioButtons({"A01": 17}, factory=factory)
    with pytest.raises(ButtonsUnreachable, match="buttons_unreachable"):
        GpioButtons({"A02": 17}, factory=factory)
    first.stop()
