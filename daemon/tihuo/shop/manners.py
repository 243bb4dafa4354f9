"""长辈模式 and language: how whoever stands at a kiosk wants to be served. The next customer finds the kiosk's own way.

A row of `keep` for each kiosk where somebody chose. While a visit is open it holds; otherwise it ends by itself.
"""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Look, Work

STAYS_MS = 30_000
"""How long a choice lasts at a screen that nobody touches."""
SLOWER = 2
"""In elderly mode every time is so many times as long."""


class Manner(msgspec.Struct, frozen=True):
    """`lang` is "" for the kiosk's own; `slow`: larger, slower, spoken; `ends_at` in ticks."""

    lang: str = ""
    slow: bool = False
    ends_at: int = 0

    def lasts(self, ms: int) -> int:
        """A time of the kiosk's, in this manner."""
        return ms * SLOWER if self.slow else ms


def kept(look: Look | Work, kiosk: str) -> Manner:
    """What was chosen last at a kiosk; whether it still holds is `now`."""
    row = look.one("SELECT value FROM keep WHERE name = ?", (f"manner:{kiosk}",))
    return msgspec.json.decode(row[0], type=Manner) if row else Manner()


def now(manner: Manner, ticks: int, *, visited: bool) -> Manner:
    """A choice that has ended is none. After a restart the count may have begun anew: what would last longer than any
    choice does, has ended too."""
    return manner if visited or 0 < manner.ends_at - ticks <= SLOWER * STAYS_MS else Manner()


def choose(work: Work, kiosk: str, lang: str, slow: bool) -> None:
    """Somebody at a kiosk wants another language, or more time and larger type, or neither."""
    manner = Manner(lang, slow)
    if manner == Manner():
        forget(work, kiosk)
    else:
        _keep(work, kiosk, msgspec.structs.replace(manner, ends_at=work.ticks + manner.lasts(STAYS_MS)))


def forget(work: Work, kiosk: str) -> None:
    """She has what she came for, or has gone."""
    work.sql("DELETE FROM keep WHERE name = ?", (f"manner:{kiosk}",))


def stay(work: Work, kiosk: str) -> None:
    """She was told something and may try again: the choice stays for a moment."""
    manner = kept(work, kiosk)
    if manner != Manner():
        _keep(work, kiosk, msgspec.structs.replace(manner, ends_at=work.ticks + manner.lasts(STAYS_MS)))


def arrive(work: Work, kiosk: str, before: str | None, customer_id: str | None) -> None:
    """A code was shown. What somebody else chose, or nobody lately, is not hers; who stood there `before` may be the
    same customer, whose code was read once more, or unknown."""
    manner = kept(work, kiosk)
    somebody_else = before is not None and customer_id is not None and before != customer_id
    if somebody_else or (before is None and now(manner, work.ticks, visited=False) != manner):
        forget(work, kiosk)


def go_on(work: Work) -> None:
    """The box has started: only whoever is in the middle of a visit is still there."""
    work.sql(
        "DELETE FROM keep WHERE name GLOB 'manner:*' AND substr(name, 8) NOT IN "
        "(SELECT kiosk FROM visit WHERE closed_at IS NULL)"
    )


def _keep(work: Work, kiosk: str, manner: Manner) -> None:
    work.sql(
        "INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
        (f"manner:{kiosk}", msgspec.json.encode(manner).decode()),
    )
