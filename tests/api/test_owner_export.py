"""Tables to take away: read back by a reader of Excel files that we did not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from python_calamine import load_workbook

from tests.api.desk import OWNER, Desk, desk, saved
from tihuo.shop.orders import NewLine
from tihuo.stages import handing_over, selling, sorting, substituting

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


def test_parcels_line_by_line(sold: Desk, tmp_path: Path) -> None:
    rows = table(sold, "parcels", tmp_path)
    assert [(row["Slot"], row["Name"], row["Product"], row["Sorted"], row["Units short"]) for row in rows] == [
        ("A01", "林*", "大米", 2, 0),
        ("A02", "赵*", "大米", 1, 0),
        ("C01", "林*", "鲜牛奶", 2, 1),
        ("F01", "欧*", "速冻包子", 1, 0),
    ]
    assert [row["Parcel"] for row in rows] == ["1/2", "1/1", "2/2", "1/1"]


def test_a_table_speaks_the_language_of_the_page(sold: Desk, tmp_path: Path) -> None:
    rows = table(sold, "by-product", tmp_path, "zh")
    assert {row["温区"] for row in rows} == {"常温", "冷藏", "冷冻"}


def test_a_long_list_is_exported_whole(sold: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tihuo.api.owner_export.LEAF", 2)
    assert len(table(sold, "orders", tmp_path)) == 4


def test_by_building(sold: Desk, tmp_path: Path) -> None:
    new = selling.ImportedOrder(
        order_id="ktt:g:7", part_ids=("7",), customer_id="d1", customer_name="顾客", customer_phone="", door="3号601室",
        placed_at=1, lines=(NewLine("1", "RICE", 2, 3990, ""), NewLine("2", "MILK", 1, 1250, "")), paid_fen=100,
    )  # fmt: skip
    sold.shop.do(selling.import_order, "s1", new)
    rows = table(sold, "by-building", tmp_path)
    here = [(row["Building"], row["Product"], row["Households"], row["Ordered"]) for row in rows if row["Building"]]
    assert here == [("3号", "大米", 1, 2), ("3号", "鲜牛奶", 1, 1)]
    everything = table(sold, "by-product", tmp_path)
    assert sum(row["Ordered"] for row in rows) == sum(row["Ordered"] for row in everything)
    assert table(sold, "by-building", tmp_path, "zh")[0]["楼栋"] == "3号"


def test_decisions_about_missing_goods_with_who_and_when(desk: Desk, tmp_path: Path) -> None:
    shop = desk.shop
    for order_id, who, rule in (("o1", "lin", "ask"), ("o2", "zhao", "refund"), ("o3", "ou", "similar")):
        new = shop.order(order_id, who, RICE=1)
        shop.do(selling.accept_order, msgspec.structs.replace(new, substitution=rule))
    shop.do(sorting.open_wave, "s1")
    for parcel, sku, units in shop.open_units():
        shop.do(sorting.short, parcel, sku, units, actor="小安")
    shop.do(substituting.note_answer, 1, "no", actor="小陈")
    rows = table(desk, "missing", tmp_path)
    assert [(row["Order"], row["Her rule"], row["Her answer"], row["Decision"], row["Decided by"]) for row in rows] == [
        ("o1", "ask her", "she declined", "money back", "小陈"),
        ("o2", "money back", "", "money back", "小安"),
        ("o3", "something similar", "", "waits for a decision", ""),
    ]
    assert [(row["Noticed by"], row["Calls"], row["Money back"]) for row in rows] == [
        ("小安", 1, 39.9), ("小安", 0, 39.9), ("小安", 0, 0),
    ]  # fmt: skip
    assert rows[0]["Name"] == "林*" and rows[2]["Decided at"] == ""
    shop.clock.tick(3_600_000)
    shop.do(substituting.refund_overdue, actor="timetable")
    assert [row["处理人"] for row in table(desk, "missing", tmp_path, "zh")] == ["小陈", "小安", "超时未处理"]
