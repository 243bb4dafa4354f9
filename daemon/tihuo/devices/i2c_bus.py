"""The I2C bus of a Raspberry Pi, through the library that drives its pins anyway."""

from __future__ import annotations

import errno
import importlib
from typing import Any

from tihuo.devices.gpio_rail import give_lgpio_a_folder
from tihuo.devices.troubles import LightsMissingDriver, LightsUnreachable


class I2cBus:
    """`/dev/i2c-<number>`. Raises `LightsMissingDriver` or `LightsUnreachable`; reading and writing, `OSError`."""

    def __init__(self, number: int) -> None:
        give_lgpio_a_folder()
        try:
            self._lgpio: Any = importlib.import_module("lgpio")
        except ImportError as missing:
            raise LightsMissingDriver(driver="lgpio") from missing
        self._number = number
        self._handles: dict[int, int] = {}
        try:
            self._handle(0x20)
        except OSError as refused:
            raise LightsUnreachable(driver="lgpio", reason=f"/dev/i2c-{number}: {refused}") from refused

    def read_byte_data(self, address: int, register: int) -> int:
        try:
            return int(self._lgpio.i2c_read_byte_data(self._handle(address), register))
        except self._lgpio.error as refused:
            raise OSError(errno.EREMOTEIO, str(refused)) from refused

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        try:
            self._lgpio.i2c_write_byte_data(self._handle(address), register, value)
        except self._lgpio.error as refused:
            raise OSError(errno.EREMOTEIO, str(refused)) from refused

    def close(self) -> None:
        for handle in self._handles.values():
            self._lgpio.i2c_close(handle)
        self._handles.clear()

    def _handle(self, address: int) -> int:
        """One a chip, opened when it is first spoken to."""
        if address not in self._handles:
            try:
                self._handles[address] = self._lgpio.i2c_open(self._number, address)
            except self._lgpio.error as refused:
                raise OSError(errno.EREMOTEIO, str(refused)) from refused
        return self._handles[address]
