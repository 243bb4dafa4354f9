"""扫码: what the one door for scans answers, and what it will not take."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from tests.api.desk import OTHER, STAFF, Desk, code_of, desk, words
from tests.devices import codes
from tihuo.boards import sorting as board
from tihuo.devices.photograph import MOST_BYTES
from tihuo.shop.scans import slot_text
from tihuo.stages import sorting

__all__ = ["desk"]
TAP = {"HX-Request": "true"}
RICE = "6901234567892"


@pytest.fixture
def wave(desk: Desk) -> Desk:
    """o1 wants 2 rice in A01 and a bottle of milk in C01."""
    desk.shop.sell("o1", "lin", RICE=2, MILK=1)
    desk.shop.do(sorting.open_wave, "s1")
    return desk


def scan(desk: Desk, text: str, *, at: str = "sorting", once: str = "", name: str = STAFF) -> tuple[int, str, str]:
    """(status, where it goes, what it says) of a scan."""
    scan.number += 1  # type: ignore[attr-defined]
    once = once or f"scan-number-{scan.number}"  # type: ignore[attr-defined]
    answer = desk.client(name, "en").post("/staff/scan", data={"text": text, "at": at, "once": once}, headers=TAP)
    return answer.status_code, answer.headers.get("hx-redirect", ""), code_of(answer.text) or words(answer.text)


scan.number = 0  # type: ignore[attr-defined]


def held(desk: Desk, station: str = STAFF) -> str:
    return str(desk.shop.read(board.station_picture, station).sku)


def test_an_item_is_in_the_hand_of_whoever_scanned_it(wave: Desk) -> None:
    assert scan(wave, RICE)[0] == 200
    assert (held(wave), held(wave, OTHER)) == ("RICE", "")
    assert scan(wave, RICE, at="pickup", name=OTHER)[:2] == (204, "/staff/sorting")
    assert held(wave, OTHER) == "RICE"


def test_a_scan_sent_twice_is_one_scan(wave: Desk) -> None:
    scan(wave, RICE)
    scan(wave, "TH:CMD:QTY-1")
    first, second = (scan(wave, slot_text("A01"), once="the-very-same") for _ in range(2))
    assert first == second
    assert wave.shop.line("o1", "RICE") == {"quantity": 2, "put": 1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TH:SLOT:A99", "unknown_slot"),
        ("TH:SLOT:C02", "slot_not_lit"),
        ("TH:CMD:FLY", "unknown_command"),
        ("TH1:S01:7:CP6C7T5YCSWVB7GL", "unknown_code"),
        ("TH1:S02:7:CP6C7T5YCSWVB7GL", "other_shop"),
        ("99999999", "unknown_code"),
        ("TH:CMD:UNDO", "nothing_to_undo"),
    ],
)
def test_what_it_cannot_do_is_refused_with_a_reason(wave: Desk, text: str, code: str) -> None:
    scan(wave, RICE)
    status, where, said = scan(wave, text)
    assert (status, where, said) == (409, "", code)
    assert held(wave) == "RICE"


@pytest.mark.parametrize("text", ["6901234567890", "2100123004805", "4006381333931", "NOTHING", RICE[:-1] + "3"])
def test_a_wrong_item_is_a_fact_and_never_another_product(wave: Desk, text: str) -> None:
    assert scan(wave, text)[0] == 200
    picture = wave.shop.read(board.station_picture, STAFF)
    assert picture.sku_id is None
    assert picture.refusal


def test_codes_of_customers_open_their_order(wave: Desk) -> None:
    code = wave.shop.code("o1")
    status, where, _ = scan(wave, code)
    assert (status, where) == (204, f"/staff/pickup/orders/1?code={code}")
    assert "Still being sorted" in words(wave.client(STAFF, "en").get(where).text)
    for parcel, sku, units in wave.shop.open_units():
        wave.shop.do(sorting.put, parcel, sku, units)
    assert code in wave.client(STAFF, "en").get(where).text, "everything of hers is handed over by this code"


def test_another_order_is_never_handed_over_by_a_code_in_the_address(wave: Desk) -> None:
    wave.shop.sell("o2", "zhao", EGGS=1)
    page = wave.client(STAFF, "en").get(f"/staff/pickup/orders/1?code={wave.shop.code('o2')}")
    assert wave.shop.code("o2") not in page.text


def test_a_slot_shows_its_parcels_to_an_empty_hand_and_never_a_name(wave: Desk) -> None:
    assert scan(wave, slot_text("A01"))[:2] == (204, "/staff/scan/slots/A01")
    page = wave.client(STAFF, "en").get("/staff/scan/slots/A01")
    assert "林*" in words(page.text)
    assert "林小树" not in page.text
    assert "This slot is empty" in words(wave.client(STAFF, "en").get("/staff/scan/slots/F01").text)


def test_without_a_wave_an_item_is_looked_up_in_the_stock(desk: Desk) -> None:
    assert scan(desk, RICE)[:2] == (204, f"/staff/stock?text={RICE}")


def test_a_photograph_is_read_and_its_limits_are_kept(wave: Desk) -> None:
    staff = wave.client(STAFF, "en")

    def photo(content: bytes) -> tuple[int, str]:
        answer = staff.post("/staff/scan/photo", files={"picture": ("x.jpg", content)}, headers=TAP)
        return answer.status_code, answer.text

    status, text = photo(codes.ean13(RICE))
    assert (status, f'text="{RICE}"' in text) == (200, True)
    assert photo(b"no picture")[0] == 409
    assert code_of(photo(b"\0\0\0\x18ftypheic" + bytes(100))[1]) == "picture_heic"
    assert photo(b"\xff\xd8\xff" + bytes(MOST_BYTES + 8192))[0] == 413
    assert wave.client().post("/staff/scan/photo", files={"picture": ("x.jpg", b"")}).status_code == 303


def test_every_command_and_every_slot_is_on_the_sheets(desk: Desk) -> None:
    page = desk.client(STAFF, "en").get("/staff/sheets/desk").text
    assert page.count("<figure>") == 18 + sum(map(len, desk.door.house.slots.values()))


def test_a_photograph_never_touches_the_disk(wave: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    large = Image.effect_noise((2600, 2000), 90).convert("RGB")
    large.paste(Image.open(io.BytesIO(codes.code128(slot_text("A01")))).convert("RGB").resize((1500, 500)), (300, 300))
    taken = io.BytesIO()
    large.save(taken, "JPEG", quality=92)
    assert len(taken.getvalue()) > 2 << 20
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    answer = wave.client(STAFF, "en").post("/staff/scan/photo", files={"picture": ("x.jpg", taken.getvalue())})
    assert 'text="TH:SLOT:A01"' in answer.text
