"""流水账 at the desk: figures, movements, what does not add up, and the same as an Excel file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from python_calamine import load_workbook

from tests.api.desk import OWNER, STAFF, Desk, desk, saved, words
from tihuo.stages import adjusting, handing_over

__all__ = ["desk"]


@pytest.fixture
def shop_desk(desk: Desk) -> Desk:
    desk.shop.sell("o1", "lin", RICE=2)
    desk.shop.do(adjusting.correct, "RICE", -2, "broken", "袋子破了", actor=STAFF)
    desk.shop.sort()
    desk.shop.do(handing_over.hand_over_by_code, desk.shop.code("o1"), actor=STAFF)
    return desk


def test_it_says_who_when_why_and_that_it_adds_up(shop_desk: Desk) -> None:
    page = words(shop_desk.client(OWNER, "en").get("/owner/ledger?sku=RICE").text)
    assert "It adds up: the movements below explain every unit." in page
    assert f"{STAFF} · broken · 袋子破了" in page
    assert "mini program · order 1" in page
    assert "16 In the shop" in page
    zh = words(shop_desk.client(OWNER).get("/owner/ledger?sku=RICE").text)
    assert "账对得上：下面的流水说明了每一件。" in zh
    assert f"{STAFF} · 破损 · 袋子破了" in zh


def test_it_is_the_owners_page(shop_desk: Desk) -> None:
    assert shop_desk.client(STAFF).get("/owner/ledger?sku=RICE").status_code == 403
    assert shop_desk.client(OWNER).get("/owner/ledger?sku=NOTHING").status_code == 404


def test_it_can_be_narrowed_down_and_read_on(shop_desk: Desk) -> None:
    owner = shop_desk.client(OWNER, "en")
    lent = words(owner.get("/owner/ledger?sku=RICE&session=s1&kind=lending").text)
    assert "lent online" in lent
    assert "handed over" not in lent.split("Who and why")[1]
    shop_desk.shop.do(adjusting.correct, "RICE", 200, "more")
    for _ in range(110):
        shop_desk.shop.do(adjusting.correct, "RICE", -1, "sample")
    page = owner.get("/owner/ledger?sku=RICE").text
    assert page.count("tasting or sample") == 100
    older = page.split("before=")[1].split('"')[0]
    rest = owner.get(f"/owner/ledger/rows?sku=RICE&before={older}").text
    assert rest.count("tasting or sample") == 10
    assert "into the stock" in rest
    assert "before=" not in rest


def test_what_does_not_add_up_is_said_in_red(shop_desk: Desk) -> None:
    connection = sqlite3.connect(shop_desk.shop.path, isolation_level=None)
    connection.execute("UPDATE stock_move SET on_hand = on_hand + 1 WHERE sku_id = 1 AND n = 1")
    connection.close()
    page = shop_desk.client(OWNER, "en").get("/owner/ledger?sku=RICE").text
    assert 'class="banner stop"' in page
    assert "It does not add up In stock: the book says 0, the movements 1" in words(page)


def test_all_of_it_as_an_excel_file_the_oldest_first(shop_desk: Desk, tmp_path: Path) -> None:
    answer = shop_desk.client(OWNER, "en").get("/owner/ledger/all.xlsx?sku=RICE")
    head, *rows = load_workbook(str(saved(tmp_path, answer.content))).get_sheet_by_index(0).to_python()
    table = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["What"], row["Units"]) for row in table] == [
        ("into the stock", 20),
        ("out of the stock", 20),
        ("put up for sale", 20),
        ("lent online", 12),
        ("sold online", 2),
        ("corrected", 2),
        ("handed over", 2),
    ]
    assert (table[-2]["Who"], table[-2]["Why"]) == (STAFF, "broken 袋子破了")
    assert (table[-1]["Order"], table[-1]["Handed over"], table[-1]["Ordered"]) == ("1", 2, 0)
    assert str(table[0]["Time"]) == "2027-01-15 16:00:00"


def test_the_catalog_leads_to_it(shop_desk: Desk) -> None:
    assert "/owner/ledger?sku=RICE" in shop_desk.client(OWNER).get("/owner/prepare").text
