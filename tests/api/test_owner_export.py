"""Tables to take away: read back by a reader of Excel files that we did not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from tests.api.desk import OWNER, Desk, desk, saved
from tihuo.stages import handing_over, sorting

__all__ = ["desk"]


@pytest.fixture
def sold(desk: Desk) -> Desk:
    shop = desk.shop
    shop.sell("o1", "lin", RICE=2, MILK=3)
    shop.sell("o2", "zhao", RICE=1)
    shop.sell("=cmd|' /C calc'!A0", "ou", BUNS=1)
    shop.sell("o4", "ou", BUNS=99)
    wave = shop.do(sorting.open_wave, "s1")
    for parcel, sku, units in shop.open_units(wave):
        if sku == shop.sku("MILK"):
            shop.do(sorting.short, parcel, sku, 1)
            shop.do(sorting.put, parcel, sku, 2)
        else:
            shop.do(sorting.put, parcel, sku, units)
    shop.do(handing_over.hand_over_by_code, shop.code("o2"))
    return desk


def table(desk: Desk, name: str, folder: Path, language: str = "en") -> list[dict[str, Any]]:
    answer = desk.client(OWNER, language).get(f"/owner/export/{name}.xlsx?session=s1")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    head, *rows = load_workbook(str(saved(folder, answer.content))).get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_orders(sold: Desk, tmp_path: Path) -> None:
    rows = table(sold, "orders", tmp_path)
    assert [row["Order"] for row in rows] == ["o4", "=cmd|' /C calc'!A0", "o2", "o1"]
    assert [row["State"] for row in rows] == ["refused", "on the shelf", "collected", "on the shelf"]
    first = rows[-1]
    assert (first["Paid"], first["Refunded"]) == (117.3, 12.5)
    assert (first["Units"], first["Sorted"], first["Units short"]) == (5, 4, 1)
    assert (first["Name"], first["Phone"]) == ("林*", "199****1001")
    assert str(first["Time"]) == "2027-01-15 16:00:00"
    assert sum(row["Paid"] - row["Refunded"] for row in rows if row["State"] != "refused") == pytest.approx(163.6)


def test_goods(sold: Desk, tmp_path: Path) -> None:
    rows = {row["SKU"]: row for row in table(sold, "items", tmp_path)}
    for sku, row in rows.items():
        item = sold.shop.item(sku)
        places = ("Free", "Lent online", "Ordered", "To decide on", "Handed over", "Short or broken")
        assert sum(row[place] for place in places) == row["Offered now"] == item["minted"]
    assert (rows["RICE"]["Ordered"], rows["RICE"]["Handed over"], rows["MILK"]["Short or broken"]) == (2, 1, 1)


def test_by_product_and_by_customer_agree(sold: Desk, tmp_path: Path) -> None:
    products = {row["SKU"]: row for row in table(sold, "by-product", tmp_path)}
    customers = {row["Name"]: row for row in table(sold, "by-customer", tmp_path)}
    assert (products["RICE"]["Orders"], products["RICE"]["Ordered"], products["RICE"]["Handed over"]) == (2, 3, 1)
    assert (products["MILK"]["Ordered"], products["MILK"]["Sorted"], products["MILK"]["Units short"]) == (3, 2, 1)
    assert products["EGGS"]["Ordered"] == 0
    assert products["RICE"]["Money"] == 119.7
    assert customers["林*"]["Slots"].replace(",", " ").split() == ["A01", "C01"]
    for head in ("Sorted", "Units short", "Handed over"):
        assert sum(row[head] for row in products.values()) == sum(row[head] for row in customers.values())
    assert sum(row["Ordered"] for row in products.values()) == sum(row["Units"] for row in customers.values())
    assert sum(row["Money"] for row in products.values()) == sum(row["Paid"] for row in customers.values())


def test_a_table_speaks_the_language_of_the_page(sold: Desk, tmp_path: Path) -> None:
    rows = table(sold, "by-product", tmp_path, "zh")
    assert {row["温区"] for row in rows} == {"常温", "冷藏", "冷冻"}


def test_a_long_list_is_exported_whole(sold: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tihuo.api.owner_export.LEAF", 2)
    assert len(table(sold, "orders", tmp_path)) == 4
