"""By product, by customer, by building and by household: whatever happens to an evening, all of them add up alike."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.little_shop import GOODS, LittleShop, copy_of
from tihuo.boards import doors, sorting
from tihuo.boards.balance import imbalances
from tihuo.boards.wave_sheet import wave_by_customer
from tihuo.shop.orders import NewLine
from tihuo.shop.words import Refusal
from tihuo.stages import aftercare, handing_over, selling, stations
from tihuo.stages import sorting as stage

SKUS = [sku.code for sku in GOODS]
DOORS = ["3号601室", "3号1502室", "37号102室", "商务楼591室", ""]
PICK = st.integers(0, 200)
SUMS = ("wanted", "put", "short")


class Evening(RuleBasedStateMachine):
    """Two stations, several waves of all kinds, and customers who change their minds."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.shop = LittleShop(copy_of(self.template, Path(self._folder.name) / "shop.db"), running=False)
        self.orders = 0

    @initialize(baskets=st.lists(st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=2), min_size=3))
    def an_evening_begins(self, baskets: list[dict[str, int]]) -> None:
        for number, basket in enumerate(baskets[:6]):
            self.an_order_comes(number, basket, number % 2 == 1)
        self.do(stage.open_wave, "s1")

    def teardown(self) -> None:
        self.shop.close()
        self._folder.cleanup()

    def do(self, job: Any, *args: Any, **how: Any) -> Any:
        with suppress(Refusal):
            return self.shop.do(lambda work: job(work, *args, **how))

    def units(self, pick: int, count: str) -> tuple[int, int, int]:
        """A parcel, a SKU and a number of units, one of those of which `count` is above zero."""
        rows = self.shop.sql(
            f"SELECT l.parcel_id, l.sku_id, sum({count}) AS units FROM order_line l WHERE l.parcel_id IS NOT NULL "
            "GROUP BY 1, 2 HAVING units > 0 ORDER BY 1, 2"
        )
        if not rows:
            return 1, 1, 1
        parcel, sku, units = rows[pick % len(rows)]
        return parcel, sku, pick // 7 % units + 1

    @rule(
        person=PICK,
        basket=st.dictionaries(st.sampled_from(SKUS), st.integers(1, 3), min_size=1),
        imported=st.booleans(),
    )
    def an_order_comes(self, person: int, basket: dict[str, int], imported: bool) -> None:
        self.orders += 1
        if not imported:
            self.do(selling.accept_order, self.shop.order(f"o{self.orders}", f"c{person % 4}", **basket))
            return
        lines = tuple(NewLine(str(n), sku, units, 100, "") for n, (sku, units) in enumerate(basket.items(), 1))
        new = selling.ImportedOrder(
            order_id=f"ktt:g:{self.orders}",
            part_ids=(str(self.orders),),
            customer_id=f"d{person % 5}",
            customer_name="顾客",
            customer_phone=f"1990000{person % 5:04}",
            door=DOORS[person % 5],
            placed_at=1,
            lines=lines,
            paid_fen=1000,
        )
        self.do(selling.import_order, "s1", new)

    @rule(pick=PICK)
    def an_order_is_cancelled(self, pick: int) -> None:
        rows = self.shop.sql("SELECT no, order_id FROM shop_order ORDER BY no")
        if rows:
            number, order_id = rows[pick % len(rows)]
            self.do(aftercare.cancel, number, "sorry") if pick % 2 else self.do(selling.cancel_order, order_id, "")

    @rule(pick=PICK)
    def a_wave_is_opened(self, pick: int) -> None:
        chosen = (DOORS[pick % 5][:2],) if pick % 3 == 0 and pick % 5 != 4 else ()
        self.do(stage.open_wave, "s1", buildings=chosen, cluster_of=pick % 4)

    @rule(what=st.sampled_from(["put", "put", "fill", "fill", "short", "damage", "undo", "hand over"]), pick=PICK)
    def goods_move(self, what: str, pick: int) -> None:
        wanted = self.units(pick, "l.quantity - l.put - l.short - l.cancelled")
        match what:
            case "put":
                self.do(stage.put, *wanted)
            case "fill":
                for parcel, sku, units in self.shop.open_units():
                    if parcel == wanted[0]:
                        self.do(stage.put, parcel, sku, units)
            case "short":
                self.do(stage.short, *wanted)
            case "damage":
                self.do(stage.damage, *wanted)
            case "undo":
                self.do(stage.undo_put, *self.units(pick, "l.put - l.handed_over"))
            case "hand over":
                self.do(handing_over.hand_over_parcel, wanted[0])

    @rule(station=st.sampled_from(["table 1", "table 2"]), pick=PICK)
    def somebody_sorts(self, station: str, pick: int) -> None:
        """What a person with a scanner does: takes a wave or a cluster, scans, confirms the first slot that is lit."""
        waves = self.shop.read(sorting.waves)
        if waves and pick % 3 == 0:
            wave = waves[pick % len(waves)]
            job = stations.take_cluster if wave.cluster_of else stations.work_on
            self.do(job, station, wave.wave_id)
        elif pick % 11 == 0:
            self.do(stations.work_on, station, None)
        self.do(stage.scan_item, station, SKUS[pick % 4])
        if pick % 2 and (wants := self.shop.read(sorting.station_picture, station).wants):
            self.do(stage.confirm_slot, wants[0].slot, station if pick % 5 else "")

    # what holds after every step

    def totals(self) -> Iterator[tuple[int, Counter[tuple[int, str]]]]:
        """Of each wave, what its order lines say: (SKU, figure) -> units."""
        for (wave,) in self.shop.sql("SELECT id FROM wave"):
            lines = self.shop.sql(
                "SELECT l.sku_id, l.quantity - l.cancelled, l.put, l.short FROM order_line l "
                "JOIN parcel p ON p.id = l.parcel_id WHERE p.wave_id = ?",
                wave,
            )
            counted: Counter[tuple[int, str]] = Counter()
            for sku, *figures in lines:
                counted.update({(sku, name): figure for name, figure in zip(SUMS, figures, strict=True)})
            yield wave, +counted

    @invariant()
    def every_view_of_a_wave_says_what_its_order_lines_say(self) -> None:
        for wave, lines in self.totals():
            for rows in self.views(wave):
                counted: Counter[tuple[int, str]] = Counter()
                for row in rows:
                    counted.update({(row.sku_id, name): getattr(row, name) for name in SUMS})
                assert +counted == lines

    def views(self, wave: int) -> Iterator[list[Any]]:
        """Every picture of a wave, as rows that have a SKU, and units wanted, put and short."""
        read = self.shop.read
        yield read(sorting.by_product, wave)
        yield read(sorting.parcel_lines, [row.parcel_id for row in read(sorting.by_customer, wave, 0, 1000)])
        yield read(wave_by_customer, wave).lines
        yield [one for building in read(doors.by_building, wave) for one in building.goods]
        yield [line for building in read(doors.by_building, wave) for one in building.goods for line in one.lines]
        yield [one for home in read(doors.by_household, wave) for one in home.goods]
        yield [one for product in read(doors.product_at_doors, wave) for one in product.buildings]

    @invariant()
    def the_heads_of_all_views_add_up_alike(self) -> None:
        read = self.shop.read
        for wave in read(sorting.waves, 1000):
            whole = (wave.units, wave.units_put, wave.units_short)
            number = wave.wave_id
            sheet = read(wave_by_customer, number)
            parcels = read(sorting.by_customer, number, 0, 1000)
            assert [row.parcel_id for row in sheet.parcels] == [row.parcel_id for row in parcels]
            for rows in (
                sheet.goods,
                parcels,
                read(doors.by_building, number),
                read(doors.by_household, number),
                read(doors.product_at_doors, number),
            ):
                assert tuple(sum(getattr(row, name) for row in rows) for name in SUMS) == whole
            labels = read(doors.item_labels, number)
            assert len(labels) == wave.units - wave.units_short
            for label in labels:
                assert 1 <= label.n <= label.of and 1 <= label.n_here <= label.of_here <= label.of

    @invariant()
    def a_persons_parcels_count_from_one_to_all_of_them(self) -> None:
        people: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
        for *person, number, of_total in self.shop.sql(
            "SELECT customer_id, window_from, window_to, number, of_total FROM parcel ORDER BY id"
        ):
            people.setdefault(tuple(person), []).append((number, of_total))
        for numbers in people.values():
            assert numbers == [(n, len(numbers)) for n in range(1, len(numbers) + 1)]

    @invariant()
    def nobody_carries_what_somebody_else_carries_and_no_two_look_alike(self) -> None:
        carried = self.shop.sql("SELECT wave_id, cluster FROM station WHERE cluster IS NOT NULL")
        assert len(carried) == len(set(carried))
        looks = [(one.color, one.rhythm) for one in self.shop.read(sorting.who_sorts)]
        assert len(looks) == len(set(looks))

    @invariant()
    def the_ledger_balances(self) -> None:
        assert self.shop.read(imbalances) == {}


def test_all_views_agree_whatever_happens(seeded_file: Path) -> None:
    Evening.template = seeded_file
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Evening,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("column", ["wanted", "put", "short"])
def test_a_sum_that_was_kept_wrong_would_be_noticed(shop: LittleShop, column: str) -> None:
    shop.sell("o1", "lin", RICE=2)
    shop.do(stage.open_wave, "s1")
    shop.do(lambda work: work.sql(f"UPDATE wave_item SET wanted = wanted + 1, {column} = {column} + 1") and None)
    whole = shop.read(sorting.waves)[0]
    parcels = shop.read(sorting.by_customer, 1)
    assert (whole.units, whole.units_put, whole.units_short) != tuple(
        sum(getattr(row, name) for row in parcels) for name in SUMS
    )
