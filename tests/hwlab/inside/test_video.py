"""A USB camera through the kernel: pictures of `vivid`, and phones played into `v4l2loopback`, raw and as MJPEG."""

from __future__ import annotations

import fcntl
import io
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.devices import codes
from tihuo.devices import v4l2
from tihuo.devices import v4l2_calls as calls
from tihuo.devices.camera import TrayCamera
from tihuo.devices.frames import fitted
from tihuo.devices.ports import Sighting
from tihuo.devices.troubles import CameraTrouble, CameraUnplugged
from tihuo.devices.v4l2 import V4l2Frames

LOOPBACK = "/dev/video40"
SIZE = (640, 480)
TEXT = "TH1:S01:7:CP6C7T5YCSWVB7GL"
DRIVER = Path("/sys/bus/platform/drivers/vivid")


def vivid() -> str:
    for name in sorted(Path("/sys/class/video4linux").glob("video*/name")):
        if "vid-cap" in name.read_text():
            return f"/dev/{name.parent.name}"
    raise AssertionError("the kernel has no vivid camera")


def frame_of(source: V4l2Frames) -> np.ndarray:
    deadline = time.monotonic() + 120
    while (frame := source.grab()) is None:
        assert time.monotonic() < deadline
    return frame


def until_it_complains(source: V4l2Frames) -> None:
    for _ in range(1000):
        source.grab()


@pytest.mark.parametrize("pixels", [calls.GREY, calls.NV12, calls.YUYV])
def test_pictures_come_in_every_raw_format(pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "_PREFERRED", (pixels,))
    source = V4l2Frames(vivid(), SIZE)
    source.open()
    frame = frame_of(source)
    assert frame.shape == SIZE[::-1]
    assert np.ptp(frame) > 100  # colour bars
    source.close()


def test_a_camera_that_is_pulled_out_and_put_in_again() -> None:
    device = vivid()
    source = V4l2Frames(device, SIZE)
    source.open()
    frame_of(source)
    (DRIVER / "unbind").write_text("vivid.0")
    with pytest.raises(CameraTrouble):
        until_it_complains(source)
    source.close()
    with pytest.raises(CameraUnplugged):
        V4l2Frames(device, SIZE).open()
    (DRIVER / "bind").write_text("vivid.0")
    source = V4l2Frames(vivid(), SIZE)
    source.open()
    assert frame_of(source).shape == SIZE[::-1]
    source.close()


class Player:
    """A program that puts one picture into the loopback camera, again and again."""

    def __init__(self, picture: np.ndarray, pixels: int) -> None:
        wish = calls.Format(type=2)  # V4L2_BUF_TYPE_VIDEO_OUTPUT
        wish.pix.width, wish.pix.height, wish.pix.pixelformat = *SIZE, pixels
        wish.pix.field, wish.pix.sizeimage = 1, SIZE[0] * SIZE[1] * 2
        self._data = _bytes(picture, pixels)
        self._file = os.open(LOOPBACK, os.O_RDWR)
        fcntl.ioctl(self._file, calls.SET_FORMAT, wish)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(0.05):
            os.write(self._file, self._data)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        os.close(self._file)


def _bytes(picture: np.ndarray, pixels: int) -> bytes:
    if pixels == calls.MJPEG:
        jpeg = io.BytesIO()
        Image.fromarray(picture).convert("RGB").save(jpeg, "JPEG", quality=90)
        return jpeg.getvalue()
    if pixels == calls.YUYV:
        return np.stack([picture, np.full_like(picture, 128)], -1).tobytes()
    return picture.tobytes()


@pytest.fixture(params=[calls.GREY, calls.YUYV, calls.MJPEG], ids=["grey", "yuyv", "mjpeg alone"])
def player(request: pytest.FixtureRequest) -> Iterator[Player]:
    made = Player(fitted(Image.open(io.BytesIO(codes.qr(TEXT))), SIZE), request.param)
    yield made
    made.stop()


def test_a_phone_before_a_camera_that_has_one_format(player: Player) -> None:
    heard: queue.Queue[object] = queue.Queue()
    camera = TrayCamera({"kind": "v4l2", "device": LOOPBACK}, size=SIZE, hang_after_s=60, start_within_s=300)
    camera.start(heard.put, heard.put)
    try:
        while not isinstance(seen := heard.get(timeout=300), Sighting):
            pass
        assert seen.text == TEXT
    finally:
        camera.stop()
