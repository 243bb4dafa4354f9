"""Our own view of Video4Linux2 against the kernel's header, and the picture formats of USB cameras."""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.devices import codes
from tihuo.devices import v4l2_calls as v4l2
from tihuo.devices.decoding import Decoder
from tihuo.devices.frames import fitted
from tihuo.devices.v4l2 import grey_picture
from tihuo.devices.watching import Read

STRUCTURES = {
    "v4l2_capability": (v4l2.Capability, {"device_caps": "device_caps"}),
    "v4l2_format": (v4l2.Format, {"fmt": "fmt"}),
    "v4l2_requestbuffers": (v4l2.BufferRequest, {"memory": "memory"}),
    "v4l2_buffer": (v4l2.Buffer, {"bytesused": "bytesused", "flags": "flags", "m": "m", "length": "length"}),
    "v4l2_streamparm": (v4l2.StreamParameters, {"numerator": "parm.capture.timeperframe.numerator"}),
    "v4l2_control": (v4l2.Control, {"value": "value"}),
    "v4l2_pix_format": (v4l2.PixFormat, {"pixelformat": "pixelformat", "bytesperline": "bytesperline"}),
}
NUMBERS = {
    "VIDIOC_QUERYCAP": v4l2.QUERY_CAPABILITY,
    "VIDIOC_S_FMT": v4l2.SET_FORMAT,
    "VIDIOC_REQBUFS": v4l2.REQUEST_BUFFERS,
    "VIDIOC_QUERYBUF": v4l2.QUERY_BUFFER,
    "VIDIOC_QBUF": v4l2.QUEUE_BUFFER,
    "VIDIOC_DQBUF": v4l2.DEQUEUE_BUFFER,
    "VIDIOC_STREAMON": v4l2.STREAM_ON,
    "VIDIOC_S_PARM": v4l2.SET_PARAMETERS,
    "VIDIOC_S_CTRL": v4l2.SET_CONTROL,
    "V4L2_CID_EXPOSURE_AUTO_PRIORITY": v4l2.RATE_MAY_FALL,
    "V4L2_CID_POWER_LINE_FREQUENCY": v4l2.MAINS,
    "V4L2_CID_POWER_LINE_FREQUENCY_50HZ": v4l2.MAINS_50_HZ,
    "V4L2_PIX_FMT_GREY": v4l2.GREY,
    "V4L2_PIX_FMT_NV12": v4l2.NV12,
    "V4L2_PIX_FMT_MJPEG": v4l2.MJPEG,
    "V4L2_PIX_FMT_YUYV": v4l2.YUYV,
    "V4L2_BUF_TYPE_VIDEO_CAPTURE": v4l2.CAPTURE_TYPE,
    "V4L2_MEMORY_MMAP": v4l2.MEMORY_MAPPED,
    "V4L2_FIELD_ANY": v4l2.FIELD_ANY,
    "V4L2_CAP_VIDEO_CAPTURE": v4l2.CAN_CAPTURE,
    "V4L2_CAP_STREAMING": v4l2.CAN_STREAM,
    "V4L2_BUF_FLAG_ERROR": v4l2.DAMAGED,
}


def test_structures_and_numbers_are_the_kernels_own(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to ask the kernel's header with")
    asked = [f"sizeof(struct {name})" for name in STRUCTURES]
    asked += [
        f"offsetof(struct {name}, {there})" for name, (_, fields) in STRUCTURES.items() for there in fields.values()
    ]
    asked += list(NUMBERS)
    source = tmp_path / "ask.c"
    lines = "".join(f'printf("%lu\\n", (unsigned long)({each}));\n' for each in asked)
    headers = "#include <stdio.h>\n#include <stddef.h>\n#include <linux/videodev2.h>\n"
    source.write_text(f"{headers}int main(void) {{\n{lines}return 0;\n}}\n")
    built = subprocess.run([compiler, str(source), "-o", str(tmp_path / "ask")], capture_output=True, text=True)
    if "videodev2.h" in built.stderr:
        pytest.skip("the kernel's headers are not installed")
    assert built.returncode == 0, built.stderr
    said = subprocess.run([tmp_path / "ask"], capture_output=True, text=True, check=True).stdout.split()
    ours = [ctypes.sizeof(structure) for structure, _ in STRUCTURES.values()]
    ours += [getattr(structure, field).offset for structure, fields in STRUCTURES.values() for field in fields]
    ours += list(NUMBERS.values())
    assert dict(zip(asked, ours, strict=True)) == dict(zip(asked, map(int, said), strict=True))


SCENE = fitted(Image.open(io.BytesIO(codes.qr("USB"))), (320, 240))


def picture(pixels: int, bytes_per_line: int = 0) -> v4l2.PixFormat:
    return v4l2.PixFormat(width=320, height=240, pixelformat=pixels, bytesperline=bytes_per_line)


def test_grey_rows_may_be_longer_than_the_picture() -> None:
    rows = np.full((240, 384), 99, np.uint8)
    rows[:, :320] = SCENE
    seen = grey_picture(memoryview(rows.tobytes()), picture(v4l2.GREY, 384))
    assert seen is not None
    assert np.array_equal(seen, SCENE)


def test_the_brightness_of_yuyv_is_every_second_byte() -> None:
    rows = np.full((240, 640), 99, np.uint8)
    rows[:, ::2] = SCENE
    seen = grey_picture(memoryview(rows.tobytes()), picture(v4l2.YUYV, 640))
    assert seen is not None
    assert np.array_equal(seen, SCENE)


def test_the_brightness_of_nv12_comes_first() -> None:
    rows = np.concatenate([SCENE, np.full((120, 320), 99, np.uint8)])
    seen = grey_picture(memoryview(rows.tobytes()), picture(v4l2.NV12, 320))
    assert seen is not None
    assert np.array_equal(seen, SCENE)


@pytest.mark.parametrize("tables", [True, False], ids=["with tables", "without Huffman tables"])
def test_motion_jpeg_is_read_as_cameras_send_it(tables: bool) -> None:
    """UVC cameras may leave out the Huffman tables, which are always the same."""
    jpeg = io.BytesIO()
    Image.fromarray(SCENE).save(jpeg, "JPEG")
    data = jpeg.getvalue() if tables else without_huffman_tables(jpeg.getvalue())
    seen = grey_picture(memoryview(data), picture(v4l2.MJPEG))
    assert seen is not None
    assert Decoder().read(seen) == [Read("USB", "qr")]


@pytest.mark.parametrize("pixels", [v4l2.GREY, v4l2.YUYV, v4l2.NV12, v4l2.MJPEG])
def test_a_damaged_frame_is_passed_over(pixels: int) -> None:
    assert grey_picture(memoryview(b"\xff\xd8\xff\xe0 too short"), picture(pixels)) is None


def without_huffman_tables(jpeg: bytes) -> bytes:
    kept, at = bytearray(jpeg[:2]), 2
    while jpeg[at + 1] != 0xDA:
        size = 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] != 0xC4:
            kept += jpeg[at : at + size]
        at += size
    return bytes(kept) + jpeg[at:]
