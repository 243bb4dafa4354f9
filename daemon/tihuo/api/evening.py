"""The line of an evening, from the session to the last pickup, in the measure of an SVG."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from tihuo.boards.tonight import Tonight

WIDTH = 1000


@dataclass(frozen=True)
class Stretch:
    """A part of the evening: `name` is `live`, `sorting` or `pickup`; `left` and `right` are places on the line."""

    name: str
    starts_at: int
    ends_at: int
    left: int
    right: int
    state: str
    """`past`, `now` or `ahead`."""


@dataclass(frozen=True)
class EveningLine:
    stretches: tuple[Stretch, ...]
    now: int
    """Where this moment is on the line, at its ends when it lies outside."""


def evening_line(tonight: Tonight, now: int) -> EveningLine | None:
    """Session, sorting, pickup one after the other, each as long as it takes; None before the first session.

    The stretches have equal room and time runs evenly within each, because a night between sale and pickup would
    squeeze everything else to nothing.
    """
    if not tonight.session_id:
        return None
    edges = list(accumulate((tonight.starts_at, tonight.ends_at, tonight.window_from, tonight.window_to), max))
    room = WIDTH // 3
    stretches = tuple(
        Stretch(name, edges[n], edges[n + 1], n * room, (n + 1) * room, _state(edges[n], edges[n + 1], now))
        for n, name in enumerate(("live", "sorting", "pickup"))
    )
    place = 0
    for stretch in stretches:
        if stretch.ends_at <= now:
            place = stretch.right
        elif stretch.starts_at <= now:
            part = (now - stretch.starts_at) / (stretch.ends_at - stretch.starts_at)
            place = stretch.left + round(part * (stretch.right - stretch.left))
    return EveningLine(stretches, place)


def _state(starts_at: int, ends_at: int, now: int) -> str:
    if ends_at <= now:
        return "past"
    return "now" if starts_at <= now else "ahead"
