"""A USB camera through the kernel's own interface (Video4Linux2): a dozen ioctls, so no library has to come along."""

from __future__ import annotations

import errno
import fcntl
import io
import mmap
import os
import select
import sys
import time
from contextlib import suppress

import numpy as np
from PIL import Image

from tihuo.devices import v4l2_calls as v4l2
from tihuo.devices.frames import LARGEST_PICTURE, Grey
from tihuo.devices.troubles import CameraHung, CameraUnplugged

_WAIT_S = 0.5
_SILENT_AFTER_S = 3.0
_BUFFERS = 4
# grey costs nothing, and most USB 2 cameras reach 720p at full rate only as MJPEG
_PREFERRED = (v4l2.GREY, v4l2.NV12, v4l2.MJPEG, v4l2.YUYV)


class V4l2Frames:
    """The camera at `device`; a link from /dev/v4l/by-id stays right when another camera is plugged in."""

    live = True

    def __init__(self, device: str = "/dev/video0", size: tuple[int, int] = (1280, 720), fps: float = 30.0) -> None:
        self._device, self._size, self._fps = device, (size[0], size[1]), fps
        self._file = -1
        self._buffers: list[mmap.mmap] = []
        self._picture = v4l2.PixFormat()
        self._last_frame_at = 0.0

    def open(self) -> None:
        try:
            self._file = os.open(self._device, os.O_RDWR | os.O_NONBLOCK)
            self._check_it_is_a_camera()
            self._choose_format()
            self._map_buffers()
            fcntl.ioctl(self._file, v4l2.STREAM_ON, v4l2.CAPTURE_TYPE.to_bytes(4, sys.byteorder))
        except OSError as refused:
            raise self._gone(refused) from refused
        self._last_frame_at = time.monotonic()

    def grab(self) -> Grey | None:
        if not select.select([self._file], [], [], _WAIT_S)[0]:
            silent = time.monotonic() - self._last_frame_at
            if silent > _SILENT_AFTER_S:
                raise CameraHung(silent_ms=round(silent * 1000))
            return None
        try:
            newest = self._newest_buffer()
            if newest is None:
                return None
            self._last_frame_at = time.monotonic()
            frame = self._grey(newest)
            self._give_back(newest)
        except OSError as gone:
            raise self._gone(gone) from gone
        return frame

    def close(self) -> None:
        for buffer in self._buffers:
            buffer.close()
        self._buffers = []
        if self._file >= 0:
            os.close(self._file)  # this also ends the streaming
        self._file = -1

    def _gone(self, error: OSError) -> CameraUnplugged:
        return CameraUnplugged(device=self._device, reason=error.strerror or str(error))

    def _check_it_is_a_camera(self) -> None:
        able = v4l2.Capability()
        fcntl.ioctl(self._file, v4l2.QUERY_CAPABILITY, able)
        needed = v4l2.CAN_CAPTURE | v4l2.CAN_STREAM
        if able.device_caps & needed != needed:  # a camera has several device nodes, and only one gives pictures
            raise OSError(errno.ENODEV, "not a camera that streams")

    def _choose_format(self) -> None:
        for pixels in _PREFERRED:
            wish = v4l2.Format(type=v4l2.CAPTURE_TYPE)
            wish.pix.width, wish.pix.height = self._size
            wish.pix.pixelformat = pixels
            wish.pix.field = v4l2.FIELD_ANY
            try:
                fcntl.ioctl(self._file, v4l2.SET_FORMAT, wish)
            except OSError as refused:
                if refused.errno != errno.EINVAL:  # which some say of a format that they have not
                    raise
                continue
            if wish.pix.pixelformat == pixels:  # otherwise the driver has put in what it has
                self._picture = wish.pix
                self._ask_for_rate()
                return
        raise OSError(errno.EINVAL, "no picture format that can be read")

    def _ask_for_rate(self) -> None:
        wish = v4l2.StreamParameters(type=v4l2.CAPTURE_TYPE)
        wish.numerator, wish.denominator = 1000, round(self._fps * 1000)
        with suppress(OSError):  # not every driver can; its own rate will do
            fcntl.ioctl(self._file, v4l2.SET_PARAMETERS, wish)
        for control in (v4l2.Control(v4l2.RATE_MAY_FALL, 0), v4l2.Control(v4l2.MAINS, v4l2.MAINS_50_HZ)):
            with suppress(OSError):
                fcntl.ioctl(self._file, v4l2.SET_CONTROL, control)

    def _map_buffers(self) -> None:
        request = v4l2.BufferRequest(count=_BUFFERS, type=v4l2.CAPTURE_TYPE, memory=v4l2.MEMORY_MAPPED)
        fcntl.ioctl(self._file, v4l2.REQUEST_BUFFERS, request)
        for index in range(request.count):
            buffer = self._buffer(index)
            fcntl.ioctl(self._file, v4l2.QUERY_BUFFER, buffer)
            self._buffers.append(mmap.mmap(self._file, buffer.length, mmap.MAP_SHARED, offset=buffer.m.offset))
            self._give_back(buffer)

    @staticmethod
    def _buffer(index: int = 0) -> v4l2.Buffer:
        return v4l2.Buffer(index=index, type=v4l2.CAPTURE_TYPE, memory=v4l2.MEMORY_MAPPED)

    def _give_back(self, buffer: v4l2.Buffer) -> None:
        fcntl.ioctl(self._file, v4l2.QUEUE_BUFFER, buffer)

    def _newest_buffer(self) -> v4l2.Buffer | None:
        newest = None
        while True:
            buffer = self._buffer()
            try:
                fcntl.ioctl(self._file, v4l2.DEQUEUE_BUFFER, buffer)
            except BlockingIOError:
                return newest
            if newest is not None:
                self._give_back(newest)
            newest = buffer

    def _grey(self, buffer: v4l2.Buffer) -> Grey | None:
        if buffer.flags & v4l2.DAMAGED or not buffer.bytesused:
            return None
        data = memoryview(self._buffers[buffer.index])[: buffer.bytesused]
        try:
            return grey_picture(data, self._picture)
        finally:
            data.release()


def grey_picture(data: memoryview, picture: v4l2.PixFormat) -> Grey | None:
    """A copy of one frame's brightness, or None for a frame that is damaged or too short."""
    width, height = picture.width, picture.height
    if picture.pixelformat == v4l2.MJPEG:
        return _jpeg(bytes(data))
    pixel_bytes = 2 if picture.pixelformat == v4l2.YUYV else 1
    row_bytes = max(picture.bytesperline, width * pixel_bytes)
    if len(data) < row_bytes * height:
        return None
    rows = np.frombuffer(data, np.uint8, row_bytes * height).reshape(height, row_bytes)
    return rows[:, : width * pixel_bytes : pixel_bytes].copy()


def _jpeg(data: bytes) -> Grey | None:
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                return None
            picture.draft("L", picture.size)
            return np.asarray(picture.convert("L"))
    except (OSError, ValueError, SyntaxError):
        return None
