"""Evenings with a wrong clock: the box sells, sorts and hands over all the same, and says that it is wrong."""

from __future__ import annotations

import http.cookiejar
import re
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.cloud.certificates import Authority
from tests.journeys.house import House
from tihuo.cloud.messages import Envelope, decode
from tihuo.demo.broker import Broker, BrokerTls
from tihuo.demo.seed import PEOPLE
from tihuo.ledger.journal import entries_after
from tihuo.settings import ClockChoice, Cloud, Http, Settings
from tihuo.stages.handing_over import WELCOME_MS
from tihuo.timekeeping import system_time
from tihuo.wiring.box import Box

pytestmark = pytest.mark.broker

YEAR = 365 * 86_400_000


class WallClock:
    """The clock of a machine, wrong by `off`, and what timesyncd would touch when it is put right."""

    def __init__(self, folder: Path) -> None:
        self.off = 0
        self.touched = folder / "synchronized"

    def __call__(self) -> int:
        return system_time() + self.off

    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"clock": ClockChoice(synchronized=self.touched, rtc=Path("/nowhere"))})

    def wake_up_in_1970(self) -> None:
        self.touched.unlink(missing_ok=True)
        self.off = 30_000 - system_time()

    def synchronise(self) -> None:
        self.off = 0
        self.touched.unlink(missing_ok=True)
        self.touched.write_text("")


class Line:
    """Everything that the store says on `up`."""

    def __init__(self, port: int, store: str) -> None:
        self.said: list[Envelope] = []
        joined = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        self._client.on_connect = lambda client, *_: client.subscribe(f"tihuo/v1/{store}/up", qos=1)
        self._client.on_subscribe = lambda *_: joined.set()
        self._client.on_message = lambda _, __, message: self.said.extend(decode(message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert joined.wait(10)

    def clock_of(self, kind: str) -> list[str]:
        return [envelope.clock for envelope in self.said if envelope.type == kind]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def wall(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path)


@pytest.fixture
def line(broker: Broker) -> Iterator[Line]:
    line = Line(broker.port, "LLX01")
    yield line
    line.close()


def page(house: House, path: str, *, logged_in: bool = False) -> str:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    browser.addheaders = [("Accept", "text/html"), ("Sec-Fetch-Site", "same-origin")]
    if logged_in:
        name, _, pin = PEOPLE[0]
        browser.open(f"{house.base}/login", urllib.parse.urlencode({"name": name, "pin": pin}).encode())
    with browser.open(f"{house.base}{path}") as answer:
        return str(answer.read().decode())


def stages_of_an_evening(house: House) -> Iterator[str]:
    """One order from the mini program into the hand of its customer; whoever asks may interfere after each stage."""
    first = house.buy(tudou=2, niunai=1)
    house.wait_for_state(first, "accepted")
    yield "sold"
    second = house.buy(1, tudou=1)
    house.wait_for_state(second, "accepted")
    house.sort()
    yield "sorted"
    for order in (first, second):
        house.wait_for_state(order, "ready")
    house.wait("all labels are printed", lambda: house.papers() == {"printed": 3})
    customer = house.customer()
    picture = customer.show(house.cloud.order(first).code)
    assert picture.state == "welcome"
    yield "checked in"
    assert house.kiosk() == picture
    assert 0 < picture.ends_at - house.box.clock.ticks() <= WELCOME_MS
    mine = [parcel.parcel_id for parcel in picture.parcels]
    done = customer.take(picture, mine)
    assert (done.state, [parcel.taken for parcel in done.parcels]) == ("done", [True, True])
    house.wait_for_state(first, "handed_over")
    yield "handed over"
    house.staff().hand_over(house.cloud.order(second).code)
    house.wait_for_state(second, "handed_over")
    house.wait("all paper is printed", lambda: house.papers() == {"printed": 5})


def check_the_book(house: House) -> None:
    assert house.imbalances() == {}
    entries = house.read(entries_after, 0, 100_000)
    assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
    seqs = [entry.seq for entry in entries if entry.seq is not None]
    assert seqs == list(range(1, len(seqs) + 1))


def receipts_are_sure(house: House) -> list[bool]:
    with house.box.readers.look() as look:
        return [bool(row[0]) for row in look.rows("SELECT content ->> '$.sure' FROM print_job WHERE kind = 'receipt'")]


def test_an_evening_that_begins_in_1970(open_house: Callable[..., House], wall: WallClock, line: Line) -> None:
    wall.wake_up_in_1970()
    house = open_house(settings=wall.settings, wall=wall)
    for stage in stages_of_an_evening(house):
        if stage == "sold":
            assert house.trouble("clock") == "clock_not_set"
            assert not re.search(r"\d\d:\d\d", page(house, "/kiosk/strip?k=k1"))
            assert "主机的时间不对" in page(house, "/owner", logged_in=True)
    check_the_book(house)
    assert receipts_are_sure(house) == [False, False]
    assert set(line.clock_of("order.handed_over") + line.clock_of("order.accepted")) == {"unsure"}
    assert not any(entry.sure for entry in house.read(entries_after, 0, 100_000))

    wall.synchronise()
    house.wait("the clock is right", lambda: house.trouble("clock") == "")
    assert re.search(r"\d\d:\d\d", page(house, "/kiosk/strip?k=k1"))
    assert "主机的时间不对" not in page(house, "/owner", logged_in=True)


def test_a_box_that_lost_its_power_goes_on_after_its_last_record(
    open_house: Callable[..., House], wall: WallClock, line: Line
) -> None:
    wall.synchronise()
    house = open_house(settings=wall.settings, wall=wall)
    evening = stages_of_an_evening(house)
    assert next(evening) == "sold"
    last = house.read(entries_after, 0, 100_000)[-1]
    assert last.sure
    wall.wake_up_in_1970()
    house.restart_box()
    for _ in evening:
        pass
    check_the_book(house)
    assert house.trouble("clock") == "clock_not_set"
    since = house.read(entries_after, last.entry, 100_000)
    assert {entry.sure for entry in since} == {False}
    assert all(last.at <= entry.at < last.at + 600_000 for entry in since)
    assert set(line.clock_of("order.handed_over")) == {"unsure"}


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
@pytest.mark.parametrize("known", ["synchronised", "never synchronised"])
def test_a_clock_that_jumps_a_year_and_back_in_mid_sale(
    open_house: Callable[..., House], wall: WallClock, line: Line, jump: int, known: str
) -> None:
    if known == "synchronised":
        wall.synchronise()
    house = open_house(settings=wall.settings, wall=wall)
    staff = house.staff()
    for stage in stages_of_an_evening(house):
        if stage in ("sold", "checked in"):
            wall.off = jump
            assert house.trouble("clock") != ""
            staff.scan("tudou")  # who was logged in still is
        elif stage == "sorted":
            wall.off = 0
        else:
            wall.synchronise()
            house.wait("the clock is right again", lambda: house.trouble("clock") == "")
            staff.scan("tudou")
    check_the_book(house)
    assert line.clock_of("order.accepted")[1] == "unsure"
    assert line.clock_of("order.handed_over") == ["unsure", "good"]
    entries = house.read(entries_after, 0, 100_000)
    assert entries[-1].sure and abs(entries[-1].at - system_time()) < 600_000
    if known == "synchronised":  # time went on from what was sure
        assert all(abs(entry.at - system_time()) < 600_000 for entry in entries)


@pytest.mark.parametrize(("known", "said"), [(True, "broker_certificate"), (False, "clock_not_set")])
def test_every_certificate_has_run_out_for_a_clock_that_is_ahead(
    tmp_path: Path, wall: WallClock, known: bool, said: str
) -> None:
    authority = Authority(tmp_path / "tls")
    secret = BrokerTls(authority.ca, *authority.sign("127.0.0.1", days_ago=400))
    if known:
        wall.synchronise()
    with Broker(tmp_path / "broker", tls=secret) as broker:
        cloud = Cloud(host="127.0.0.1", port=broker.port, ca=authority.ca)
        http = Http(host="127.0.0.1", port=0)
        box = Box(wall.settings(Settings(data_dir=tmp_path / "data", cloud=cloud, http=http)), wall=wall)
        box.start()
        try:
            until = time.monotonic() + 20
            while (trouble := {part.name: part.trouble for part in box.parts()}["cloud"]) == "cloud_connecting":
                assert time.monotonic() < until
                time.sleep(0.02)
        finally:
            box.stop()
    assert trouble == said
