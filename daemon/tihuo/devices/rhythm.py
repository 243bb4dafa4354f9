"""灯语节奏: when a lamp shines. Counted from the epoch, so that every lamp and every screen pulses together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tihuo.devices.ports import Blink, Glow

RHYTHMS: dict[Blink, tuple[int, tuple[tuple[int, int], ...]]] = {
    "off": (1000, ()),
    "on": (1000, ((0, 1000),)),
    "blink": (1000, ((0, 500),)),
    "double": (1000, ((0, 125), (250, 375))),
    "fast": (250, ((0, 125),)),
    "long": (2000, ((0, 1500),)),
}
"""Rhythm -> how often it comes round, and when it shines meanwhile, in milliseconds."""

TURN_MS = 2000
"""Two people on one slot: each has the lamp for so long. Every rhythm comes round a whole number of times in it."""


def shining(glows: Sequence[Glow], at: int) -> str:
    """The colour of a slot's lamp at `at` milliseconds since the epoch; empty when it is dark.

    >>> both = (Glow("green", "on"), Glow("white", "blink"))
    >>> [shining(both, at) for at in (0, 1999, 2000, 2500)]
    ['green', 'green', 'white', '']
    """
    if not glows:
        return ""
    glow = glows[at // TURN_MS % len(glows)]
    period, parts = RHYTHMS[glow.rhythm]
    phase = at % period
    return glow.color if any(begin <= phase < end for begin, end in parts) else ""


def next_change(picture: Iterable[Sequence[Glow]], at: int) -> int | None:
    """Milliseconds from `at` until some lamp of the picture may look different; None when none ever does.

    >>> next_change([[Glow(rhythm="double")], [Glow(rhythm="on")]], 1_130)
    120
    """
    shown = [glows for glows in picture if glows]
    waits = [TURN_MS - at % TURN_MS] if any(len(glows) > 1 for glows in shown) else []
    for rhythm in {glow.rhythm for glows in shown for glow in glows} - {"on", "off"}:
        period, parts = RHYTHMS[rhythm]
        waits += [(edge - at) % period or period for part in parts for edge in part]
    return min(waits, default=None)
