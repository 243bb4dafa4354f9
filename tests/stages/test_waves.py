"""分拣波次: several waves at once and after one another, spread or carried, and who works on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, LittleShop
from tihuo.boards import lamps, sorting
from tihuo.boards.balance import imbalances
from tihuo.boards.clusters import cluster_picks, clusters
from tihuo.boards.lamps import Glow
from tihuo.shop.events import StationMoved
from tihuo.shop.orders import NewLine
from tihuo.shop.waves import PICKERS, look_of
from tihuo.stages import handing_over, printing, selling, stations
from tihuo.stages import sorting as stage


def at_door(shop: LittleShop, order_id: str, door: str, **wanted: int) -> None:
    """An order that somebody behind a door gave, read from another program's export."""
    lines = tuple(NewLine(str(n), sku, units, 100, "") for n, (sku, units) in enumerate(wanted.items(), 1))
    shop.do(
        selling.import_order,
        "s1",
        selling.ImportedOrder(
            order_id=f"ktt:g:{order_id}",
            part_ids=(order_id,),
            customer_id=door or order_id,
            customer_name="顾客",
            customer_phone="",
            door=door,
            placed_at=1,
            lines=lines,
            paid_fen=100 * sum(wanted.values()),
        ),
    )


def lit(shop: LittleShop, station: str) -> dict[str, int]:
    return {want.slot: want.left for want in shop.read(sorting.station_picture, station).wants}


def numbered(shop: LittleShop, customer: str) -> list[tuple[int, int]]:
    """(number, of) of her parcels."""
    return shop.sql("SELECT number, of_total FROM parcel WHERE customer_id = ? ORDER BY id", customer)


# several waves


def test_an_item_lights_up_in_every_wave_that_is_open(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    first = shop.do(stage.open_wave, "s1")
    shop.sell("o2", "zhao", RICE=2)
    second = shop.do(stage.open_wave, "s1")
    shop.do(stage.scan_item, "table 1", "RICE")
    assert lit(shop, "table 1") == {"A01": 1, "A02": 2}
    assert [wave.wave_id for wave in shop.read(sorting.waves)] == [second, first]
    shop.do(stage.put, 1, shop.sku("RICE"), 1)
    assert [(wave.wave_id, wave.state) for wave in shop.read(sorting.waves)] == [(second, "open"), (first, "done")]
    assert lit(shop, "table 1") == {"A02": 2}


def test_somebody_may_work_on_one_wave_alone(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    first = shop.do(stage.open_wave, "s1")
    shop.sell("o2", "zhao", RICE=2, EGGS=1)
    shop.do(stage.open_wave, "s1")
    shop.do(stations.work_on, "table 1", first)
    assert shop.do(stage.scan_item, "table 1", "RICE").refusal == ""
    assert lit(shop, "table 1") == {"A01": 1}
    assert shop.do(stage.scan_item, "table 1", "EGGS").refusal == "not_your_parcels"
    shop.do(stations.work_on, "table 1", None)
    shop.do(stage.scan_item, "table 1", "EGGS")
    assert lit(shop, "table 1") == {"A02": 1}
    assert shop.events(StationMoved) == [
        StationMoved(station="table 1", wave_id=first), StationMoved(station="table 1")
    ]  # fmt: skip
    assert shop.refusal(stations.work_on, "table 1", 99).code == "unknown_wave"


def test_who_worked_on_a_wave_alone_works_on_all_when_it_is_done(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    first = shop.do(stage.open_wave, "s1")
    shop.sell("o2", "zhao", EGGS=1)
    shop.do(stage.open_wave, "s1")
    shop.do(stations.work_on, "table 1", first)
    shop.do(stage.put, 1, shop.sku("RICE"), 1)
    assert shop.do(stage.scan_item, "table 1", "EGGS").refusal == ""
    assert lit(shop, "table 1") == {"A02": 1}


def test_the_parcels_of_one_person_count_on_over_all_waves(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1, MILK=1)
    shop.do(stage.open_wave, "s1")
    assert numbered(shop, "lin") == [(1, 2), (2, 2)]
    shop.sell("o2", "lin", BUNS=1, RICE=1)
    shop.sell("o3", "zhao", RICE=1)
    shop.do(stage.open_wave, "s1")
    assert numbered(shop, "lin") == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert numbered(shop, "zhao") == [(1, 1)]


def test_parcels_of_another_window_are_counted_apart(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(stage.open_wave, "s1")
    shop.do(selling.accept_order, msgspec.structs.replace(shop.order("o2", RICE=1), window=(EVENING, EVENING + HOUR)))
    shop.do(stage.open_wave, "s1")
    assert numbered(shop, "lin") == [(1, 1), (1, 1)]


def test_a_late_order_joins_the_slot_where_the_persons_parcel_still_stands(shop: LittleShop) -> None:
    for number, customer in enumerate(("lin", "zhao", "ou")):
        shop.sell(f"o{number}", customer, RICE=1)
    shop.sort()
    assert [slot for _, _, _, slot, *_ in shop.parcels()] == ["A01", "A02", "A03"]
    shop.do(handing_over.hand_over_parcel, 1)  # A01 is empty now, so everybody else would get it
    shop.sell("o4", "zhao", EGGS=1)
    shop.sell("o5", "lin", EGGS=1)
    shop.do(stage.open_wave, "s1")
    assert shop.sql("SELECT customer_id, slot, place FROM parcel WHERE id > 3 ORDER BY id") == [
        ("zhao", "A02", 2), ("lin", "A01", 1)
    ]  # fmt: skip


def test_a_label_that_counted_fewer_parcels_is_made_anew(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.sort()
    shop.sell("o2", "lin", RICE=1)
    shop.do(stage.open_wave, "s1")
    labels = shop.sql("SELECT state, json_extract(content, '$.number'), json_extract(content, '$.of') FROM print_job")
    assert labels == [("cancelled", 1, 1), ("queued", 1, 2)]


# what a wave takes


def test_a_wave_may_take_one_window_only(shop: LittleShop) -> None:
    early = (EVENING, EVENING + HOUR)
    shop.do(selling.accept_order, msgspec.structs.replace(shop.order("o1", "lin", RICE=1), window=early))
    shop.sell("o2", "zhao", RICE=2)
    windows, buildings = shop.read(sorting.waiting_parts, "s1")
    assert [(part.window[0], part.orders, part.units) for part in windows] == [
        (EVENING, 1, 1), (EVENING + 20 * HOUR, 1, 2)
    ]  # fmt: skip
    assert buildings == []
    wave = shop.do(open_part, EVENING)
    assert shop.sql("SELECT customer_id FROM parcel WHERE wave_id = ?", wave) == [("lin",)]
    assert shop.read(sorting.waves)[0].window_from == EVENING
    assert shop.refusal(open_part, EVENING).code == "nothing_to_sort"


def open_part(work: Any, window: int | None = None, buildings: tuple[str, ...] = (), carried: int = 0) -> int:
    return stage.open_wave(work, "s1", window_from=window, buildings=buildings, cluster_of=carried)


def test_a_wave_may_take_some_buildings_only(shop: LittleShop) -> None:
    for number, door in enumerate(("3号601室", "37号102室", "3号1502室", "5号301室", "")):
        at_door(shop, str(number), door, RICE=1)
    _, buildings = shop.read(sorting.waiting_parts, "s1")
    assert [(part.building, part.orders) for part in buildings] == [("3号", 2), ("5号", 1), ("37号", 1)]
    wave = shop.do(open_part, None, ("3号", "37号"))
    doors = [row[0] for row in shop.sql("SELECT customer_id FROM parcel WHERE wave_id = ? ORDER BY id", wave)]
    assert doors == ["3号601室", "37号102室", "3号1502室"]
    assert shop.read(sorting.waves)[0].building == "3号、37号"


# 分车拣


@pytest.fixture
def carried(make_shop: Make) -> LittleShop:
    """Five households in wave 1, carried two parcels at a time: rice for all, milk for one."""
    shop = make_shop()
    for number, door in enumerate(("3号601室", "37号102室", "3号502室", "5号301室", "5号201室")):
        at_door(shop, str(number), door, RICE=1)
    at_door(shop, "9", "3号601室", MILK=1)
    shop.do(open_part, None, (), 2)
    return shop


def test_neighbours_are_carried_together_and_zones_apart(carried: LittleShop) -> None:
    found = carried.sql("SELECT cluster, zone, customer_id FROM parcel ORDER BY cluster, id")
    assert found == [
        (1, "ambient", "3号601室"),
        (1, "ambient", "3号502室"),
        (2, "ambient", "5号301室"),
        (2, "ambient", "5号201室"),
        (3, "ambient", "37号102室"),
        (4, "chilled", "3号601室"),
    ]


def test_only_what_she_carries_lights_up(carried: LittleShop) -> None:
    assert carried.do(stage.scan_item, "table 1", "RICE").refusal == "not_your_parcels"
    assert carried.do(stations.take_cluster, "table 1", 1) == 1
    assert carried.do(stations.take_cluster, "table 2", 1) == 2
    for station, mine in (("table 1", 1), ("table 2", 2)):
        carried.do(stage.scan_item, station, "RICE")
        wants = carried.read(sorting.station_picture, station).wants
        assert [want.cluster for want in wants] == [mine, mine]
    assert carried.do(stage.scan_item, "table 1", "MILK").refusal == "not_your_parcels"
    assert [(row.cluster, row.parcels, row.done, row.station) for row in carried.read(clusters, 1)] == [
        (1, 2, 0, "table 1"), (2, 2, 0, "table 2"), (3, 1, 0, ""), (4, 1, 0, "")
    ]  # fmt: skip


def test_a_cluster_has_a_pick_list_of_its_own_on_the_phone_and_on_paper(carried: LittleShop) -> None:
    at_door(carried, "10", "3号502室", EGGS=2)
    carried.do(open_part, None, (), 2)
    (rice,) = carried.read(cluster_picks, 1, 1)
    assert (rice.sku, rice.wanted, rice.left, rice.bags) == ("RICE", 2, 2, ((1, "A01", 1, 1, 0), (2, "A03", 1, 1, 0)))
    carried.do(stage.put, 1, carried.sku("RICE"), 1)
    (rice,) = carried.read(cluster_picks, 1, 1)
    assert (rice.put, rice.left, rice.bags[0]) == (1, 1, (1, "A01", 1, 1, 1))
    carried.do(printing.print_pick_list, 1, "", 2)
    content = json.loads(carried.value("SELECT content FROM print_job WHERE kind = 'list'"))
    assert (content["title"], [row["count"] for row in content["rows"]]) == ("拣货单 · 波次 1 · 第 2 车", ["×2"])


def test_the_next_cluster_waits_until_hers_is_complete(carried: LittleShop) -> None:
    carried.do(stations.take_cluster, "table 1", 1)
    assert carried.refusal(stations.take_cluster, "table 1", 1).code == "cluster_in_hand"
    for parcel, sku, units in carried.open_units():
        if carried.value("SELECT cluster FROM parcel WHERE id = ?", parcel) == 1:
            carried.do(stage.put, parcel, sku, units)
    assert carried.do(stations.take_cluster, "table 1", 1) == 2
    for station, number in (("table 2", 3), ("table 3", 4)):
        assert carried.do(stations.take_cluster, station, 1) == number
    assert carried.refusal(stations.take_cluster, "table 4", 1).code == "no_cluster_left"
    carried.do(stations.leave, "table 2")
    assert carried.do(stations.take_cluster, "table 4", 1) == 3
    assert carried.refusal(stations.work_on, "table 1", 1).code == "wave_of_clusters"
    assert carried.refusal(stations.take_cluster, "table 1", 99).code == "unknown_wave"


def test_who_sorts_everything_leaves_carried_parcels_alone(carried: LittleShop) -> None:
    carried.sell("o1", "lin", RICE=1)
    carried.do(stage.open_wave, "s1")
    carried.do(stage.scan_item, "table 1", "RICE")
    slot = carried.value("SELECT slot FROM parcel WHERE customer_id = 'lin'")
    assert lit(carried, "table 1") == {slot: 1}


# colour and rhythm


def test_no_two_of_all_pickers_look_alike() -> None:
    assert len({look_of(number) for number in range(PICKERS)}) == PICKERS == 24
    for four in range(0, PICKERS, 4):
        assert len({look_of(number)[1] for number in range(four, four + 4)}) == 4


def test_two_stations_never_share_a_look_and_keep_theirs(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(stage.open_wave, "s1")
    for station in ("table 1", "table 2", "table 3"):
        shop.do(stage.scan_item, station, "RICE")
    assert shop.read(lamps.lamps) == {"A01": (Glow("green", "on"), Glow("blue", "double"), Glow("violet", "fast"))}
    shop.do(stations.leave, "table 2")
    assert shop.read(lamps.lamps) == {"A01": (Glow("green", "on"), Glow("violet", "fast"))}
    shop.do(stage.scan_item, "table 4", "RICE")
    shop.do(stage.scan_item, "table 3", "RICE")
    looks = {one.station: (one.color, one.rhythm) for one in shop.read(sorting.who_sorts)}
    assert looks == {"table 1": ("green", "on"), "table 4": ("blue", "double"), "table 3": ("violet", "fast")}


def test_when_all_looks_are_taken_whoever_rested_longest_gives_hers_up(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(stage.open_wave, "s1")
    for number in range(PICKERS):
        shop.do(stage.scan_item, f"table {number}", "RICE")
    assert shop.refusal(stage.scan_item, "one more", "RICE").code == "too_many_stations"
    for number in (5, 3):
        shop.do(stage.lay_down, f"table {number}")
    shop.do(stage.scan_item, "one more", "RICE")
    assert shop.value("SELECT picker FROM station WHERE name = 'one more'") == 3
    assert shop.value("SELECT count(DISTINCT picker) FROM station") == PICKERS


def test_a_new_evening_begins_with_empty_hands(shop: LittleShop) -> None:
    shop.sell("o1", "lin", RICE=1)
    shop.do(stage.open_wave, "s1")
    shop.do(stage.scan_item, "table 1", "RICE")
    shop.do(stage.put, 1, shop.sku("RICE"), 1)
    shop.sell("o2", "zhao", RICE=1)
    shop.do(stage.open_wave, "s1")
    assert shop.read(lamps.lamps) == {}
    assert shop.read(sorting.who_sorts) == []
    shop.do(stage.scan_item, "table 2", "RICE")
    assert shop.read(lamps.lamps) == {"A02": (Glow("green", "on"),)}


# after a crash


def test_a_box_that_was_killed_goes_on_exactly_where_everybody_was(make_shop: Make, tmp_path: Path) -> None:
    """The file as it lies on the disk the moment the power fails, opened by another box."""
    shop = make_shop(running=False)
    shop.sell("o1", "lin", RICE=3)
    shop.sell("o2", "zhao", RICE=1, EGGS=1)
    first = shop.do(stage.open_wave, "s1")
    shop.sell("o3", "ou", RICE=2)
    shop.do(open_part, None, (), 2)
    shop.do(stations.work_on, "table 1", first, actor="小李")
    shop.do(stage.scan_item, "table 1", "RICE", actor="小李")
    shop.do(stations.take_cluster, "table 2", 2, actor="小安")
    shop.do(stage.scan_item, "table 2", "RICE", actor="小安")
    shop.do(stage.put, 1, shop.sku("RICE"), 2)
    before = {
        name: shop.read(sorting.station_picture, name) for name in ("table 1", "table 2", "table 3")
    }, shop.read(lamps.lamps), shop.read(sorting.who_sorts), shop.read(sorting.waves)  # fmt: skip
    copy = tmp_path / "after.db"
    for end in ("", "-wal"):
        copy.with_name(f"after.db{end}").write_bytes(shop.path.with_name(f"{shop.path.name}{end}").read_bytes())
    after = LittleShop(copy, running=False)
    try:
        assert before == (
            {name: after.read(sorting.station_picture, name) for name in ("table 1", "table 2", "table 3")},
            after.read(lamps.lamps),
            after.read(sorting.who_sorts),
            after.read(sorting.waves),
        )
        assert lit(after, "table 1") == {"A01": 1, "A02": 1}
        assert after.do(stage.put, 1, after.sku("RICE"), 1) == "ready"
        assert after.read(imbalances) == {}
    finally:
        after.close()
