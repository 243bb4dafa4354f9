"""Scanners on their cables: what they type, how a code ends, and the plug pulled out and put in again."""

from __future__ import annotations

import os
import pty
import queue
import shutil
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tihuo.devices import keyboard_port
from tihuo.devices.keyboard_port import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, KeyboardPort, Keys
from tihuo.devices.ports import LONGEST_TEXT, Scanner, Sighting
from tihuo.devices.scanner import WiredScanner, sighting_of
from tihuo.devices.serial_port import SerialPort
from tihuo.devices.simulated import SimulatedScanner
from tihuo.devices.simulated.scanner import strokes
from tihuo.devices.troubles import DeviceTrouble
from tihuo.shop.words import Millis

LONG_S = 30.0
PICKUP = "TH1:S01:7:CP6C7T5YCSWVB7GL"


class Hand(Protocol):
    """A scanner, and whoever holds it."""

    scanner: Scanner

    def scan(self, text: str, end: str = "\n") -> None: ...
    def unplug(self) -> None: ...
    def plug(self) -> None: ...


class SimulatedHand:
    def __init__(self) -> None:
        self.scanner = self._twin = SimulatedScanner()
        self.scan, self.unplug, self.plug = self._twin.scan, self._twin.unplug, self._twin.plug


class SerialHand:
    """A serial scanner at the far end of a pseudo terminal; its device file is a link, as udev makes one."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._ours = -1
        self.plug()
        self.scanner = WiredScanner(SerialPort(str(place)), retry_s=0.05)

    def scan(self, text: str, end: str = "\n") -> None:
        os.write(self._ours, text.encode() + end.replace("\n", "\r\n").encode())

    def unplug(self) -> None:
        self._place.unlink()
        os.close(self._ours)
        os.close(self._theirs)

    def plug(self) -> None:
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self._place.symlink_to(os.ttyname(self._theirs))


class Ears:
    """A scanner that is on, and what it reports, in order."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self._heard: queue.Queue[Sighting | DeviceTrouble | None] = queue.Queue()
        hand.scanner.start(self._heard.put, self._heard.put)

    def next(self) -> Sighting | DeviceTrouble | None:
        return self._heard.get(timeout=LONG_S)

    def text(self) -> str:
        heard = self.next()
        assert isinstance(heard, Sighting), heard
        return heard.text

    def trouble(self) -> str:
        heard = self.next()
        assert isinstance(heard, DeviceTrouble), heard
        return heard.code


@pytest.fixture(params=["simulated", "serial"])
def ears(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ears]:
    """Unplugged at first, so that whoever plugs it in knows when it is open."""
    hand: Hand = SimulatedHand() if request.param == "simulated" else SerialHand(tmp_path / "scanner")
    hand.unplug()
    made = Ears(hand)
    assert made.trouble() == "scanner_unplugged"
    hand.plug()
    assert made.next() is None
    yield made
    hand.scanner.stop()


def test_each_code_is_reported_with_its_time(ears: Ears) -> None:
    ears.hand.scan(PICKUP)
    heard = ears.next()
    assert isinstance(heard, Sighting)
    assert (heard.text, heard.symbology) == (PICKUP, "unsaid")
    assert heard.at > 1_700_000_000_000
    ears.hand.scan("6901234567892", end="\t")
    ears.hand.scan("6901234567892")
    assert [ears.text(), ears.text()] == ["6901234567892", "6901234567892"]


def test_every_letter_of_the_layout_arrives_as_it_is(ears: Ears) -> None:
    text = "".join(map(chr, range(33, 127)))
    ears.hand.scan(text)
    assert ears.text() == text


def test_a_scanner_that_ends_with_nothing_is_understood_after_a_pause(ears: Ears) -> None:
    ears.hand.scan("TH:SLOT:A07", end="")
    assert ears.text() == "TH:SLOT:A07"


def test_a_plug_that_was_pulled_out_and_put_in_again(ears: Ears) -> None:
    ears.hand.scan("before")
    assert ears.text() == "before"
    ears.hand.unplug()
    assert ears.trouble() == "scanner_unplugged"
    ears.hand.plug()
    assert ears.next() is None
    ears.hand.scan("after")
    assert ears.text() == "after"


def test_half_a_code_before_the_plug_was_pulled_is_nobodys(ears: Ears) -> None:
    ears.hand.scan("TH1:S01:7", end="")
    ears.hand.unplug()
    heard = []
    while not isinstance(one := ears.next(), DeviceTrouble):
        heard.append(one)  # a slow machine may take the break for the pause at the end
    ears.hand.plug()
    assert ears.next() is None
    ears.hand.scan(PICKUP)
    assert ears.text() == PICKUP


def test_a_failing_callback_does_not_silence_the_scanner() -> None:
    hand = SimulatedHand()
    seen: queue.Queue[str] = queue.Queue()
    open_again: queue.Queue[DeviceTrouble | None] = queue.Queue()

    def fails(sighting: Sighting) -> None:
        seen.put(sighting.text)
        raise RuntimeError("a bad scan")

    hand.unplug()
    hand.scanner.start(fails, open_again.put)
    assert open_again.get(timeout=LONG_S) is not None
    hand.plug()
    assert open_again.get(timeout=LONG_S) is None
    for text in ("first", "second"):
        hand.scan(text)
        assert seen.get(timeout=LONG_S) == text
    hand.scanner.stop()


# --- what a scanner says around a code -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text", "symbology"),
    [
        ("]Q1" + PICKUP, PICKUP, "qr"),
        ("]E06901234567892", "6901234567892", "ean13"),
        ("]C0SHELF-A07", "SHELF-A07", "code128"),
        ("]C10106901234567892", "6901234567892", "code128"),
        ("]d20116901234567899\x1d10LOT7", "16901234567899", "unsaid"),
        ("\x1d0106901234567892\x1d10LOT7", "6901234567892", "unsaid"),
        ("0106901234567892", "0106901234567892", "unsaid"),
        ("  6901234567892 ", "6901234567892", "unsaid"),
    ],
)
def test_what_a_scanner_puts_around_a_code_is_taken_off(typed: str, text: str, symbology: str) -> None:
    sighting = sighting_of(typed, Millis(7))
    assert sighting is not None
    assert (sighting.text, sighting.symbology, sighting.at) == (text, symbology, 7)


@pytest.mark.parametrize("typed", ["", "\x1b", "a", "]E0"])
def test_a_stray_key_is_no_code(typed: str) -> None:
    assert sighting_of(typed, Millis(0)) is None


def test_a_huge_code_is_cut_and_marked() -> None:
    sighting = sighting_of("A" * 4000, Millis(0))
    assert sighting is not None
    assert (len(sighting.text), sighting.oversize) == (LONGEST_TEXT, True)


# --- keys ------------------------------------------------------------------------------------------------------------


def key(code: int, value: int = 1) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, value)


def test_a_key_that_is_held_types_once() -> None:
    assert Keys().text(key(30) + key(30, 2) * 9 + key(30, 0) + key(28)) == "a\n"


def test_alt_and_the_number_pad_type_a_character_by_its_number() -> None:
    pad = {"0": 82, "1": 79, "2": 80, "3": 81, "4": 75, "5": 76, "6": 77, "7": 71, "8": 72, "9": 73}

    def alt(number: str) -> bytes:
        return key(56) + b"".join(key(pad[digit]) + key(pad[digit], 0) for digit in number) + key(56, 0)

    assert Keys().text(alt("84") + alt("0072") + key(pad["1"]) + key(pad["1"], 0) + key(96)) == "TH1\n"


def test_events_may_come_in_pieces() -> None:
    typed, keys = strokes("TH1:s01"), Keys()
    assert "".join(keys.text(typed[at : at + 7]) for at in range(0, len(typed), 7)) == "TH1:s01"


def test_a_code_of_which_the_kernel_lost_a_part_is_nobodys() -> None:
    lost = EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0)
    first, second, _ = Keys().text(strokes("TH1:S0") + lost + strokes("1:7XX\n6901234567892\n")).split("\n", 2)
    assert sighting_of(first, Millis(0)) is None
    assert second == "6901234567892"


def test_numbers_and_structures_are_the_kernels_own(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to ask the kernel's header with")
    asked = {
        "EVIOCGRAB": keyboard_port._GRAB,
        "EVIOCGID": keyboard_port._ID,
        "EVIOCGNAME(256)": keyboard_port._NAME,
        "EVIOCGBIT(EV_KEY, 96)": keyboard_port._KEYS,
        "sizeof(struct input_event)": EVENT.size,
        "sizeof(struct input_id)": 8,
        "SYN_DROPPED": SYN_DROPPED,
        "KEY_KPENTER": 96,
        "KEY_RIGHTSHIFT": 54,
        "KEY_RIGHTALT": 100,
        "KEY_BACKSLASH": 43,
        "KEY_GRAVE": 41,
    }
    lines = "".join(f'printf("%lu\\n", (unsigned long)({each}));\n' for each in asked)
    source = tmp_path / "ask.c"
    source.write_text(f"#include <stdio.h>\n#include <linux/input.h>\nint main(void) {{\n{lines}return 0;\n}}\n")
    built = subprocess.run([compiler, str(source), "-o", str(tmp_path / "ask")], capture_output=True, text=True)
    if "linux/input.h" in built.stderr:
        pytest.skip("the kernel's headers are not installed")
    assert built.returncode == 0, built.stderr
    said = subprocess.run([tmp_path / "ask"], capture_output=True, text=True, check=True).stdout.split()
    assert dict(zip(asked, map(int, said), strict=True)) == asked


# --- which device ----------------------------------------------------------------------------------------------------


def test_a_scanner_that_is_not_there_is_told() -> None:
    heard: queue.Queue[DeviceTrouble | None] = queue.Queue()
    scanner = WiredScanner(KeyboardPort("/dev/input/by-id/no-such-scanner"))
    scanner.start(lambda sighting: None, heard.put)
    trouble = heard.get(timeout=LONG_S)
    assert trouble is not None
    assert trouble.code == "scanner_unplugged"
    assert trouble.facts == {"device": "/dev/input/by-id/no-such-scanner", "reason": "No such file or directory"}
    scanner.stop()
