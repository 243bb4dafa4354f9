"""The few words that paper adds of its own, handed in by whoever prints: these two sets are there to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tihuo.shop.words import Zone


@dataclass(frozen=True, slots=True)
class LabelTexts:
    """Words on a label. `more` gets {units} and {kinds} of the whole parcel, `copy` the copy's number {n}, `use_by`
    the date {at}."""

    zones: Mapping[Zone, str]
    more: str
    copy: str
    use_by: str


@dataclass(frozen=True, slots=True)
class ReceiptTexts:
    """Words on a receipt. `taken` and `left` get {units}; `until`, `order` and `copy` get {at}, {no} and {n}."""

    title: str
    taken: str
    left: str
    until: str
    nothing_left: str
    when: str
    way: str
    order: str
    copy: str


@dataclass(frozen=True, slots=True)
class ListTexts:
    """Words on a list. `total` gets {rows}, `copy` the copy's number {n}."""

    total: str
    copy: str
    nothing: str


@dataclass(frozen=True, slots=True)
class TestTexts:
    """Words on a test page. `ruler` gets {mm}."""

    title: str
    ruler: str
    edges: str
    lines: str
    letters: str
    code: str
    slot: str
    look: str


LABEL_ZH = LabelTexts(
    zones={Zone.AMBIENT: "常温", Zone.CHILLED: "冷藏", Zone.FROZEN: "冷冻"},
    more="…共{units}件",
    copy="补打 {n}",
    use_by="{at} 前食用",
)
LABEL_EN = LabelTexts(
    zones={Zone.AMBIENT: "Ambient", Zone.CHILLED: "Chilled", Zone.FROZEN: "Frozen"},
    more="… {units} pcs in all",
    copy="Copy {n}",
    use_by="Use by {at}",
)
RECEIPT_ZH = ReceiptTexts(
    title="取货小票",
    taken="已取走 · {units} 件",
    left="还在店里 · {units} 件",
    until="请在 {at} 前来取",
    nothing_left="全部取齐，谢谢",
    when="时间",
    way="方式",
    order="订单 {no}",
    copy="补打 {n}",
)
RECEIPT_EN = ReceiptTexts(
    title="Pickup receipt",
    taken="Taken · {units} pcs",
    left="Still here · {units} pcs",
    until="Please come before {at}",
    nothing_left="All taken, thank you",
    when="Time",
    way="By",
    order="Order {no}",
    copy="Copy {n}",
)
LIST_ZH = ListTexts(total="共 {rows} 行", copy="补打 {n}", nothing="没有内容")
LIST_EN = ListTexts(total="{rows} rows", copy="Copy {n}", nothing="Nothing to show")
TEST_ZH = TestTexts(
    title="打印测试",
    ruler="每小格 {mm} 毫米，长格十毫米",
    edges="四角的线应完整",
    lines="细线不断、黑块不花",
    letters="中文 ¥ ￥ 两 kg ① 龘",
    code="用扫码枪扫这个码",
    slot="离 1.5 米应看清",
    look="哪几行对，请在店主页面上勾选",
)
TEST_EN = TestTexts(
    title="Print test",
    ruler="{mm} mm a mark, ten to a long one",
    edges="All four corners complete",
    lines="Thin lines whole, black even",
    letters="中文 ¥ ￥ 两 kg ① 龘",
    code="Scan this code",
    slot="Readable at 1.5 m",
    look="Tick the lines that are right on the owner's page",
)
