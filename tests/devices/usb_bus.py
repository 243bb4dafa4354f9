"""A USB bus made of software: a backend for pyusb, as its own backends are, with one printer plugged in.

Its endpoints are 0x02 out and 0x81 in, which is not what python-escpos expects, and the printer is not interface 0.
"""

from __future__ import annotations

import array
import errno
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

try:
    import usb.backend
    import usb.core

    HAVE_PYUSB = True
    IBackend: Any = usb.backend.IBackend
except ImportError:  # the tests that need it are skipped
    HAVE_PYUSB = False
    IBackend = object

OUT, IN = 0x02, 0x81


def _endpoint(address: int, attributes: int) -> SimpleNamespace:
    return SimpleNamespace(
        bLength=7,
        bDescriptorType=5,
        bEndpointAddress=address,
        bmAttributes=attributes,
        wMaxPacketSize=64,
        bInterval=0,
        bRefresh=0,
        bSynchAddress=0,
        extra_descriptors=[],
    )


def _interface(number: int, device_class: int, endpoints: list[SimpleNamespace]) -> SimpleNamespace:
    return SimpleNamespace(
        bLength=9,
        bDescriptorType=4,
        bInterfaceNumber=number,
        bAlternateSetting=0,
        bNumEndpoints=len(endpoints),
        bInterfaceClass=device_class,
        bInterfaceSubClass=1,
        bInterfaceProtocol=2,
        iInterface=0,
        extra_descriptors=[],
        endpoints=endpoints,
    )


class UsbBus(IBackend):
    """`plug_in` opens a byte stream to the printer; each opened device gets one."""

    def __init__(self, plug_in: Callable[[], socket.socket]) -> None:
        super().__init__()
        self._plug_in = plug_in
        self._stream: socket.socket | None = None
        self.present = True
        self.kernel_drivers = {0, 1}
        self.interfaces = [
            _interface(0, 8, [_endpoint(0x03, 2), _endpoint(0x83, 2)]),
            _interface(1, 7, [_endpoint(0x84, 3), _endpoint(OUT, 2), _endpoint(IN, 2)]),
        ]

    def enumerate_devices(self) -> list[str]:
        return ["printer"] if self.present else []

    def get_device_descriptor(self, device: object) -> SimpleNamespace:
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=0x0416,
            idProduct=0x5011,
            bcdDevice=1,
            iManufacturer=0,
            iProduct=0,
            iSerialNumber=0,
            bNumConfigurations=1,
            address=7,
            bus=1,
            port_number=1,
            port_numbers=(1,),
            speed=3,
        )

    def get_configuration_descriptor(self, device: object, number: int) -> SimpleNamespace:
        if number:
            raise IndexError
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=0,
            bNumInterfaces=len(self.interfaces),
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=1,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, device: object, interface: int, alternate: int, config: int) -> SimpleNamespace:
        if alternate:
            raise IndexError
        return self.interfaces[interface]

    def get_endpoint_descriptor(
        self, device: object, endpoint: int, interface: int, alternate: int, config: int
    ) -> SimpleNamespace:
        found: SimpleNamespace = self.interfaces[interface].endpoints[endpoint]
        return found

    def open_device(self, device: object) -> object:
        self._stream = self._plug_in()
        return device

    def close_device(self, handle: object) -> None:
        assert self._stream is not None
        self._stream.close()

    def set_configuration(self, handle: object, value: int) -> None:
        pass

    def get_configuration(self, handle: object) -> int:
        return 1

    def set_interface_altsetting(self, handle: object, interface: int, alternate: int) -> None:
        pass

    def claim_interface(self, handle: object, interface: int) -> None:
        if interface in self.kernel_drivers:
            raise usb.core.USBError("Resource busy", errno=errno.EBUSY)

    def release_interface(self, handle: object, interface: int) -> None:
        pass

    def is_kernel_driver_active(self, handle: object, interface: int) -> bool:
        return interface in self.kernel_drivers

    def detach_kernel_driver(self, handle: object, interface: int) -> None:
        self.kernel_drivers.discard(interface)

    def reset_device(self, handle: object) -> None:
        pass

    def bulk_write(self, handle: object, endpoint: int, interface: int, data: Any, timeout: int) -> int:
        assert self._stream is not None
        self._refuse_wrong_endpoint(endpoint, OUT)
        self._stream.settimeout(timeout / 1000)
        self._stream.sendall(bytes(data))
        return len(data)

    def bulk_read(self, handle: object, endpoint: int, interface: int, buffer: Any, timeout: int) -> int:
        assert self._stream is not None
        self._refuse_wrong_endpoint(endpoint, IN)
        self._stream.settimeout(timeout / 1000)
        try:
            data = self._stream.recv(len(buffer))
        except TimeoutError:
            raise usb.core.USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT) from None
        if not data:
            raise usb.core.USBError("No such device", errno=errno.ENODEV)
        buffer[: len(data)] = array.array("B", data)
        return len(data)

    @staticmethod
    def _refuse_wrong_endpoint(endpoint: int, right: int) -> None:
        if endpoint != right:
            raise usb.core.USBError("Entity not found", errno=errno.ENOENT)
