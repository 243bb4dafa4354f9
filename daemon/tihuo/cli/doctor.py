"""`tihuo doctor`: what is wrong with this box, and what to do about it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tihuo.boards.balance import imbalances
from tihuo.boards.people import users
from tihuo.devices.lamp_budget import loads, resistor
from tihuo.devices.troubles import DeviceTrouble
from tihuo.ledger.database import Readers, check, connect, migrate
from tihuo.ledger.proving import newest_is_whole
from tihuo.settings import CameraChoice, ScannerChoice, Settings
from tihuo.timekeeping import OLDEST_CREDIBLE, system_time

DISK_LOW_BYTES = 500 << 20


@dataclass(frozen=True)
class Finding:
    """How one part is; `advice` says what to do and is empty when nothing is wrong."""

    part: str
    state: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that can be looked at without disturbing a running daemon."""
    findings = [_clock(settings), *_disk(settings), *_database(settings), *_devices(settings), _cloud(settings)]
    return [finding for finding in findings if finding]


def _clock(settings: Settings) -> Finding:
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return Finding("clock", f"time zone {settings.timezone!r} is unknown", "Set `timezone`, such as Asia/Shanghai.")
    if system_time() < OLDEST_CREDIBLE:
        return Finding("clock", "was never set", "Connect the box to the internet once, or set the time by hand.")
    choice = settings.clock
    if choice.trusted or choice.synchronized.exists():
        return Finding("clock", "trusted by the settings" if choice.trusted else "synchronised")
    return Finding("clock", "set, but nobody vouches for it" if not choice.rtc.exists() else "set by a clock module")


def _disk(settings: Settings) -> list[Finding]:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return [Finding("disk", f"{folder} cannot be written", "Give the daemon's user the folder, or remount it rw.")]
    free = shutil.disk_usage(folder).free
    advice = "Free some space: the box refuses new work when the disk is full." if free < DISK_LOW_BYTES else ""
    return [Finding("disk", f"{free / 1e9:.1f} GB free for {settings.data_dir}", advice)]


def _database(settings: Settings) -> list[Finding]:
    if not settings.database.exists():
        return [Finding("database", "not made yet; the first start makes it")]
    faults = check(settings.database)
    if faults:
        return [Finding("database", f"damaged: {faults[0]}", "Stop the daemon and restore the newest backup.")]
    migrate(settings.database)
    readers = Readers(settings.database)
    try:
        broken = readers.read(imbalances)
        whole = readers.read(newest_is_whole)
        people = readers.read(users)
    finally:
        readers.close()
    found = [Finding("database", "sound"), _tables(settings)]
    advice = "Keep the database file and ask for help: a right is in two places or in none." if broken else ""
    found.append(Finding("ledger", f"does not balance: {broken}" if broken else "balances", advice))
    advice = "" if whole else "Run tihuo verify: it names what was changed."
    found.append(Finding("journal", "the newest seal fits" if whole else "is not what was sealed", advice))
    owners = [person.name for person in people if person.role == "owner"]
    advice = "" if owners else "Add one: tihuo user NAME --role owner"
    found.append(Finding("people", f"{len(people)} people, {len(owners)} of them owners", advice))
    return found


def _tables(settings: Settings) -> Finding:
    """Whether the tables are still as this release declares them; a hand that mends by SQL may have changed them."""
    from tihuo.tables.shape import declared, differences, shape

    connection = connect(settings.database, query_only=True)
    try:
        different = differences(shape(declared()), shape(connection))
    finally:
        connection.close()
    if not different:
        return Finding("tables", "as declared")
    return Finding("tables", f"not as declared: {'; '.join(different)}", "Restore the newest backup, or ask for help.")


def _devices(settings: Settings) -> list[Finding]:
    from tihuo.wiring.devices import printer_of

    found = []
    for name, choice in settings.printers.named.items():
        part = f"{name} printer"
        if choice.kind in ("none", "simulated"):
            found.append(Finding(part, "not set" if choice.kind == "none" else "simulated"))
            continue
        printer = printer_of(choice, settings)
        assert printer is not None
        try:
            status = printer.status()
            found.append(
                Finding(part, f"answers; paper {status.paper}", "" if status.ready else "Look at the printer.")
            )
        except DeviceTrouble as trouble:
            found.append(Finding(part, trouble.code, "Switch it on, check its cable, then run this again."))
        finally:
            printer.close()
    found += [_camera(settings, kiosk) for kiosk in settings.kiosks]
    found += [_scanner(name, one) for name, one in settings.scanners.items() if one.kind != "none"]
    found.append(_lights(settings))
    return found


def _camera(settings: Settings, kiosk: str) -> Finding:
    camera = settings.cameras.get(kiosk, CameraChoice())
    part, device = f"camera {kiosk}", Path(camera.device or "/dev/video0")
    if camera.kind == "v4l2" and not device.exists():
        return Finding(part, f"{device} is not there", f"Plug the camera in, or set cameras.{kiosk}.device.")
    if camera.kind == "images" and not (camera.folder and camera.folder.is_dir()):
        return Finding(part, f"no folder {camera.folder}", f"Set cameras.{kiosk}.folder.")
    return Finding(part, "not set" if camera.kind == "none" else camera.kind)


def _scanner(name: str, scanner: ScannerChoice) -> Finding:
    """Whether its file is there; whoever reads it is not disturbed."""
    gone = scanner.device.startswith("/") and not Path(scanner.device).exists()
    state = f"{scanner.device} is not there" if gone else f"{scanner.kind} {scanner.device}".strip()
    return Finding(f"scanner {name}", state, "Plug the scanner in, or charge it." if gone else "")


def _lights(settings: Settings) -> Finding:
    """What the lamps draw; settings under which something would burn never come so far."""
    chosen = settings.lights
    plan = chosen.plan([slot for unit in settings.shelf for slot in unit.slots])
    if plan is None:
        return Finding("lights", "not set" if chosen.kind == "none" else chosen.kind)
    if not plan.lit:
        return Finding("lights", "no slot has a pin", "Set lights.pins, such as A01 = 17.")
    sums = ", ".join(
        f"{load.total_ma:.0f} of {load.limit_ma:g} mA through {'a' if load.through in ('line', 'chip') else 'the'} "
        f"{load.through}"
        for load in loads(plan)
    )
    before = "" if plan.kind == "strip" else f", {resistor(plan):g} Ω before each"
    return Finding("lights", f"{chosen.kind}: {plan.lit} lamps{before}; all lit, {sums}")


def _cloud(settings: Settings) -> Finding:
    cloud = settings.cloud
    if not cloud.host:
        return Finding("cloud", "not set: the shop works alone")
    for name in ("ca", "cert", "key", "password_file"):
        path = getattr(cloud, name)
        if path is not None and not os.access(path, os.R_OK):
            return Finding("cloud", f"cannot read {name} {path}", "Check the path and who may read the file.")
    import socket

    for host, port in cloud.nodes:
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError as error:
            return Finding("cloud", f"{host}:{port}: {error}", "Check the network; orders wait meanwhile.")
    return Finding("cloud", f"{', '.join(f'{host}:{port}' for host, port in cloud.nodes)} answers")
