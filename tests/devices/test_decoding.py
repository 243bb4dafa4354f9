"""Codes in frames: dark themes, dim rooms, blur, and frames with nothing in them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.devices import codes
from tihuo.devices.decoding import Decoder, brightened
from tihuo.devices.frames import Tray, fitted
from tihuo.devices.resting import Rest
from tihuo.devices.watching import Read

TEXT = "TH1:DEMO:7Q2K4M:9XW3"


def frame(picture: bytes, size: tuple[int, int] = (640, 480)) -> np.ndarray[Any, Any]:
    return fitted(Image.open(io.BytesIO(picture)), size)


@pytest.mark.parametrize(
    ("picture", "read"),
    [
        (codes.qr(TEXT), Read(TEXT, "qr")),
        (codes.qr("提货码 王小明"), Read("提货码 王小明", "qr")),
        (codes.qr(TEXT, dark="white", light="black"), Read(TEXT, "qr")),
        (codes.ean13("6901234567892"), Read("6901234567892", "ean13")),
        (codes.code128("SHELF-A07"), Read("SHELF-A07", "code128")),
    ],
    ids=["qr", "chinese qr", "dark theme", "ean13", "code128"],
)
def test_each_kind_of_code_is_read_from_one_frame(picture: bytes, read: Read) -> None:
    assert Decoder().read(frame(picture)) == [read]


def test_a_dim_frame_is_brightened_before_anyone_looks() -> None:
    noise = np.random.default_rng(7).normal(0, 1.5, (480, 640))
    dim = np.clip(frame(codes.qr(TEXT)) * 0.05 + noise, 0, 255).astype(np.uint8)
    assert Decoder().read(dim) == [Read(TEXT, "qr")]
    assert brightened(dim) is not dim
    normal = frame(codes.qr(TEXT))
    assert brightened(normal) is normal


def test_a_dark_lens_is_not_brightened_to_noise() -> None:
    black = np.full((480, 640), 3, np.uint8)
    assert brightened(black) is black


def blurred_bars() -> np.ndarray[Any, Any]:
    """Out of focus: zbar alone reads these."""
    sharp = Image.open(io.BytesIO(codes.ean13("6901234567892")))
    return fitted(sharp.filter(ImageFilter.GaussianBlur(1.6)), (640, 480))


def grainy_bars() -> np.ndarray[Any, Any]:
    """A noisy sensor: readable only at half size, where neighbours are averaged."""
    noise = np.random.default_rng(3).normal(0, 40, (480, 640))
    return np.clip(frame(codes.ean13("6901234567892")) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("hard", [blurred_bars, grainy_bars], ids=["blurred", "grainy"])
def test_hard_bars_are_read_at_the_second_look_which_is_at_every_third_frame(hard: Any) -> None:
    decoder = Decoder()
    found = [Read("6901234567892", "ean13")]
    assert [decoder.read(hard()) for _ in range(6)] == [[], [], found, [], [], found]


def test_empty_frames_stay_empty() -> None:
    decoder = Decoder()
    blank = np.full((720, 1280), 128, np.uint8)
    grain = np.random.default_rng(1).integers(0, 255, (720, 1280)).astype(np.uint8)
    assert [decoder.read(each) for each in (blank, grain) * 3] == [[]] * 6


def test_a_code_outside_the_tray_is_not_looked_at() -> None:
    scene = np.full((480, 640), 255, np.uint8)
    scene[:, :320] = frame(codes.qr("left"), (320, 480))
    scene[:, 320:] = frame(codes.qr("right"), (320, 480))
    assert {read.text for read in Decoder().read(scene)} == {"left", "right"}
    assert Decoder().read(Tray(0.5, 0.0, 0.5, 1.0).crop(scene)) == [Read("right", "qr")]


@pytest.mark.parametrize("tray", [Tray(), Tray(0.5, 0.5, 0, 0), Tray(1, 1, 1, 1), Tray(0, 0, 3, 3)])
def test_no_tray_makes_an_empty_frame(tray: Tray) -> None:
    assert tray.crop(np.zeros((48, 64), np.uint8)).size


def test_a_frame_with_longer_rows_than_its_width_is_read() -> None:
    wide = np.zeros((480, 704), np.uint8)
    wide[:, :640] = frame(codes.qr(TEXT))
    assert Decoder().read(wide[:, :640]) == [Read(TEXT, "qr")]


# --- an empty tray ---------------------------------------------------------------------------------------------------


def counter(seed: int, lamp: float = 1.0) -> np.ndarray[Any, Any]:
    """A counter with nothing on it, and the noise of a sensor."""
    noise = np.random.default_rng(seed).normal(0, 6, (480, 640))
    return np.clip((120 + np.linspace(-30, 30, 640)) * lamp + noise, 0, 255).astype(np.uint8)


def looks(rest: Rest, frames: list[np.ndarray[Any, Any]], begin: int) -> int:
    """How many of these frames, 66 ms apart, are worth a look."""
    return sum(rest.wants(frame, begin + 66 * number) for number, frame in enumerate(frames))


def test_an_empty_tray_is_looked_at_twice_a_second() -> None:
    rest = Rest()
    assert looks(rest, [counter(seed) for seed in range(45)], 1000) > 25
    assert rest.resting
    assert looks(rest, [counter(seed) for seed in range(100, 145)], 4000) == 6


@pytest.mark.parametrize(
    "scene",
    [frame(codes.qr(TEXT, scale=3)), np.clip(counter(7) + 40 * (np.arange(640) > 600), 0, 255).astype(np.uint8)],
    ids=["a phone", "a sleeve at the edge"],
)
def test_whatever_moves_wakes_the_eye_at_once(scene: np.ndarray[Any, Any]) -> None:
    rest = Rest()
    looks(rest, [counter(seed) for seed in range(60)], 1000)
    assert rest.resting
    assert rest.wants(scene, 5100)
    assert not rest.resting


def test_a_lamp_that_is_turned_up_is_nobody() -> None:
    rest = Rest()
    looks(rest, [counter(seed) for seed in range(60)], 1000)
    assert looks(rest, [counter(seed, 1.1) for seed in range(60)], 5000) <= 9


def test_while_a_code_lies_there_every_frame_counts() -> None:
    rest = Rest()
    for number in range(60):
        assert rest.wants(frame(codes.qr(TEXT)), 1000 + 66 * number)
        rest.found(1000 + 66 * number)


def test_a_tray_that_was_moved_is_a_new_picture() -> None:
    rest = Rest()
    looks(rest, [counter(seed) for seed in range(60)], 1000)
    assert rest.wants(counter(3)[:240], 5010)
