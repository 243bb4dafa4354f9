"""Which group purchase (团) a file is about, and what its summary sheets claim.

跟团号 counts from one again in every group, so a number alone names nothing. A 2022 export says its title and when its
first order came; the two together stay the same when the group is exported again tomorrow with more orders in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tihuo.intake.fields import fen_of, plain
from tihuo.intake.spreadsheet import Sheet
from tihuo.shop.words import Fen

_FIRST_ORDER = re.compile(r"下单时间[::]\s*(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Stated:
    """What the other sheets say. `group` is "2022-05-23-5f0c…" or empty; sums are None where nothing is said."""

    group: str = ""
    title: str = ""
    leader: str = ""
    orders: int | None = None
    units: int | None = None
    fen: Fen | None = None


def stated_in(sheets: Sequence[Sheet]) -> Stated:
    """Read 商品汇总表, 服务小区商品汇总表 and 说明, each as far as it is there."""
    by_name = {sheet.name: sheet.rows or () for sheet in sheets}
    products = _table(by_name.get("商品汇总表", ()))
    places = _table(by_name.get("服务小区商品汇总表", ()))
    title = next((row["团购标题"] for row in products + places if row.get("团购标题")), "")
    leader = next((row["所属团长"] for row in products if row.get("所属团长")), "")
    said = " ".join(cell for row in by_name.get("说明", ()) for cell in row)
    first = _FIRST_ORDER.search(plain(said))
    group = f"{first[1]}-{hashlib.blake2b(title.encode(), digest_size=4).hexdigest()}" if first and title else ""
    fen = _sum(places, "订单总金额") if places else _sum(products, "商品总金额")
    return Stated(
        group,
        title,
        leader,
        _whole(_sum(places, "订单总数")),
        _whole(_sum(places, "商品总数") if places else _sum(products, "销售数量")),
        fen,
    )


def _table(rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    if not rows:
        return []
    titles = [plain(title) for title in rows[0]]
    return [dict(zip(titles, map(plain, row), strict=False)) for row in rows[1:] if any(map(plain, row))]


def _sum(table: Sequence[dict[str, str]], column: str) -> Fen | None:
    """The column's sum in hundredths; None if there is no such column or something in it is no number."""
    amounts = [fen_of(row.get(column, "")) for row in table]
    known = [amount for amount in amounts if amount is not None]
    return Fen(sum(known)) if known and len(known) == len(amounts) else None


def _whole(hundredths: Fen | None) -> int | None:
    return None if hundredths is None else hundredths // 100
