"""The structures and numbers of <linux/videodev2.h> that a camera needs; ctypes gives them this machine's layout."""

from __future__ import annotations

import ctypes
from ctypes import c_int32, c_long, c_uint8, c_uint32, c_ulong


def fourcc(letters: bytes) -> int:
    """A pixel format's number from its four letters."""
    return int.from_bytes(letters, "little")


GREY, NV12, MJPEG, YUYV = fourcc(b"GREY"), fourcc(b"NV12"), fourcc(b"MJPG"), fourcc(b"YUYV")
CAPTURE_TYPE = 1
MEMORY_MAPPED = 1
FIELD_ANY = 0
CAN_CAPTURE, CAN_STREAM = 0x00000001, 0x04000000
DAMAGED = 0x00000040


class Capability(ctypes.Structure):
    _fields_ = [
        ("driver", c_uint8 * 16),
        ("card", c_uint8 * 32),
        ("bus_info", c_uint8 * 32),
        ("version", c_uint32),
        ("capabilities", c_uint32),
        ("device_caps", c_uint32),
        ("reserved", c_uint32 * 3),
    ]


class PixFormat(ctypes.Structure):
    _fields_ = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("pixelformat", c_uint32),
        ("field", c_uint32),
        ("bytesperline", c_uint32),
        ("sizeimage", c_uint32),
        ("colorspace", c_uint32),
        ("priv", c_uint32),
        ("flags", c_uint32),
        ("ycbcr_enc", c_uint32),
        ("quantization", c_uint32),
        ("xfer_func", c_uint32),
    ]


class _FormatUnion(ctypes.Union):
    # some kinds of format hold pointers, which moves the whole union to a pointer's alignment
    _fields_ = [("pix", PixFormat), ("raw", c_uint8 * 200), ("_aligned", ctypes.c_void_p)]


class Format(ctypes.Structure):
    _anonymous_ = ("fmt",)
    _fields_ = [("type", c_uint32), ("fmt", _FormatUnion)]


class BufferRequest(ctypes.Structure):
    _fields_ = [
        ("count", c_uint32),
        ("type", c_uint32),
        ("memory", c_uint32),
        ("capabilities", c_uint32),
        ("flags", c_uint8),
        ("reserved", c_uint8 * 3),
    ]


class _TimeCode(ctypes.Structure):
    _fields_ = [("type", c_uint32), ("flags", c_uint32), ("clock", c_uint8 * 4), ("userbits", c_uint8 * 4)]


class _Memory(ctypes.Union):
    _fields_ = [("offset", c_uint32), ("userptr", c_ulong), ("planes", ctypes.c_void_p), ("fd", c_int32)]


class Buffer(ctypes.Structure):
    _fields_ = [
        ("index", c_uint32),
        ("type", c_uint32),
        ("bytesused", c_uint32),
        ("flags", c_uint32),
        ("field", c_uint32),
        ("timestamp", c_long * 2),
        ("timecode", _TimeCode),
        ("sequence", c_uint32),
        ("memory", c_uint32),
        ("m", _Memory),
        ("length", c_uint32),
        ("reserved2", c_uint32),
        ("request_fd", c_int32),
    ]


class StreamParameters(ctypes.Structure):
    _fields_ = [
        ("type", c_uint32),
        ("capability", c_uint32),
        ("capturemode", c_uint32),
        ("numerator", c_uint32),
        ("denominator", c_uint32),
        ("rest", c_uint8 * 184),
    ]


class Control(ctypes.Structure):
    _fields_ = [("id", c_uint32), ("value", c_int32)]


RATE_MAY_FALL, MAINS = 0x009A0903, 0x00980918
"""Whether the camera may take fewer pictures in the dark, each blurred by a moving hand; and the lamps' frequency."""
MAINS_50_HZ = 1

_WRITE, _READ = 1, 2


def _ioctl(direction: int, number: int, argument: type[ctypes.Structure] | type[c_int32]) -> int:
    return direction << 30 | ctypes.sizeof(argument) << 16 | ord("V") << 8 | number


QUERY_CAPABILITY = _ioctl(_READ, 0, Capability)
SET_FORMAT = _ioctl(_READ | _WRITE, 5, Format)
REQUEST_BUFFERS = _ioctl(_READ | _WRITE, 8, BufferRequest)
QUERY_BUFFER = _ioctl(_READ | _WRITE, 9, Buffer)
QUEUE_BUFFER = _ioctl(_READ | _WRITE, 15, Buffer)
DEQUEUE_BUFFER = _ioctl(_READ | _WRITE, 17, Buffer)
STREAM_ON = _ioctl(_WRITE, 18, c_int32)
SET_CONTROL = _ioctl(_READ | _WRITE, 28, Control)
SET_PARAMETERS = _ioctl(_READ | _WRITE, 22, StreamParameters)
