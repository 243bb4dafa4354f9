"""Where things stand in a 快团团 export: which sheet, which line names the columns, which column is which.

Two variants are read. "rows" (顾客购买表): one line per product, the order's own cells blank or nought on its later
lines. "cell": one line per order, all its goods in one cell. The last columns are questions the group leader typed, so
the building and the room are found by what their names begin with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tihuo.intake.fields import plain
from tihuo.intake.spreadsheet import Sheet, Unreadable

NAMES: Mapping[str, tuple[str, ...]] = {
    "number": ("跟团号",),
    "order_no": ("订单号", "订单编号"),
    "buyer": ("下单人",),
    "note": ("团员备注",),
    "product": ("商品", "商品名称"),
    "spec": ("规格", "商品规格"),
    "quantity": ("数量", "商品数量"),
    "goods": ("商品金额",),
    "freight": ("运费",),
    "discount": ("优惠", "优惠金额"),
    "paid": ("订单金额",),
    "refunded": ("退款金额", "订单退款"),
    "status": ("订单状态", "状态"),
    "placed": ("支付时间", "下单时间"),
    "delivery": ("物流方式",),
    "pickup": ("服务小区", "自提点"),
    "name": ("收货人",),
    "phone": ("联系电话", "收货人电话", "手机号"),
    "address": ("详细地址", "收货地址"),
    "leader": ("团长",),
}
QUESTIONS = {
    "building": re.compile(r"(楼号|楼栋|楼幢|栋号|幢号|号楼|几号楼|几栋)"),
    "room": re.compile(r"(房号|室号|房间号|门牌|几零几)"),
}
MAIN_SHEET = "顾客购买表"
_HEADER_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Layout:
    """A table of orders: `columns` maps our word to a column index, `header` indexes the line that names them."""

    sheet: str
    rows: tuple[tuple[str, ...], ...]
    header: int
    columns: Mapping[str, int]

    @property
    def variant(self) -> str:
        """What is on a line: "rows" where a quantity has a column of its own, else "cell"."""
        return "rows" if "quantity" in self.columns else "cell"

    def has(self, word: str) -> bool:
        """Whether the file has that column."""
        return word in self.columns

    def cell(self, row: Sequence[str], word: str) -> str:
        """The text in that column of a row; empty when the row ends before it or the file has no such column."""
        index = self.columns.get(word, -1)
        return row[index] if 0 <= index < len(row) else ""


def find_layout(sheets: Sequence[Sheet]) -> Layout:
    """The table of orders among the sheets. Raises `Unreadable` (columns_missing, too_many_rows, …)."""
    for sheet in sorted(sheets, key=lambda sheet: sheet.name != MAIN_SHEET):
        if sheet.rows is None:
            if sheet.name == MAIN_SHEET or len(sheets) == 1:
                raise Unreadable("too_many_rows", sheet=sheet.name)
            continue
        for index, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
            columns = _columns(row)
            if "number" in columns or {"product", "buyer"} <= columns.keys():
                _require(columns, row, sheet.name)
                return Layout(sheet.name, sheet.rows, index, columns)
    raise Unreadable("not_an_order_export", sheets=[sheet.name for sheet in sheets])


def _columns(row: Sequence[str]) -> dict[str, int]:
    titles = [plain(title) for title in row]
    found: dict[str, int] = {}
    for word, names in NAMES.items():
        for name in names:
            if name in titles and word not in found:
                found[word] = titles.index(name)
    for word, pattern in QUESTIONS.items():
        for index, title in enumerate(titles):
            if pattern.match(title) and word not in found:
                found[word] = index
    return found


def _require(columns: Mapping[str, int], row: Sequence[str], sheet: str) -> None:
    needed = ["number", "product", "paid", "phone"]
    missing = [NAMES[word][0] for word in needed if word not in columns]
    if "name" not in columns and "buyer" not in columns:
        missing.append(NAMES["name"][0])
    if missing:
        found = [plain(title) for title in row if plain(title)]
        raise Unreadable("columns_missing", missing=missing, found=found, sheet=sheet)
