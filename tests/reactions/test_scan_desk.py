"""What the camera on the counter does with what it sees, while something is sorted and while nothing is."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.little_shop import EVENING, HOUSE, LittleShop
from tihuo.boards import kiosk, sorting
from tihuo.devices.ports import Sighting, Symbology
from tihuo.reactions.scans import ScanDesk
from tihuo.shop.guesses import KIOSK
from tihuo.shop.pickups import STEP_MS, rotating_code, short_code_for
from tihuo.shop.words import Millis
from tihuo.stages import handing_over
from tihuo.stages import sorting as stage

STATION = "camera"


class Counter:
    """A camera over the counter of a little shop, and what hangs on other cables."""

    def __init__(self, shop: LittleShop) -> None:
        self.shop = shop
        self.camera = ScanDesk(shop.writer, shop.readers, HOUSE, "k1", STATION)
        self.scanner = ScanDesk(shop.writer, shop.readers, HOUSE, "k2", "scanner_gun", deliberate=True)
        self.table = ScanDesk(shop.writer, shop.readers, HOUSE, "", "table", deliberate=True)

    def see(self, text: str, symbology: Symbology = "ean13", **more: bool) -> None:
        self.camera.see(Sighting(text, symbology, Millis(EVENING), **more))
        self.shop.do(lambda work: None)  # what it wrote is committed

    def scan(self, text: str) -> None:
        """With the scanner at the second kiosk."""
        self.scanner.see(Sighting(text, "unsaid", Millis(EVENING)))
        self.shop.do(lambda work: None)

    def scan_at_the_table(self, text: str) -> None:
        self.table.see(Sighting(text, "unsaid", Millis(EVENING)))
        self.shop.do(lambda work: None)

    def held(self, station: str = STATION) -> str:
        return str(self.shop.read(sorting.station_picture, station).sku)

    def shown(self, at: str) -> str:
        """What a kiosk shows."""
        return str(self.shop.read(kiosk.kiosk_picture, at).state)


@pytest.fixture
def counter(shop: LittleShop) -> Counter:
    """lin wants two bags of rice, in A01."""
    shop.sell("o1", "lin", RICE=2)
    return Counter(shop)


def test_an_item_is_in_the_hand_while_a_wave_is_open(counter: Counter) -> None:
    counter.see("6901234567892")
    assert counter.shop.sql("SELECT 1 FROM station") == []
    counter.shop.do(stage.open_wave, "s1")
    counter.see("6901234567892")
    assert counter.held() == "RICE"


def test_a_misread_number_is_nobodys_product_and_stops_nobody(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    for text in ("6901234567893", "4006381333931", "2100123004805"):
        counter.see(text)
    assert counter.shop.sql("SELECT 1 FROM station") == []


def test_a_slots_label_confirms_what_is_in_the_hand(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.see("6901234567892")
    counter.see("TH:SLOT:A01", "qr")
    assert counter.shop.line("o1", "RICE")["put"] == 2
    counter.see("TH:SLOT:A01", "qr")  # nothing is lit there any more
    assert counter.shop.line("o1", "RICE")["put"] == 2


def test_a_command_is_obeyed(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.see("6901234567892")
    counter.see("TH:CMD:DONE", "code128")
    assert counter.held() == ""


def test_a_customers_code_and_a_foreign_one_go_to_the_kiosk(counter: Counter) -> None:
    counter.shop.sort()
    counter.see(counter.shop.code("o1"), "qr")
    assert counter.shop.read(kiosk.kiosk_picture, "k1").state == "welcome"
    counter.see("https://example.org/", "qr")
    assert counter.shown("k1") == "web_page"


def test_what_gives_money_back_needs_a_page_that_can_call_it_off(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.see("6901234567892")
    for command in ("SHORT", "DAMAGE"):
        counter.see(f"TH:CMD:{command}", "code128")
    assert counter.shop.line("o1", "RICE") == {"quantity": 2}
    counter.see("TH:CMD:PUT", "code128")
    assert counter.shop.line("o1", "RICE") == {"quantity": 2, "put": 2}


def test_two_customers_at_once_are_asked_to_come_one_by_one(counter: Counter) -> None:
    counter.shop.sort()
    counter.see(counter.shop.code("o1"), "qr")
    counter.see(counter.shop.code("o1"), "qr", crowded=True)
    assert counter.shown("k1") == "two_codes"
    counter.see(counter.shop.code("o1"), "qr")
    assert counter.shown("k1") == "welcome"


def test_two_codes_that_stay_are_told_as_long_as_they_lie_there(counter: Counter) -> None:
    shop = counter.shop
    shop.sort()
    digits = short_code_for(shop.value("SELECT no FROM shop_order"), HOUSE.code_key)

    def later(again: bool = True) -> str:
        shop.clock.tick(8_000)
        shop.do(handing_over.ask_again)
        if again:
            counter.see(shop.code("o1"), "qr", crowded=True, again=True)
        return counter.shown("k1")

    counter.see(shop.code("o1"), "qr", crowded=True)
    for _ in range(10):
        assert later() == "two_codes"
    assert shop.sql("SELECT count(*) FROM visit") == [(1,)], "it is one notice, however long they lie there"
    counter.see(digits, "code128")
    assert later() == "welcome", "whoever says who she is meanwhile is served"
    shop.do(handing_over.leave, shop.value("SELECT max(id) FROM visit"))
    assert counter.shown("k1") == "idle" and later() == "two_codes", "and the next one sees why nothing is read"
    assert later(again=False) == "two_codes" and later(again=False) == "idle"


def test_a_scanner_at_a_kiosk_recognises_a_customer_by_code_or_digits(counter: Counter) -> None:
    counter.shop.sort()
    counter.scan(counter.shop.code("o1"))
    assert (counter.shown("k2"), counter.shown("k1")) == ("welcome", "idle")
    counter.scan("https://example.org/")
    assert counter.shown("k2") not in ("welcome", "idle")
    digits = short_code_for(counter.shop.value("SELECT no FROM shop_order"), HOUSE.code_key)
    counter.scan(digits)
    assert counter.shown("k2") == "welcome"
    counter.see(digits, "code128")
    assert counter.shown("k1") == "welcome"


def test_a_scanner_at_a_kiosk_also_sorts_what_a_wave_wants(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.scan("6901234567892")
    assert (counter.held("scanner_gun"), counter.held(), counter.shown("k2")) == ("RICE", "", "idle")


def test_digits_that_somebody_guesses_are_rationed_before_every_eye(counter: Counter) -> None:
    counter.shop.sort()
    for guess in range(20):
        counter.scan(f"{guess:08d}")
        counter.see(f"{guess + 20:08d}", "code128")
    counter.scan(short_code_for(counter.shop.value("SELECT no FROM shop_order"), HOUSE.code_key))
    assert counter.shown("k2") != "welcome"


def test_whoever_scans_digits_while_they_pause_is_told_the_same_right_or_wrong(counter: Counter) -> None:
    shop = counter.shop
    shop.sort()
    right = short_code_for(shop.value("SELECT no FROM shop_order"), HOUSE.code_key)
    for guess in range(KIOSK.free):
        counter.scan(f"{guess:08d}")
    assert counter.shown("k2") == "unknown_code"
    told = []
    for digits in ("00000077", right):
        counter.scan(digits)
        shown = shop.read(kiosk.kiosk_picture, "k2")
        told.append(replace(shown, visit_id=None))
        assert (shown.state, shown.name, shown.parcels) == ("too_many_tries", "", ())
        newest = shop.value("SELECT max(entry) FROM journal")
        counter.scan(digits)
        assert shop.value("SELECT max(entry) FROM journal") == newest, "to go on writes nothing"
        shop.do(handing_over.leave, shown.visit_id)
    assert told[0] == told[1]
    counter.see(right, "code128")
    assert counter.shown("k1") == "welcome", "another kiosk has a ration of its own"


def test_a_scanner_at_a_sorting_station_sorts_and_recognises_nobody(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.scan_at_the_table("6901234567892")
    assert (counter.held("table"), counter.held()) == ("RICE", "")
    counter.scan_at_the_table("TH:CMD:PUT")
    assert counter.shop.line("o1", "RICE") == {"quantity": 2, "put": 2}
    counter.scan_at_the_table(counter.shop.code("o1"))
    assert (counter.shown("k1"), counter.shown("k2")) == ("idle", "idle")


def test_a_station_says_what_is_wrong_with_an_item(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.scan_at_the_table("4006381333931")
    assert counter.shop.read(sorting.station_picture, "table").refusal


def test_a_code_that_changes_while_the_phone_lies_there_is_the_same_visit(counter: Counter) -> None:
    counter.shop.sort()
    number, now = counter.shop.value("SELECT no FROM shop_order"), counter.shop.clock()
    for at in (now, now + STEP_MS):
        counter.see(rotating_code(HOUSE.store_id, number, HOUSE.code_key, at), "qr")
    assert counter.shown("k1") == "welcome"
    assert counter.shop.sql("SELECT count(*) FROM visit") == [(1,)]
