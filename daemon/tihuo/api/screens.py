"""心跳: whether the screens of the kiosks are alive. Each says so every ten seconds, from the page itself; one that was
ever seen and falls silent is a part of the box in trouble."""

from __future__ import annotations

import threading
from collections.abc import Iterable

SILENT_MS = 45_000
"""Four beats and a half."""
HIDDEN_MS = 150_000
"""A browser lets a page that nobody sees speak once a minute, and a box that has just started waits for its screens."""


class Screens:
    """When each kiosk was last heard, on a count of milliseconds that never jumps (`ticks`). `known`: kiosks that had a
    screen before this start."""

    def __init__(self, known: Iterable[str] = (), ticks: int = 0) -> None:
        self._lock = threading.Lock()
        self._until = dict.fromkeys(known, ticks + HIDDEN_MS)

    def beat(self, kiosk: str, ticks: int, *, hidden: bool = False) -> bool:
        """A screen gave a sign of life; tells whether it is the first of this kiosk."""
        with self._lock:
            first = kiosk not in self._until
            self._until[kiosk] = ticks + (HIDDEN_MS if hidden else SILENT_MS)
            return first

    def forget(self, kiosk: str) -> None:
        """It was taken away."""
        with self._lock:
            self._until.pop(kiosk, None)

    def silent(self, kiosk: str, ticks: int) -> bool | None:
        """Whether a screen is missed; None for a kiosk that never had one."""
        with self._lock:
            return ticks > self._until[kiosk] if kiosk in self._until else None
