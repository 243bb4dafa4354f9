"""What people type into cells."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tihuo.intake.child import text_of
from tihuo.intake.fields import door_of, fen_of, millis_of, phone_of, quantity_of
from tihuo.intake.items import Item, items_of, split_tail


@given(st.integers(0, 100_000_000))
def test_every_amount_a_spreadsheet_can_store_comes_back_to_the_fen(fen):
    assert fen_of(text_of(fen / 100)) == fen
    assert fen_of(f"¥{Decimal(fen) / 100:,.2f}") == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("12.90", 1290),
        (" ¥1,234.5 ", 123450),
        ("12.9元", 1290),
        ("１２．９０", 1290),
        ("-3", -300),
        ("59.900000000000006", 5990),
    ],
)
def test_amounts_as_they_are_typed(text, fen):
    assert fen_of(text) == fen


@pytest.mark.parametrize("text", ["", "-", "免费", "12.345", "1.2.3", "12,5元/斤", "1e999999999", "nan", "99999999999"])
def test_what_is_no_amount_is_none(text):
    assert fen_of(text) is None


@pytest.mark.parametrize(
    ("text", "count"), [("3", 3), ("3.0", 3), ("２ 份", 2), ("0", None), ("1.5", None), ("两", None)]
)
def test_quantities(text, count):
    assert quantity_of(text) == count


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        (text_of(19900001001.0), "19900001001"),
        ("\t199 0000 1001", "19900001001"),
        ("+86 199-0000-1001", "19900001001"),
        ("8619900001001", "19900001001"),
        ("19900001001-1234", "19900001001"),
        ("021-5555 0100", "02155550100"),
        ("199****1001", ""),
        ("1.99E+10", ""),
        ("199000010011", ""),
        ("没有", ""),
    ],
)
def test_phones(text, phone):
    assert phone_of(text) == phone


def test_times_are_those_of_china():
    assert millis_of("1970-01-01 08:00:00") == 0
    assert millis_of("2025/6/1 12:30") == millis_of("2025-06-01 12:30:00")
    assert millis_of("昨天") is None


@pytest.mark.parametrize(
    ("building", "room", "door"),
    [
        ("3", "601", "3号601室"),
        ("93 号", "６０１室", "93号601室"),
        ("16号楼", "225室", "16号225室"),
        ("52－502室。", "502号。", "52号502室"),
        ("29号", "别墅", "29号别墅"),
        ("商务楼", "591", "商务楼591室"),
        ("96号", "5o3", "96号503室"),
        ("2期5栋", "1单元1502", "5号1502室"),
        ("b2栋", "602a", "B2号602A室"),
        ("7", "1201 19点后送", "7号1201室"),
        ("", "601", "601室"),
    ],
)
def test_one_door_however_it_is_typed(building, room, door):
    assert door_of(building, room) == door


@pytest.mark.parametrize(
    ("address", "door"),
    [
        ("示例路500弄58号902室", "58号902室"),
        ("示例路500弄 某某苑86号701", "86号701室"),
        ("示例路500弄52－502", "52号502室"),
        ("示例路500号88#1701", "88号1701室"),
        ("示例路5OO弄69号2O1室。", "69号201室"),
        ("示例路12-345弄58号902室", "58号902室"),
        ("示例路29号别墅", "29号别墅"),
        ("示例路500弄", ""),
        ("门口便利店", ""),
    ],
)
def test_a_door_inside_an_address(address, door):
    assert door_of("", "", address) == door


def test_goods_of_one_cell():
    assert items_of("荔枝(每箱四斤)+2\n\n青菜×1 ") == (Item("荔枝", "每箱四斤", 2), Item("青菜", "", 1))
    assert items_of("荔枝（每箱四斤）*2；青菜x1") == (Item("荔枝", "每箱四斤", 2), Item("青菜", "", 1))
    assert items_of("维生素B+C饮料(6瓶)+1份") == (Item("维生素B+C饮料", "6瓶", 1),)
    assert items_of("葱、姜、蒜+1") == (Item("葱、姜、蒜", "", 1),)
    assert items_of("可乐6瓶、薯片礼包+1") == (Item("可乐6瓶、薯片礼包", "", 1),)


@pytest.mark.parametrize("cell", ["", "荔枝", "荔枝+0", "荔枝+2\n青菜", "荔枝+2；青菜", "+2", "荔枝+1.5"])
def test_goods_without_a_clear_quantity_are_not_guessed(cell):
    assert items_of(cell) is None


def test_the_spec_is_the_last_pair_of_brackets():
    assert split_tail("苹果(红)(5斤(净))") == ("苹果(红)", "5斤(净)")
    assert split_tail("(特价)") == ("(特价)", "")
    assert split_tail("苹果)5斤)") == ("苹果)5斤)", "")
