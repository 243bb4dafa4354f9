"""What the pages may reach of the box. Wiring fills it in; nothing else is reachable from HTTP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tihuo.api.screens import Screens
from tihuo.devices.lamp_plan import LampPlan
from tihuo.devices.ports import Camera, Shown, Speech
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
class Viewfinder:
    """A camera, and the tray that the settings file gives it."""

    camera: Camera
    tray: tuple[float, float, float, float] | None = None


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
    cameras: Mapping[str, Viewfinder] = field(default_factory=dict)
    """By kiosk."""
    eyes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kiosk -> the parts that read codes there, cameras and scanners."""
    screens: Screens = field(default_factory=Screens)
    speech: Speech | None = None
    """The box's own voice."""
    page_speaks: bool = False
    """Whether the kiosk's browser speaks, with a voice of its own."""
    speaks_always: bool = False
    """To everybody; otherwise only in elderly mode."""

    def blind(self, kiosk: str, parts: Sequence[Part]) -> list[Part]:
        """What reads codes at a kiosk, if all of it is in trouble; an empty list while anything reads."""
        names = self.eyes.get(kiosk, ("camera",))
        stuck = [part for part in parts if part.name in names and part.trouble]
        return stuck if len(stuck) == len(names) else []

    def has_only_scanners(self, kiosk: str) -> bool:
        """Whether no camera stands at a kiosk, but a scanner."""
        names = self.eyes.get(kiosk, ())
        return bool(names) and all(name.startswith("scanner_") for name in names)

    def ticks(self) -> int:
        """Milliseconds on a count that never jumps, for deadlines; of a plain clock, its time."""
        return int(getattr(self.clock, "ticks", self.clock)())

    @property
    def sure(self) -> bool:
        """Whether anybody vouches for the clock."""
        return bool(getattr(self.clock, "sure", True))
