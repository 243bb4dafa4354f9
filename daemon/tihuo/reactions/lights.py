"""The shelf lights follow the state of the shelf: always the whole picture, so a lamp that missed one catches up."""

from __future__ import annotations

from collections.abc import Callable

from tihuo.boards.lamps import lamps
from tihuo.devices.ports import Blink, Lamp, ShelfLights
from tihuo.devices.troubles import LightsTrouble
from tihuo.ledger.database import Readers
from tihuo.ledger.journal import Follower

_BLINK: dict[str, Blink] = {"on": "on", "blink": "blink"}
_COLOR = {"on": "green", "blink": "white"}


class LampKeeper:
    """Redraws the lamps after every commit that may have changed them, and once a second in any case."""

    def __init__(self, readers: Readers, lights: ShelfLights, on_trouble: Callable[[str], None]) -> None:
        self._readers = readers
        self._lights = lights
        self._on_trouble = on_trouble
        self.follower = Follower("lights", self.step, period=1.0)

    def step(self) -> bool:
        wanted = self._readers.read(lamps)
        try:
            self._lights.show({slot: Lamp(slot, _COLOR[how], _BLINK[how]) for slot, how in wanted.items()})
        except LightsTrouble as trouble:
            self._on_trouble(trouble.code)
        else:
            self._on_trouble("")
        return False
