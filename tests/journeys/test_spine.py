"""The spine, step by step: from a paid order to the receipt, and everything that may be in its way."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest

from tests.cloud.witness import Witness
from tests.journeys.house import House
from tihuo.boards import lamps, tonight
from tihuo.boards.orders import find_orders
from tihuo.demo.cloud import Mischief
from tihuo.demo.players import Refused
from tihuo.settings import CameraChoice, Lights, PrinterChoice, Printers, Settings

pytestmark = pytest.mark.broker


def test_a_paid_order_becomes_a_parcel_in_the_hand_of_its_customer(house: House) -> None:
    order = house.buy(tudou=2, niunai=1)
    house.wait_for_state(order, "accepted")
    bought = house.cloud.order(order)
    assert bought.code.startswith("TH1:LLX01:")
    assert len(bought.short_code) == 8

    house.sort()
    house.wait_for_state(order, "ready")
    house.wait("both labels are printed", lambda: house.papers() == {"printed": 2})

    customer = house.customer()
    picture = customer.show(bought.code)
    assert picture.state == "welcome"
    assert picture.name == f"{bought.name[0]}*"
    assert {parcel.letter for parcel in picture.parcels} == {"A", "C"}
    customer.lamps_blink(picture)

    assert customer.take(picture, [parcel.parcel_id for parcel in picture.parcels]).state == "done"
    house.wait_for_state(order, "handed_over")
    house.wait("the lamps are out", lambda: not house.simulator.lit())
    house.wait("the receipt is printed", lambda: house.papers() == {"printed": 3})
    assert house.imbalances() == {}


def test_a_second_tap_and_a_second_kiosk_hand_nothing_over_twice(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.sort()
    customer = house.customer()
    picture = customer.show(house.cloud.order(order).code)
    mine = [parcel.parcel_id for parcel in picture.parcels]
    assert customer.take(picture, mine).state == "done"
    customer.take(picture, mine)
    with pytest.raises(Refused) as refused:
        house.staff().hand_over(house.cloud.order(order).code)
    assert refused.value.status == 409
    (row,) = house.read(find_orders, order)
    assert row.handed_over == 1
    assert house.imbalances() == {}


def test_a_wrong_code_gets_a_page_that_says_so(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    code = house.cloud.order(order).code
    customer = house.customer()
    assert customer.show(code).state == "not_ready"
    assert customer.show(code[:-1] + ("A" if code[-1] != "A" else "B")).state == "unknown_code"
    assert customer.show("TH1:NEXTDOOR:1:AAAAAAAAAAAAAAAA").state == "other_shop"
    assert customer.show("https://pay.example/u/123").state == "web_page"


def test_the_shop_works_through_a_cut_and_nothing_is_lost_or_applied_twice(house: House) -> None:
    before = house.buy(tudou=1)
    house.wait_for_state(before, "accepted")
    house.broker.kill()
    house.wait("the box knows that it is offline", lambda: house.trouble("cloud"))
    orders = [house.buy(person, tudou=1, jidan=1) for person in range(1, 6)]
    assert {house.state(order) for order in orders} == {"paid"}
    house.broker.start()
    for order in orders:
        house.wait_for_state(order, "accepted", seconds=40)
    house.sort()
    for order in (before, *orders):
        house.wait_for_state(order, "ready")
    assert house.read(tonight.tonight).orders == 6
    assert house.imbalances() == {}
    assert house.cloud.figures().oddities == ()


def test_a_bad_line_changes_nothing_but_the_time_it_takes(house: House) -> None:
    house.wait("everything is for sale", lambda: sum(offer.left > 0 for offer in house.cloud.offers()) == 40)
    house.cloud.misbehave(Mischief(0.2, 0.3, 0.3), Mischief(0.2, 0.3, 0.3, seed=2))
    orders = [house.buy(person % 20, tudou=1, doufu=1) for person in range(40)]
    for order in orders:
        house.wait_for_state(order, "accepted", seconds=60)
    house.cloud.misbehave()
    house.wait("all is acknowledged", lambda: not house.cloud.unacknowledged(), 30)
    assert house.read(tonight.tonight).orders == 40
    assert house.imbalances() == {}
    assert house.cloud.figures().oddities == ()


def test_messages_that_nobody_understands_are_kept_answered_and_block_nothing(house: House, witness: Witness) -> None:
    witness.garbage = True
    house.wait("something is for sale", house.cloud.offers)
    for kind in ("not_json", "no_envelope", "unknown_type", "bad_data", "bad_envelope", "too_big", "wrong_store"):
        house.cloud.send_garbage(kind)  # type: ignore[arg-type]
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.wait("every one is parked", lambda: len(house.read(tonight.parked_messages)) == 7)
    house.wait("every one is answered", lambda: len(house.cloud.rejections()) >= 5)
    reasons = {row.reason for row in house.read(tonight.parked_messages)}
    assert reasons >= {"malformed_json", "unknown_type", "malformed_data", "oversized", "wrong_store"}
    assert [decision.what for decision in house.read(tonight.decisions)] == ["parked_message"]


def test_an_order_said_twice_with_a_new_number_is_one_order(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.cloud.repeat_last_order()
    house.wait("the repeat is acknowledged", lambda: not house.cloud.unacknowledged())
    assert house.read(tonight.tonight).orders == 1
    assert house.imbalances() == {}


def test_paper_waits_for_a_printer_and_none_is_lost(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.simulator.break_part("printer", "paper_out")
    house.sort()
    house.wait("the box says so", lambda: house.trouble("printer_label") == "printer_paper_out")
    assert house.papers() == {"queued": 1}
    house.simulator.break_part("printer", "mend")
    house.wait("the label came out", lambda: house.papers() == {"printed": 1})
    house.wait("the banner is gone", lambda: not house.trouble("printer_label"))


def test_a_printer_that_dies_in_the_middle_of_a_job_leaves_a_question_not_a_second_label(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.twins.printers["label"].take_half_job()
    house.sort()
    house.wait("the job is doubtful", lambda: house.papers() == {"doubtful": 1})
    house.simulator.break_part("printer", "mend")
    assert [decision.what for decision in house.read(tonight.decisions)] == ["doubtful_paper"]
    house.restart_box()
    assert house.papers() == {"doubtful": 1}


def test_a_camera_that_hangs_is_replaced_and_digits_work_meanwhile(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.sort()
    house.wait("the camera is up", lambda: not house.trouble("camera"))
    house.simulator.break_part("camera", "hang")
    house.wait("the box says so", lambda: house.trouble("camera"))
    bought = house.cloud.order(order)
    customer = house.customer()
    assert customer.type_digits(bought.short_code).state == "welcome"
    customer.leave()
    house.simulator.break_part("camera", "mend")
    house.wait("a new camera process watches", lambda: not house.trouble("camera"), 30)
    assert customer.show(bought.code).state == "welcome"


def test_lamps_that_vanish_are_said_and_redrawn_when_they_return(house: House) -> None:
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.sort()
    house.simulator.break_part("lights", "vanish")
    picture = house.customer().show(house.cloud.order(order).code)
    assert picture.state == "welcome"
    house.wait("the box says so", lambda: house.trouble("lights"))
    house.simulator.break_part("lights", "mend")
    house.wait("the lamp blinks", lambda: set(house.simulator.lit()) == set(house.read(lamps.lamps)) != set())
    house.wait("the banner is gone", lambda: not house.trouble("lights"))


def test_a_box_without_devices_says_so_and_serves(open_house: Callable[..., House]) -> None:
    def bare(settings: Settings) -> Settings:
        none = PrinterChoice(kind="none")
        return settings.model_copy(
            update={
                "printers": Printers(label=PrinterChoice(kind="simulated", width_dots=480), receipt=none),
                "cameras": {"k1": CameraChoice(kind="v4l2", device="/dev/no-such-camera")},
                "lights": Lights(kind="gpio", driver="no-such-driver", pins={"A01": 17}),
            }
        )

    house = open_house(settings=bare)
    assert house.trouble("printer_receipt") == "printer_not_set"
    assert house.trouble("lights") == "lights_missing_driver"
    house.wait("the camera is missed", lambda: house.trouble("camera") == "camera_unplugged")
    order = house.buy(tudou=1)
    house.wait_for_state(order, "accepted")
    house.sort()
    house.staff().hand_over(house.cloud.order(order).code)
    house.wait_for_state(order, "handed_over")
    with urllib.request.urlopen(f"{house.base}/healthz") as answer:
        health = json.load(answer)
    assert health["ok"]
    assert health["parts"]["lights"] == "lights_missing_driver"


def test_a_restart_loses_nothing_and_says_nothing_twice(house: House) -> None:
    orders = [house.buy(person, tudou=1) for person in range(5)]
    for order in orders:
        house.wait_for_state(order, "accepted")
    house.restart_box()
    later = house.buy(6, tudou=1)
    house.wait_for_state(later, "accepted", seconds=40)
    house.sort()
    for order in (*orders, later):
        house.wait_for_state(order, "ready")
    assert house.cloud.figures().oddities == ()
    assert house.imbalances() == {}
