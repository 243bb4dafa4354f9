"""The other end of the wires, written from the makers' data sheets: shift registers, an LED strip, port expanders."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockSPIDevice


def spi_pins() -> MockFactory:
    """Mock pins for SPI; gpiozero's bit by bit bus looks for its pins at the default factory, whatever it is told."""
    Device.pin_factory = MockFactory()
    return Device.pin_factory


class Hc595Chain(MockSPIDevice):  # type: ignore[misc]
    """74HC595: a bit enters QA of the first chip with each rising clock and all move on; the latch shows them together.

    QH' of the last chip is wired back to MISO. `cut_before`: a chip whose input is torn off, counted from 0, and
    `floats` to a level of its own.
    """

    def __init__(self, factory: MockFactory, chips: int) -> None:
        self.register = [False] * 8 * chips
        self.outputs = list(self.register)
        self.transfers = 0
        self.cut_before: int | None = None
        self.floats = False
        super().__init__(clock_pin=11, mosi_pin=10, miso_pin=9, select_pin=8, pin_factory=factory)

    def on_select(self) -> None:
        super().on_select()
        if self.select_pin.state != self.select_high:  # RCLK rises
            self.outputs = list(self.register)
            self.transfers += bool(self.rx_buf)

    def on_start(self) -> None:
        super().on_start()
        self.tx_buf = [self.register[-1]]

    def on_bit(self) -> None:
        moved = [bool(self.rx_buf[-1]), *self.register[:-1]]
        if self.cut_before is not None:
            moved[self.cut_before * 8] = self.floats
        self.register = moved
        self.tx_buf.append(self.register[-1])


@dataclass(frozen=True)
class Led:
    """What one LED of a strip shows: brightness of 31, red, green, blue."""

    brightness: int
    red: int
    green: int
    blue: int

    @property
    def shines(self) -> bool:
        return bool(self.brightness and (self.red or self.green or self.blue))


class Apa102Strip(MockSPIDevice):  # type: ignore[misc]
    """APA102 and SK9822: 32 zeros begin; each LED keeps the first frame it sees (111, 5 bits of brightness, blue,
    green, red) and hands on the rest, half a clock late; an SK9822 shows it after 32 more zeros."""

    def __init__(self, factory: MockFactory, leds: int) -> None:
        self.leds = [Led(0, 0, 0, 0)] * leds
        self.faults: list[str] = []
        super().__init__(clock_pin=11, mosi_pin=10, miso_pin=9, select_pin=8, pin_factory=factory)

    def on_select(self) -> None:
        super().on_select()
        if self.select_pin.state != self.select_high and self.rx_buf:
            self._show([int(bit) for bit in self.rx_buf])

    def _show(self, bits: list[int]) -> None:
        if any(bits[:32]):
            self.faults.append("no start frame")
            return
        words = [bits[at : at + 32] for at in range(32, 32 * (len(self.leds) + 1), 32)]
        after = bits[32 * (len(self.leds) + 1) :]
        if any(after[:32]) or len(after) < 32 + len(self.leds) / 2:
            self.faults.append("the last LEDs never see their data, or an SK9822 never shows it")
            return
        for number, word in enumerate(words):
            if len(word) < 32 or word[:3] != [1, 1, 1]:
                self.faults.append(f"LED {number} sees no frame")
                return
            brightness, blue, green, red = (_number(word[a:b]) for a, b in ((3, 8), (8, 16), (16, 24), (24, 32)))
            self.leds[number] = Led(brightness, red, green, blue)


def _number(bits: list[int]) -> int:
    return sum(bit << place for place, bit in enumerate(reversed(bits)))


@dataclass
class Mcp23017:
    """Sixteen lines behind 22 registers (IOCON.BANK = 0). A line is an input until it is told otherwise; GPA7 and GPB7
    must not stay one when anything is read."""

    registers: list[int] = field(default_factory=lambda: [0xFF, 0xFF, *[0] * 20])
    grounded: set[int] = field(default_factory=set)
    """Lines (8 to 15 are port B) that a button pulls to ground."""
    deaf_latch: set[int] = field(default_factory=set)
    """Lines whose latch does not take what is written."""

    def write(self, register: int, value: int) -> None:
        if register in (0x12, 0x13):  # writing a port writes its latch
            register += 2
        if register in (0x14, 0x15):
            kept = sum(1 << line % 8 for line in self.deaf_latch if line // 8 == register - 0x14)
            value = value & ~kept | self.registers[register] & kept
        self.registers[register] = value

    def read(self, register: int) -> int:
        if register in (0x12, 0x13):
            assert not self.registers[register - 0x12] & 0x80, "line 7 of a port is read as an input"
            return sum(self.level(line) << line % 8 for line in range(16) if line // 8 == register - 0x12)
        return self.registers[register]

    def level(self, line: int) -> bool:
        port, bit = divmod(line, 8)
        if not self.registers[port] >> bit & 1:
            return bool(self.registers[0x14 + port] >> bit & 1)
        pulled_up = bool(self.registers[0x0C + port] >> bit & 1)
        return pulled_up and line not in self.grounded

    def lamp(self, line: int) -> bool:
        """Whether a lamp from this line to ground has current."""
        return not self.registers[line // 8] >> line % 8 & 1 and self.level(line)

    def lose_power(self) -> None:
        self.registers = [0xFF, 0xFF, *[0] * 20]


class Bus:
    """An I2C bus with these chips; an address where nobody is answers as Linux says it."""

    def __init__(self, *addresses: int) -> None:
        self.chips = {address: Mcp23017() for address in addresses}
        self.unplugged: set[int] = set()
        self.asked: list[int] = []
        self.closed = False

    def read_byte_data(self, address: int, register: int) -> int:
        return self._chip(address).read(register)

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._chip(address).write(register, value)

    def close(self) -> None:
        self.closed = True

    def _chip(self, address: int) -> Mcp23017:
        self.asked.append(address)
        if address not in self.chips or address in self.unplugged:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        return self.chips[address]
