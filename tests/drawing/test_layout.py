"""Nothing on paper overlaps, leaves the paper, or stands where no part was claimed; whatever it has to say."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tihuo.drawing.canvas import Picture
from tihuo.drawing.label import LABEL_40X30, LABEL_60X40, LabelContent, LabelLine, draw_label
from tihuo.drawing.listing import ListContent, ListRow, draw_list
from tihuo.drawing.receipt import ReceiptContent, ReceiptLine, draw_receipt
from tihuo.drawing.sheet import SheetCode, draw_sheet
from tihuo.drawing.slot_label import draw_slot_label
from tihuo.drawing.test_page import draw_label_test, draw_roll_test
from tihuo.drawing.texts import LABEL_EN, LABEL_ZH, LIST_EN, LIST_ZH, RECEIPT_EN, RECEIPT_ZH, TEST_EN, TEST_ZH
from tihuo.shop.words import Zone

pytestmark = pytest.mark.slow

SIZES = [LABEL_60X40, LABEL_40X30]
THIRTY = "新疆阿克苏冰糖心苹果特级大果带箱十斤装产地直发坏果包赔包邮到家"
SIXTY = f"东北五常稻花香大米当季新米真空包装农家自产自销软糯香甜宝宝辅食 5kg {THIRTY[:24]}"
RARE = "👨‍👩‍👧家庭装🥬龘䶮㐂𠮷Żółć①\u200d\n\tי שלום e\u0301"

names = st.one_of(
    st.text(max_size=70),
    st.text("云南小土豆冰淇淋黄心西瓜新奇士橙 (500g)×1,约斤箱…", max_size=70),
    st.sampled_from([THIRTY, SIXTY, RARE, "W" * 60, "", "1000g±100g"]),
)
lines = st.lists(st.builds(LabelLine, names, st.integers(1, 9999)), max_size=12).map(tuple)
labels = st.builds(
    LabelContent,
    slot=st.sampled_from(["A07", "C01", "F04", "A102", "F999", ""]),
    zone=st.sampled_from(Zone),
    name=st.one_of(st.sampled_from(["王*", "龘*", "W*", ""]), st.text(max_size=20)),
    phone_tail=st.sampled_from(["5678", ""]),
    lines=lines,
    parcel=st.integers(1, 99),
    parcels=st.integers(1, 99),
    window=st.lists(st.sampled_from(["今天", "周六 11-22", "17:00–19:00", "下午 17:00–19:00", ""]), max_size=2).map(
        tuple
    ),
    code=st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:", min_size=1, max_size=61),
    digits=st.sampled_from(["1234 5678", "0000 0000"]),
    copy=st.sampled_from([1, 2, 12, 99]),
    place=st.sampled_from([1, 2, 12]),
    of_slot=st.sampled_from([1, 2, 14]),
    serial=st.sampled_from([None, (1, 1), (37, 200), (2999, 3000)]),
    use_by=st.sampled_from(["", "11-25"]),
)
lists = st.builds(
    ListContent,
    title=names,
    subtitle=names,
    rows=st.lists(st.builds(ListRow, names, names, names, names), max_size=50).map(tuple),
    foot=names,
    copy=st.sampled_from([1, 2]),
)
receipt_lines = st.lists(
    st.builds(ReceiptLine, names, st.integers(1, 9999), st.sampled_from(["", "A07", "F999"])), max_size=8
).map(tuple)
receipts = st.builds(
    ReceiptContent,
    shop=names,
    customer=names,
    taken=receipt_lines,
    left=receipt_lines,
    until=st.sampled_from(["", "11月23日 21:00"]),
    when=names,
    way=names,
    orders=st.lists(names, max_size=3).map(tuple),
    help=st.lists(names, max_size=3).map(tuple),
    farewell=names,
    code=st.sampled_from(["", "TH1:LLX01:ABCDEFGH:K7Q2M4XAZ3PQR5TU"]),
    digits=st.sampled_from(["", "1234 5678"]),
    copy=st.sampled_from([1, 2]),
)
many = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def tidy(picture: Picture) -> None:
    """Every part inside the paper, no two on the same dots, and no ink outside them."""
    wide, high = picture.image.size
    for box in picture.boxes:
        assert 0 <= box.left <= box.right <= wide, box
        assert 0 <= box.top <= box.bottom <= high, box
    for one, other in combinations(picture.boxes, 2):
        assert not one.overlaps(other), (one, other)
    ink = ~np.asarray(picture.image)
    for box in picture.boxes:
        ink[box.top : box.bottom, box.left : box.right] = False
    assert not ink.any()
    assert picture.image.mode == "1"


@pytest.mark.parametrize("size", SIZES, ids=["60x40", "40x30"])
@pytest.mark.parametrize("texts", [LABEL_ZH, LABEL_EN], ids=["zh", "en"])
@many
@given(content=labels)
def test_a_label_is_tidy_whatever_it_says(size, texts, shelf, content):
    for with_map in (shelf, None):
        picture = draw_label(content, size, texts, with_map)
        assert picture.image.size == (size.width, size.height)
        tidy(picture)


@pytest.mark.parametrize("across", [384, 576])
@pytest.mark.parametrize("texts", [RECEIPT_ZH, RECEIPT_EN], ids=["zh", "en"])
@many
@given(content=receipts)
def test_a_receipt_is_tidy_whatever_it_says(across, texts, content):
    picture = draw_receipt(content, across, texts)
    assert picture.image.width == across
    tidy(picture)


@pytest.mark.parametrize("across", [384, 576])
@pytest.mark.parametrize("texts", [LIST_ZH, LIST_EN], ids=["zh", "en"])
@settings(many, max_examples=40)
@given(content=lists)
def test_a_list_is_tidy_whatever_it_says(across, texts, content):
    for piece in draw_list(content, across, texts):
        assert piece.image.width == across
        tidy(piece)


def test_a_list_of_a_thousand_rows_comes_in_pieces_and_loses_none():
    rows = tuple(ListRow("A07", SIXTY, THIRTY, f"×{number}") for number in range(1000))
    pieces = list(draw_list(ListContent("拣货单", rows=rows), 384))
    assert sum(len(named(piece, "count")) for piece in pieces) == 1000
    assert max(piece.image.height for piece in pieces) < 10_000


@pytest.mark.parametrize("across", [384, 576])
@given(said=st.lists(names, max_size=9), title=names)
@settings(many, max_examples=30)
def test_a_sheet_is_tidy_whatever_its_codes_do(across, said, title):
    tidy(draw_sheet(title, tuple(SheetCode(f"TH:CMD:C{n}", says) for n, says in enumerate(said)), across))


@pytest.mark.parametrize("size", SIZES, ids=["60x40", "40x30"])
@pytest.mark.parametrize("texts", [LABEL_ZH, LABEL_EN], ids=["zh", "en"])
@pytest.mark.parametrize(("slot", "zone"), [("A01", Zone.AMBIENT), ("C102", Zone.CHILLED), ("F999", Zone.FROZEN)])
def test_a_slots_own_label_is_tidy_and_larger_than_life(size, texts, slot, zone):
    picture = draw_slot_label(slot, zone, f"TH:SLOT:{slot}", size, texts)
    assert picture.image.size == (size.width, size.height)
    tidy(picture)
    (box,) = named(picture, "slot")
    assert box.bottom - box.top >= size.slot_ink


def test_a_label_of_500_lines_shows_the_first_and_counts_the_rest(label):
    many_lines = tuple(LabelLine(SIXTY, 2) for _ in range(500))
    picture = draw_label(replace(label, lines=many_lines, use_by="11-25"))
    tidy(picture)
    assert len(named(picture, "quantity")) == 3
    assert len(named(picture, "more")) == len(named(picture, "use by")) == 1


def test_several_parcels_in_a_slot_say_which_of_how_many(label):
    alone, second = draw_label(label), draw_label(replace(label, place=2, of_slot=3))
    assert not named(alone, "place")
    (chip,) = named(second, "place")
    wider = draw_label(replace(label, place=2, of_slot=13))
    assert named(wider, "place")[0].right - named(wider, "place")[0].left > chip.right - chip.left
    assert named(draw_label(replace(label, place=1, of_slot=2)), "place")


def test_a_very_long_receipt_is_printed_to_its_end():
    things = tuple(ReceiptLine(SIXTY, number, "A07") for number in range(1, 121))
    picture = draw_receipt(ReceiptContent("店", "王*", (), things, "", "", "", (), (SIXTY,)))
    assert len(named(picture, "quantity")) == 120
    assert picture.image.height > 12_000
    tidy(picture)
    assert 0 < picture.image.height - max(box.bottom for box in picture.boxes) < 100


@pytest.mark.parametrize("texts", [TEST_ZH, TEST_EN], ids=["zh", "en"])
@pytest.mark.parametrize("about", ["XP-420B · 60×40", THIRTY, ""])
def test_test_pages_are_tidy(texts, about):
    for size in SIZES:
        picture = draw_label_test(size, about, texts)
        assert picture.image.size == (size.width, size.height)
        tidy(picture)
    for across in (384, 576):
        tidy(draw_roll_test(across, about, texts))


def named(picture: Picture, name: str) -> list:
    return [box for box in picture.boxes if box.name == name]


@pytest.mark.parametrize(("size", "least"), [(LABEL_60X40, 88), (LABEL_40X30, 57)], ids=["60x40", "40x30"])
def test_the_slot_is_high_enough_to_be_read_at_a_metre_and_a_half(label, size, least):
    for slot in ("A07", "C06", "F01"):
        (box,) = named(draw_label(replace(label, slot=slot), size), "slot")
        assert box.bottom - box.top >= least, "7 mm at least, 11 mm on the larger label"
        assert box.left <= size.margin + 1
        assert box.top < size.height // 10


@pytest.mark.parametrize("size", SIZES, ids=["60x40", "40x30"])
def test_a_window_is_shrunk_but_never_cut(label, size):
    parts = ("11月22日 周六", "下午 17:00–19:00")
    whole = draw_label(replace(label, window=parts), size)
    cut = draw_label(replace(label, window=(parts[0], "下午 17:00–19:0…")), size)
    assert named(whole, "window")[1] != named(cut, "window")[1]
    assert len(named(whole, "window")) == 2


def test_goods_that_do_not_fit_are_counted(label):
    few = tuple(LabelLine(f"商品{number}", number) for number in range(1, 6))
    assert not named(draw_label(replace(label, lines=few)), "more")
    many_lines = (*few, LabelLine("商品6", 6))
    picture = draw_label(replace(label, lines=many_lines))
    assert len(named(picture, "more")) == 1
    assert len(named(picture, "goods")) == len(named(picture, "quantity")) == 4


@pytest.mark.parametrize("name", [THIRTY, SIXTY])
def test_a_long_name_takes_the_rows_that_are_free(label, name):
    alone = draw_label(replace(label, lines=(LabelLine(name, 1),)))
    assert len(named(alone, "goods")) >= 4
    crowded = draw_label(replace(label, lines=(LabelLine(name, 1), *(LabelLine("葱", 1) for _ in range(3)))))
    assert len(named(crowded, "quantity")) == 4
    assert len(named(crowded, "goods")) == 5


def test_only_a_copy_says_so(label):
    assert not named(draw_label(label), "copy")
    assert named(draw_label(replace(label, copy=2)), "copy")


def test_the_map_yields_to_the_goods(label, shelf):
    assert named(draw_label(label, shelf=shelf), "map")
    full = replace(label, lines=tuple(LabelLine("青菜", 1) for _ in range(5)))
    assert not named(draw_label(full, shelf=shelf), "map")


@pytest.mark.parametrize("size", SIZES, ids=["60x40", "40x30"])
def test_zones_differ_without_colour(label, size):
    def bar(zone):
        image = draw_label(replace(label, zone=zone), size).image
        return 1 - np.asarray(image)[size.height * 2 // 3 :, -size.bar :].mean()

    assert bar(Zone.AMBIENT) < 0.15 < 0.4 < bar(Zone.CHILLED) < 0.6 < 0.9 < bar(Zone.FROZEN)


def test_the_slot_of_the_label_is_the_filled_cell(label, shelf):
    image = draw_label(replace(label, slot="C03", zone=Zone.CHILLED), shelf=shelf)
    (where,) = named(image, "map")
    drawing = shelf.fitted(LABEL_60X40.column, where.bottom - where.top)
    dark = ~np.asarray(image.image)[where.top : where.bottom, where.left : where.right]
    filled = [
        cell.slot
        for cell in drawing.cells
        if dark[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width].all()
    ]
    assert filled == ["C03"]


@example(RARE)
@given(st.text(max_size=30))
@many
def test_what_the_font_cannot_draw_is_named(label, text):
    missing = draw_label(replace(label, lines=(LabelLine("青菜", 1),), name=f"{text}*")).missing
    assert all(part in text for part in missing)


def test_an_emoji_leaves_a_box_and_is_named(label):
    plain = draw_label(replace(label, name="王*"))
    smiling = draw_label(replace(label, name="👨‍👩‍👧*"))
    assert smiling.missing == ("👨‍👩‍👧",)
    assert plain.missing == ()
    assert named(smiling, "customer")[0].left == pytest.approx(named(plain, "customer")[0].left, abs=4)


def test_a_second_parcel_in_a_slot_says_which_it_is(label):
    assert not named(draw_label(label), "place")
    assert named(draw_label(replace(label, place=2)), "place")
