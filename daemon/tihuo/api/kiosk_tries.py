"""How often a kiosk may ask: a bucket of tries for each, filled again slowly."""

from __future__ import annotations

import threading


class Tries:
    """`most` at once, then one more every `every_ms`, on a count of milliseconds that never jumps."""

    def __init__(self, most: int, every_ms: int) -> None:
        self._most = most
        self._every_ms = every_ms
        self._full_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now: int) -> int:
        """Milliseconds to wait for the next try; 0 when one was there, and now is used up."""
        with self._lock:
            full_at = max(self._full_at.get(key, 0), now)
            wait = full_at + self._every_ms - now - self._most * self._every_ms
            if wait > 0:
                return wait
            self._full_at[key] = full_at + self._every_ms
            return 0

    def give_back(self, key: str) -> None:
        """A try that was none after all."""
        with self._lock:
            self._full_at[key] = self._full_at.get(key, 0) - self._every_ms
