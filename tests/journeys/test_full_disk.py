"""The disk fills up, or turns read-only, in the middle of sale and sorting: the whole box on a small file system."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House
from tihuo.boards import sorting
from tihuo.demo.broker import Broker, NoBroker
from tihuo.demo.browsing import Browser, Refused
from tihuo.demo.cloud import BrokerAddress, DemoCloud
from tihuo.demo.players import StaffPlayer
from tihuo.demo.seed import PEOPLE
from tihuo.demo.shop import SHOP_ID

pytestmark = [pytest.mark.broker, pytest.mark.root, pytest.mark.slow, pytest.mark.timeout(300)]
MEGABYTES = 48


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real ext4 where the demo shop keeps its data."""
    place, image = tmp_path / "house" / "shop", tmp_path / "disk.img"
    place.mkdir(parents=True)
    with image.open("wb") as out:
        out.truncate(MEGABYTES << 20)
    for command in (["mkfs.ext4", "-q", "-m", "0", image], ["mount", "-o", "loop", image, place]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as missing:
            pytest.skip(f"no small ext4 here: {missing}")
        if done.returncode:
            pytest.skip(f"no small ext4 here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


class PatientHouse(House):
    """Its cloud says nothing again by itself: what comes later, comes because the box asked."""

    def _cloud(self) -> DemoCloud:
        address = BrokerAddress("127.0.0.1", self.broker.port)
        cloud = DemoCloud(address, SHOP_ID, folder=self.folder / "cloud", retry=1000.0, refund_delay=0.1)
        cloud.start()
        return cloud


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """One that says nothing again while the line is up."""
    try:
        running = Broker(tmp_path / "broker", kind="mosquitto")
    except NoBroker as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture
def shop(small_disk: Path, tmp_path: Path, broker: Broker) -> Iterator[House]:
    house = PatientHouse(tmp_path / "house", broker)
    yield house
    house.close()


def fill(disk: Path) -> Path:
    filler = disk / "holiday pictures"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while out.write(bytes(1 << 16)):
            pass
    with suppress(OSError), filler.open("ab", buffering=0) as out:
        while out.write(bytes(512)):
            pass
    return filler


def health(shop: House) -> tuple[int, dict[str, Any]]:
    line = http.client.HTTPConnection(shop.box.addresses[0], timeout=20)
    line.request("GET", "/healthz")
    answer = line.getresponse()
    told = json.loads(answer.read())
    line.close()
    return answer.status, told["parts"]


def kiosk(shop: House) -> str:
    line = http.client.HTTPConnection(shop.box.addresses[0], timeout=20)
    line.request("GET", "/kiosk?k=k1", headers={"Accept": "text/html"})
    answer = line.getresponse()
    page = answer.read().decode()
    line.close()
    assert answer.status == 200
    return page


def wishes(shop: House) -> list[tuple[int, int, int]]:
    """(parcel, SKU, units) that the sorting page still wants."""
    wave = shop.read(sorting.waves)[0].wave_id
    return [
        (parcel.parcel_id, line.sku_id, line.wanted - line.put - line.short)
        for parcel in shop.read(sorting.by_customer, wave, 0, 1000)
        for line in shop.read(sorting.parcel_lines, [parcel.parcel_id])
        if line.wanted > line.put + line.short
    ]


def put_everything(shop: House, staff: StaffPlayer) -> None:
    while True:
        put_somehow(shop, staff)


def put_somehow(shop: House, staff: StaffPlayer) -> None:
    parcel, sku, _ = wishes(shop)[0]
    staff.put(parcel, sku, 1)


def test_a_full_disk_stops_all_that_is_new_loses_nothing_and_is_over_when_there_is_room(
    shop: House, small_disk: Path
) -> None:
    staff, phone = shop.staff(), Browser(shop.base)
    phone.post("/login", name=PEOPLE[1][0], pin=PEOPLE[1][2])
    early = [shop.buy(person, niunai=2, jidan=1) for person in range(3)]
    for order in early:
        shop.wait_for_state(order, "accepted")
    staff.open_wave("s1")
    put_somehow(shop, staff)
    fill(small_disk)
    late = [shop.buy(person, niunai=1) for person in range(3, 9)]
    shop.wait("the reserve is let go for what was begun", lambda: health(shop)[1]["disk"] == "disk_reserve")
    put_somehow(shop, staff)
    assert "新订单先留在云端" in phone.get("/staff/more")
    assert "暂停" not in kiosk(shop)
    filler = fill(small_disk)
    with pytest.raises(Refused) as no:
        put_everything(shop, staff)
    assert no.value.status == 503
    assert "主机的存储满了" in str(no.value)
    status, parts = health(shop)
    assert (status, parts["ledger"]) == (503, "disk_full")
    assert "暂停" in kiosk(shop)
    assert "主机的存储满了" in phone.get("/staff/more")
    assert shop.imbalances() == {}
    before = wishes(shop)
    assert {shop.state(order) for order in late} == {"paid"}
    assert shop.cloud.unacknowledged() >= len(late)

    filler.unlink()
    shop.wait("the box is well again", lambda: health(shop)[0] == 200)
    for order in late:
        shop.wait_for_state(order, "accepted", seconds=30)
    shop.wait("the reserve is there again", lambda: health(shop)[1]["disk"] == "disk_low")
    assert wishes(shop) == before
    put_somehow(shop, staff)
    assert shop.imbalances() == {}
    assert shop.cloud.wait_until(lambda cloud: not cloud.unacknowledged(), 20)
    assert shop.cloud.figures().oddities == ()


def test_a_box_that_is_switched_on_with_a_full_disk_serves_from_its_reserve(shop: House, small_disk: Path) -> None:
    order = shop.buy(0, niunai=1)
    shop.wait_for_state(order, "accepted")
    shop.box.stop()
    filler = fill(small_disk)
    shop.box = shop._open()
    shop.wait("it says that its disk is full", lambda: health(shop)[1]["disk"] == "disk_reserve")
    assert health(shop)[0] == 200
    staff = shop.staff()
    staff.open_wave("s1")
    put_somehow(shop, staff)
    late = shop.buy(1, niunai=1)
    filler.unlink()
    shop.wait_for_state(late, "accepted", seconds=30)


def turn_read_only(disk: Path) -> None:
    """As the kernel does when a card breaks: an error of the file system."""
    device = subprocess.run(["findmnt", "-no", "SOURCE", disk], capture_output=True, text=True, check=True).stdout
    trigger = Path(f"/sys/fs/ext4/{Path(device.strip()).name}/trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel cannot break a file system on purpose")
    subprocess.run(["mount", "-o", "remount,errors=remount-ro", disk], check=True)
    trigger.write_text("a worn out card")


def test_a_disk_that_turns_read_only_is_said_and_still_read(shop: House, small_disk: Path) -> None:
    staff = shop.staff()
    order = shop.buy(0, niunai=3)
    shop.wait_for_state(order, "accepted")
    staff.open_wave("s1")
    put_somehow(shop, staff)
    turn_read_only(small_disk)
    late = shop.buy(1, niunai=1)
    with pytest.raises(Refused) as no:
        put_somehow(shop, staff)
    assert no.value.status == 503
    assert "主机无法写入存储" in str(no.value)
    status, parts = health(shop)
    assert (status, parts["ledger"]) == (503, "disk_read_only")
    assert "暂停" in kiosk(shop)
    assert [units for _, _, units in wishes(shop)] == [2]
    assert shop.state(late) == "paid"
    assert shop.imbalances() == {}
