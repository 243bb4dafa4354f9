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
