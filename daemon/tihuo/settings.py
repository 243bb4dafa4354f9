"""Typed settings, from a TOML file and the environment (`TIHUO_CLOUD__HOST=…`), checked before anything starts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from tihuo.shop.words import SLOT_PATTERN, Zone

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
    kind: Literal["none", "simulated", "images", "picamera2", "v4l2"] = "none"
    device: str = "/dev/video0"
    folder: Path | None = None
    width: int = 1280
    height: int = 720
    tray: tuple[float, float, float, float] | None = None
    """What part of the picture is the tray: x, y, width, height as fractions. The rest is never looked at."""
    kiosk: str = "k1"


class PrinterChoice(Part):
    kind: Literal["none", "simulated", "network", "usb", "serial", "device", "file"] = "none"
    address: str = ""
    """`192.0.2.7:9100`, `04b8:0202`, `/dev/ttyUSB0`, `/dev/usb/lp0` or a file, after the kind."""
    width_dots: int = 576
    baud: int = 115_200
    cut: bool = True


class Printers(Part):
    label: PrinterChoice = PrinterChoice(width_dots=480, cut=False)
    receipt: PrinterChoice = PrinterChoice(width_dots=384)


class Lights(Part):
    kind: Literal["none", "simulated", "gpio"] = "none"
    driver: str = "lgpio"
    active_high: bool = True
    pins: dict[str, int] = {}


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

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> Sale:
        if not self.channels or any(not 0 < share <= 100 for share in self.channels.values()):
            raise ValueError("each of sale.channels has a share of 1 to 100 percent, and there is at least one")
        if sum(self.channels.values()) != 100:
            raise ValueError(f"the shares of sale.channels make {sum(self.channels.values())} percent, not 100")
        if any(not re.fullmatch(r"[a-z0-9_-]{1,40}", channel) for channel in self.channels):
            raise ValueError("the name of a channel has small letters, digits, - and _")
        return self


DEFAULT_SHELF = (
    ShelfUnit(name="shelf", zone=Zone.AMBIENT, rows=2, columns=7),
    ShelfUnit(name="fridge", zone=Zone.CHILLED, rows=2, columns=3),
    ShelfUnit(name="freezer", zone=Zone.FROZEN, rows=2, columns=2),
)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TIHUO_", env_nested_delimiter="__", extra="forbid", frozen=True)

    store_id: str = Field(default="S01", pattern=r"^[A-Za-z0-9-]{1,24}$")
    shop_name: str = Field(default="提货", max_length=40)
    data_dir: Path = Path("data")
    timezone: str = "Asia/Shanghai"
    kiosks: tuple[str, ...] = ("k1",)
    print_receipts: bool = True
    label_size: Literal["60x40", "40x30"] = "60x40"
    clock: ClockChoice = ClockChoice()
    cloud: Cloud = Cloud()
    http: Http = Http()
    camera: CameraChoice = CameraChoice()
    printers: Printers = Printers()
    lights: Lights = Lights()
    sale: Sale = Sale()
    shelf: tuple[ShelfUnit, ...] = DEFAULT_SHELF

    @model_validator(mode="after")
    def _slots_are_one_each(self) -> Settings:
        slots = [slot for unit in self.shelf for slot in unit.slots]
        twice = sorted({slot for slot in slots if slots.count(slot) > 1})
        if twice:
            raise ValueError(f"two shelf units claim the slots {', '.join(twice)}: give each unit its own `first`")
        if any(not SLOT_PATTERN.fullmatch(slot) for slot in slots):
            raise ValueError("a zone may have 999 slots at most")
        unknown = sorted(set(self.lights.pins) - set(slots))
        if unknown:
            raise ValueError(f"lights.pins names slots that no shelf unit has: {', '.join(unknown)}")
        return self

    @property
    def database(self) -> Path:
        return self.data_dir / "tihuo.db"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls.model_config.get("toml_file"))


def load(path: Path | None, **overrides: Any) -> Settings:
    """The settings of a TOML file, the environment on top. Raises `SettingsTrouble`, one line a fault."""
    if path is not None and not path.is_file():
        raise SettingsTrouble([f"{path}: there is no such file"])

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        raise SettingsTrouble(
            [f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()]
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsTrouble([f"{path}: {error}"]) from None
