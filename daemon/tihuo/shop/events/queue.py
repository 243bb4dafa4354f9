"""排队: numbers that were taken, called and seen to."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event


class TurnTaken(Event, frozen=True, kw_only=True, tag="turn.taken"):
    """取号: at a kiosk, or without one on a staff's phone; with the order whose code was shown."""

    TOPICS: ClassVar[tuple[str, ...]] = ("turns",)
    turn_id: int
    number: int
    kiosk: str = ""
    order_no: int | None = None


class TurnCalled(Event, frozen=True, kw_only=True, tag="turn.called"):
    """叫号: for the `calls`-th time, to a kiosk or to the counter."""

    TOPICS: ClassVar[tuple[str, ...]] = ("turns",)
    turn_id: int
    number: int
    kiosk: str
    calls: int
    order_no: int | None = None


class TurnMoved(Event, frozen=True, kw_only=True, tag="turn.moved"):
    """Whoever has a number came (`served`), or did not when she was called (`skipped`)."""

    TOPICS: ClassVar[tuple[str, ...]] = ("turns",)
    turn_id: int
    number: int
    state: str
    order_no: int | None = None
