"""按键: when a button counts as pressed. A finger is short and slow; what is neither is stuck, and is ignored."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SHORTEST_PAUSE_MS = 150
"""Between two presses of one button; what comes sooner is its contacts."""
HELD_MS = 5_000
"""A button that is down for so long is stuck, until it has been up."""
MOST_PRESSES, WITHIN_MS = 8, 3_000
"""More than a finger can: a button that chatters is stuck until it has been quiet for `WITHIN_MS`."""


@dataclass(slots=True)
class _Button:
    down_since: int | None = None
    up_since: int = -SHORTEST_PAUSE_MS
    pressed: deque[int] = field(default_factory=lambda: deque(maxlen=MOST_PRESSES + 1))


class Presses:
    """The buttons of a shelf. Times are milliseconds of a clock that never jumps. Use from any thread."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._buttons: dict[str, _Button] = {}
        self._lock = threading.Lock()

    def change(self, slot: str, down: bool) -> bool:
        """A button went down or came up; whether that is a press."""
        now = self._clock()
        with self._lock:
            button = self._buttons.setdefault(slot, _Button())
            if down == (button.down_since is not None):
                return False
            if not down:
                button.down_since, button.up_since = None, now
                return False
            button.down_since = now
            if now - button.up_since < SHORTEST_PAUSE_MS:
                return False
            button.pressed.append(now)
            return not self._chatters(button, now)

    def found_down(self, slot: str) -> None:
        """It was down when the box began to look: nobody pressed it just now."""
        with self._lock:
            self._buttons.setdefault(slot, _Button()).down_since = self._clock()

    def stuck(self) -> frozenset[str]:
        now = self._clock()
        with self._lock:
            return frozenset(
                slot
                for slot, button in self._buttons.items()
                if (button.down_since is not None and now - button.down_since >= HELD_MS) or self._chatters(button, now)
            )

    def _chatters(self, button: _Button, now: int) -> bool:
        pressed = button.pressed
        return len(pressed) > MOST_PRESSES and pressed[-1] - pressed[0] < WITHIN_MS and now - pressed[-1] < WITHIN_MS
