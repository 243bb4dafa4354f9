"""The shelf lights follow the state of the shelf: always the whole picture, so a lamp that missed one catches up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import cast

from tihuo.boards.dead_lamps import dead_lamps
from tihuo.boards.lamps import lamps
from tihuo.devices.ports import Blink, Glow, ShelfLights, Shown
from tihuo.devices.troubles import LampOutOfRange, LampSilent, LightsTrouble
from tihuo.ledger.database import Look, Readers
from tihuo.ledger.journal import Follower
from tihuo.ledger.writer import Writer
from tihuo.shop.lamps import mark_dead

log = logging.getLogger(__name__)

Picture = dict[str, tuple[Glow, ...]]


class LampKeeper:
    """Redraws the lamps after every commit that may have changed them, and once a second in any case.

    What was drawn and did not come is said: all lamps, or the slots whose lamp is silent or was seen dark.
    """

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        lights: ShelfLights,
        on_trouble: Callable[[LightsTrouble | None], None],
        *,
        test_at_start: bool = False,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._lights = lights
        self._on_trouble = on_trouble
        self._untested = test_at_start
        self.follower = Follower("lights", self.step, period=1.0)

    def step(self) -> bool:
        wanted, dead = self._readers.read(_picture)
        try:
            if self._untested:
                self._untested = False
                self._remember(self._lights.test().silent - dead)
            shown = self._lights.show(wanted, dead)
        except LightsTrouble as trouble:
            self._on_trouble(trouble)
            return False
        self._remember(shown.given_up - dead)
        self._on_trouble(_trouble(shown, dead))
        return False

    def _remember(self, slots: Iterable[str]) -> None:
        """It survives the night, until somebody tests the lamp and sees it shine."""
        for slot in sorted(slots):
            log.warning("the lamp of %s is silent and is left alone", slot)
            self._writer.write(mark_dead, slot, "silent", actor="lights")


def _picture(look: Look) -> tuple[Picture, frozenset[str]]:
    """What should shine, and what cannot, of one moment."""
    wanted = {
        slot: tuple(Glow(glow.color, cast(Blink, glow.rhythm)) for glow in glows) for slot, glows in lamps(look).items()
    }
    return wanted, frozenset(row.slot for row in dead_lamps(look))


def _trouble(shown: Shown, dead: frozenset[str]) -> LightsTrouble | None:
    if ill := dead | shown.silent:
        return LampSilent(slots=" ".join(sorted(ill)))
    return LampOutOfRange(slots=" ".join(sorted(shown.refused))) if shown.refused else None
