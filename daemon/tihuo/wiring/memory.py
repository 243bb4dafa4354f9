"""What the process keeps of its memory: the collector and the allocator, told how a shop works."""

from __future__ import annotations

import ctypes
import gc

# names of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def load() -> None:
    """Call it before everything is loaded: looking through modules for what is gone took a tenth of the start."""
    gc.disable()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, and need none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)  # else each of two dozen threads keeps what it once needed for itself
        mallopt(_M_MMAP_THRESHOLD, 512 << 10)  # fixed: the 19 MB that a PIN is hashed in go back when it is
        mallopt(_M_TRIM_THRESHOLD, 1 << 20)


def settle() -> None:
    """Call it when everything is loaded. It stays, and of what is young most goes away by itself: looking through it
    again and again took a tenth of an evening's work."""
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)
    gc.enable()
