"""How money and time are written on every page: ¥12.90, 18:30, in the shop's own time zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tihuo.api.languages import N_
from tihuo.shop.words import Millis

NEVER_SET = 1_000_000_000_000
"""A moment before this autumn of 2001 was told by a clock that was never set, and says nothing."""

MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"),
    N_("July"), N_("August"), N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip


def money(fen: int) -> str:
    """Integer fen as yuan.

    >>> money(1290), money(-5), money(123456700)
    ('¥12.90', '-¥0.05', '¥1,234,567.00')
    """
    return f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


class Moments:
    """Times as the shop's clock on the wall shows them. `translate` is the page's gettext; while the clock is not
    `sure`, nothing is called today or tomorrow."""

    def __init__(
        self,
        timezone: str,
        clock: Callable[[], Millis],
        translate: Callable[[str], str],
        sure: Callable[[], bool] = lambda: True,
    ) -> None:
        self._zone = ZoneInfo(timezone)
        self._clock = clock
        self._sure = sure
        self._translate = translate
        self.here = lru_cache(256)(self._here)
        self._day = lru_cache(256)(self._write_day)
        self._window = lru_cache(256)(self._write_window)  # a shelf full of parcels has a window or two

    def _here(self, at: int) -> datetime:
        """A moment in the shop's time zone."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(self._zone)

    def iso(self, at: int) -> str:
        return self.here(at).isoformat(timespec="seconds")

    def clock(self, at: int) -> str:
        """18:30"""
        return f"{self.here(at):%H:%M}" if at >= NEVER_SET else "–"

    def day(self, at: int) -> str:
        """Today, yesterday, tomorrow, or the date."""
        return self._day(self.here(at).date(), *self._today())

    def moment(self, at: int) -> str:
        """The time, with its day if that is not today; – where nobody knows."""
        return self._write_moment(at, *self._today())

    def window(self, window: Sequence[int]) -> str:
        """17:00-20:00, with the days if they are not today."""
        return self._window(*window, *self._today())

    def _today(self) -> tuple[date, bool]:
        """And whether anybody vouches for it."""
        return self._here(self._clock()).date(), self._sure()

    def _write_day(self, then: date, today: date, sure: bool) -> str:
        _ = self._translate
        days = (then - today).days
        if days in (-1, 0, 1) and sure:
            return (_("Yesterday"), _("Today"), _("Tomorrow"))[days + 1]
        words = {"day": then.day, "month": _(MONTHS[then.month - 1]), "year": then.year}
        if abs(days) < 300:
            return _("%(day)d %(month)s") % words
        return _("%(day)d %(month)s %(year)d") % words

    def _write_moment(self, at: int, today: date, sure: bool) -> str:
        then = self.here(at).date()
        plain = at < NEVER_SET or (sure and then == today)
        return self.clock(at) if plain else f"{self._day(then, today, sure)} {self.clock(at)}"

    def _write_window(self, start: int, end: int, today: date, sure: bool) -> str:
        from_, to = self._write_moment(start, today, sure), self._write_moment(end, today, sure)
        same_day = self.here(start).date() == self.here(end).date()
        return f"{from_}–{self.clock(end)}" if same_day else f"{from_} – {to}"
