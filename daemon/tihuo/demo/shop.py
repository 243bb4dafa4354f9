"""邻里鲜: an invented corner shop to try everything with. Plain data and a seeded source of baskets, no I/O.

Nothing here is real: the barcodes begin with 6990000, a range made up for this file (their check digits are right, so
scanners take them), customers are called after the solar terms, and their phones begin with 199 0000 or 199 0001.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tihuo.shop.words import Fen, Slot, Zone

SHOP_NAME = "邻里鲜"
SHOP_ID = "LLX01"
SHOP_HELP = "请按屏幕上的“叫店员”"

Kind = Literal["presale", "on_hand"]
A, C, F = Zone.AMBIENT, Zone.CHILLED, Zone.FROZEN


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """商品: one SKU. `kind` is 预售 (arrives tomorrow) or 现货 (here now), `quantity` what may be sold online."""

    code: str
    name: str
    spec: str
    unit: str
    barcode: str
    zone: Zone
    price_fen: Fen
    supplier: str
    kind: Kind
    quantity: int


@dataclass(frozen=True, slots=True)
class DemoShelf:
    """货架: a piece of furniture whose slots are numbered row by row from `first`."""

    name: str
    zone: Zone
    first: int
    rows: int
    columns: int

    def slots(self) -> tuple[Slot, ...]:
        """Its slots in order, such as A01 to A08."""
        numbers = range(self.first, self.first + self.rows * self.columns)
        return tuple(Slot(f"{self.zone.letter}{number:02}") for number in numbers)


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """顾客: somebody who does not exist."""

    customer_id: str
    name: str
    nickname: str
    phone: str
    door: str


@dataclass(frozen=True, slots=True)
class Basket:
    """What one customer buys at once: (product code, quantity) pairs, two to four of them."""

    customer: DemoCustomer
    lines: tuple[tuple[str, int], ...]

    @property
    def paid_fen(self) -> Fen:
        """The sum at list prices."""
        return Fen(sum(_BY_CODE[code].price_fen * quantity for code, quantity in self.lines))


SHELVES = (
    DemoShelf("货架一", A, 1, 4, 2),
    DemoShelf("货架二", A, 9, 3, 2),
    DemoShelf("冷藏柜", C, 1, 3, 2),
    DemoShelf("冷冻柜", F, 1, 2, 2),
)

_FARM, _FRUIT, _DAIRY = "青禾农场", "果满园", "晨光奶站"
_BEAN, _SEA, _DRY, _BAKE = "老街豆坊", "东港水产", "丰年粮油", "麦香烘焙"

# What sells best stands first in each zone; code, name, spec, unit, zone, fen, supplier, kind, quantity.
_TABLE: tuple[tuple[str, str, str, str, Zone, int, str, Kind, int], ...] = (
    ("tudou", "云南小土豆", "500g", "份", A, 390, _FARM, "presale", 120),
    ("fanqie", "沙瓤西红柿", "1kg", "份", A, 890, _FARM, "presale", 80),
    ("pingguo", "洛川红富士苹果", "2.5kg 装", "箱", A, 2990, _FRUIT, "presale", 60),
    ("jidan", "散养土鸡蛋", "30枚", "盒", A, 2680, _FARM, "on_hand", 60),
    ("chengzi", "赣南脐橙", "3kg 装", "箱", A, 3290, _FRUIT, "presale", 50),
    ("xiangjiao", "高山香蕉", "约 1kg", "把", A, 790, _FRUIT, "presale", 60),
    ("qingcai", "上海青", "300g", "把", A, 290, _FARM, "presale", 100),
    ("hongshu", "沙地蜜薯", "2kg", "袋", A, 1290, _FARM, "presale", 50),
    ("huanggua", "旱黄瓜", "500g", "份", A, 450, _FARM, "presale", 70),
    ("dami", "五常稻花香大米", "5kg", "袋", A, 5990, _DRY, "on_hand", 30),
    ("xigua", "冰糖麒麟西瓜", "约 4kg 一个", "个", A, 2580, _FRUIT, "presale", 40),
    ("youzi", "平和蜜柚", "一个约 1.2kg", "个", A, 990, _FRUIT, "presale", 40),
    ("tusi", "原味厚切吐司", "400g", "袋", A, 1180, _BAKE, "presale", 40),
    ("shengjiang", "小黄姜", "250g", "份", A, 350, _FARM, "on_hand", 40),
    ("congxiang", "小香葱", "100g", "把", A, 150, _FARM, "presale", 90),
    ("huashengyou", "压榨花生油", "1.8L", "桶", A, 4580, _DRY, "on_hand", 20),
    ("guamian", "龙须挂面", "1kg", "把", A, 780, _DRY, "on_hand", 40),
    ("jiangyou", "头道生抽", "500ml", "瓶", A, 1090, _DRY, "on_hand", 36),
    ("mianfen", "高筋面粉", "2.5kg", "袋", A, 1680, _DRY, "on_hand", 24),
    ("niunai", "鲜牛奶", "950ml", "瓶", C, 1490, _DAIRY, "presale", 90),
    ("doufu", "卤水老豆腐", "400g", "盒", C, 350, _BEAN, "presale", 80),
    ("suannai", "原味酸奶", "100g×8 杯", "组", C, 1680, _DAIRY, "presale", 60),
    ("caomei", "丹东草莓", "500g", "盒", C, 2980, _FRUIT, "presale", 40),
    ("lanmei", "怡山蓝莓", "125g×4 盒", "组", C, 3980, _FRUIT, "presale", 30),
    ("jixiong", "冷鲜鸡胸肉", "500g", "盒", C, 1390, _FARM, "presale", 40),
    ("wuhuarou", "黑猪五花肉", "400g", "盒", C, 2880, _FARM, "presale", 36),
    ("doujiang", "现磨豆浆", "1L", "瓶", C, 690, _BEAN, "presale", 50),
    ("qiancengpi", "薄千张", "300g", "份", C, 580, _BEAN, "presale", 40),
    ("huangyou", "动物黄油", "200g", "块", C, 1980, _DAIRY, "on_hand", 18),
    ("nailao", "儿童奶酪棒", "20 支", "袋", C, 3290, _DAIRY, "on_hand", 20),
    ("shuijiao", "三鲜水饺", "720g", "袋", F, 2290, _DRY, "on_hand", 60),
    ("xiaren", "青虾仁", "400g", "袋", F, 3980, _SEA, "on_hand", 40),
    ("tangyuan", "黑芝麻汤圆", "450g", "袋", F, 1290, _DRY, "on_hand", 40),
    ("jikuai", "香酥鸡块", "500g", "袋", F, 1890, _DRY, "on_hand", 36),
    ("daiyu", "东海带鱼段", "500g", "袋", F, 2680, _SEA, "on_hand", 30),
    ("niurou", "原切牛肉卷", "500g", "盒", F, 3680, _SEA, "on_hand", 30),
    ("shoubing", "葱油手抓饼", "10 片", "袋", F, 1580, _BAKE, "on_hand", 40),
    ("yumi", "速冻甜玉米粒", "500g", "袋", F, 880, _FARM, "on_hand", 30),
    ("bingqilin", "牛乳冰淇淋杯", "6 杯", "盒", F, 3590, _DAIRY, "on_hand", 24),
    ("baozi", "鲜肉小笼包", "12 只", "袋", F, 1780, _BAKE, "on_hand", 36),
)

# Bought together more often than chance: dumplings with soy sauce, toast with butter, and so on.
_GOES_WITH = {
    "shuijiao": "jiangyou",
    "tusi": "huangyou",
    "niurou": "doufu",
    "fanqie": "jidan",
    "tudou": "wuhuarou",
    "suannai": "lanmei",
    "daiyu": "shengjiang",
}

_TERMS = (
    *("立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑"),
    *("立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至", "小寒", "大寒"),
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_BUILDINGS = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15)


def ean13(body: str) -> str:
    """Twelve digits with their check digit behind (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _products() -> tuple[DemoProduct, ...]:
    return tuple(
        DemoProduct(
            code, name, spec, unit, ean13(f"6990000{10_000 + 7 * row}"), zone, Fen(fen), supplier, kind, quantity
        )
        for row, (code, name, spec, unit, zone, fen, supplier, kind, quantity) in enumerate(_TABLE)
    )


def _customers() -> tuple[DemoCustomer, ...]:
    """Sixty of them. Numbers 7 and 41 end in the same four digits, as two of two hundred customers always do."""
    found = []
    for number in range(1, 61):
        term = _TERMS[(number * 7) % len(_TERMS)]
        tail = 417 if number in (7, 41) else (number * 1613) % 10_000
        building = _BUILDINGS[number % len(_BUILDINGS)]
        found.append(
            DemoCustomer(
                customer_id=f"demo-{number:03}",
                name=f"{_SURNAMES[number % len(_SURNAMES)]}{term}",
                nickname=f"{term}{number}",
                phone=f"1990000{tail:04}" if number != 41 else f"1990001{tail:04}",
                door=f"{building}号{(number * 5) % 17 + 1}{number % 4 + 1:02}室",
            )
        )
    return tuple(found)


PRODUCTS = _products()
CUSTOMERS = _customers()
_BY_CODE = {product.code: product for product in PRODUCTS}


def product(code: str) -> DemoProduct:
    """The product with that code. Raises `KeyError`."""
    return _BY_CODE[code]


def slots() -> tuple[Slot, ...]:
    """All 24 slots, shelf by shelf."""
    return tuple(slot for shelf in SHELVES for slot in shelf.slots())


def baskets(seed: int, codes: tuple[str, ...] | None = None) -> Iterator[Basket]:
    """An endless evening of baskets, the same for the same seed; `codes` limits it to what a session offers.

    A few products make most of the sales, pairs that go together are met together, some customers come again.
    """
    chance = random.Random(seed)
    offered = [product for product in PRODUCTS if codes is None or product.code in codes]
    demand = {product.code: 1 / (rank + 2) ** 0.8 for rank, product in enumerate(_by_liking(chance, offered))}
    regulars = chance.sample(CUSTOMERS, 12)
    while True:
        customer = chance.choice(regulars) if chance.random() < 0.35 else chance.choice(CUSTOMERS)
        lines: dict[str, int] = {}
        wanted = min(chance.choices((2, 3, 4), (50, 35, 15))[0], len(offered))
        while len(lines) < wanted:
            (code,) = chance.choices(list(demand), list(demand.values()))
            lines.setdefault(code, chance.choices((1, 2, 3), (78, 18, 4))[0])
            other = _GOES_WITH.get(code)
            if other in demand and len(lines) < wanted and chance.random() < 0.4:
                lines.setdefault(other, 1)
        yield Basket(customer, tuple(lines.items()))


def _by_liking(chance: random.Random, offered: list[DemoProduct]) -> list[DemoProduct]:
    """Best sellers first, with a little of the evening's luck; each zone keeps its own favourites."""
    places: dict[Zone, int] = {}
    scores = {}
    for product in offered:
        place = places[product.zone] = places.get(product.zone, 0) + 1
        scores[product.code] = place * (1.6 if product.zone is not A else 1) + chance.uniform(0, 2)
    return sorted(offered, key=lambda product: scores[product.code])
