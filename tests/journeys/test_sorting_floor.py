"""An evening of a real export on the sorting floor: two people, one scanner each, and whatever goes wrong."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zxingcpp

from tests.soak.mortal import Mortal
from tihuo.api.auth import hash_pin
from tihuo.boards import balance, paper, sorting
from tihuo.cli.importing import book
from tihuo.demo.browsing import Browser, Refused
from tihuo.demo.players import wait_for
from tihuo.devices.simulated.printer import SimulatedPrinter
from tihuo.intake.orders import read_orders
from tihuo.ledger.database import Readers
from tihuo.settings import Settings
from tihuo.shop.pickups import code_for
from tihuo.shop.scans import command_text, slot_text
from tihuo.shop.staff import keep_user
from tihuo.wiring.alone import alone
from tihuo.wiring.box import house_of

pytestmark = pytest.mark.slow
UNITS, SESSION, PIN = 119, "fruit", "482913"
NOBODYS = "4006381333931"
DEAD, ROLL_ENDS_AFTER, CUT_AFTER = "A03", 8, 20
"""A slot whose lamp is dead, and after how many labels the roll ends, and the plug is pulled."""


class Floor:
    """The box as a process of its own, the label printer beside it, and who looks at the database."""

    def __init__(self, folder: Path, export: Path) -> None:
        settings = Settings(store_id="S01", data_dir=folder / "shop")
        settings.data_dir.mkdir(parents=True)
        with alone(settings) as writer:
            assert book(writer, read_orders(export), SESSION).left == []
            for name in ("小李", "小周"):
                writer.write(keep_user, name, "staff", hash_pin(PIN)).result(30)
        self.printer = SimulatedPrinter(width_dots=480, language="tspl")
        self.box = Mortal(
            settings.data_dir,
            TIHUO_STORE_ID="S01",
            TIHUO_LIGHTS__KIND="simulated",
            TIHUO_PRINTERS__LABEL__KIND="network",
            TIHUO_PRINTERS__LABEL__LANGUAGE="tspl",
            TIHUO_PRINTERS__LABEL__ADDRESS=f"127.0.0.1:{self.printer.port}",
        )
        assert self.box.start(), self.box.last_words()
        self.readers = Readers(settings.database)
        self.house = house_of(settings, self.readers)

    @property
    def base(self) -> str:
        return f"http://{self.box.host}:{self.box.port}"

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.readers.look() as look:
            return look.rows(statement)

    def papers(self) -> Counter[str]:
        """What lies in the printer's tray: code -> labels that say it."""
        return Counter(zxingcpp.read_barcodes(label.image())[0].text for label in self.printer.papers())

    def papers_in(self, state: str) -> list[paper.PaperRow]:
        return list(self.readers.read(paper.paper_in_state, state, 1000))

    def close(self) -> None:
        self.readers.close()
        self.box.stop()
        self.printer.close()


class Sorter:
    """Somebody with a scanner that types, at a station of her own: full hands, no touch of the screen."""

    def __init__(self, floor: Floor, name: str, station: str) -> None:
        self._floor = floor
        self.station = station
        self.browser = Browser(floor.base)
        self.browser.post("/login", name=name, pin=PIN)
        self.browser.post("/staff/more/station", name=station)

    def scan(self, text: str) -> str:
        return self.post("/staff/scan", text=text, at="sorting")

    def post(self, path: str, **form: object) -> str:
        return self.browser.post(path, once=secrets.token_hex(8), **form)

    def hand(self) -> sorting.StationPicture:
        picture: sorting.StationPicture = self._floor.readers.read(sorting.station_picture, self.station)
        return picture

    def sort_next(self) -> bool:
        """Take the next product and go to every slot that wants it; False when nothing is left for her."""
        try:
            self.scan(command_text("NEXT"))
        except Refused as no:
            if "nothing_to_sort" in str(no):
                return False
            raise
        for slot in dict.fromkeys(want.slot for want in self.hand().wants):
            try:
                self.scan(slot_text(slot))
            except Refused:  # the other one was quicker
                continue
        return True

    def sort_all(self) -> None:
        while self.sort_next():
            pass


@pytest.fixture
def floor(tmp_path: Path, exports: Path) -> Iterator[Floor]:
    floor = Floor(tmp_path, exports / "ktt_export_fruit.xlsx")
    yield floor
    floor.close()


def test_two_people_sort_a_real_evening_whatever_goes_wrong_and_every_unit_is_accounted_for(floor: Floor) -> None:
    li, zhou = Sorter(floor, "小李", "桌一"), Sorter(floor, "小周", "桌二")
    li.post("/staff/sorting/open", session_id=SESSION, view="product")
    floor.printer.paper_out(after_rows=320 * ROLL_ENDS_AFTER)

    # a wrong item is stopped in words, and nothing moves
    li.scan(NOBODYS)
    assert (li.hand().refusal, li.hand().wants) == ("unknown_barcode", ())
    assert 'class="hand wrong" role="alert"' in li.browser.get("/staff/sorting/floor?view=product")

    # a dead lamp: the slot is gone to by its number
    li.post("/staff/lamps/dark", slot=DEAD)
    li.scan(command_text("NEXT"))
    assert DEAD in {want.slot for want in li.hand().wants}
    assert re.search(rf'class="silent">.*{DEAD}', li.browser.get("/staff/sorting/floor?view=product"), re.DOTALL)

    # a broken fruit: its customer gets her money
    want = li.hand().wants[0]
    sku = li.hand().sku_id
    li.post("/staff/sorting/damage", parcel=want.parcel_id, sku=sku, quantity=1)
    ((paid_back, price),) = floor.rows(
        "SELECT o.refunded_fen, l.unit_price_fen FROM order_line l JOIN shop_order o ON o.no = l.order_no "
        f"WHERE l.parcel_id = {want.parcel_id} AND l.sku_id = {sku} AND l.short"
    )
    assert paid_back == price and price

    with ThreadPoolExecutor(2) as people:
        list(people.map(Sorter.sort_all, (li, zhou)))
    assert floor.rows("SELECT sum(put), sum(short) FROM order_line") == [(UNITS - 1, 1)]
    assert floor.rows("SELECT state FROM wave") == [("done",)]
    parcels = floor.rows("SELECT id FROM parcel WHERE state = 'ready'")

    # the roll ended long ago; the plug is pulled while the new one is printed on
    wait_for("the box says that the paper is out", lambda: "打印机" in li.browser.get("/staff/more/parts") or None)
    assert sum(floor.papers().values()) <= ROLL_ENDS_AFTER
    floor.printer.refill()
    floor.printer.wait_for_papers(CUT_AFTER, 60)
    floor.box.kill()
    assert floor.papers_in("queued"), "there was nothing left to cut off"
    assert floor.box.start(), floor.box.last_words()
    wait_for("the rest is printed", lambda: not floor.papers_in("queued") + floor.papers_in("sending") or None, 60)
    doubtful = floor.papers_in("doubtful")
    assert len(doubtful) <= 2, "one label at the end of the roll, one when the plug was pulled"
    for job in doubtful:  # somebody looks for it in the tray
        if job.content["code"] in floor.papers():
            li.post(f"/staff/paper/jobs/{job.job_id}/settle", how="came_out")
        else:
            li.post(f"/staff/paper/jobs/{job.job_id}/reprint")
    wait_for("all paper is settled", lambda: not floor.papers_in("queued") + floor.papers_in("doubtful") or None, 60)
    labels = floor.papers()
    assert len(labels) == len(parcels), "a parcel without a label"
    again = {row.content["code"] for row in floor.papers_in("printed") if row.copy_no > 1}
    assert {code for code, count in labels.items() if count > 1} <= again, "printed twice in silence"

    for (number,) in floor.rows("SELECT DISTINCT no FROM shop_order o JOIN order_line l ON l.order_no = o.no"):
        try:
            zhou.post("/staff/pickup/code", code=code_for("S01", int(str(number)), floor.house.code_key))
        except Refused:  # all that she bought went over the counter with another order's code, or none came
            continue
    assert floor.rows("SELECT sum(handed_over), sum(short), sum(quantity) FROM order_line") == [(UNITS - 1, 1, UNITS)]
    assert floor.rows("SELECT sum(handed_over), sum(void), sum(minted) FROM session_item") == [(UNITS - 1, 1, UNITS)]
    assert floor.readers.read(balance.imbalances) == {}
