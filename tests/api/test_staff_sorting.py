"""分拣 over HTTP: taps that come twice, two people at one slot, a wrong item, and long lists."""

from __future__ import annotations

import re
import threading

import msgspec
import pytest
from fastapi.testclient import TestClient

from tests.api.desk import OTHER, OWNER, STAFF, Desk, code_of, desk, words
from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.boards import paper, sorting
from tihuo.stages import preparing, selling
from tihuo.stages import sorting as stage

__all__ = ["desk"]
TAP = {"HX-Request": "true"}


@pytest.fixture
def wave(desk: Desk) -> int:
    """Two customers who want rice, one of them two bags and the other milk as well."""
    desk.shop.sell("o1", "lin", RICE=2)
    desk.shop.sell("o2", "zhao", RICE=1, MILK=1)
    return int(desk.shop.do(stage.open_wave, "s1"))


def tap(client: TestClient, verb: str, parcel: int, sku: int, quantity: int, once: str):  # type: ignore[no-untyped-def]
    data = {"parcel": parcel, "sku": sku, "quantity": quantity, "once": once}
    return client.post(f"/staff/sorting/{verb}", data=data, headers=TAP)


def rice(desk: Desk) -> tuple[int, int]:
    return desk.shop.parcels()[0][0], desk.shop.sku("RICE")


def test_a_tap_that_comes_twice_puts_once(desk: Desk, wave: int) -> None:
    staff, (parcel, sku) = desk.client(STAFF, "en"), rice(desk)
    first = tap(staff, "put", parcel, sku, 1, "tap-of-her-0001")
    again = tap(staff, "put", parcel, sku, 1, "tap-of-her-0001")
    assert first.status_code == again.status_code == 200
    assert desk.shop.line("o1", "RICE")["put"] == 1
    tap(staff, "put", parcel, sku, 1, "tap-of-her-0002")
    assert desk.shop.line("o1", "RICE")["put"] == 2


def test_one_tap_sent_ten_times_at_once_puts_once(desk: Desk, wave: int) -> None:
    parcel, sku = rice(desk)
    clients = [desk.client(STAFF, "en") for _ in range(10)]
    threads = [
        threading.Thread(target=tap, args=(client, "put", parcel, sku, 1, "tap-of-her-0001")) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert desk.shop.line("o1", "RICE")["put"] == 1


def test_one_name_means_one_wish_of_each_verb(desk: Desk, wave: int) -> None:
    staff, (parcel, sku) = desk.client(STAFF, "en"), rice(desk)
    tap(staff, "put", parcel, sku, 1, "the-same-name")
    tap(staff, "undo", parcel, sku, 1, "the-same-name")
    assert "put" not in desk.shop.line("o1", "RICE")


def test_two_people_cannot_put_the_same_bag(desk: Desk, wave: int) -> None:
    parcel, sku = rice(desk)
    assert tap(desk.client(STAFF, "en"), "put", parcel, sku, 2, "tap-of-one").status_code == 200
    late = tap(desk.client(OTHER), "put", parcel, sku, 2, "tap-of-two")
    assert late.status_code == 409
    assert code_of(late.text) == "already_put"
    assert f"{STAFF} was quicker" in words(late.text) or f"{STAFF} 先放了" in words(late.text)
    assert desk.shop.line("o1", "RICE") == {"quantity": 2, "put": 2}


def test_a_tap_without_a_name_is_not_understood(desk: Desk, wave: int) -> None:
    parcel, sku = rice(desk)
    answer = desk.client(STAFF, "en").post(
        "/staff/sorting/put", data={"parcel": parcel, "sku": sku, "quantity": 1}, headers=TAP
    )
    assert answer.status_code == 422
    assert "put" not in desk.shop.line("o1", "RICE")


def test_a_complete_parcel_queues_its_label_and_undo_calls_it_off(desk: Desk, wave: int) -> None:
    staff, (parcel, sku) = desk.client(STAFF, "en"), rice(desk)
    answer = tap(staff, "put", parcel, sku, 2, "tap-of-her-0001")
    assert "Its label is being printed." in words(answer.text)
    assert [job.state for job in desk.shop.read(paper.paper_of, f"parcel:{parcel}")] == ["queued"]
    tap(staff, "undo", parcel, sku, 2, "tap-of-her-0002")
    assert [job.state for job in desk.shop.read(paper.paper_of, f"parcel:{parcel}")] == ["cancelled"]


def test_short_refunds_and_damage_is_made_good_from_free_stock(desk: Desk, wave: int) -> None:
    staff, (parcel, sku) = desk.client(STAFF, "en"), rice(desk)
    free = desk.shop.item("RICE")["free"]
    tap(staff, "short", parcel, sku, 1, "tap-of-her-0001")
    tap(staff, "damage", parcel, sku, 1, "tap-of-her-0002")
    assert desk.shop.line("o1", "RICE") == {"quantity": 2, "short": 1}
    assert desk.shop.item("RICE")["free"] == free - 1


@pytest.mark.parametrize(
    ("scanned", "said"),
    [
        ("6900000000007", "Nobody knows this barcode"),
        ("EGGS", "Not in this wave"),
        ("RICE", "Nobody wants another one"),
    ],
)
def test_a_wrong_item_is_said_in_words_and_aloud(desk: Desk, wave: int, scanned: str, said: str) -> None:
    for parcel, sku, units in desk.shop.open_units():
        if sku == desk.shop.sku("RICE"):
            desk.shop.do(stage.put, parcel, sku, units)
    answer = desk.client(STAFF, "en").post("/staff/sorting/scan", data={"text": scanned}, headers=TAP)
    assert said in words(answer.text)
    assert 'play="stop"' in answer.text


def test_each_station_holds_an_item_of_its_own(desk: Desk, wave: int) -> None:
    """A phone is its user's station, until it is given a name."""
    staff, other = desk.client(STAFF, "en"), desk.client(OTHER)
    other.post("/staff/more/station", data={"name": "st2"})
    staff.post("/staff/sorting/scan", data={"text": "RICE"})
    other.post("/staff/sorting/scan", data={"text": "MILK"})
    assert desk.shop.read(sorting.station_picture, STAFF).sku == "RICE"
    assert desk.shop.read(sorting.station_picture, "st2").sku == "MILK"
    staff.post("/staff/sorting/lay-down", data={})
    assert desk.shop.read(sorting.station_picture, STAFF).sku_id is None
    assert desk.shop.read(sorting.station_picture, "st2").sku == "MILK"


def test_the_list_by_customer_is_whole_and_repeats_nobody(make_shop: Make) -> None:
    shop = make_shop()
    for number in range(75):
        shop.do(selling.import_order, "s1", imported(shop, number))
    desk = Desk(shop)
    wave = shop.do(stage.open_wave, "s1")
    staff, after, seen = desk.client(STAFF, "en"), 0, []
    while True:
        leaf = staff.get(f"/staff/sorting/parcels?wave={wave}&after={after}").text
        seen += re.findall(r'id="parcel-(\d+)"', leaf)
        more = re.search(r"after=(\d+)\"[^>]*hx-trigger=\"click", leaf)
        if more is None:
            break
        after = int(more[1])
    assert [int(number) for number in seen] == [row[0] for row in shop.parcels()]
    assert len(seen) == 75


def imported(shop: LittleShop, number: int) -> selling.ImportedOrder:
    new = shop.order(f"i{number}", f"p{number}", RICE=1)
    return selling.ImportedOrder(
        order_id=new.order_id,
        part_ids=(new.order_id,),
        customer_id=new.customer_id,
        customer_name=new.customer_name,
        customer_phone="",
        door="",
        placed_at=new.placed_at,
        lines=new.lines,
        paid_fen=new.paid_fen,
    )


@pytest.mark.parametrize("verb", ["open", "scan", "put", "short", "damage", "undo", "lay-down"])
def test_nobody_sorts_without_logging_in(desk: Desk, wave: int, verb: str) -> None:
    parcel, sku = rice(desk)
    before = desk.shop.value("SELECT max(entry) FROM journal")
    data = {"parcel": parcel, "sku": sku, "quantity": 1, "once": "tap-of-nobody", "text": "RICE", "session_id": "s1"}
    answer = desk.client().post(f"/staff/sorting/{verb}", data=data | {"view": "product"}, headers=TAP)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/login")
    assert desk.shop.value("SELECT max(entry) FROM journal") == before


def at_door(desk: Desk, number: int, door: str) -> None:
    new = msgspec.structs.replace(imported(desk.shop, number), door=door)
    desk.shop.do(selling.import_order, "s1", new)


def test_a_wave_of_some_buildings_is_chosen_and_carried(desk: Desk) -> None:
    for number, door in enumerate(("3号601室", "3号502室", "5号101室", "37号201室")):
        at_door(desk, number, door)
    staff = desk.client(STAFF, "en")
    assert "Only a part of it" in words(staff.get("/staff/sorting").text)
    page = words(staff.get("/staff/sorting/choose?session=s1").text)
    assert all(part in page for part in ("3号 2 orders", "5号 1 order", "37号 1 order"))
    chosen = {"session_id": "s1", "buildings": ["3号", "5号"], "way": "carry", "carried": 2, "once": "a-wave-of-hers"}
    for _ in range(2):
        assert staff.post("/staff/sorting/choose", data=chosen).headers["location"] == "/staff/sorting?wave=1"
    assert desk.shop.sql("SELECT building, cluster_of FROM wave") == [("3号、5号", 2)]
    assert "Carry the next 2 parcels" in words(staff.get("/staff/sorting?wave=1").text)
    for _ in range(2):
        staff.post("/staff/sorting/cluster", data={"wave": 1, "once": "a-round-of-hers"})
    page = words(staff.get("/staff/sorting").text)
    assert "You carry cluster 1 of 2 0 of 2 parcels" in page
    assert "Carry the next" not in page


def test_the_floor_by_building(desk: Desk) -> None:
    for number, door in enumerate(("37号201室", "3号502室", "3号601室")):
        at_door(desk, number, door)
    desk.shop.do(stage.open_wave, "s1")
    page = words(desk.client(STAFF, "en").get("/staff/sorting?view=building").text)
    assert page.index("3号 2 households · 0 /2") < page.index("37号 1 household · 0 /1")


def test_of_several_waves_one_may_be_worked_on_alone(desk: Desk, wave: int) -> None:
    staff = desk.client(STAFF, "en")
    desk.shop.sell("o9", "ou", EGGS=1)
    second = desk.shop.do(stage.open_wave, "s1")
    page = words(staff.get(f"/staff/sorting?wave={wave}").text)
    assert f"Wave {second} 1" in page and f"Wave {wave} 4" in page and "Work on this wave only" in page
    staff.post("/staff/sorting/work-on", data={"wave": wave})
    assert "Work on all waves again" in words(staff.get("/staff/sorting").text)
    staff.post("/staff/sorting/scan", data={"text": "EGGS"})
    assert "Not for your parcels" in words(staff.get("/staff/sorting").text)
    staff.post("/staff/sorting/work-on", data={})
    staff.post("/staff/sorting/scan", data={"text": "EGGS"})
    assert desk.shop.read(sorting.station_picture, STAFF).sku == "EGGS"
    staff.post("/staff/sorting/leave")
    assert desk.shop.read(sorting.who_sorts) == []


def test_a_barcode_of_two_products_asks_which_one(desk: Desk, wave: int) -> None:
    pack = preparing.NewSku(
        code="RICE2", product="大米 两袋装", barcode="6901234567892", price_fen=7500, shares_barcode=True
    )
    desk.shop.do(preparing.keep_sku, pack)
    staff = desk.client(STAFF, "en")
    answer = staff.post("/staff/sorting/scan", data={"text": "6901234567892"}, headers=TAP)
    assert "Which one is it?" in words(answer.text)
    assert 'value="TH:SKU:RICE"' in answer.text and 'value="TH:SKU:RICE2"' in answer.text


def test_the_owner_sees_who_works_where_and_what_goes_to_which_building(desk: Desk) -> None:
    at_door(desk, 1, "3号601室")
    wave = desk.shop.do(stage.open_wave, "s1")
    desk.client(STAFF).post("/staff/sorting/scan", data={"text": "RICE"})
    owner = desk.client(OWNER, "en")
    page = words(owner.get("/owner/sorting?session=s1&view=building").text)
    assert f"{STAFF} 大米 → 1 slot lit all waves · steady light" in page
    assert "3号 1 大米 5 kg" in page
    assert f"Wave {wave} 0 / 1" in page
    assert owner.post("/owner/sorting/leave", data={"station": STAFF}).status_code == 303
    assert "Who sorts" not in words(owner.get("/owner/sorting?session=s1").text)
    assert desk.client(STAFF).post("/owner/sorting/leave", data={"station": STAFF}).status_code in (302, 303, 403)
