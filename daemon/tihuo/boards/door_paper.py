"""送货的纸: a wave's way to the doors, ready to be printed: three lists, and labels for each piece or each household.

Everything here says what `doors` says, in its order. What is short does not come and is on no paper.
"""

from __future__ import annotations

from typing import Any, Literal

from tihuo.boards.doors import (
    Bundle,
    DoorLine,
    Household,
    ItemLabel,
    by_building,
    by_household,
    item_labels,
    product_at_doors,
)
from tihuo.shop.code_turns import codes_of, turn_of
from tihuo.shop.doors import short_door
from tihuo.shop.print_batch import Piece
from tihuo.shop.work import House, Look

DoorPaper = Literal["product", "building", "household", "pieces", "homes"]
"""按商品再按楼, 按楼再按商品, 按户; a label for each piece, a label for each household."""
ROWS_OF_A_SHEET = 120
"""About two metres of a roll: so much is drawn, sent and torn off at once."""
_TITLES = {"product": "按商品送货", "building": "按楼送货", "household": "按户送货"}
_NOWHERE = "没有门牌"
Row = dict[str, Any]
Part = tuple[str, int, list[Row]]
"""A heading, how many units it is about, and what stands below it."""


def door_paper(look: Look, wave_id: int, which: DoorPaper, house: House) -> list[Piece]:
    """All pieces of one kind of paper of a wave, in the order in which they are to come out."""
    if which == "pieces":
        return [_piece_label(wave_id, one, look, house) for one in item_labels(look, wave_id)]
    homes = [home for home in by_household(look, wave_id) if _coming(home)] if which in ("homes", "household") else []
    if which == "homes":
        return [_home_label(wave_id, home, n, len(homes), look, house) for n, home in enumerate(homes, 1)]
    if which == "product":
        parts = _by_product(look, wave_id)
    elif which == "building":
        parts = _by_building(look, wave_id)
    else:
        parts = [_home(home) for home in homes]
    return _sheets(wave_id, which, parts)


def _by_product(look: Look, wave_id: int) -> list[Part]:
    return [
        (
            _named(product.buildings[0]),
            _coming(product),
            [row for here in product.buildings if _coming(here) for row in _bundle(here, here.building or _NOWHERE)],
        )
        for product in product_at_doors(look, wave_id)
        if _coming(product)
    ]


def _by_building(look: Look, wave_id: int) -> list[Part]:
    parts = []
    for building in by_building(look, wave_id):
        goods = [one for one in building.goods if _coming(one)]
        if goods:
            homes = len({line.home for one in goods for line in one.lines if _coming(line)})
            title = f"{building.building or _NOWHERE} · {homes} 户"
            parts.append((title, _coming(building), [row for one in goods for row in _bundle(one, _named(one))]))
    return parts


def _home(home: Household) -> Part:
    """In a household of several people each thing says whose it is."""
    several = len(home.people) > 1
    rows = [
        {
            "text": _named(one),
            "note": " · ".join(part for part in (f"{line.person} {line.tail}" if several else "", _slot(line)) if part),
            "count": f"×{_coming(line)}",
        }
        for one in home.goods
        for line in one.lines
        if _coming(line)
    ]
    return " · ".join(part for part in (short_door(home.door), _people(home)) if part), _coming(home), rows


def _bundle(bundle: Bundle, title: str) -> list[Row]:
    """One product for one building: its total, and a row for each person."""
    rows: list[Row] = [{"head": 2, "text": title, "count": f"共 {_coming(bundle)}"}]
    rows += (
        {
            "big": short_door(line.door) or _slot(line),
            "text": f"{line.person} {line.tail}".strip(),
            "note": _slot(line) if line.door else "",
            "count": f"×{_coming(line)}",
        }
        for line in bundle.lines
        if _coming(line)
    )
    return rows


def _sheets(wave_id: int, which: DoorPaper, parts: list[Part]) -> list[Piece]:
    """Parts together on sheets; one that is too long goes on under its heading on the next."""
    sheets: list[list[Row]] = [[]]
    for title, total, rows in parts:
        head = {"head": 1, "text": title, "count": f"共 {total}"}
        for start in range(0, len(rows), ROWS_OF_A_SHEET - 1):
            here = [head, *rows[start : start + ROWS_OF_A_SHEET - 1]]
            if sheets[-1] and len(sheets[-1]) + len(here) > ROWS_OF_A_SHEET:
                sheets.append([])
            sheets[-1] += here
    units = sum(total for _, total, _ in parts)
    return [
        Piece(
            "list",
            f"{which}:{wave_id}:{n}",
            {
                "title": f"{_TITLES[which]} · 波次 {wave_id}",
                "subtitle": f"全部 {units} 件 · 第 {n}/{len(sheets)} 张",
                "rows": rows,
                "foot": "",
            },
        )
        for n, rows in enumerate(sheets, 1)
        if rows
    ]


def _piece_label(wave_id: int, one: ItemLabel, look: Look, house: House) -> Piece:
    slot = _slot(one)
    content: Row = {
        "slot": one.door or slot,
        "place": 1,
        "zone": one.zone,
        "number": one.n,
        "of": one.of,
        "says": [f"本楼 {one.n_here}/{one.of_here}", f"货位 {slot}"] if one.door else [],
        "name": one.person,
        "tail": one.tail,
        "lines": [{"name": f"{one.number}-{one.name}", "spec": one.spec, "quantity": 1}],
        **_codes(look, one.order_no, house),
    }
    return Piece("label", f"piece:{wave_id}:{one.sku_id}:{one.n}", content, one.zone)


def _home_label(wave_id: int, home: Household, n: int, of: int, look: Look, house: House) -> Piece:
    """Its code is that of one person: a household of several has none, or it would open one of theirs for all."""
    lines = [line for one in home.goods for line in one.lines if _coming(line)]
    zones = {line.zone for line in lines}
    first = min(line.order_no for line in lines)
    slots = list(dict.fromkeys(_slot(line) for line in lines))
    content: Row = {
        "slot": short_door(home.door) or slots[0],
        "place": 1,
        "zone": lines[0].zone if len(zones) == 1 else "",
        "number": n,
        "of": of,
        "says": [f"共 {_coming(home)} 件", " ".join(slots)] if home.door else [f"共 {_coming(home)} 件"],
        "name": _people(home),
        "tail": "",
        "lines": [
            {"name": f"{one.number}-{one.name}", "spec": one.spec, "quantity": _coming(one)}
            for one in home.goods
            if _coming(one)
        ],
        **(_codes(look, first, house) if len(home.people) == 1 else {"code": "", "short_code": ""}),
    }
    return Piece("label", f"home:{wave_id}:{first}", content, content["zone"])


def _codes(look: Look, order_no: int, house: House) -> dict[str, str]:
    """What a scan at the door or the kiosk opens the order with."""
    code, digits = codes_of(house, order_no, turn_of(look, order_no))
    return {"code": code, "short_code": digits}


def _named(one: Bundle) -> str:
    return f"{one.number}-{one.name} {one.spec}".strip()


def _people(home: Household) -> str:
    return "、".join(f"{person} {tail}".strip() for person, tail in home.people)


def _slot(one: DoorLine | ItemLabel) -> str:
    return f"{one.slot}-{one.place}" if one.place > 1 else one.slot


def _coming(one: Any) -> int:
    """Units that there are, or will be."""
    return int(one.wanted - one.short)
