"""电流核算: whether the pins, chips and supply can carry what all lamps take together. In words, before anything burns.

Limits are absolute maximum ratings of the makers' data sheets:
pins of a Raspberry Pi: 16 mA each, 50 mA all together (Raspberry Pi, "GPIO pads control" and hardware documentation);
74HC595: 35 mA an output, 70 mA through the supply pins of a chip (Texas Instruments SN74HC595, SCLS041);
MCP23017: 25 mA a line, 125 mA into the supply pin of a chip (Microchip DS20001952);
APA102: 20 mA for each of three colours, 1 mA when dark (Shiji Lighting APA102).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tihuo.devices.lamp_plan import HEADER, SPI_PINS, LampPlan

PIN_MA = {"gpio": 16.0, "shift": 35.0, "expander": 25.0}
TOGETHER_MA = {"gpio": 50.0, "shift": 70.0, "expander": 125.0}
LED_MA, LED_DARK_MA = 60.0, 1.0
BRIGHTEST = 31
BRIGHT_ENOUGH_MA = 5.0
"""A lamp on a shelf needs no more, indoors."""
MOST_CHIPS = 8
MOST_LEDS = 1000
"""A frame for more does not fit in the 4096 bytes that the Pi's SPI driver takes at once."""
_SERIES = (1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)


@dataclass(frozen=True)
class Load:
    """What `lamps` lamps of `each_ma` draw through one thing: a `line`, the `board`, a `chip`, the `supply`."""

    through: Literal["line", "board", "chip", "supply"]
    lamps: int
    each_ma: float
    limit_ma: float

    @property
    def total_ma(self) -> float:
        return self.lamps * self.each_ma

    @property
    def fits(self) -> bool:
        return self.total_ma <= self.limit_ma + 1e-9


_NAMES = {
    ("line", "gpio"): "one pin of the Pi",
    ("line", "shift"): "one output of a 74HC595",
    ("line", "expander"): "one line of an MCP23017",
    ("board", "gpio"): "all pins of the Pi together",
    ("chip", "shift"): "one 74HC595",
    ("chip", "expander"): "one MCP23017",
}


def resistor(plan: LampPlan) -> float:
    """Ohms before each lamp: those of the settings, or the smallest usual value that keeps every limit."""
    if plan.electrics.resistor_ohm is not None:
        return plan.electrics.resistor_ohm
    each = min(BRIGHT_ENOUGH_MA, PIN_MA[plan.kind], TOGETHER_MA[plan.kind] / max(1, _sharing(plan)))
    needed = max(1.0, (plan.electrics.volts - plan.electrics.lamp_volts) / each * 1000)
    decade = 10 ** math.floor(math.log10(needed))
    return next((step * decade for step in _SERIES if step * decade >= needed - 1e-6), 10.0 * decade)


def each_ma(plan: LampPlan) -> float:
    """What one lamp draws when it shines; of a strip, one LED in full white at the brightness of the settings."""
    if plan.kind == "strip":
        return LED_MA * plan.brightness / BRIGHTEST + LED_DARK_MA
    return max(0.0, (plan.electrics.volts - plan.electrics.lamp_volts) / resistor(plan) * 1000)


def loads(plan: LampPlan) -> list[Load]:
    """Every sum that has to fit, with all lamps lit as in the lamp test."""
    each = each_ma(plan)
    if plan.kind == "strip":
        return [Load("supply", plan.lit * plan.leds_per_slot, each, plan.electrics.supply_ma)]
    together: Literal["board", "chip"] = "board" if plan.kind == "gpio" else "chip"
    found = [
        Load("line", 1, each, PIN_MA[plan.kind]),
        Load(together, _sharing(plan), each, TOGETHER_MA[plan.kind]),
    ]
    if plan.kind != "gpio":
        found.append(Load("supply", plan.lit, each, plan.electrics.supply_ma))
    return found


def faults(plan: LampPlan) -> list[str]:
    """Why these lamps cannot be built so, each with its sum and what to change; empty when they can."""
    return [*_too_many(plan), *_pins_claimed_twice(plan), *_too_much(plan)]


def _sharing(plan: LampPlan) -> int:
    """Lamps whose current goes through the same chip, or through the Pi's own."""
    return plan.lit if plan.kind == "gpio" else min(plan.lit, plan.a_chip)


def _too_many(plan: LampPlan) -> list[str]:
    if plan.kind == "expander" and plan.chips > MOST_CHIPS:
        return [
            f"{len(plan.slots)} slots at {plan.a_chip} a chip need {plan.chips} MCP23017, and one bus has addresses "
            f"for {MOST_CHIPS}: name fewer slots in lights.order, or take shift registers"
        ]
    leds = len(plan.slots) * plan.leds_per_slot
    if plan.kind == "strip" and leds > MOST_LEDS:
        return [f"{len(plan.slots)} slots × {plan.leds_per_slot} LEDs = {leds}, and a strip has {MOST_LEDS} at most"]
    return []


def _pins_claimed_twice(plan: LampPlan) -> list[str]:
    owners: dict[int, str] = {}
    if plan.kind in ("shift", "strip"):  # SPI takes its pins whole, also those that are not connected
        owners |= {pin: f"SPI ({name})" for pin, name in SPI_PINS.items()}
    owners |= {pin: f"the lamps ({name})" for pin, name in plan.bus.items()}
    found = []
    named = [(pin, f"the lamp of {slot}") for slot, pin in plan.pins.items() if plan.kind == "gpio"]
    named += [(pin, f"the button of {slot}") for slot, pin in plan.button_pins.items()]
    for pin, who in named:
        if pin not in HEADER:
            found.append(f"{who} is on pin {pin}, and the header has GPIO 2 to 27")
        elif pin in owners:
            found.append(f"GPIO {pin} is claimed by {owners[pin]} and by {who}")
        owners.setdefault(pin, who)
    return found


def _too_much(plan: LampPlan) -> list[str]:
    electrics = plan.electrics
    if plan.kind != "strip" and electrics.volts <= electrics.lamp_volts:
        return [
            f"a lamp that needs {electrics.lamp_volts:g} V does not shine on {electrics.volts:g} V: "
            "take another colour, or a higher lights.volts"
        ]
    found = []
    for load in loads(plan):
        if load.fits:
            continue
        if load.through == "supply":
            name, cure = "the supply (lights.supply_ma)", "a bigger supply"
        else:
            least = (electrics.volts - electrics.lamp_volts) * load.lamps / load.limit_ma * 1000
            name, cure = _NAMES[load.through, plan.kind], f"resistors of {math.ceil(least)} Ω or more"
        if plan.kind == "strip" and (dimmer := _brightness_for(load)):
            cure += f", or a lights.brightness of {dimmer} or less"
        together = f"; {load.lamps} together {load.total_ma:.1f} mA" if load.lamps > 1 else ""
        found.append(f"{_each_in_words(plan)}{together}, and {name} can carry {load.limit_ma:g} mA: take {cure}")
    return found


def _each_in_words(plan: LampPlan) -> str:
    electrics = plan.electrics
    if plan.kind == "strip":
        return f"an LED in white takes {LED_MA:g} mA × {plan.brightness}/{BRIGHTEST} + 1 mA = {each_ma(plan):.1f} mA"
    volts = f"{electrics.volts:g} V − {electrics.lamp_volts:g} V"
    return f"a lamp takes ({volts}) / {resistor(plan):g} Ω = {each_ma(plan):.1f} mA"


def _brightness_for(load: Load) -> int:
    return max(0, int((load.limit_ma / load.lamps - LED_DARK_MA) / LED_MA * BRIGHTEST))
