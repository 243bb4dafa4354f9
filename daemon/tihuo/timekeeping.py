"""时钟: what time it is, how sure that is, and a count that never jumps.

A Pi has no clock of its own: after a power cut it wakes up in the past, and the network corrects it minutes or days
later. Nothing in the shop is ordered by time, so a wrong one costs nothing but its look; it is told as well as it can
be, and marked where nobody vouches for it. The whole rule is in docs/clock.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tihuo.shop.words import Millis

OLDEST_CREDIBLE = Millis(1_767_225_600_000)
"""2026-01-01 UTC: a clock before it was never set."""
JUMP_MS = 2_000
"""A step of the system's clock that is no gentle correction any more."""
LOOK_MS = 1_000
RTC_LOOK_MS = 60_000
RTC_AGREES_MS = 60_000
"""How far the clock module and the system may drift apart and still confirm each other."""


class Reading(NamedTuple):
    """One look at the clock: the time, whether anybody vouches for it, and the count that never jumps (ms)."""

    now: Millis
    sure: bool
    ticks: int


def system_time() -> int:
    return time.time_ns() // 1_000_000


def since_boot() -> int:
    """Milliseconds since this machine was switched on, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class ShopClock:
    """The box's clock; call it for the time. For any thread.

    The system's clock counts as sure when it is credible and was synchronised after its last jump (`synchronized` is
    touched by systemd-timesyncd), or agrees with a clock module (`rtc`, seconds since 1970), or is `trusted` by the
    settings. A sure clock always wins. Otherwise time goes on from the last sure moment of this run; if there was
    none, the system is followed, but never to before where this run began. It begins no earlier than `last_sure`, the
    newest moment of the journal that was sure, nor, where the system's clock was never set, than its `last`.
    """

    def __init__(
        self,
        *,
        last_sure: int = 0,
        last: int = 0,
        trusted: bool = False,
        synchronized: Path | None = None,
        rtc: Path | None = None,
        wall: Callable[[], int] = system_time,
        ticks: Callable[[], int] = since_boot,
    ) -> None:
        self._trusted = trusted
        self._synchronized = synchronized
        self._rtc = rtc
        self._wall = wall
        self._ticks = ticks
        self._lock = threading.Lock()
        self._last_sure = last_sure
        self._doubted: object = None
        self._witness: object = None
        self._look_at = self._rtc_at = self._then = ticks()
        self._wall_then = wall()
        self._rtc_agrees = self._sure = self._anchored = False
        known = last_sure if self._wall_then >= OLDEST_CREDIBLE else max(last_sure, last)
        self._steady = max(self._wall_then, known)
        self.jumps = 0

    def __call__(self) -> Millis:
        return self.reading().now

    def ticks(self) -> int:
        """Milliseconds for deadlines: they go on evenly whatever happens to the time, and begin with the machine."""
        return self._ticks()

    @property
    def sure(self) -> bool:
        return self.reading().sure

    @property
    def trouble(self) -> str:
        """`clock_not_set` when the system's time cannot be right, `clock_unsure` when nobody vouches for it."""
        if self.sure:
            return ""
        with self._lock:
            impossible = self._wall_then < max(OLDEST_CREDIBLE, self._steady - JUMP_MS)
        return "clock_not_set" if impossible else "clock_unsure"

    def reading(self) -> Reading:
        with self._lock:
            ticks, wall = self._ticks(), self._wall()
            passed = ticks - self._then
            jumped = abs(wall - self._wall_then - passed) > JUMP_MS
            self._then, self._wall_then = ticks, wall
            self._steady += passed
            if jumped:
                self.jumps += 1
                self._doubted = self._witness
                self._rtc_at = ticks
            if jumped or ticks >= self._look_at:
                self._look_at = ticks + LOOK_MS
                self._sure = self._is_sure(wall, ticks)
            if self._sure:
                self._anchored = True
                self._steady = wall
            elif not self._anchored and wall > self._steady:
                return Reading(Millis(wall), False, ticks)
            return Reading(Millis(self._steady), self._sure, ticks)

    def _is_sure(self, wall: int, ticks: int) -> bool:
        if wall < OLDEST_CREDIBLE:
            return False
        if self._trusted:
            return True
        self._witness = _touched(self._synchronized)
        if self._witness is not None and self._witness != self._doubted:
            return True
        if ticks >= self._rtc_at:
            self._rtc_at = ticks + RTC_LOOK_MS
            module = _seconds(self._rtc)
            self._rtc_agrees = module is not None and abs(module * 1000 - wall) < RTC_AGREES_MS
        return self._rtc_agrees and wall >= self._last_sure


def _touched(file: Path | None) -> tuple[int, int] | None:
    """Which touch of the file this is; None while there is no file."""
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _seconds(file: Path | None) -> int | None:
    if file is None:
        return None
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
