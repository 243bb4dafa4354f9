"""Six lists that another program printed from a real export: ours say the same, total by total and number by number,
as figures of the boards and as what is on the paper itself.

What their paper shows and ours does not, on purpose or because theirs is wrong:

- Theirs shows whole names and numbers of phones; a board of ours masks both, so masked forms are compared.
- Theirs takes the phone from each row of the file, and five orders carry several (in some, the number counts upwards
  from row to row: a cell was dragged down). Ours knows one for each order, its first; the import says `people_differ`.
- Their thermal labels all say that they are the first of their product (总1/25, 总1/25 …): that number never moved.
  What they say of the building is right, and of the whole ours agrees with their labels on sheets.
- Two orders name another person in a later row (66-501, 87-105). Theirs shows whoever stands in the row, and on a label
  for the household one of the two; ours is one order of whoever stands first, and the import says `people_differ`.
- A villa has no number for a door: theirs writes 29号, and 29 and 别墅 in two columns; ours writes 29号别墅.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zxingcpp

from tests.conftest import Make
from tests.little_shop import HOUSE, LittleShop
from tihuo.boards import doors
from tihuo.boards.door_paper import ROWS_OF_A_SHEET, DoorPaper, door_paper
from tihuo.boards.doors import ItemLabel
from tihuo.boards.paper import PaperRow, batches, work_for
from tihuo.boards.sorting import by_customer, by_product
from tihuo.cli.importing import book
from tihuo.drawing.shelf import ShelfMap
from tihuo.intake.orders import read_orders
from tihuo.intake.records import titled
from tihuo.reactions.artist import Artist, Draughts
from tihuo.shop.doors import short_door
from tihuo.shop.pickups import order_of_code
from tihuo.shop.words import mask_name, phone_tail
from tihuo.stages import printing, sorting

TWO_NAMES = {"66号501室": {"王*", "韦*"}, "87号105室": {"吴*", "刘*"}}
"""Doors where the rows of one order name two people."""
PHONES_DIFFER = {"5号602室": 5, "58号902室": 5, "66号501室": 1, "87号105室": 1, "99号1201室": 2}
"""Doors where the rows of one order carry different phones, and in how many rows theirs is not the order's first."""
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
Row = list[str]


@pytest.fixture
def floor(make_shop: Make, exports: Path) -> LittleShop:
    """All 78 orders of the export in wave 1."""
    shop = make_shop(seeded=False)
    book(shop.writer, read_orders(exports / "ktt_export_fruit.xlsx"), "fruit")
    assert shop.do(sorting.open_wave, "fruit") == 1
    return shop


def body(folder: Path, name: str) -> ET.Element:
    with zipfile.ZipFile(folder / f"expected_{name}.docx") as file:
        tree = ET.fromstring(file.read("word/document.xml"))  # noqa: S314  it comes with the tests
    found = tree.find(f"{WORD}body")
    assert found is not None
    return found


def text(element: ET.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{WORD}t"))


def paragraphs(element: ET.Element) -> list[str]:
    return [text(paragraph) for paragraph in element.iter(f"{WORD}p")]


def tables(folder: Path, name: str) -> Iterator[list[Row]]:
    """Every table of a list, without its head: rows of cells."""
    for table in body(folder, name).findall(f"{WORD}tbl"):
        rows = [[text(cell).strip() for cell in row.findall(f"{WORD}tc")] for row in table.findall(f"{WORD}tr")]
        yield [row for row in rows if row[0] != "微信名"]


def sums(row: Row) -> tuple[str, int]:
    """What a line of totals is about, and how many."""
    about = row[0].removesuffix("——合计")
    assert about != row[0]
    return about, int(row[1])


def person(name: str, door: str) -> str:
    """A masked name, or both where the order names two people."""
    masked = name if name.endswith("*") else mask_name(name)
    both = TWO_NAMES.get(door, set())
    return "/".join(sorted(both)) if masked in both else masked


def column(line: doors.DoorLine) -> tuple[str, str]:
    """The two columns in which their lists write a door."""
    building, _, room = line.door.partition("号")
    return building, room.removesuffix("室")


def title(one: doors.Bundle | doors.ProductAtDoors | ItemLabel) -> str:
    return f"{one.number}-{titled(one.name, one.spec)}"


def block(bundle: doors.Bundle) -> tuple[tuple[str, int], list[tuple[str, str, str, int]]]:
    """One product for one building, as theirs has it: its total, and a row for each person."""
    rows = [(person(line.person, line.door), *column(line), line.wanted) for line in bundle.lines]
    return (title(bundle), bundle.wanted), rows


def printed_block(rows: list[Row]) -> tuple[tuple[str, int], list[tuple[str, str, str, int]]]:
    people = [
        (person(name, f"{building}号{room}室"), building, room, int(units))
        for _, name, _, building, room, units, _ in rows[:-1]
    ]
    return sums(rows[-1]), people


def test_by_product_then_building(floor: LittleShop, exports: Path) -> None:
    ours = [block(bundle) for product in floor.read(doors.product_at_doors, 1) for bundle in product.buildings]
    theirs = [printed_block(rows) for rows in tables(exports, "pick_by_product")]
    assert ours == theirs


def test_by_building_then_product(floor: LittleShop, exports: Path) -> None:
    ours = [block(bundle) for building in floor.read(doors.by_building, 1) for bundle in building.goods]
    theirs = [printed_block(rows) for rows in tables(exports, "pick_by_building_then_product")]
    assert ours == theirs
    buildings = [building.building for building in floor.read(doors.by_building, 1)]
    assert buildings == list(dict.fromkeys(f"{rows[0][1]}号" for _, rows in theirs))


def test_by_customer(floor: LittleShop, exports: Path) -> None:
    ours = [
        (
            (home.door, home.wanted),
            [(person(line.person, home.door), title(one), line.wanted) for one in home.goods for line in one.lines],
        )
        for home in floor.read(doors.by_household, 1)
    ]
    theirs = []
    for rows in tables(exports, "pick_by_customer"):
        door, units = sums(rows[-1])
        lines = [(person(name, door), goods, int(count)) for _, name, _, goods, count, _ in rows[:-1]]
        theirs.append(((door, units), lines))
    assert len(theirs) == 75
    assert ours == theirs


def label(one: ItemLabel) -> tuple[str, str, str, tuple[int, ...]]:
    return (
        one.door.removesuffix("别墅"),
        person(one.person, long_door(one.door)),
        title(one),
        (one.n, one.of, one.n_here, one.of_here),
    )


def printed_label(door: str, name: str, goods: str, count: str) -> tuple[str, str, str, tuple[int, ...]]:
    numbers = re.fullmatch(r"总(\d+)/(\d+)\(本楼(\d+)/(\d+)\)-浮生", count)
    assert numbers is not None
    return door, person(name, long_door(door)), goods, tuple(map(int, numbers.groups()))


def test_labels_for_each_piece(floor: LittleShop, exports: Path) -> None:
    ours = [label(one) for one in floor.read(doors.item_labels, 1)]
    cells = [paragraphs(cell) for cell in body(exports, "labels_per_item").iter(f"{WORD}tc")]
    theirs = [printed_label(*(words.strip() for words in cell)) for cell in cells if any(cell)]
    assert len(theirs) == 119
    assert ours == theirs


def test_thermal_labels_but_for_the_number_in_which_theirs_stands_still(floor: LittleShop, exports: Path) -> None:
    ours = [label(one) for one in floor.read(doors.item_labels, 1)]
    lines = [words.strip() for words in paragraphs(body(exports, "labels_thermal"))]
    theirs = [printed_label(*lines[at : at + 4]) for at in range(0, len(lines), 5) if lines[at]]
    assert {numbers[0] for *_, numbers in theirs} == {1}
    assert [(*words, numbers[1:]) for *words, numbers in ours] == [(*words, numbers[1:]) for *words, numbers in theirs]


def test_labels_for_each_household(floor: LittleShop, exports: Path) -> None:
    ours = [
        (
            home.door,
            [(title(one), one.wanted) for one in home.goods],
            [person(name, home.door) for name, _ in home.people],
        )
        for home in floor.read(doors.by_household, 1)
    ]
    theirs = []
    for table in body(exports, "labels_per_household").findall(f"{WORD}tbl"):
        for cell in (cell for row in table.findall(f"{WORD}tr") for cell in row.findall(f"{WORD}tc")):
            inner = cell.find(f"{WORD}tbl")
            if inner is not None:
                door, name = (text(paragraph).strip() for paragraph in cell.findall(f"{WORD}p")[:2])
                rows = [[text(part) for part in row.findall(f"{WORD}tc")] for row in inner.findall(f"{WORD}tr")]
                goods = [(goods, int(units)) for goods, units in rows[1:]]
                theirs.append((long_door(door), goods, [person(name, long_door(door))]))
    assert len(theirs) == 75
    assert ours == theirs


def long_door(door: str) -> str:
    building, sign, room = door.partition("-")
    return f"{building}号{room}室" if sign else f"{door.removesuffix('别墅')}别墅"


def test_phones_agree_but_where_one_order_carries_several(floor: LittleShop, exports: Path) -> None:
    ours = {
        (home.door, title(one)): one.lines[0].tail for home in floor.read(doors.by_household, 1) for one in home.goods
    }
    differ: dict[str, int] = {}
    for rows in tables(exports, "pick_by_customer"):
        door, _ = sums(rows[-1])
        for _, _, phone, goods, _, _ in rows[:-1]:
            differ[door] = differ.get(door, 0) + (ours[door, goods] != phone_tail(phone))
    assert {door: rows for door, rows in differ.items() if rows} == PHONES_DIFFER


def test_all_lists_and_the_floor_itself_have_the_same_totals(floor: LittleShop) -> None:
    households, buildings = floor.read(doors.by_household, 1), floor.read(doors.by_building, 1)
    products = floor.read(by_product, 1)
    parcels = floor.read(by_customer, 1, 0, 1000)
    assert sum(row.wanted for row in products) == 119
    for rows in (households, buildings, parcels, floor.read(doors.product_at_doors, 1)):
        assert sum(row.wanted for row in rows) == 119
    orders = {line.order for home in households for one in home.goods for line in one.lines}
    assert len(orders) == 78 and {"1", "2", "158"} <= orders  # 跟团号


def printed(shop: LittleShop, which: DoorPaper) -> list[PaperRow]:
    """What the printers get, in the order in which they get it."""
    pieces = shop.read(door_paper, 1, which, HOUSE)
    begun = shop.do(printing.print_pieces, f"{which}:1", pieces)
    jobs: list[PaperRow] = shop.read(work_for, "", ("label", "list"), (), 1000)
    assert begun.pieces == len(jobs) == shop.read(batches)[0].total
    return jobs


def rows_of(jobs: list[PaperRow]) -> Iterator[tuple[int, str, str, int]]:
    """The rows of all sheets without the headings that are said again: (heading's level, words, person, units)."""
    last = ""
    for job in jobs:
        assert len(job.content["rows"]) <= ROWS_OF_A_SHEET
        for row in job.content["rows"]:
            head, units = row.get("head", 0), int(row["count"].removeprefix("共 ").removeprefix("×"))
            if head != 1 or row["text"] != last:
                yield (head, row["text"], "", units) if head else (0, row.get("big") or row["text"], row["text"], units)
            last = row["text"] if head == 1 else last


def on_paper(goods: str) -> str:
    """As our paper writes 荔枝(每箱四斤): 荔枝 每箱四斤."""
    return goods.replace("(", " ").replace(")", "")


@pytest.mark.parametrize(
    ("which", "name", "level"),
    [("product", "pick_by_product", 1), ("building", "pick_by_building_then_product", 2)],
)
def test_the_lists_on_paper(floor: LittleShop, exports: Path, which: DoorPaper, name: str, level: int) -> None:
    """Ours says the total of a product for a building above the people, theirs below them."""
    theirs = [printed_block(rows) for rows in tables(exports, name)]
    ours: list[tuple[tuple[str, int], list[tuple[str, str, str, int]]]] = []
    above, totals = "", []
    for head, words, who, units in rows_of(printed(floor, which)):
        if head == 1:
            above = words
            totals.append(units)
        elif head == 2:
            ours.append(((words if level == 2 else above, units), []))
        else:
            door = long_door(words)
            building, _, room = door.partition("号")
            ours[-1][1].append((person(who.split(" ")[0], door), building, room.removesuffix("室"), units))
    assert ours == [((on_paper(goods), units), people) for (goods, units), people in theirs]
    assert sum(totals) == 119


def test_the_list_for_each_household_on_paper(floor: LittleShop, exports: Path) -> None:
    ours: list[tuple[tuple[str, int], list[tuple[str, int]]]] = []
    for head, words, _, units in rows_of(printed(floor, "household")):
        if head:
            ours.append(((words.split(" · ")[0], units), []))
        else:
            ours[-1][1].append((words, units))
    theirs = []
    for rows in tables(exports, "pick_by_customer"):
        at, units = sums(rows[-1])
        theirs.append(((short_door(at), units), [(on_paper(goods), int(count)) for *_, goods, count, _ in rows[:-1]]))
    assert ours == theirs


def test_the_labels_for_each_piece_on_paper(floor: LittleShop, exports: Path) -> None:
    jobs = printed(floor, "pieces")
    ours = []
    for job in jobs:
        facts = job.content
        (line,) = facts["lines"]
        here = re.fullmatch(r"本楼 (\d+)/(\d+)", facts["says"][0])
        assert here is not None and line["quantity"] == 1
        said = (facts["number"], facts["of"], int(here[1]), int(here[2]))
        at = facts["slot"].removesuffix("别墅")
        ours.append((at, person(facts["name"], long_door(at)), titled(line["name"], line["spec"]), said))
    cells = [paragraphs(cell) for cell in body(exports, "labels_per_item").iter(f"{WORD}tc")]
    assert ours == [printed_label(*(words.strip() for words in cell)) for cell in cells if any(cell)]


def test_the_labels_for_each_household_on_paper(floor: LittleShop, exports: Path) -> None:
    jobs = printed(floor, "homes")
    assert [(job.content["number"], job.content["of"]) for job in jobs] == [(n, 75) for n in range(1, 76)]
    ours = [
        (
            (job.content["slot"], job.content["says"][0]),
            [(titled(line["name"], line["spec"]), line["quantity"]) for line in job.content["lines"]],
        )
        for job in jobs
    ]
    theirs = []
    for table in body(exports, "labels_per_household").findall(f"{WORD}tbl"):
        for cell in (cell for row in table.findall(f"{WORD}tr") for cell in row.findall(f"{WORD}tc")):
            inner = cell.find(f"{WORD}tbl")
            if inner is not None:
                at = text(cell.findall(f"{WORD}p")[0]).strip()
                rows = [[text(part) for part in row.findall(f"{WORD}tc")] for row in inner.findall(f"{WORD}tr")]
                goods = [(goods, int(units)) for goods, units in rows[1:]]
                theirs.append(((short_door(long_door(at)), f"共 {sum(units for _, units in goods)} 件"), goods))
    assert ours == theirs


@pytest.mark.parametrize("size", [(60, 40), (40, 30)], ids=["60x40", "40x30"])
@pytest.mark.parametrize("which", ["pieces", "homes"])
def test_the_code_on_a_label_for_a_door_opens_an_order_of_that_door(
    floor: LittleShop, which: DoorPaper, size: tuple[int, int]
) -> None:
    artist = Artist(Draughts(shop_name="", timezone="Asia/Shanghai", shelf=ShelfMap(()), label_mm=size))
    for job in printed(floor, which)[::7]:
        image = artist.draw(job)
        (read,) = zxingcpp.read_barcodes(np.asarray(image.convert("L")))  # type: ignore[union-attr]
        no = order_of_code(read.text, HOUSE.store_id, HOUSE.code_key)
        (found,) = floor.sql("SELECT door FROM customer c JOIN shop_order o ON o.customer_id = c.id WHERE o.no = ?", no)
        assert short_door(found[0]) == job.content["slot"]


def test_every_list_for_the_doors_can_be_drawn(floor: LittleShop) -> None:
    for dots in (384, 576):
        artist = Artist(Draughts(shop_name="", timezone="Asia/Shanghai", shelf=ShelfMap(()), width_dots=dots))
        for piece in floor.read(door_paper, 1, "building", HOUSE):
            page = artist.draw(PaperRow(1, piece.kind, piece.subject, 1, "queued", "", 0, "", piece.content))
            assert isinstance(page, tuple) and {part.width for part in page} == {dots}  # type: ignore[union-attr]
