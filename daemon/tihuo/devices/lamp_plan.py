"""接线: which pin, bit or LED belongs to which slot, for the chosen kind of lamps. Plain sums, no driver is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LampKind = Literal["gpio", "shift", "strip", "expander"]
CHIP_LAMPS = {"shift": 8, "expander": 16}
A_CHIP_WITH_BUTTONS = 7
"""The last line of each port of an MCP23017 must not be an input."""
FIRST_ADDRESS = 0x20
HEADER = {
    2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8, 15: 10, 16: 36, 17: 11,
    18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37, 27: 13,
}  # fmt: skip
"""BCM number -> the pin of the 40-pin header, as one counts them."""
SPI_PINS = {11: "SCLK", 10: "MOSI", 9: "MISO", 8: "CE0", 7: "CE1"}
I2C_PINS = {2: "SDA", 3: "SCL"}


@dataclass(frozen=True)
class Electrics:
    """`lamp_volts` is what a lamp itself needs: red and amber 2.0, green 2.2, blue and white 3.0."""

    volts: float = 3.3
    lamp_volts: float = 2.0
    resistor_ohm: float | None = None
    supply_ma: float = 2000


@dataclass(frozen=True)
class LampPlan:
    """`slots` in the order of the lines, "" for a line without a lamp; for pins, `pins` alone counts."""

    kind: LampKind
    slots: tuple[str, ...]
    pins: Mapping[str, int] = field(default_factory=dict)
    button_pins: Mapping[str, int] = field(default_factory=dict)
    buttons: bool = False
    """Expanders: lamps on port A, buttons on port B."""
    feedback: bool = False
    leds_per_slot: int = 1
    brightness: int = 8
    electrics: Electrics = Electrics()

    @property
    def lit(self) -> int:
        """Lamps that shine together at most: all of them, in the lamp test."""
        return len(self.pins) if self.kind == "gpio" else sum(bool(slot) for slot in self.slots)

    @property
    def a_chip(self) -> int:
        """Lamps on one chip; 0 where there are no chips."""
        return A_CHIP_WITH_BUTTONS if self.buttons and self.kind == "expander" else CHIP_LAMPS.get(self.kind, 0)

    @property
    def chips(self) -> int:
        return -(-len(self.slots) // self.a_chip) if self.a_chip else 0

    @property
    def bus(self) -> dict[int, str]:
        """The pins of the Pi that all lamps share, by BCM number."""
        match self.kind:
            case "shift":
                return {pin: SPI_PINS[pin] for pin in (11, 10, *((9,) if self.feedback else ()), 8)}
            case "strip":
                return {pin: SPI_PINS[pin] for pin in (11, 10)}
            case "expander":
                return dict(I2C_PINS)
            case _:
                return {}


@dataclass(frozen=True)
class Joint:
    """Where one slot's lamp, and its button if it has one, are connected. `header`: pins of the 40-pin header, or 0."""

    slot: str
    chip: int
    address: str
    output: str
    header: int = 0
    button: str = ""
    button_header: int = 0


def joints(plan: LampPlan) -> list[Joint]:
    """Every slot that has a lamp or a button, in the order of the lines."""
    if plan.kind == "gpio":
        return [_on_pin(plan, slot) for slot in dict.fromkeys((*plan.pins, *plan.button_pins))]
    return [_joint(plan, line, slot) for line, slot in enumerate(plan.slots) if slot]


def _joint(plan: LampPlan, line: int, slot: str) -> Joint:
    pin = plan.button_pins.get(slot)
    button = f"GPIO{pin}" if pin is not None else ""
    button_header = HEADER.get(pin or 0, 0)
    if plan.kind == "strip":
        first = line * plan.leds_per_slot + 1
        leds = f"LED {first}" if plan.leds_per_slot == 1 else f"LED {first}–{first + plan.leds_per_slot - 1}"
        return Joint(slot, 0, "", leds, 0, button, button_header)
    chip, bit = divmod(line, plan.a_chip)
    if plan.kind == "shift":
        return Joint(slot, chip + 1, "", f"Q{'ABCDEFGH'[bit]}", 0, button, button_header)
    if plan.buttons:
        button, button_header = f"GPB{bit}", 0
    return Joint(slot, chip + 1, f"{FIRST_ADDRESS + chip:#x}", f"GP{'AB'[bit // 8]}{bit % 8}", 0, button, button_header)


def _on_pin(plan: LampPlan, slot: str) -> Joint:
    lamp, button = plan.pins.get(slot), plan.button_pins.get(slot)
    return Joint(
        slot,
        0,
        "",
        "" if lamp is None else f"GPIO{lamp}",
        HEADER.get(lamp or 0, 0),
        "" if button is None else f"GPIO{button}",
        HEADER.get(button or 0, 0),
    )
