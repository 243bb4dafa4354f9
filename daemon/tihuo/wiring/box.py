"""The whole box: what it is made of, how it starts and how it stops."""

from __future__ import annotations

import fcntl
import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TextIO

from tihuo import __version__
from tihuo.api.door import Door, Part, PrinterPlace, Simulator, Viewfinder
from tihuo.api.screens import Screens
from tihuo.boards import paper
from tihuo.boards.codes import codes_trouble
from tihuo.boards.kiosk import screens_seen
from tihuo.boards.trail import about_orders
from tihuo.cloud.address import LinkSettings, LinkTls
from tihuo.cloud.link import Link
from tihuo.cloud.relay import Relay
from tihuo.devices.ports import Scanner
from tihuo.devices.troubles import DeviceTrouble
from tihuo.ledger.database import DatabaseTrouble, Readers, migrate
from tihuo.ledger.journal import Follower, newest_times
from tihuo.ledger.keeping import Checkpointer, DiskKeeper, Reserve
from tihuo.ledger.seals import Sealer
from tihuo.ledger.writer import Writer
from tihuo.reactions.artist import Artist, Draughts
from tihuo.reactions.buttons import ButtonDesk
from tihuo.reactions.lights import LampKeeper
from tihuo.reactions.paper import PaperDesk, Post
from tihuo.reactions.scans import ScanDesk
from tihuo.settings import Cloud, Settings
from tihuo.shop.fence import Standing, standing
from tihuo.shop.paper import wake
from tihuo.shop.tray import kept_tray
from tihuo.shop.words import Millis, Zone
from tihuo.shop.work import House
from tihuo.stages import handing_over, reminding, substituting
from tihuo.timekeeping import ShopClock, system_time
from tihuo.timetable import Timetable
from tihuo.wiring import memory
from tihuo.wiring.devices import Fitting, fit, label_mm
from tihuo.wiring.shelf import shelf_map

log = logging.getLogger(__name__)

BEAT_LIMIT = 20.0
"""Seconds without a sign of life after which a thread counts as stuck."""
DISK_LOW_BYTES = 100 << 20
FURNISHED_AFTER = 1.0
"""Seconds after the start in which the cloud and the kiosk have the processor for themselves."""


def clock() -> Millis:
    """The machine's own time, for whoever plans an evening from outside the box."""
    return Millis(system_time())


class Box:
    """One shop's daemon. `start` in order, `stop` in reverse; both say so in the log.

    Raises `DatabaseTrouble` when the file cannot be used; a device or a broker that is missing is a part in trouble.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        simulator: Callable[[Fitting], Simulator] | None = None,
        wall: Callable[[], int] = system_time,
    ) -> None:
        self.settings = settings
        self._server: Any = None
        self._http: threading.Thread | None = None
        self._furnishing = threading.Timer(FURNISHED_AFTER, self._furnish)
        self._furnishing.daemon = True
        self._since: dict[str, tuple[str, int]] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._claim = _claim(settings)
        reserve = Reserve(settings.data_dir / "reserve")  # before the database is opened, which takes room
        for applied in migrate(settings.database):
            log.info("database: applied %s", applied)
        self.readers = Readers(settings.database)
        self.house = house_of(settings, self.readers)
        self.clock = clock_of(settings, self.readers, wall)
        self.writer = Writer(settings.database, self.house, self.clock)
        slots = [slot for unit in settings.shelf for slot in unit.slots]
        trays = {kiosk: tray for kiosk in settings.cameras if (tray := self.readers.read(kept_tray, kiosk))}
        self.fitting = fit(settings, slots, trays)
        self.link: Link | None = None
        self.relay: Relay | None = None
        if settings.cloud.host:
            self.link = Link(link_settings(settings.store_id, settings.cloud), self.clock)
            self.relay = Relay(self.writer, self.readers, self.link, self.house, self.clock)
        self.disk = DiskKeeper(self.writer, settings.database, reserve, self.parts)
        if self.relay is not None:
            self.relay.closed = lambda: self.disk.reserve.in_use
        self.buttons: ButtonDesk | None = None
        self.sealer = Sealer(self.writer, self.readers, about_orders)
        self.desks = [self._desk(name) for name in self.fitting.printers]
        self.followers = self._followers()
        self.door = self._door(simulator(self.fitting) if simulator else None)

    def _followers(self) -> list[Follower]:
        followers = [Checkpointer(self.settings.database).follower, self.disk.follower]
        followers += [desk.follower for desk in self.desks]
        if self.fitting.lights is not None:
            keeper = LampKeeper(
                self.writer,
                self.readers,
                self.fitting.lights,
                self._trouble_teller("lights"),
                test_at_start=self.settings.lights.test_at_start,
            )
            self.writer.listen(lambda _: keeper.follower.wake())
            followers.append(keeper.follower)
        if self.fitting.buttons is not None:
            self.buttons = ButtonDesk(self.writer, self.fitting.buttons, self._trouble_teller("buttons"))
            followers.append(self.buttons.follower)
        followers.append(Timetable(self.writer, self.readers, self.clock.reading, self.house).follower)
        followers.append(self.sealer.follower)
        if self.relay is not None:
            followers.append(self.relay.follower)
        return followers

    def _desk(self, name: str) -> PaperDesk:
        settings = self.settings
        choice = settings.printers[name]
        artist = Artist(
            Draughts(
                shop_name=settings.shop_name,
                timezone=settings.timezone,
                shelf=shelf_map(settings),
                label_mm=label_mm(choice, settings),
                width_dots=choice.width_dots,
                text_mode=choice.text_mode,
                language=choice.language,
            ),
            lambda: self.readers.read(paper.lines_seen_right, name),
        )
        post = Post(name, choice.roles, settings.printers.zones_of(name), choice.cut)
        tell = self._teller(f"printer_{name}")
        return PaperDesk(post, self.writer, self.readers, self.fitting.printers[name], artist.draw, tell)

    def _door(self, simulator: Simulator | None) -> Door:
        with self.readers.look() as look:
            key = look.one("SELECT value FROM keep WHERE name = 'session_key'")
        assert key is not None
        return Door(
            writer=self.writer,
            readers=self.readers,
            house=self.house,
            shop_name=self.settings.shop_name,
            shelf=shelf_map(self.settings),
            clock=self.clock,
            parts=self.parts,
            session_key=key[0].encode(),
            kiosks=self.settings.kiosks,
            timezone=self.settings.timezone,
            simulator=simulator,
            printers=tuple(_place(self.settings, name) for name in self.fitting.printers),
            lights=self.fitting.lights,
            wiring=self.settings.lights.plan(list(shelf_map(self.settings).slots())),
            cameras={
                kiosk: Viewfinder(camera, self.settings.cameras[kiosk].tray)
                for kiosk, camera in self.fitting.cameras.items()
            },
            eyes={kiosk: self.settings.eyes_of(kiosk) for kiosk in self.settings.kiosks},
            screens=Screens(self.readers.read(screens_seen), self.clock.ticks()),
            speech=self.fitting.speech,
            page_speaks=self.settings.speech.kind == "browser",
            speaks_always=self.settings.speech.always,
        )

    def start(self, sockets: Sequence[socket.socket] = ()) -> None:
        """Start everything; returns when HTTP answers. `sockets` may come from systemd instead of the settings."""
        self.writer.start()
        self.writer.write(_first_breath).result(timeout=30)
        for follower in self.followers:
            follower.start()
        for part, scanner, desk in self._eyes():
            scanner.start(desk.see, self._trouble_teller(part))
        if self.fitting.buttons is not None and self.buttons is not None:
            self.fitting.buttons.start(self.buttons.press)
        if self.link is not None:
            self.link.start()
        self._serve(sockets)
        memory.settle()
        self._furnishing.start()
        log.info("tihuo %s serves %s", __version__, ", ".join(self.addresses))

    def _serve(self, sockets: Sequence[socket.socket]) -> None:
        import uvicorn

        from tihuo.api.app import create_app

        self._app = create_app(self.door)
        config = uvicorn.Config(
            self._app,
            host=self.settings.http.host,
            port=self.settings.http.port,
            log_level="warning",
            access_log=False,
            http="httptools",
            loop="asyncio",
            lifespan="on",
            proxy_headers=False,
            timeout_graceful_shutdown=3,
        )
        listening = list(sockets) or [config.bind_socket()]
        for listener in listening:
            # asyncio sets it on sockets it made itself; without it an answer in two parts waits 40 ms for an ack
            if listener.family in (socket.AF_INET, socket.AF_INET6):
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addresses = [_address(listener) for listener in listening]
        self._server = uvicorn.Server(config)
        self._http = threading.Thread(target=self._server.run, args=(listening,), name="http", daemon=True)
        self._http.start()
        while not self._server.started:
            if not self._http.is_alive():
                raise RuntimeError("the web server did not start; its log says why")
            time.sleep(0.005)

    def _furnish(self) -> None:
        """Load the pages of staff and owner before somebody has to wait for them."""
        for wing in self._app.state.wings:
            wing.open()
        memory.settle()

    def stop(self) -> None:
        """Stop everything, the newest first. What was acknowledged is on disk already."""
        self._furnishing.cancel()
        if self._server is not None:
            self._app.state.live.close()
            self._server.should_exit = True
        if self.link is not None:
            self.link.ask_to_stop()
        for follower in self.followers:
            follower.ask_to_stop()
        if self._http is not None:
            self._http.join(timeout=8)
        if self.link is not None:
            self.link.stop()
        for scanner in (*self.fitting.cameras.values(), *self.fitting.scanners.values()):
            scanner.stop()
        if self.fitting.buttons is not None:
            self.fitting.buttons.stop()
        for follower in reversed(self.followers):
            if follower.is_alive():
                follower.join(timeout=5)
        if self.writer.is_alive():
            self.sealer.finish()
        self.writer.close()
        self.fitting.close()
        self.readers.close()
        self._claim.close()
        log.info("stopped")

    def alive(self) -> bool:
        """Whether the writer and the followers have given a sign of life lately, and the database answers."""
        now = time.monotonic()
        beats = [self.writer.beat, *(follower.beat for follower in self.followers)]
        if any(now - beat > BEAT_LIMIT for beat in beats):
            return False
        with self.readers.look() as look:
            return look.one("SELECT 1") is not None

    def parts(self) -> list[Part]:
        """How each part of the box is, for banners and the health page."""
        self._tell("ledger", self.writer.trouble)
        self._tell("clock", self.clock.trouble)
        free = shutil.disk_usage(self.settings.data_dir).free
        low = "disk_low" if free < DISK_LOW_BYTES else ""
        self._tell("disk", "disk_reserve" if self.disk.reserve.in_use else low)
        if self.link is None:
            self._tell("cloud", "cloud_not_set")
        else:
            trouble = self.link.trouble
            code: str = trouble.code if trouble else "" if self.link.connected else "cloud_connecting"
            if trouble and "expired" in trouble.detail and not self.clock.sure:
                code = "clock_not_set"  # a clock that is ahead says that of every certificate
            if not code and self.relay is not None and self.relay.unanswered:
                code = "cloud_silent"
            self._tell("cloud", code)
        with self.readers.look() as look:
            fence = standing(look)
            codes, about = codes_trouble(look, self.clock(), self.clock.ticks())
        if codes or "codes" in self._since:
            self._tell("codes", codes, about)
        if fence is not None or "restore" in self._since:
            self._tell("restore", _fence_trouble(fence))
        for follower in self.followers:
            name = f"thread_{follower.name}"
            if follower.trouble or name in self._since:
                self._tell(name, "thread_failing" if follower.trouble else "")
        for name, printer in self.fitting.printers.items():
            if printer is None:
                self._tell(f"printer_{name}", "printer_not_set")
        for kiosk in self.settings.kiosks:
            for part in self.settings.eyes_of(kiosk):
                if part not in self._since:
                    self._tell(part, "camera_not_set")
        if self.fitting.lights is None:
            self._tell("lights", self.fitting.troubles.get("lights", "lights_not_set"))
        if self.fitting.speech is not None:
            self._tell("speech", self.fitting.speech.trouble)
        for kiosk in self.settings.kiosks:
            silent = self.door.screens.silent(kiosk, self.clock.ticks())
            if silent is not None:
                self._tell(f"screen_{kiosk}", "screen_silent" if silent else "")
        if "buttons" in self.fitting.troubles:
            self._tell("buttons", self.fitting.troubles["buttons"])
        with self._lock:
            known = sorted(self._since.items())
        now, _, ticks = self.clock.reading()
        return [
            Part(name, trouble, Millis(now - (ticks - since)), self._facts[name])
            for name, (trouble, since) in known
            if trouble or "thread_" not in name
        ]

    def _eyes(self) -> list[tuple[str, Scanner, ScanDesk]]:
        """Each camera and scanner with the part that it is, and the desk to which it says what it reads."""
        settings, fitting = self.settings, self.fitting
        found: list[tuple[str, Scanner, ScanDesk]] = []
        for kiosk, camera in fitting.cameras.items():
            part = settings.camera_part(kiosk)
            found.append((part, camera, ScanDesk(self.writer, self.readers, self.house, kiosk, part)))
        for name, scanner in fitting.scanners.items():
            part, choice = f"scanner_{name}", settings.scanners[name]
            station = choice.station or part
            desk = ScanDesk(self.writer, self.readers, self.house, choice.kiosk, station, deliberate=True)
            found.append((part, scanner, desk))
        return found

    def _teller(self, part: str) -> Callable[[str], None]:
        self._tell(part, "")
        return lambda trouble: self._tell(part, trouble)

    def _trouble_teller(self, part: str) -> Callable[[DeviceTrouble | None], None]:
        self._tell(part, "")
        return lambda trouble: self._tell(part, trouble.code, trouble.facts) if trouble else self._tell(part, "")

    def _tell(self, part: str, trouble: str, facts: Mapping[str, Any] = MappingProxyType({})) -> None:
        with self._lock:
            known = self._since.get(part)
            self._facts[part] = dict(facts)
            if known is None or known[0] != trouble:
                self._since[part] = (trouble, self.clock.ticks())
                if known is not None or trouble:
                    log.info("%s: %s", part, trouble or "well again")
                if self._server is not None:
                    self._app.state.live.publish({"box"})


def _place(settings: Settings, name: str) -> PrinterPlace:
    choice = settings.printers[name]
    size = "x".join(map(str, label_mm(choice, settings))) if choice.roles == ("label",) else f"{choice.width_dots // 8}"
    return PrinterPlace(
        name=name,
        roles=choice.roles,
        zones=settings.printers.zones_of(name) if "label" in choice.roles else (),
        language=choice.language,
        paper=f"{size} mm",
        text_mode=choice.text_mode,
        present=choice.kind != "none",
    )


def _claim(settings: Settings) -> TextIO:
    """The data folder is ours alone until the file is closed, by us or by the kernel."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    claim = (settings.data_dir / "tihuo.lock").open("a")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        raise DatabaseTrouble("already_running", f"another daemon works in {settings.data_dir}") from None
    return claim


def clock_of(settings: Settings, readers: Readers, wall: Callable[[], int] = system_time) -> ShopClock:
    """The shop's clock over this machine's, from what the journal knows of the time."""
    last_sure, last = readers.read(newest_times)
    choice = settings.clock
    return ShopClock(
        last_sure=last_sure,
        last=last,
        trusted=choice.trusted,
        synchronized=choice.synchronized,
        rtc=choice.rtc,
        wall=wall,
    )


def house_of(settings: Settings, readers: Readers) -> House:
    with readers.look() as look:
        key = look.one("SELECT value FROM keep WHERE name = 'code_key'")
    assert key is not None
    slots: dict[str, tuple[str, ...]] = {zone.value: () for zone in Zone}
    for unit in settings.shelf:
        slots[unit.zone.value] += unit.slots
    sale = settings.sale
    return House(
        store_id=settings.store_id,
        slots=slots,
        code_key=bytes.fromhex(key[0]),
        first_grant_percent=sale.first_grant_percent,
        refill_below_percent=sale.refill_below_percent,
        single_below=sale.single_below,
        walk_in_reserve_percent=sale.walk_in_reserve_percent,
        channels=tuple(sorted(sale.channels.items(), key=lambda channel: -channel[1])),
        shortage_policy=sale.shortage_policy,
        print_receipts=settings.print_receipts,
        receipts_on_wish=settings.receipts_on_wish,
        undo_within_ms=settings.undo_minutes * 60_000,
        weight_templates=settings.weights.templates,
        weight_tolerance_percent=settings.weights.tolerance_percent,
        decide_within_ms=sale.decide_within_minutes * 60_000,
        photo_days=settings.stock.photo_days,
        photo_bytes=settings.stock.photo_megabytes * 1_000_000,
        drawer_roles=tuple(settings.drawer_roles),
        kiosks=settings.kiosks,
        numbers=settings.door.numbers,
        number_slips=settings.door.slips,
        calls_by_themselves=settings.door.calls == "by_itself",
        timezone=settings.timezone,
        opens=settings.pickup.minutes,
        remind_before_ms=settings.pickup.remind_minutes * 60_000,
        remind_answer_ms=settings.pickup.answer_minutes * 60_000,
        kept_ms=settings.uncollected.millis,
        rotating_codes=settings.codes.rotating,
        phone_tail=settings.codes.phone_tail,
        sister_shops=tuple((store.upper(), name) for store, name in settings.codes.sister_shops.items()),
    )


def link_settings(store_id: str, cloud: Cloud) -> LinkSettings:
    """The link's own settings; the password comes from a file that only the daemon may read."""
    password = cloud.password_file.read_text("utf-8").strip() if cloud.password_file else ""
    tls = LinkTls(cloud.ca, cloud.cert, cloud.key, cloud.server_name) if cloud.tls else None
    return LinkSettings(
        host=cloud.host,
        port=cloud.port,
        others=cloud.nodes[1:],
        publishes_per_second=cloud.publishes_per_second,
        store=store_id,
        prefix=cloud.prefix,
        client_id=cloud.client_id,
        username=cloud.username,
        password=password,
        tls=tls,
        announce=cloud.announce,
    )


def _fence_trouble(fence: Standing | None) -> str:
    if fence is None:
        return ""
    return "restoring_passed" if fence.passed else "restoring_stuck" if fence.trouble else "restoring"


def _first_breath(work: Any) -> None:
    """A commit before anybody is told that the box is ready."""
    work.sql("INSERT INTO keep VALUES ('started_at', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1", (str(work.now),))
    handing_over.go_on(work)
    substituting.go_on(work)
    reminding.go_on(work)
    wake(work)


def _address(listener: socket.socket) -> str:
    name = listener.getsockname()
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else str(name)
