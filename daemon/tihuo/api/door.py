"""What the pages may reach of the box. Wiring fills it in; nothing else is reachable from HTTP."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tihuo.devices.lamp_plan import LampPlan
from tihuo.devices.ports import Shown
from tihuo.drawing.shelf import ShelfMap
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.shop.words import Millis
from tihuo.shop.work import House


@dataclass(frozen=True)
class Part:
    """How one part of the box is: a device, the cloud, the disk. `trouble` is a stable code, empty when all is well."""

    name: str
    trouble: str = ""
    since: Millis = Millis(0)
    facts: dict[str, Any] = field(default_factory=dict)


class Simulator(Protocol):
    """The simulated devices, for the simulator page; absent in a shop."""

    def hold_code(self, text: str) -> None:
        """Hold a phone showing this QR before the camera until `clear`."""

    def hold_image(self, image: bytes) -> None:
        """Hold a picture (PNG or JPEG) before the camera."""

    def clear(self) -> None: ...

    def papers(self) -> list[Path]:
        """PNG files that came out of the printers, oldest first."""

    def lit(self) -> dict[str, str]:
        """Slot -> `on` or `blink`, as the lamps really are."""

    def customers(self) -> list[dict[str, Any]]:
        """What the mini program shows its customers: order id, name, code, short code, state."""

    def break_part(self, part: str, fault: str) -> None:
        """Make a part fail (`printer`: `paper_out`, `cover_open`, `unplug`, `mend`; `camera`: `hang`, `unplug`, `mend`;
        `lights`: `vanish`, `mend`; `cloud`: `go_away`, `come_back`)."""


@dataclass(frozen=True)
class PrinterPlace:
    """A printer of the settings: what it prints, for which zones, on what paper (`58 mm`, `60x40 mm`)."""

    name: str
    roles: tuple[str, ...]
    zones: tuple[str, ...]
    language: str
    paper: str
    text_mode: bool = False
    present: bool = True


class LampTester(Protocol):
    """The lamps of the shelf, for a person who looks whether they shine. Raises a `LightsTrouble`."""

    @property
    def reads_back(self) -> bool:
        """Whether the box itself notices a lamp that does not do what it is told."""

    def hold(self, slots: Collection[str], seconds: float) -> Shown:
        """Light these on top of everything for so long; none ends it."""


@dataclass(frozen=True)
class Door:
    writer: Writer
    readers: Readers
    house: House
    shop_name: str
    shelf: ShelfMap
    clock: Callable[[], Millis]
    parts: Callable[[], list[Part]]
    session_key: bytes
    """Signs cookies."""
    kiosks: tuple[str, ...] = ("k1",)
    timezone: str = "Asia/Shanghai"
    host_hint: str = ""
    simulator: Simulator | None = None
    printers: tuple[PrinterPlace, ...] = ()
    lights: LampTester | None = None
    wiring: LampPlan | None = None
    """How the lamps are connected; None without real lamps."""

    def ticks(self) -> int:
        """Milliseconds on a count that never jumps, for deadlines; of a plain clock, its time."""
        return int(getattr(self.clock, "ticks", self.clock)())

    @property
    def sure(self) -> bool:
        """Whether anybody vouches for the clock."""
        return bool(getattr(self.clock, "sure", True))
