"""歇眼: an empty tray in which nothing moves is not worth decoding thirty times a second."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from tihuo.devices.frames import Grey

REST_FPS = 8.0
"""Pictures a second while nothing moves: whoever comes is noticed an eighth of a second later at most."""
_BLOCK = 16
_MOVED = 8
"""By so many of 255 a block of pixels must differ from the rest of the picture's change; noise is below one."""


class Rest:
    """Decides which frames to decode. Times are milliseconds of a clock that never jumps."""

    def __init__(self, after_ms: int = 2000, look_every_ms: int = 500) -> None:
        self._after_ms, self._look_every_ms = after_ms, look_every_ms
        self._blocks: np.ndarray[Any, Any] | None = None
        self._awake_until = self._looked = 0
        self.resting = False

    def wants(self, frame: Grey, now_ms: int) -> bool:
        """Whether this frame is to be decoded; what is decoded is what later ones are compared with."""
        blocks = np.asarray(Image.fromarray(np.ascontiguousarray(frame)).reduce(_BLOCK), np.int16)
        if self._has_moved(blocks):
            self._awake_until = now_ms + self._after_ms
        self.resting = now_ms >= self._awake_until
        if self.resting and now_ms - self._looked < self._look_every_ms:
            return False
        self._blocks, self._looked = blocks, now_ms
        return True

    def found(self, now_ms: int) -> None:
        """A code lies there: every frame counts until it is gone."""
        self._awake_until = now_ms + self._after_ms

    def _has_moved(self, blocks: np.ndarray[Any, Any]) -> bool:
        if self._blocks is None or self._blocks.shape != blocks.shape:
            return True
        change = blocks - self._blocks
        return bool(np.abs(change - np.median(change)).max() > _MOVED)
