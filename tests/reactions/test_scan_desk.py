"""What the camera on the counter does with what it sees, while something is sorted and while nothing is."""

from __future__ import annotations

import pytest

from tests.little_shop import EVENING, HOUSE, LittleShop
from tihuo.boards import kiosk, sorting
from tihuo.devices.ports import Sighting, Symbology
from tihuo.reactions.scans import STATION, ScanDesk
from tihuo.shop.words import Millis
from tihuo.stages import sorting as stage


class Counter:
    """A camera over the counter of a little shop."""

    def __init__(self, shop: LittleShop) -> None:
        self.shop = shop
        self.desk = ScanDesk(shop.writer, shop.readers, HOUSE, "k1")

    def see(self, text: str, symbology: Symbology = "ean13") -> None:
        self.desk.see(Sighting(text, symbology, Millis(EVENING)))
        self.shop.do(lambda work: None)  # what it wrote is committed

    def held(self) -> str:
        return str(self.shop.read(sorting.station_picture, STATION).sku)


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
    assert counter.shop.read(kiosk.kiosk_picture, "k1").state == "unknown_code"


def test_what_gives_money_back_needs_a_page_that_can_call_it_off(counter: Counter) -> None:
    counter.shop.do(stage.open_wave, "s1")
    counter.see("6901234567892")
    for command in ("SHORT", "DAMAGE"):
        counter.see(f"TH:CMD:{command}", "code128")
    assert counter.shop.line("o1", "RICE") == {"quantity": 2}
    counter.see("TH:CMD:PUT", "code128")
    assert counter.shop.line("o1", "RICE") == {"quantity": 2, "put": 2}
