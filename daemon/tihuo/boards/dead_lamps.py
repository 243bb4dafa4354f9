"""Which slots one finds by their number only."""

from __future__ import annotations

import msgspec

from tihuo.shop.work import Look


class DeadLampRow(msgspec.Struct, frozen=True):
    """`why`: `dark` (a person saw it) or `silent` (its line did not follow); `at`: `Millis`."""

    slot: str
    why: str
    at: int


def dead_lamps(look: Look) -> list[DeadLampRow]:
    return [DeadLampRow(*row) for row in look.rows("SELECT slot, why, at FROM dead_lamp ORDER BY slot")]
