"""Typed settings, from a TOML file and the environment (`TIHUO_CLOUD__HOST=…`), checked before anything starts."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, field_validator, model_validator

from tihuo.devices.lamp_budget import faults
from tihuo.devices.lamp_plan import Electrics, LampPlan
from tihuo.shop.tray import tray_fits
from tihuo.shop.weights import template_fault
from tihuo.shop.words import SLOT_PATTERN, Role, Zone

Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsTrouble(Exception):
    """The settings cannot be used; each line names a setting and what is wrong with it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def address(text: str, port: int) -> tuple[str, int]:
    """'broker:1883' -> ('broker', 1883); without a port, `port`. Raises ValueError for neither."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(?::([0-9]{1,5}))?", text)
    if not found or int(found[2] or 0) > 65535:
        raise ValueError(f"{text!r} is no host, and no host:port")
    return found[1].strip("[]"), int(found[2] or port)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cloud(Part):
    """The broker. No host: the shop works alone, and says so."""

    host: str = ""
    port: Port = 8883
    more_hosts: tuple[str, ...] = ()
    """The other nodes of a cluster, `name` or `name:port`. A box begins at one of all and walks on from there."""
    publishes_per_second: int = Field(default=0, ge=0)
    """At most so many; 0 is no limit. Public clouds count 10 to 100 for each client."""
    tls: bool = True
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""
    username: str = ""
    password_file: Path | None = None
    prefix: str = "tihuo/v1"
    client_id: str = ""
    announce: bool = False

    @field_validator("more_hosts")
    @classmethod
    def _each_is_a_host(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            address(host, 0)
        return hosts

    @property
    def nodes(self) -> tuple[tuple[str, int], ...]:
        """Every node of the broker: host and port."""
        return ((self.host, self.port), *(address(host, self.port) for host in self.more_hosts))


class Http(Part):
    host: str = "0.0.0.0"  # noqa: S104  the staff's phones must reach the box; every page but the login is closed
    port: Port = 8080


class CameraChoice(Part):
    """The camera over the tray of one kiosk."""

    kind: Literal["none", "simulated", "images", "picamera2", "v4l2"] = "none"
    device: str = ""
    """`v4l2`: /dev/video0, or better a link of /dev/v4l/by-id. `picamera2`: which of the Pi's cameras, 0 or 1."""
    folder: Path | None = None
    width: int = Field(default=1280, ge=320, le=4096)
    height: int = Field(default=720, ge=240, le=4096)
    fps: float = Field(default=30, ge=1, le=60)
    """At most so many pictures a second are looked at; two while nothing moves in the tray."""
    tray: tuple[float, float, float, float] | None = None
    """What part of the picture is the tray: x, y, width, height as fractions. The rest is never looked at. What the
    owner chose on the page for aiming counts instead."""

    @model_validator(mode="after")
    def _is_there_and_has_a_tray(self) -> CameraChoice:
        if self.kind == "picamera2" and self.device not in ("", "0", "1", "2", "3"):
            raise ValueError("device: a Pi counts its cameras from 0")
        if self.tray is not None and not tray_fits(self.tray):
            raise ValueError("tray: x, y, width and height are fractions, and the tray lies in the picture")
        return self


class ScannerChoice(Part):
    """扫码枪: a scanner on a cable or a radio stick. It stands at a kiosk, or at a sorting station."""

    kind: Literal["none", "simulated", "evdev", "serial"] = "none"
    device: str = ""
    """`evdev`: /dev/input/by-id/…, the USB numbers `1eab:0022`, or a part of its name. `serial`: /dev/ttyACM0."""
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    kiosk: str = ""
    station: str = Field(default="", max_length=24)

    @model_validator(mode="after")
    def _stands_somewhere(self) -> ScannerChoice:
        if self.kind == "none":
            return self
        if bool(self.kiosk) == bool(self.station):
            raise ValueError("a scanner has a kiosk or a station, and not both")
        if not self.device and self.kind != "simulated":
            raise ValueError("device: say which one it is, by its path, its USB numbers or its name")
        return self


class PrinterChoice(Part):
    kind: Literal["none", "simulated", "network", "usb", "serial", "device", "file"] = "none"
    language: Literal["escpos", "tspl"] = "escpos"
    """What it speaks: `escpos`, as receipt printers do, or `tspl`, as printers of labels with gaps do."""
    address: str = ""
    """`192.0.2.7:9100`, `04b8:0202`, `/dev/ttyUSB0`, `/dev/usb/lp0` or a file, after the kind."""
    roles: tuple[Literal["label", "receipt", "list"], ...] = ("receipt", "list")
    zones: tuple[Zone, ...] = ()
    """The zones whose labels it prints; none: those that no other label printer names."""
    width_dots: int = Field(default=384, ge=64, le=2400, multiple_of=8)
    label_size: Literal["", "60x40", "40x30"] = ""
    """Of this printer; empty for that of the shop."""
    gap_mm: float = Field(default=2, ge=0, le=20)
    text_mode: bool = False
    """Receipts and lists in the printer's own GB18030 letters instead of pictures."""
    baud: int = 115_200
    cut: bool = True

    @model_validator(mode="after")
    def _can_do_what_it_is_for(self) -> PrinterChoice:
        if not self.roles:
            raise ValueError("roles: say what this printer prints: label, receipt, list")
        if self.language == "tspl" and (self.text_mode or self.roles != ("label",)):
            raise ValueError('a tspl printer has roles = ["label"] alone, and no text_mode')
        if self.zones and "label" not in self.roles:
            raise ValueError("zones: only a printer of labels has zones")
        return self


USUAL_PRINTERS: dict[str, dict[str, Any]] = {
    "label": {"roles": ("label",), "width_dots": 480, "cut": False},
    "receipt": {"roles": ("receipt", "list"), "width_dots": 384},
}
"""The two printers that every shop has a place for, and what is true of them if the settings do not say otherwise."""


class Printers(RootModel[dict[str, PrinterChoice]]):
    """Printers by name. Of two for the same, whichever is free prints next, or each the labels of its own zones."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        plain = {
            name: table.model_dump(exclude_unset=True) if isinstance(table, PrinterChoice) else table
            for name, table in tables.items()
        }
        given = {name: {**_label_sized(table), **table} for name, table in plain.items() if isinstance(table, dict)}
        usual = {name: {**table, **given.pop(name, {})} for name, table in USUAL_PRINTERS.items()}
        return {**plain, **usual, **given}

    @model_validator(mode="after")
    def _every_label_has_a_printer(self) -> Printers:
        if any(not re.fullmatch(r"[a-z0-9_-]{1,24}", name) for name in self.root):
            raise ValueError("the name of a printer has small letters, digits, - and _")
        homeless = [zone for zone in Zone if self.of("label") and not self.of("label", zone)]
        if homeless:
            raise ValueError(f"no label printer takes the zones {', '.join(homeless)}")
        return self

    def __getitem__(self, name: str) -> PrinterChoice:
        return self.root[name]

    @property
    def named(self) -> dict[str, PrinterChoice]:
        """All that there is a place for, also those that are not set."""
        return dict(self.root)

    def of(self, role: str, zone: Zone | None = None) -> list[str]:
        """The names of the printers that are set and have a role, for one zone or for any."""
        able = {name: choice for name, choice in self.root.items() if choice.kind != "none" and role in choice.roles}
        return [name for name in able if zone is None or role != "label" or zone in self.zones_of(name)]

    def zones_of(self, name: str) -> tuple[Zone, ...]:
        """The zones whose labels a printer takes."""
        if self.root[name].zones:
            return self.root[name].zones
        others = (c for n, c in self.root.items() if n != name and c.kind != "none" and "label" in c.roles)
        claimed = {zone for choice in others for zone in choice.zones}
        return tuple(zone for zone in Zone if zone not in claimed)


def _label_sized(table: dict[str, Any]) -> dict[str, Any]:
    """A printer of labels alone is as wide as a label and cuts nothing."""
    return {"width_dots": 480, "cut": False} if tuple(table.get("roles", ())) == ("label",) else {}


class Lights(Part):
    """货架灯: how the lamps of the shelf are connected."""

    kind: Literal["none", "simulated", "gpio", "shift", "strip", "expander"] = "none"
    test_at_start: bool = True
    driver: str = "lgpio"
    """gpiozero's pin driver, for pins and for SPI."""
    active_high: bool = True
    """False for lamps between the supply and the pin or chip."""
    order: tuple[str, ...] = ()
    """Slots in the order of bits, LEDs or lines, "" for one that is not used; all slots of the shelf when empty."""
    pins: dict[str, int] = {}
    """Slot -> BCM number of its lamp, for `gpio`."""
    button_pins: dict[str, int] = {}
    """Slot -> BCM number of its button, whatever the lamps are."""
    buttons: bool = False
    """`expander`: lamps on port A of each chip and their buttons on port B."""
    bus: int = Field(default=1, ge=0)
    """`expander`: the number of the I2C bus."""
    device: Literal[0, 1] = 0
    """`shift`, `strip`: which select line of SPI."""
    feedback: bool = False
    """`shift`: the output QH' of the last chip is wired back to MISO."""
    leds_per_slot: int = Field(default=1, ge=1, le=20)
    brightness: int = Field(default=8, ge=1, le=31)
    volts: float = Field(default=3.3, gt=0, le=12)
    """What the lamps, or the chips that drive them, are fed with."""
    lamp_volts: float = Field(default=2.0, ge=1, le=12)
    """What a lamp itself needs: red and amber 2.0, green 2.2, blue and white 3.0."""
    resistor_ohm: float | None = Field(default=None, gt=0)
    """Before each lamp. Left out: the wiring page says which, and the sums are made with it."""
    supply_ma: float = Field(default=2000, gt=0)
    """What the lamps' own supply can give."""

    def plan(self, slots: Sequence[str]) -> LampPlan | None:
        """How the lamps of these slots are wired; None without real lamps."""
        if self.kind == "none" or self.kind == "simulated":
            return None
        return LampPlan(
            kind=self.kind,
            slots=self.order or tuple(slots),
            pins=self.pins,
            button_pins=self.button_pins,
            buttons=self.buttons,
            feedback=self.feedback,
            leds_per_slot=self.leds_per_slot,
            brightness=self.brightness,
            electrics=Electrics(self.volts, self.lamp_volts, self.resistor_ohm, self.supply_ma),
        )


class Speech(Part):
    """语音: what the kiosk says aloud. Never a name and never a number of a phone."""

    kind: Literal["none", "browser", "espeak", "simulated"] = "none"
    """`browser`: in the kiosk's own browser, where it has a voice. `espeak`: the program espeak-ng on the box."""
    always: bool = False
    """To everybody; otherwise only in elderly mode."""
    program: str = "espeak-ng"
    voice_zh: str = "cmn-latn-pinyin"
    voice_en: str = "en-us"
    words_a_minute: int = Field(default=150, ge=80, le=300)


class ShelfUnit(Part):
    """One piece of furniture: `rows` × `columns` slots of one zone, numbered row by row from `first`."""

    name: str
    zone: Zone
    rows: int = Field(ge=1, le=10)
    columns: int = Field(ge=1, le=20)
    first: int = Field(default=1, ge=1)

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(f"{self.zone.letter}{self.first + n:02d}" for n in range(self.rows * self.columns))


class ClockChoice(Part):
    """Who vouches for this machine's time."""

    trusted: bool = False
    """True on a machine whose clock is always right: a PC, or a box that keeps its time by other means."""
    synchronized: Path = Path("/run/systemd/timesync/synchronized")
    """Touched at each synchronisation by systemd-timesyncd."""
    rtc: Path = Path("/sys/class/rtc/rtc0/since_epoch")
    """The clock module, if there is one."""


class Sale(Part):
    """Sizing of grants: the defaults of the cloud contract, in percent and units."""

    first_grant_percent: int = Field(default=60, ge=1, le=100)
    refill_below_percent: int = Field(default=20, ge=1, le=99)
    single_below: int = Field(default=3, ge=0)
    walk_in_reserve_percent: int = Field(default=0, ge=0, le=100)
    channels: dict[str, int] = {"mini_program": 100}
    """Who sells online -> its share of what is lent, in percent."""
    shortage_policy: Literal["first_paid", "pro_rata", "one_each"] = "first_paid"
    """Who keeps her goods when some that were sold are missing."""
    decide_within_minutes: int = Field(default=60, ge=1, le=1440)
    """So long somebody may choose a substitute or ask the customer; then her money goes back by itself."""

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> Sale:
        if not self.channels or any(not 0 < share <= 100 for share in self.channels.values()):
            raise ValueError("each of sale.channels has a share of 1 to 100 percent, and there is at least one")
        if sum(self.channels.values()) != 100:
            raise ValueError(f"the shares of sale.channels make {sum(self.channels.values())} percent, not 100")
        if any(not re.fullmatch(r"[a-z0-9_-]{1,40}", channel) for channel in self.channels):
            raise ValueError("the name of a channel has small letters, digits, - and _")
        return self


class Stock(Part):
    """库存校准: photographs that go with corrections."""

    photo_days: int = Field(default=30, ge=1, le=3650)
    """Then they are deleted, and the journal says so."""
    photo_megabytes: int = Field(default=50, ge=1, le=2000)
    """What all of them may take; the oldest make room."""


class Weights(Part):
    """称重商品: how the scales of this shop write their codes, and how exact a price must be."""

    templates: tuple[str, ...] = ()
    """Such as `21IIIIIWWWWWC`: number of the goods, grams, check digit. The first that begins like the code counts."""
    tolerance_percent: int = Field(default=0, ge=0, le=20)
    """Less than so much of the price does not go back."""

    @field_validator("templates")
    @classmethod
    def _each_can_be_read(cls, templates: tuple[str, ...]) -> tuple[str, ...]:
        for template in templates:
            if fault := template_fault(template):
                raise ValueError(f"{template!r} {fault}")
        begins = [template[:2] for template in templates]
        if len(set(begins)) < len(begins):
            raise ValueError("each template begins with two digits of its own")
        return templates


class Queue(Part):
    """排队: numbers at the door."""

    numbers: bool = False
    """People take a number at a kiosk, or from staff."""
    slips: bool = False
    """The number comes out of the receipt printer, too."""
    calls: Literal["by_itself", "staff"] = "by_itself"
    """Who calls the next one to a kiosk that is free."""


class Codes(Part):
    """自提码: by what a kiosk knows a customer."""

    rotating: bool = False
    """A kiosk takes only codes that change every 30 seconds, so that a screenshot is worth nothing. The mini program
    must know how, and the box needs a clock module: where nobody vouches for the time, all go to the counter."""
    phone_tail: bool = True
    """Whoever has no code may say her phone's last four digits, her family name and what she ordered."""
    sister_shops: dict[str, str] = {}
    """Store id -> name of the other shops of a chain, for a customer who came to the wrong one."""

    @field_validator("sister_shops")
    @classmethod
    def _each_has_a_name(cls, shops: dict[str, str]) -> dict[str, str]:
        if any(
            not re.fullmatch(r"[A-Za-z0-9-]{1,24}", store) or not 0 < len(name) <= 40 for store, name in shops.items()
        ):
            raise ValueError("the id of a store has letters, digits and -, and its name 1 to 40 characters")
        return shops


class Pickup(Part):
    """自提: when customers are reminded."""

    remind_minutes: int = Field(default=30, ge=5, le=1440)
    """到店提醒: so long before her window, or before her own time."""
    answer_minutes: int = Field(default=5, ge=1, le=60)
    """So long the cloud may take to say that it reminded her; then somebody calls."""
    opens: str = Field(default="08:00-21:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """When somebody is in the shop: staff are sent to call about uncollected goods at no other time."""

    @property
    def minutes(self) -> tuple[int, int]:
        """Opening and closing, in minutes of the day."""
        start, end = (int(part[:2]) * 60 + int(part[3:]) for part in self.opens.split("-"))
        return start, end


class KeptFor(Part):
    """逾期未取: how many hours goods wait in their zone after the window, before the owner decides about them."""

    frozen_hours: int = Field(default=4, ge=1, le=720)
    chilled_hours: int = Field(default=12, ge=1, le=720)
    ambient_hours: int = Field(default=72, ge=1, le=720)

    @property
    def millis(self) -> tuple[int, int, int]:
        """Ambient, chilled, frozen."""
        return self.ambient_hours * 3_600_000, self.chilled_hours * 3_600_000, self.frozen_hours * 3_600_000


DEFAULT_SHELF = (
    ShelfUnit(name="shelf", zone=Zone.AMBIENT, rows=2, columns=7),
    ShelfUnit(name="fridge", zone=Zone.CHILLED, rows=2, columns=3),
    ShelfUnit(name="freezer", zone=Zone.FROZEN, rows=2, columns=2),
)


class Settings(Part):
    store_id: str = Field(default="S01", pattern=r"^[A-Za-z0-9-]{1,24}$")
    shop_name: str = Field(default="提货", max_length=40)
    data_dir: Path = Path("data")
    timezone: str = "Asia/Shanghai"
    kiosks: tuple[str, ...] = Field(default=("k1",), min_length=1)
    print_receipts: bool = True
    receipts_on_wish: bool = True
    """Only for who asks for one, at the kiosk or at the counter; else one for each hand-over."""
    undo_minutes: int = Field(default=30, ge=1, le=1440)
    """So long staff may take a hand-over back; after that only the owner."""
    label_size: Literal["60x40", "40x30"] = "60x40"
    drawer_roles: tuple[Role, ...] = (Role.OWNER,)
    """Who may open the cash drawer."""
    clock: ClockChoice = ClockChoice()
    cloud: Cloud = Cloud()
    http: Http = Http()
    cameras: dict[str, CameraChoice] = {}
    """The cameras, by the kiosk at which each stands."""
    scanners: dict[str, ScannerChoice] = {}
    printers: Printers = Printers({})
    lights: Lights = Lights()
    speech: Speech = Speech()
    sale: Sale = Sale()
    stock: Stock = Stock()
    weights: Weights = Weights()
    pickup: Pickup = Pickup()
    uncollected: KeptFor = KeptFor()
    codes: Codes = Codes()
    door: Queue = Queue()
    shelf: tuple[ShelfUnit, ...] = DEFAULT_SHELF

    @model_validator(mode="after")
    def _slots_are_one_each(self) -> Settings:
        slots = [slot for unit in self.shelf for slot in unit.slots]
        twice = sorted({slot for slot in slots if slots.count(slot) > 1})
        if twice:
            raise ValueError(f"two shelf units claim the slots {', '.join(twice)}: give each unit its own `first`")
        if any(not SLOT_PATTERN.fullmatch(slot) for slot in slots):
            raise ValueError("a zone may have 999 slots at most")
        return self

    @model_validator(mode="after")
    def _every_eye_stands_at_a_kiosk_of_ours(self) -> Settings:
        if any(not re.fullmatch(r"[a-z0-9_-]{1,24}", name) for name in (*self.kiosks, *self.scanners)):
            raise ValueError("the name of a kiosk or scanner has small letters, digits, - and _")
        named = {f"cameras.{name}": name for name in self.cameras}
        named |= {f"scanners.{name}.kiosk": scanner.kiosk for name, scanner in self.scanners.items() if scanner.kiosk}
        strange = sorted(where for where, kiosk in named.items() if kiosk not in self.kiosks)
        if strange:
            raise ValueError(f"{', '.join(strange)}: there is no such kiosk; the kiosks are {', '.join(self.kiosks)}")
        return self

    def camera_part(self, kiosk: str) -> str:
        """The camera of a kiosk among the parts of the box, which is also the name of its sorting station."""
        return "camera" if kiosk == self.kiosks[0] else f"camera_{kiosk}"

    def eyes_of(self, kiosk: str) -> tuple[str, ...]:
        """The parts of the box that read codes at a kiosk; a place for a camera, if there is nothing at all."""
        camera = self.cameras.get(kiosk, CameraChoice())
        here = (name for name, one in self.scanners.items() if one.kiosk == kiosk and one.kind != "none")
        scanners = tuple(f"scanner_{name}" for name in here)
        return (self.camera_part(kiosk), *scanners) if camera.kind != "none" or not scanners else scanners

    @model_validator(mode="after")
    def _lamps_can_be_built(self) -> Settings:
        slots = [slot for unit in self.shelf for slot in unit.slots]
        lights = self.lights
        for name, named in (("pins", lights.pins), ("button_pins", lights.button_pins), ("order", lights.order)):
            unknown = sorted(set(named) - {"", *slots})
            if unknown:
                raise ValueError(f"lights.{name} names slots that no shelf unit has: {', '.join(unknown)}")
        twice = sorted({slot for slot in lights.order if slot and lights.order.count(slot) > 1})
        if twice:
            raise ValueError(f"lights.order names a slot twice: {', '.join(twice)}")
        plan = lights.plan(slots)
        if plan is not None and (found := faults(plan)):
            raise ValueError("lights: " + "; ".join(found))
        return self

    @property
    def database(self) -> Path:
        return self.data_dir / "tihuo.db"


def load(path: Path | None, **overrides: Any) -> Settings:
    """The settings of a TOML file, the environment on top. Raises `SettingsTrouble`, one line a fault."""
    if path is not None and not path.is_file():
        raise SettingsTrouble([f"{path}: there is no such file"])
    try:
        in_file = tomllib.loads(path.read_text("utf-8")) if path is not None else {}
        return Settings.model_validate(_over(_over(in_file, in_environment(os.environ)), overrides))
    except ValidationError as error:
        raise SettingsTrouble(
            [f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()]
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsTrouble([f"{path}: {error}"]) from None


def in_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """`TIHUO_CLOUD__HOST=…` as {"cloud": {"host": …}}. A list or a table is JSON; what is no setting is not ours."""
    found: dict[str, Any] = {}
    for name, text in sorted((name.lower(), text) for name, text in environment.items()):
        first, *rest = name.removeprefix("tihuo_").split("__")
        if name.startswith("tihuo_") and first in Settings.model_fields:
            said = _read(text)
            for part in reversed(rest):
                said = {part: said}
            found = _over(found, {first: said})
    return found


def _read(text: str) -> Any:
    if text.startswith(("[", "{")):
        with suppress(ValueError):
            return json.loads(text)
    return text


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both; where they differ, the upper one. Tables are laid over each other."""
    both = dict(below)
    for name, value in above.items():
        under = both.get(name)
        both[name] = _over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return both
