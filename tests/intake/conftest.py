"""Files of orders: the real exports where they are at hand, and small ones written here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter

Table = Sequence[Sequence[object]]
Write = Callable[..., Path]

HEADER = [
    "下单人", "团员备注", "团长备注", "跟团号", "商品", "规格", "数量", "商品金额", "运费", "优惠", "订单金额",
    "退款金额", "物流方式", "服务小区", "收货人", "联系电话", "详细地址", "团长", "房号（如606）", "楼号（如10）",
]  # fmt: skip
DEFAULTS = {
    "下单人": "阿树", "跟团号": "1", "商品": "青菜", "数量": 1, "商品金额": 2.5, "运费": 0, "优惠": 0, "订单金额": 2.5,
    "退款金额": 0, "物流方式": "顾客自提", "收货人": "林小树", "联系电话": "19900001001",
    "详细地址": "示范路1弄3号601室", "房号（如606）": "601", "楼号（如10）": "3",
}  # fmt: skip


@pytest.fixture(scope="session")
def exports() -> Path:
    """The folder of real exports; tests that need it are skipped where it is not."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TIHUO_SHARED_DATA", beside)) / "ktt-orders"
    if not folder.is_dir():
        pytest.skip(f"no real exports here: set TIHUO_SHARED_DATA (looked in {folder})")
    return folder


@pytest.fixture
def header() -> list[str]:
    """The first line of a 2022 export."""
    return HEADER


@pytest.fixture
def row() -> Callable[..., list[object]]:
    """One line of a 2022 export; `row(商品="鸡蛋")` changes a cell, `row(blank=True)` begins with nothing in it."""

    def make(blank: bool = False, **cells: object) -> list[object]:
        values = {**({} if blank else DEFAULTS), **{_column(name): value for name, value in cells.items()}}
        return [values.get(name, "") for name in HEADER]

    return make


def _column(name: str) -> str:
    return {"房号": "房号（如606）", "楼号": "楼号（如10）"}.get(name, name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `sheets` (name -> rows) to an .xlsx; a list of rows alone becomes the sheet 顾客购买表 under `HEADER`."""

    def make(rows: Table = (), *, header: Sequence[str] = HEADER, name: str = "export.xlsx", **sheets: Table) -> Path:
        path = tmp_path / name
        book = xlsxwriter.Workbook(path)
        for title, table in {"顾客购买表": [header, *rows], **sheets}.items():
            sheet = book.add_worksheet(title)
            for index, cells in enumerate(table):
                sheet.write_row(index, 0, cells)
        book.close()
        return path

    return make
