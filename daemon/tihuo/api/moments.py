"""How money and time are written on every page: ¥12.90, 18:30, in the shop's own time zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tihuo.shop.words import Millis

NEVER_SET = 1_000_000_000_000
"""A moment before this autumn of 2001 was told by a clock that was never set, and says nothing."""


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

    def here(self, at: int) -> datetime:
        """A moment in the shop's time zone."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(self._zone)

    def iso(self, at: int) -> str:
        return self.here(at).isoformat(timespec="seconds")

    def clock(self, at: int) -> str:
        """18:30"""
        return f"{self.here(at):%H:%M}" if at >= NEVER_SET else "–"

    def day(self, at: int) -> str:
        """Today, yesterday, tomorrow, or the date."""
        _ = self._translate
        then = self.here(at)
        days = (then.date() - self.here(self._clock()).date()).days
        if days in (-1, 0, 1) and self._sure():
            return (_("Yesterday"), _("Today"), _("Tomorrow"))[days + 1]
        words = {"day": then.day, "month": self.month_names[then.month - 1], "year": then.year}
        if abs(days) < 300:
            return _("%(day)d %(month)s") % words
        return _("%(day)d %(month)s %(year)d") % words

    @property
    def month_names(self) -> tuple[str, ...]:
        _ = self._translate
        return (
            _("January"), _("February"), _("March"), _("April"), _("May"), _("June"),
            _("July"), _("August"), _("September"), _("October"), _("November"), _("December"),
        )  # fmt: skip

    def moment(self, at: int) -> str:
        """The time, with its day if that is not today; – where nobody knows."""
        today = self.here(at).date() == self.here(self._clock()).date() and self._sure()
        return self.clock(at) if today or at < NEVER_SET else f"{self.day(at)} {self.clock(at)}"

    def window(self, window: Sequence[int]) -> str:
        """17:00-20:00, with the days if they are not today."""
        start, end = window
        if self.here(start).date() == self.here(end).date():
            return f"{self.moment(start)}–{self.clock(end)}"
        return f"{self.moment(start)} – {self.moment(end)}"
