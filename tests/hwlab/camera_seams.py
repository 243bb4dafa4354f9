"""Three places where a virtual camera is no Pi's, put right before anything else runs (as `sitecustomize`).

The display's driver and the writer of raw pictures are imported by picamera2 always, and used by us never. A virtual
camera has no raw stream to ask for its modes. And without `/dev/dma_heap` its buffers come from plain memory, in two
planes, as libcamera wants them for NV12. Everything else is the real picamera2 on the real libcamera.
"""

from __future__ import annotations

import mmap
import os
import sys
import types
from typing import Any


def _unused(name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__getattr__ = lambda what: type(what, (), {})  # type: ignore[method-assign]
    return module


sys.modules |= {name: _unused(name) for name in ("pykms", "pidng", "pidng.camdefs", "pidng.core")}
sys.modules["pykms"].PixelFormat = types.SimpleNamespace(  # type: ignore[attr-defined]
    RGB888=0, XRGB8888=1, XBGR8888=2, YUV420=3, NV12=4, YVU420=5, MJPEG=6, YUYV=7, BGR888=8
)

import libcamera  # noqa: E402
import picamera2.picamera2 as real  # noqa: E402
from picamera2.allocators.allocator import Allocator  # noqa: E402


class MemoryAllocator(Allocator):  # type: ignore[misc]
    """Buffers of plain memory in place of the graphics driver's."""

    def __init__(self) -> None:
        super().__init__()
        self._buffers: dict[Any, list[Any]] = {}
        self._maps: dict[Any, mmap.mmap] = {}
        self._files: list[int] = []
        maps = self._maps

        class Sync:
            def __init__(self, allocator: Any, buffer: Any, write: bool) -> None:
                self._buffer = buffer

            def __enter__(self) -> mmap.mmap:
                return maps[self._buffer]

            def __exit__(self, *trouble: object) -> None:
                return None

        self.sync = Sync

    def allocate(self, configuration: Any, _: Any) -> None:
        for stream in configuration:
            grey, whole = stream.stride * stream.size.height, stream.frame_size
            self._buffers[stream.stream] = [self._buffer(grey, whole) for _ in range(stream.buffer_count)]

    def _buffer(self, grey: int, whole: int) -> Any:
        file = os.memfd_create("frame")
        os.ftruncate(file, whole)
        self._files.append(file)
        planes = []
        for offset, length in ((0, grey), (grey, whole - grey)):
            plane = libcamera.FrameBuffer.Plane()
            plane.fd, plane.offset, plane.length = file, offset, length
            planes.append(plane)
        buffer = libcamera.FrameBuffer(planes)
        self._maps[buffer] = mmap.mmap(file, whole)
        return buffer

    def buffers(self, stream: Any) -> list[Any]:
        return self._buffers[stream]

    def close(self) -> None:
        for file in self._files:
            os.close(file)
        self._buffers, self._files = {}, []


real.DmaAllocator = MemoryAllocator
real.Picamera2._get_raw_modes = lambda self: [{"format": "NV12", "size": (1280, 720)}]
