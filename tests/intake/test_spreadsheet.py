"""Files that are not what they say, or want more than a small box has."""

from __future__ import annotations

import os
import zipfile

import pytest
import xlsxwriter

from tihuo.intake import spreadsheet
from tihuo.intake.orders import read_orders
from tihuo.intake.spreadsheet import Unreadable, open_sheets


def refusal(path):
    with pytest.raises(Unreadable) as refused:
        open_sheets(path)
    assert read_orders(path).problems[0].code == refused.value.code
    return refused.value.code


def test_a_text_file_renamed_to_xlsx(tmp_path):
    path = tmp_path / "订单.xlsx"
    path.write_text("跟团号,商品\n1,青菜\n", encoding="utf-8")
    assert refusal(path) == "not_a_spreadsheet"


def test_a_zip_of_something_else(tmp_path):
    path = tmp_path / "照片.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"\xff\xd8")
    assert refusal(path) == "not_a_spreadsheet"


def test_empty_missing_and_folder(tmp_path):
    (tmp_path / "empty.xlsx").touch()
    assert refusal(tmp_path / "empty.xlsx") == "file_empty"
    assert refusal(tmp_path / "none.xlsx") == "file_missing"
    assert refusal(tmp_path) == "file_missing"


def test_a_download_that_broke_off(write, row):
    path = write([row()])
    path.write_bytes(path.read_bytes()[:-200])
    assert refusal(path) == "damaged"


def test_a_workbook_whose_parts_are_rubbish(write, row, tmp_path):
    path = tmp_path / "rubbish.xlsx"
    with zipfile.ZipFile(write([row()])) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, b"<broken" if name.endswith("workbook.xml") else good.read(name))
    assert refusal(path) == "damaged"


def test_more_than_20_megabytes(tmp_path):
    path = tmp_path / "large.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        os.truncate(file.fileno(), spreadsheet.MAX_BYTES + 1)
    assert refusal(path) == "file_too_large"


def test_a_zip_bomb_that_admits_its_size(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"")
        with archive.open("xl/worksheets/sheet1.xml", "w") as entry:
            for _ in range(spreadsheet.MAX_UNPACKED_BYTES >> 20):
                entry.write(bytes(1 << 20))
            entry.write(b"0")
    assert path.stat().st_size < 1 << 20
    assert refusal(path) == "unpacks_too_large"


def test_a_value_in_the_last_cell_of_the_sheet_does_not_take_the_daemon_with_it(tmp_path):
    path = tmp_path / "corner.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("顾客购买表")
    sheet.write("A1", "跟团号")
    sheet.write("XFD1048576", "x")
    book.close()
    assert refusal(path) == "unpacks_too_large"


@pytest.fixture
def dense(write, tmp_path):
    """A workbook of `blocks` thousand rows with 250 cells each: a block is 3.8 MB unpacked and 20 kB in the file."""

    def make(blocks):
        path = tmp_path / "dense.xlsx"
        row = b"<row>" + b"<c><v>1</v></c>" * 250 + b"</row>"
        with (
            zipfile.ZipFile(write([], header=["跟团号"])) as small,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as large,
        ):
            for name in small.namelist():
                if name != "xl/worksheets/sheet1.xml":
                    large.writestr(name, small.read(name))
            with large.open("xl/worksheets/sheet1.xml", "w") as sheet:
                sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
                for _ in range(blocks):
                    sheet.write(row * 1000)
                sheet.write(b"</sheetData></worksheet>")
            return path, large.getinfo("xl/worksheets/sheet1.xml").file_size

    return make


@pytest.mark.slow
def test_a_workbook_that_needs_too_much_memory_dies_in_its_own_process(dense):
    path, unpacked = dense(50)
    assert unpacked < spreadsheet.MAX_UNPACKED_BYTES
    assert refusal(path) == "unpacks_too_large"


def test_a_workbook_that_lies_about_its_size_is_refused(dense):
    path, unpacked = dense(60)
    assert unpacked > spreadsheet.MAX_UNPACKED_BYTES
    true, told = unpacked.to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert path.read_bytes().count(true) == 2
    path.write_bytes(path.read_bytes().replace(true, told))
    assert refusal(path) == "damaged"


@pytest.mark.slow
def test_twenty_thousand_rows_are_read_and_one_more_is_not(tmp_path, row, header):
    def export(count):
        path = tmp_path / f"{count}.csv"
        text = "\n".join(",".join(map(str, line)) for line in [header, *(row(跟团号=str(n)) for n in range(count))])
        path.write_text(text, encoding="utf-8-sig")
        return read_orders(path, group="g")

    assert export(20_000).totals.orders == 20_000
    (problem,) = export(20_001).problems
    assert (problem.code, problem.facts["limit"]) == ("too_many_rows", 20_000)


@pytest.mark.slow
def test_the_same_limit_holds_in_a_workbook(write):
    header = ["跟团号", "商品", "订单金额", "联系电话", "收货人"]
    (problem,) = read_orders(write([["1"]] * 20_001, header=header)).problems
    assert problem.code == "too_many_rows"
    assert read_orders(write([["1"]] * 20_000, header=header)).problems[0].code != "too_many_rows"


def test_rows_keep_their_numbers_and_empty_ones_at_the_end_cost_nothing(tmp_path):
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("t")
    sheet.write("C4", "x")
    sheet.write("D6", 1.5)
    sheet.write_formula("E6", '="a"&"b"', None, "ab")
    sheet.write("C30000", " ")
    book.close()
    (read,) = open_sheets(path)
    assert read.rows == ((), (), (), ("", "", "x", "", ""), (), ("", "", "", "1.5", "ab"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_each_encoding_met(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_text("跟团号\t商品\n1\t青菜,一把\n", encoding=encoding)
    assert open_sheets(path)[0].rows == (("跟团号", "商品"), ("1", "青菜,一把"))


def test_bytes_that_are_no_text_renamed_to_csv(tmp_path):
    path = tmp_path / "t.csv"
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "1,2\n".encode("utf-16-le")):
        path.write_bytes(data)
        assert refusal(path) == "not_a_spreadsheet"
