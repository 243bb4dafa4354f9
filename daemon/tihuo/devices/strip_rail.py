"""Lamps on an APA102 or SK9822 strip: any colour, one or more LEDs a slot, clock and data only.

Nothing comes back from such a strip: that the transfer went through is all that can be known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tihuo.devices.shift_rail import Wire

COLORS = {
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "violet": (150, 0, 255),
    "amber": (255, 110, 0),
    "cyan": (0, 220, 255),
    "magenta": (255, 0, 120),
}
"""Colour -> red, green, blue. A colour that is not here is white: better the wrong colour than none."""


class StripRail:
    """`brightness`: 1 to 31, the strip's own scale, the same for all."""

    reads_back = False

    def __init__(self, wire: Wire, *, leds_per_slot: int = 1, brightness: int = 8) -> None:
        self._wire = wire
        self._leds = leds_per_slot
        self._brightness = brightness

    def write(self, colors: Sequence[str | None]) -> Collection[int]:
        self._wire.transfer(self._frames(colors))
        return ()

    def close(self) -> None:
        self._wire.close()

    def _frames(self, colors: Sequence[str | None]) -> bytes:
        """Start frame, one frame an LED, end frame.

        The data falls behind the clock by half a bit at each LED, so as many half bits must follow; an SK9822 shows the
        picture only after 32 more. Zeros: a longer strip than was said stays dark.
        """
        frames = b"".join(self._led(color) * self._leds for color in colors)
        behind = -(-len(colors) * self._leds // 16)
        return bytes(4) + frames + bytes(4 + behind)

    def _led(self, color: str | None) -> bytes:
        if not color:
            return b"\xe0\0\0\0"
        red, green, blue = COLORS.get(color, COLORS["white"])
        return bytes((0xE0 | self._brightness, blue, green, red))
