"""营业日: what a shop calls a day. It ends at four in the morning, when nobody is there any more."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ENDS = time(4)


def shop_day(now: int, timezone: str) -> str:
    """The day that a shop calls today.

    >>> shop_day(1_800_000_000_000, "Asia/Shanghai")
    '2027-01-15'
    >>> shop_day(1_800_043_199_999, "Asia/Shanghai")  # a millisecond before four in the morning of the 16th
    '2027-01-15'
    """
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(timezone))
    return (here - timedelta(hours=ENDS.hour)).date().isoformat()


def day_ends(at: int, timezone: str) -> int:
    """When the shop's day of a moment is over.

    >>> day_ends(1_800_000_000_000, "Asia/Shanghai")
    1800043200000
    """
    zone = ZoneInfo(timezone)
    here = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    day = here.date() if here.time() < ENDS else here.date() + timedelta(1)
    return round(datetime.combine(day, ENDS, zone).timestamp() * 1000)
