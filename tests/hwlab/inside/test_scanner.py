"""A scanner that is a keyboard, through the kernel's input layer: found, kept from others, plugged in again."""

from __future__ import annotations

import os
import queue
import select
import threading
from collections.abc import Iterator

import pytest

from tests.hwlab.inside.keyboard import Keyboard
from tihuo.devices.keyboard_port import KeyboardPort
from tihuo.devices.ports import Sighting
from tihuo.devices.scanner import WiredScanner
from tihuo.devices.troubles import DeviceTrouble, ScannerTaken, ScannerUnplugged

NAME, VENDOR, PRODUCT = "Newland HR22 lab", 0x1EAB, 0x0022
PICKUP = "TH1:S01:7:CP6C7T5YCSWVB7GL"


class Ears:
    def __init__(self, device: str) -> None:
        self.heard: queue.Queue[Sighting | DeviceTrouble | None] = queue.Queue()
        self.scanner = WiredScanner(KeyboardPort(device), retry_s=0.1)
        self.scanner.start(self.heard.put, self.heard.put)

    def next(self) -> Sighting | DeviceTrouble | None:
        return self.heard.get(timeout=120)


@pytest.fixture(params=["1eab:0022", "hr22"])
def ears(request: pytest.FixtureRequest) -> Iterator[Ears]:
    """Nothing is plugged in yet."""
    made = Ears(request.param)
    assert isinstance(made.next(), ScannerUnplugged)
    yield made
    made.scanner.stop()


def test_a_scanner_is_found_read_and_found_again(ears: Ears) -> None:
    for text in (PICKUP, "6901234567892"):
        with Keyboard(NAME, VENDOR, PRODUCT) as keyboard, Keyboard("a person's keyboard", 1, 1) as other:
            assert ears.next() is None
            other.type("not for us\n")
            keyboard.type(f"{text}\n")
            heard = ears.next()
            assert isinstance(heard, Sighting)
            assert heard.text == text
        assert isinstance(ears.next(), ScannerUnplugged)


def test_nobody_else_hears_a_scanner_that_is_ours() -> None:
    with Keyboard(NAME, VENDOR, PRODUCT) as keyboard:
        window = os.open(keyboard.path, os.O_RDONLY | os.O_NONBLOCK)
        keyboard.type("x")
        assert select.select([window], [], [], 120)[0]
        os.read(window, 4096)
        heard: queue.Queue[Sighting | DeviceTrouble | None] = queue.Queue()
        port = KeyboardPort(str(keyboard.path))
        handle = port.open()
        typing = threading.Thread(target=keyboard.type, args=(f"{PICKUP}\n",))
        typing.start()
        typed = ""
        while "\n" not in typed:
            assert select.select([handle], [], [], 120)[0]
            typed += port.read()
        typing.join()
        assert typed == f"{PICKUP}\n"
        assert not select.select([window], [], [], 0)[0]

        second = WiredScanner(KeyboardPort(str(keyboard.path)), retry_s=0.1)
        second.start(heard.put, heard.put)
        assert isinstance(heard.get(timeout=120), ScannerTaken)
        port.close()
        assert heard.get(timeout=120) is None
        second.stop()
        os.close(window)
