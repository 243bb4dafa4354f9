"""Many hands at once, on real threads: nothing is sold twice, nothing is handed over twice, nothing is left unsold."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards.balance import imbalances
from tihuo.shop.events import OrderHandedOver
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, preparing, selling, sorting

UNITS = 16
BUYERS = 32


def at_once(*tasks: Callable[[], None]) -> None:
    """Run these on a thread each, starting together."""
    start = threading.Barrier(len(tasks))
    failures: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        start.wait(10)
        try:
            task()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


@pytest.fixture
def sixteen(make_shop: Make) -> LittleShop:
    """A shop with sixteen moon cakes to sell, and nothing else."""
    shop = make_shop(seeded=False)
    shop.do(preparing.keep_sku, preparing.NewSku(code="CAKE", product="月饼", price_fen=900))
    shop.do(preparing.receive, "CAKE", UNITS)
    shop.plan("s1", preparing.NewItem(sku="CAKE", kind="on_hand", quantity=UNITS, price_fen=900))
    shop.do(preparing.open_session, "s1")
    return shop


def sold(shop: LittleShop) -> int:
    assert shop.read(imbalances) == {}
    item = shop.item("CAKE")
    assert item["minted"] == UNITS
    return item.get("ordered", 0) + item.get("handed_over", 0)


def test_thirty_two_buyers_of_sixteen_units_get_sixteen(sixteen: LittleShop) -> None:
    bought: list[str] = []

    def buy(number: int) -> None:
        attempt = 0
        while grant := sixteen.grant("CAKE"):
            if not sixteen.value("SELECT remaining FROM stock_grant WHERE id = ?", grant):
                return
            attempt += 1
            if sixteen.sell(f"o{number}-{attempt}", f"buyer {number}", CAKE=1) == "accepted":
                bought.append(f"buyer {number}")
                return

    at_once(*[lambda number=number: buy(number) for number in range(BUYERS)])
    assert len(bought) == len(set(bought)) == sold(sixteen) == UNITS


def test_buyers_online_and_at_the_counter_share_sixteen_units(sixteen: LittleShop) -> None:
    online: list[int] = []
    counter: list[int] = []

    def order(number: int) -> None:
        for attempt in range(UNITS):
            if sixteen.sell(f"o{number}-{attempt}", f"buyer {number}", CAKE=1) == "accepted":
                online.append(number)

    def walk_in() -> None:
        for number in range(UNITS):
            try:
                sixteen.do(selling.sell_walk_in, "s1", "CAKE", 1, urgent=True)
            except Refusal:
                return
            counter.append(number)

    at_once(*[lambda number=number: order(number) for number in range(8)], *[walk_in] * 4)
    assert len(online) + len(counter) == sold(sixteen) == UNITS
    assert online


def test_the_same_order_from_many_sides_is_one_order(sixteen: LittleShop) -> None:
    order = sixteen.order("o1", "lin", CAKE=2)
    answers: list[str] = []
    at_once(*[lambda: answers.append(sixteen.do(selling.accept_order, order))] * 12)
    assert sorted(answers) == ["accepted"] + ["repeated"] * 11
    assert sold(sixteen) == 2


def test_one_parcel_wanted_at_two_kiosks_and_the_counter_is_handed_over_once(make_shop: Make) -> None:
    shop = make_shop(seeded=False, house=msgspec.structs.replace(HOUSE, first_grant_percent=100))
    rounds = 200
    shop.do(preparing.keep_sku, preparing.NewSku(code="CAKE", product="月饼", price_fen=900))
    shop.plan("s1", preparing.NewItem(sku="CAKE", kind="presale", quantity=rounds, price_fen=900))
    shop.do(preparing.open_session, "s1")
    orders = [shop.order(f"o{n}", f"c{n}", CAKE=1) for n in range(rounds)]
    for answer in [shop.writer.write(selling.accept_order, order) for order in orders]:
        assert answer.result(10) == "accepted"
    wave = shop.do(sorting.open_wave, "s1")
    for answer in [shop.writer.write(sorting.put, *units) for units in shop.open_units(wave)]:
        assert answer.result(10) == "ready"

    given: list[list[str]] = [[] for _ in range(rounds)]
    refused: list[list[str]] = [[] for _ in range(rounds)]
    together = threading.Barrier(3)

    def hands(name: str, prepare: Callable[[int], int], stage: Callable[..., object]) -> Callable[[], None]:
        def run() -> None:
            for number in range(rounds):
                subject = prepare(number)
                together.wait(20)
                try:
                    shop.do(stage, subject, urgent=True)
                    given[number].append(name)
                except Refusal as refusal:
                    refused[number].append(refusal.code)

        return run

    def visit(kiosk: str) -> Callable[[int], int]:
        return lambda number: int(shop.do(handing_over.check_in, kiosk, shop.code(f"o{number}")))

    parcels = dict(shop.sql("SELECT customer_id, id FROM parcel"))
    at_once(
        hands("k1", visit("k1"), handing_over.hand_over),
        hands("k2", visit("k2"), handing_over.hand_over),
        hands("counter", lambda number: int(parcels[f"c{number}"]), handing_over.hand_over_parcel),
    )
    assert [len(names) for names in given] == [1] * rounds
    assert [codes for codes in refused if codes != ["already_collected"] * 2] == []
    assert len(shop.events(OrderHandedOver)) == rounds
    assert shop.sql("SELECT count(*), sum(quantity) FROM handover_line") == [(rounds, rounds)]
    assert len({name for names in given for name in names}) > 1  # more than one of them won a race
    assert shop.read(imbalances) == {}
