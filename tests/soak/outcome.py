"""What a part of the soak came to."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, kw_only=True):
    """Counts of what was survived, and of what must stay 0. `stranded` is the share of sellable units that a session
    ended with while somebody wanted them; None where the part cannot say."""

    schedules: int = 0
    kills: int = 0
    cuts: int = 0
    oversold: int = 0
    lost: int = 0
    twice: int = 0
    stranded: float | None = None
    wrong: list[str] = []
    """Each fault with what is needed to see it again: a seed, a kill point."""

    @property
    def clean(self) -> bool:
        return not (self.oversold or self.lost or self.twice or self.wrong)


def together(outcomes: list[Outcome]) -> Outcome:
    """All parts as one; `stranded` is the worst that any part saw."""
    stranded = [outcome.stranded for outcome in outcomes if outcome.stranded is not None]
    return Outcome(
        schedules=sum(outcome.schedules for outcome in outcomes),
        kills=sum(outcome.kills for outcome in outcomes),
        cuts=sum(outcome.cuts for outcome in outcomes),
        oversold=sum(outcome.oversold for outcome in outcomes),
        lost=sum(outcome.lost for outcome in outcomes),
        twice=sum(outcome.twice for outcome in outcomes),
        stranded=max(stranded, default=None),
        wrong=[fault for outcome in outcomes for fault in outcome.wrong],
    )
