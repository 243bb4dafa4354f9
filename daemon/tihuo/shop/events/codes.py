"""自提码: codes that were renewed, given to a neighbour, taken back, guessed at."""

from __future__ import annotations

from typing import ClassVar

from tihuo.shop.events.fact import Event, OrderFact


class CodeRenewed(OrderFact, frozen=True, kw_only=True, tag="pickup.renewed"):
    """换码: the `turn`-th new code of an order, the `renewal`-th of this box; every older one is worthless."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup")
    order_no: int
    renewal: int
    turn: int
    reason: str = ""


class Delegated(OrderFact, frozen=True, kw_only=True, tag="pickup.delegate_code"):
    """代取: a neighbour may collect. `lines` are ids of lines, empty for whatever waits; `name` is masked."""

    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup")
    order_no: int
    delegation: int
    delegation_id: str
    until: int
    lines: tuple[str, ...] = ()
    name: str = ""


class DelegationRevoked(OrderFact, frozen=True, kw_only=True, tag="pickup.delegation_revoked"):
    TO_CLOUD: ClassVar[bool] = True
    TOPICS: ClassVar[tuple[str, ...]] = ("orders", "pickup")
    delegation_id: str


class CodesGuessed(Event, frozen=True, kw_only=True, tag="codes.guessed"):
    """猜码: so many wrong codes came through one door lately that it pauses."""

    TOPICS: ClassVar[tuple[str, ...]] = ("box", "pickup")
    door: str
    wrong: int
