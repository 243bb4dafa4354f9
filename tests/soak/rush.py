"""Everybody comes between five and seven: 600 customers before two kiosks in a real browser, and whatever goes wrong.

One kiosk has a camera over its tray, at the other people type their eight digits. They tap twice, walk away and come
back, take a part, show their screenshot again, come as a couple to both kiosks at once, or hold up the code of a
payment app. Meanwhile the daemon is killed, the browsers crash, the camera hangs and is unplugged. Everybody is greeted
with her own parcels; afterwards every parcel has left the shop once, and the ledger balances.
"""

from __future__ import annotations

import io
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image
from playwright.sync_api import Error as BrowserTrouble
from playwright.sync_api import sync_playwright

from tests.bench import shop as bench
from tests.soak.mortal import Mortal
from tests.soak.outcome import Outcome
from tihuo.api.auth import hash_pin
from tihuo.boards.balance import imbalances
from tihuo.demo.browsing import Browser, Refused
from tihuo.demo.simulator import phone_picture
from tihuo.devices.simulated.tray import SimulatedTray
from tihuo.ledger.database import Readers
from tihuo.settings import Settings
from tihuo.shop.pickups import code_for, short_code_for
from tihuo.shop.staff import keep_user
from tihuo.shop.words import mask_name
from tihuo.stages import selling, sorting
from tihuo.wiring.alone import alone
from tihuo.wiring.box import house_of

CUSTOMERS = 600
AWAY_MS = 2_500
"""So long a phone must be gone before the camera says again what it shows."""
STAFF, PIN = "小林", "135790"
PATIENCE_S = 30.0
WAYS = {
    "plain": 50,
    "taps_twice": 12,
    "takes_a_part": 8,
    "walks_away": 8,
    "shows_it_again": 7,
    "upside_down": 5,
    "shows_another_code": 5,
    "goes_to_the_counter": 5,
}
"""What of a hundred customers how many do; some come as couples, a fault befalls one in fifty."""
FAULTS = ("kill", "browser_crash", "camera_hang", "camera_unplug", "reload", "kill", "couple")
OTHERS = ("https://u.wechat.com/abc", "281234567890123456", "TH1:S99:1:AAAAAAAAAAAAAAAA", "TH1:S01:1:AAAAAAAAAAAAAAAA")
NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"


class Person(msgspec.Struct, frozen=True):
    """A customer, and what of hers stands where: slot and place of each parcel."""

    number: int
    name: str
    code: str
    digits: str
    parcels: frozenset[str]


class Screen:
    """A kiosk in a browser of its own. `show` is what a customer does to be recognised there."""

    def __init__(self, player: Any, base: str, kiosk: str, size: tuple[int, int], tray: SimulatedTray | None) -> None:
        self._player, self._base, self.kiosk, self._tray = player, base, kiosk, tray
        self._size = {"width": size[0], "height": size[1]}
        self.open()

    def open(self) -> None:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        self._browser = self._player.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        self.page = self._browser.new_page(viewport=self._size)
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.page.goto(f"{self._base}/kiosk?k={self.kiosk}")

    def crash(self) -> None:
        """The browser is gone, and whoever minds the kiosk starts it again."""
        self._browser.close()
        self.open()

    def close(self) -> None:
        self._browser.close()

    def show(self, person: Person, *, text: str = "", turned: bool = False) -> None:
        """Lay a phone into the tray, or type digits where there is no camera."""
        if self._tray is not None:
            self._tray.hold(
                _turned(phone_picture(text or person.code)) if turned else phone_picture(text or person.code)
            )
        else:
            self._type(person.digits)

    def take_phone(self) -> None:
        if self._tray is not None:
            self._tray.clear()

    def _type(self, digits: str) -> None:
        self.until(self._pad_is_open)
        for digit in digits:
            self.page.click(f"[data-key='{digit}']")

    def _pad_is_open(self) -> bool:
        if self.page.query_selector("digit-pad"):
            return True
        for way in ("[hx-get*='/pad']", "[data-view-ends]", "[hx-post*='/leave']"):
            if (button := self.page.query_selector(way)) is not None:
                button.click(timeout=2000)
                break
        return False

    def state(self) -> str:
        """What the stage shows, as its cue says; "" while it is being drawn."""
        form = self.page.query_selector("#view")
        return "" if form is None else str(form.get_attribute("data-cue")).split(":")[1]

    def parcels(self) -> frozenset[str]:
        return frozenset(one.strip() for one in self.page.locator(".slot-name").all_inner_texts())

    def sees(self, person: Person, *, states: tuple[str, ...] = ("welcome", "confirm")) -> None:
        """Wait until she is greeted; whatever else with parcels is on the screen by then is not hers."""

        def greeted() -> bool:
            if self.state() not in states:
                return False
            shown = self.parcels()
            if shown <= person.parcels and shown:
                return mask_name(person.name) in self.page.inner_text("#stage")
            return False

        self.until(greeted)

    def touch(self, *, twice: bool = False) -> None:
        """都拿到了. A touch goes to whatever is there; it may be gone by then."""
        button = self.page.query_selector(".actions .go[hx-post*='/hand-over']")
        if button is None:
            return
        with suppress(BrowserTrouble):  # drawn anew under the finger
            if twice:
                button.dblclick(timeout=2000, delay=5)
            else:
                button.click(timeout=2000)

    def takes(self, person: Person, *, twice: bool = False) -> bool:
        """Touch until the box says that all is hers; False if she was not known any more."""

        def over() -> bool:
            state = self.state()
            if state in ("welcome", "confirm"):
                self.touch(twice=twice)
                return False
            return state != ""

        self.until(over)
        return self.state() in ("done", "partly")

    def chooses(self) -> bool:
        """少了东西, then the list of her parcels; False if her visit was over."""

        def choosing() -> bool:
            if self.page.query_selector(".tick") is not None or self.state() not in ("welcome", "confirm"):
                return True
            self.page.click("[hx-get*='/choose']", timeout=2000)
            return False

        self.until(choosing)
        return self.page.query_selector(".tick") is not None

    def takes_all_but_one(self) -> None:
        """Take the tick away from the first, and give the rest of it to the box."""

        def given() -> bool:
            if self.state() not in ("welcome", "confirm"):
                return True
            if (tick := self.page.query_selector(".tick input:checked")) is not None:
                tick.evaluate("one => { one.checked = false; }")
                self.touch()
            return False

        self.until(given)

    def until(self, seen: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                if seen():
                    return
            except BrowserTrouble:  # drawn anew under the finger
                pass
            assert time.monotonic() < until, f"{self.kiosk} still shows {self.state()}: {self.page.inner_text('body')}"
            self.page.wait_for_timeout(15)


class Rush:
    """The shop, its two kiosks, and who comes."""

    def __init__(self, folder: Path, customers: int, seed: int = 20261122) -> None:
        self.chance = random.Random(seed)
        tray = folder / "tray"
        tray.mkdir(parents=True)
        self.tray = SimulatedTray(tray)
        settings = Settings(store_id="S01", data_dir=folder / "shop", kiosks=("k1", "k2"))
        self.people = _prepare(settings, customers)
        self.box = Mortal(
            settings.data_dir,
            TIHUO_STORE_ID="S01",
            TIHUO_KIOSKS='["k1", "k2"]',
            TIHUO_CAMERAS__K1__KIND="simulated",
            TIHUO_CAMERAS__K1__FOLDER=str(tray),
            TIHUO_LIGHTS__KIND="simulated",
        )
        assert self.box.start(), self.box.last_words()
        self.base = f"http://{self.box.host}:{self.box.port}"
        self.readers = Readers(settings.database)
        self.counter = Browser(self.base)
        self.counter.post("/login", name=STAFF, pin=PIN)
        self.waits: list[float] = []
        self.later: list[Person] = []
        self.befell: Counter[str] = Counter()

    def come(self, person: Person, screen: Screen) -> Iterator[None]:
        """One customer, step by step; between two steps somebody else acts, or something breaks."""
        way = self.chance.choices(list(WAYS), list(WAYS.values()))[0]
        self.befell[way] += 1
        if way == "goes_to_the_counter":
            self.at_counter(person)
            return
        if way == "shows_another_code" and screen.kiosk == "k1":
            screen.show(person, text=self.chance.choice(OTHERS))
            screen.until(lambda: screen.state() not in ("idle", "welcome", "confirm", "partly", "done", ""))
            screen.take_phone()
            yield
        began = time.monotonic()
        screen.show(person, turned=way == "upside_down")
        screen.sees(person)
        self.waits.append(time.monotonic() - began)
        screen.take_phone()
        yield
        if way == "walks_away":
            self.later.append(person)
            return
        if way == "takes_a_part" and len(person.parcels) > 1:
            yield from self._a_part(person, screen)
            return
        if not screen.takes(person, twice=way == "taps_twice"):
            self.later.append(person)  # a fault took her visit away: she comes again
            return
        yield
        if way == "shows_it_again" and screen.kiosk == "k1":
            screen.page.wait_for_timeout(AWAY_MS)
            screen.show(person)
            screen.until(lambda: screen.state() == "already_collected")
            screen.take_phone()

    def _a_part(self, person: Person, screen: Screen) -> Iterator[None]:
        self.later.append(person)
        if not screen.chooses():
            return
        yield
        screen.takes_all_but_one()

    def at_counter(self, person: Person) -> None:
        once = f"rush-{person.number}-{time.time_ns()}"
        try:
            self.counter.post("/staff/pickup/code", code=person.code, once=once)
        except Refused as no:
            if "already_collected" not in str(no):
                raise

    def break_something(self, fault: str, screens: list[Screen], people: Iterator[Person]) -> None:
        self.befell[fault] += 1
        match fault:
            case "kill":
                self.box.kill()
                assert self.box.start(), self.box.last_words()
            case "browser_crash":
                self.chance.choice(screens).crash()
            case "camera_hang":
                self.tray.hang()
            case "camera_unplug":
                self.tray.unplug()
                time.sleep(0.5)
                self.tray.plug()
            case "reload":
                self.chance.choice(screens).page.reload()
            case "couple":
                person = next(people, None)
                if person is not None:
                    self._couple(person, screens)

    def _couple(self, person: Person, screens: list[Screen]) -> None:
        """He types her digits at one kiosk while she shows her code at the other, and both touch."""
        for screen in screens:
            screen.show(person)
        for screen in screens:
            screen.sees(person)
        for screen in screens:
            screen.touch()
            screen.take_phone()
        for screen in screens:
            screen.takes(person)

    def serve(self, screens: list[Screen]) -> None:
        """Two at a time, until everybody has been there."""
        people = iter(self.people)
        standing: list[Iterator[None] | None] = [None for _ in screens]
        served = 0
        while True:
            for place, screen in enumerate(screens):
                visit = standing[place]
                if visit is None:
                    person = next(people, None)
                    if person is None:
                        continue
                    served += 1
                    standing[place] = visit = self.come(person, screen)
                    if served % 50 == 25 or (len(self.people) < 100 and served % 12 == 6):
                        next(visit, None)
                        fault = FAULTS[sum(self.befell[name] for name in dict.fromkeys(FAULTS)) % len(FAULTS)]
                        if fault != "couple" or all(other is None or other is visit for other in standing):
                            self.break_something(fault, screens, people)
                if next(visit, self) is self:
                    standing[place] = None
            if not any(standing) and served >= len(self.people) - self.befell["couple"]:
                return

    def close(self) -> None:
        self.readers.close()
        self.box.stop()


def rush(folder: Path, customers: int = CUSTOMERS) -> Outcome:
    """The part of `make soak`; fewer `customers` in the tests."""
    crowd = Rush(folder, customers)
    outcome = Outcome()
    try:
        with sync_playwright() as player:
            screens = [
                Screen(player, crowd.base, "k1", (1080, 1920), crowd.tray),
                Screen(player, crowd.base, "k2", (1024, 600), None),
            ]
            try:
                crowd.serve(screens)
            finally:
                for screen in screens:
                    screen.close()
        for person in crowd.later:
            crowd.at_counter(person)
        outcome.kills = crowd.befell["kill"]
        _judge(crowd, outcome)
    finally:
        crowd.close()
    waits = sorted(crowd.waits)
    print(
        f"rush: {len(crowd.people)} customers, {dict(crowd.befell)}; greeted after {waits[len(waits) // 2]:.2f} s "
        f"(p50), {waits[len(waits) * 95 // 100]:.2f} s (p95); {len(crowd.later)} came again"
    )
    return outcome


def _judge(crowd: Rush, outcome: Outcome) -> None:
    with crowd.readers.look() as look:
        rows = look.rows(
            "SELECT l.put, l.handed_over, (SELECT coalesce(sum(quantity), 0) FROM handover_line h "
            "WHERE h.order_no = l.order_no AND h.line_no = l.line_no AND h.undone_at IS NULL) FROM order_line l"
        )
        ready = look.rows("SELECT id FROM parcel WHERE state <> 'handed_over'")
    outcome.twice = sum(recorded > put for put, _, recorded in rows)
    outcome.lost = sum(handed < put for put, handed, _ in rows)
    outcome.wrong += [f"parcel {row[0]} is still on the shelf" for row in ready]
    outcome.wrong += [f"{name}: {found}" for name, found in crowd.readers.read(imbalances).items()]


def _prepare(settings: Settings, customers: int) -> list[Person]:
    """A shop in which everybody's parcels are ready."""
    settings.data_dir.mkdir(parents=True)
    bench.make(settings.database)
    orders = bench.orders(settings.database, customers, customers=customers)
    names = [f"{NAMES[n % len(NAMES)]}{n:03d}" for n in range(customers)]
    with alone(settings) as writer:
        writer.write(keep_user, STAFF, "staff", hash_pin(PIN)).result(30)
        for order, name in zip(orders, names, strict=True):
            writer.write(selling.accept_order, msgspec.structs.replace(order, customer_name=name)).result(30)
        writer.write(sorting.open_wave, "s1").result(120)
        writer.write(bench._put_everything).result(60)
    readers = Readers(settings.database)
    house = house_of(settings, readers)
    stands: dict[int, set[str]] = {}
    with readers.look() as look:
        for number, slot, place in look.rows(
            "SELECT DISTINCT l.order_no, p.slot, p.place FROM order_line l JOIN parcel p ON p.id = l.parcel_id"
        ):
            stands.setdefault(number, set()).add(slot if place == 1 else f"{slot}-{place}")
    readers.close()
    return [
        Person(
            number,
            name,
            code_for(house.store_id, number, house.code_key),
            short_code_for(number, house.code_key),
            frozenset(stands[number]),
        )
        for number, name in enumerate(names, 1)
    ]


def _turned(picture: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).rotate(180).save(out, "PNG")
    return out.getvalue()
