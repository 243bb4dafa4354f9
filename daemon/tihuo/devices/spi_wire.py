"""The SPI bus of a Raspberry Pi, through gpiozero on a pin driver that is named, never guessed."""

from __future__ import annotations

import warnings
from typing import Any

from tihuo.devices.gpio_rail import pin_factory
from tihuo.devices.troubles import LightsUnreachable

CLOCK, MOSI, MISO, SELECT = 11, 10, 9, (8, 7)
"""BCM numbers of the first SPI port; two devices can be selected on it."""
PINS = frozenset((CLOCK, MOSI, MISO, *SELECT))


class SpiWire:
    """One device on the bus, most significant bit first, mode 0. `rate`: bits a second.

    Raises `LightsMissingDriver` or `LightsUnreachable`; SPI switched off in the Pi's settings is the latter.
    """

    def __init__(self, driver: str = "lgpio", *, device: int = 0, rate: int = 1_000_000, factory: Any = None) -> None:
        self._driver = driver
        self._owned = factory is None
        self._factory = pin_factory(driver) if factory is None else factory
        try:
            from gpiozero import SPISoftwareFallback  # a shop without lamps need not have it installed

            with warnings.catch_warnings():
                # gpiozero would go on by wiggling the pins one by one: 100 times slower, and it says so to nobody
                warnings.simplefilter("error", SPISoftwareFallback)
                self._spi = self._factory.spi(clock_pin=CLOCK, mosi_pin=MOSI, miso_pin=MISO, select_pin=SELECT[device])
            if self._owned and driver != "mock":
                self._spi.rate = rate
        except Exception as refused:  # every driver has exceptions of its own
            self._close_factory()
            raise LightsUnreachable(driver=driver, reason=repr(refused)) from refused

    def transfer(self, data: bytes) -> bytes:
        """Send all of it while the device is selected; what came back meanwhile. The device acts when it is let go."""
        try:
            return bytes(self._spi.transfer(list(data)))
        except Exception as refused:
            raise LightsUnreachable(driver=self._driver, reason=repr(refused)) from refused

    def close(self) -> None:
        self._spi.close()
        self._close_factory()

    def _close_factory(self) -> None:
        if self._owned:
            self._factory.close()
