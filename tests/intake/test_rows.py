"""How the rows of an export become orders."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import tihuo.intake
from tihuo.intake.advice import ADVICE
from tihuo.intake.orders import products_of, read_orders, sku_code

NEWER = ["跟团号", "下单人", "支付时间", "商品", "订单金额", "退款金额", "订单状态", "收货人", "联系电话", "详细地址"]


def problems(reading):
    return {problem.code: problem for problem in reading.problems}


def test_later_lines_of_an_order_leave_its_own_cells_blank(write, row):
    path = write(
        [
            row(订单金额="12.80", 商品金额="5.00", 数量=2),
            row(blank=True, 商品="鸡蛋", 数量=1, 商品金额=7.8),
            row(跟团号="2", 收货人="荷叶", 下单人="小荷", 联系电话=19900001002, 房号="202室", 楼号="5 号"),
        ]
    )
    first, second = read_orders(path, group="周三").orders
    assert [(line.title, line.quantity, line.amount_fen) for line in first.lines] == [
        ("青菜", 2, 500),
        ("鸡蛋", 1, 780),
    ]
    assert first.paid_fen == 1280
    assert first.rows == (2, 3)
    assert [line.unit_price_fen for line in first.lines] == [250, 780]
    assert (second.external_id, second.phone, second.door) == ("ktt:周三:2", "19900001002", "5号202室")


def test_an_order_amount_repeated_on_each_row_is_counted_once(write, row):
    path = write([row(订单金额=5, 商品金额=2.5), row(商品="鸡蛋", 订单金额=5, 商品金额=2.5)])
    reading = read_orders(path, group="g")
    assert [order.paid_fen for order in reading.orders] == [500]
    assert "amounts_differ" not in problems(reading)


def test_freight_and_discount_belong_to_the_sum(write, row):
    reading = read_orders(write([row(商品金额=10, 运费="3.00", 优惠="1.20", 订单金额="11.80")]), group="g")
    assert "amounts_differ" not in problems(reading)
    assert problems(read_orders(write([row(商品金额=10, 订单金额=11)]), group="g"))["amounts_differ"].rows == (2,)


def test_cancelled_unpaid_and_refunded_orders_are_void_and_named(write, row, header):
    header = ["订单状态", *header]
    path = write(
        [
            ["已支付", *row()],
            ["已取消", *row(跟团号="2", 订单金额="-", 商品金额="-")],
            ["待支付", *row(跟团号="3")],
            ["已支付", *row(跟团号="4", 退款金额="2.50")],
            ["已支付", *row(跟团号="5", 退款金额="1.00")],
        ],
        header=header,
    )
    reading = read_orders(path, group="g")
    assert [order.numbers for order in reading.orders] == [("1",), ("5",)]
    assert [(void.external_id, void.why) for void in reading.voided] == [
        ("ktt:g:2", "cancelled"),
        ("ktt:g:3", "unpaid"),
        ("ktt:g:4", "refunded"),
    ]
    assert reading.orders[1].refunded_fen == 100
    assert problems(reading)["partly_refunded"].rows == (6,)


def test_sums_at_the_end_are_no_orders(write, row):
    path = write([row(), row(blank=True, 下单人="合计", 数量=1, 订单金额=2.5), row(blank=True, 数量=1, 订单金额=2.5)])
    reading = read_orders(path, group="g")
    assert len(reading.orders) == 1
    assert reading.totals.units == 1
    assert problems(reading)["summary_skipped"].rows == (3,)
    assert problems(reading)["row_without_product"].rows == (4,)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"数量": "1.5"}, "quantity_unreadable"),
        ({"数量": 0}, "quantity_unreadable"),
        ({"商品金额": "面议"}, "amount_unreadable"),
        ({"商品金额": "2.505"}, "amount_unreadable"),
        ({"商品金额": ""}, "amount_unreadable"),
        ({"商品金额": -1}, "amount_unreadable"),
        ({"订单金额": "?"}, "amount_unreadable"),
        ({"订单金额": ""}, "amount_unreadable"),
        ({"退款金额": "全部"}, "amount_unreadable"),
        ({"商品": ""}, "product_missing"),
        ({"下单人": "", "收货人": "", "联系电话": ""}, "customer_missing"),
    ],
)
def test_an_order_with_a_cell_that_cannot_be_trusted_is_left_out_whole(write, row, cells, code):
    reading = read_orders(write([row(**cells), row(跟团号="2")]), group="g")
    assert [order.numbers for order in reading.orders] == [("2",)]
    assert (problems(reading)[code].scope, problems(reading)[code].rows) == ("order", (2,))


def test_an_order_with_one_bad_line_is_not_booked_in_part(write, row):
    reading = read_orders(write([row(), row(商品="鸡蛋", 数量="两")]), group="g")
    assert reading.orders == ()
    assert problems(reading)["quantity_unreadable"].rows == (2, 3)


def test_a_line_that_names_somebody_else_does_not_continue_the_order_above(write, row):
    reading = read_orders(write([row(), row(blank=True, 商品="鸡蛋", 收货人="荷叶", 数量=1, 商品金额=1)]), group="g")
    assert [len(order.lines) for order in reading.orders] == [1]
    assert problems(reading)["number_missing"].rows == (3,)


def test_two_groups_in_one_file_are_noticed_by_their_customers(write, row):
    other = {
        "下单人": "小荷",
        "收货人": "荷叶",
        "联系电话": "19900001002",
        "详细地址": "别处9号",
        "房号": "9",
        "楼号": "9",
    }
    reading = read_orders(write([row(), row(跟团号="2"), row(**other)]), group="g")
    assert [order.numbers for order in reading.orders] == [("2",)]
    assert problems(reading)["number_used_twice"].rows == (2, 4)


def test_a_number_inside_a_merged_row_and_again_alone_stops_the_file(write, row):
    reading = read_orders(write([row(跟团号="7、9"), row(跟团号="9")]), group="g")
    assert problems(reading)["same_order_twice"].scope == "file"
    assert not reading.bookable


def test_without_a_name_for_the_group_a_bare_number_may_not_be_booked(write, row):
    reading = read_orders(write([row()]))
    assert problems(reading)["group_unknown"].scope == "file"
    assert not reading.bookable
    assert read_orders(write([row()]), group="周三").bookable


def test_a_later_export_of_the_same_group_gives_old_orders_their_old_ids(write, row):
    def export(*rows, until):
        return write(
            rows,
            商品汇总表=[
                ["团购标题", "所属团长", "商品", "销售数量", "商品总金额"],
                ["周三\n水果", "阿树", "青菜", 1, 2.5],
            ],
            说明=[["说明"], [f"下单时间：2026-05-01 11:18:43至{until}"]],
        )

    today = read_orders(export(row(), until="2026-05-01 20:00:00"))
    tomorrow = read_orders(export(row(), row(跟团号="2"), until="2026-05-02 09:00:00"))
    assert today.orders[0].external_id == tomorrow.orders[0].external_id
    assert today.group.startswith("2026-05-01-")
    assert today.title == "周三 水果"


def test_the_platforms_own_order_number_needs_no_group(write, row, header):
    header = ["订单号", *header]
    reading = read_orders(write([["P100", *row()], ["P101", *row()]], header=header))
    assert [order.external_id for order in reading.orders] == ["ktt:P100", "ktt:P101"]
    assert reading.bookable
    later = [["P100", *row()], ["", *row(商品="鸡蛋")], ["P101", *row()]]
    assert [order.units for order in read_orders(write(later, header=header)).orders] == [2, 1]


def newer(path, *rows):
    with path.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows([NEWER, *rows])
    return path


def test_all_goods_in_one_cell_in_a_gbk_csv(tmp_path):
    path = newer(
        tmp_path / "订单.csv",
        ["17", "小荷", "2025-06-01 12:30:05", "荔枝(每箱四斤)+2\n青菜(一把)×1", "61.90", "0", "已支付", "荷叶",
         '="19900001002"', "示范路1弄5号202"],
        ["18", "阿树", "2025/6/1 12:31", "荔枝 每箱", "9.90", "", "已支付", "林小树", "19900001001", "示范路1弄3号601"],
    )  # fmt: skip
    reading = read_orders(path)
    (order,) = reading.orders
    assert reading.variant == "cell"
    assert [(line.product, line.spec, line.quantity) for line in order.lines] == [
        ("荔枝", "每箱四斤", 2),
        ("青菜", "一把", 1),
    ]
    assert (order.phone, order.door, order.paid_fen) == ("19900001002", "5号202室", 6190)
    assert order.placed_at == 1_748_752_205_000
    assert problems(reading)["items_unreadable"].rows == (3,), "a line break inside a cell makes no row"


def test_the_minute_of_payment_names_an_order_whose_group_is_unknown(tmp_path):
    goods = ["荔枝+1", "9.90", "", "已支付", "荷叶", "19900001002", "示范路1弄5号202"]
    whole = read_orders(newer(tmp_path / "a.csv", ["17", "小荷", "2025-06-01 12:30:05", *goods]))
    resaved = read_orders(newer(tmp_path / "b.csv", ["17", "小荷", "2025/6/1 12:30", *goods]))
    assert whole.orders[0].external_id == resaved.orders[0].external_id == "ktt:202506011230:17"
    assert whole.bookable


def test_old_excel_files_are_read(request):
    reading = read_orders(request.path.parent / "data" / "old_excel.xls", group="g")
    assert [(order.door, order.paid_fen, order.phone) for order in reading.orders] == [
        ("3号601室", 1280, "19900001001"),
        ("5号202室", 250, "19900001002"),
    ]


def test_missing_columns_are_named(write):
    reading = read_orders(write([["1", "青菜"]], header=["跟团号", "商品"]))
    (problem,) = reading.problems
    assert (problem.code, problem.scope) == ("columns_missing", "file")
    assert problem.facts["missing"] == ["订单金额", "联系电话", "收货人"]
    assert not reading.bookable


def test_a_supplier_sheet_has_no_amounts_and_is_refused(write):
    header = ["跟团号", "商品", "规格", "数量", "商品成本价", "收货人", "联系电话", "详细地址", "快递单号"]
    assert read_orders(write([], header=header)).problems[0].facts["missing"] == ["订单金额"]


def test_a_title_above_the_table_and_an_unknown_sheet_name_do_no_harm(write, row, header):
    path = write([["2026-05-01 导出"], header, row()], header=["示范团"])
    assert [order.rows for order in read_orders(path, group="g").orders] == [(4,)]


def test_products_keep_one_code_however_they_are_typed(write, row):
    rows = [
        row(商品="红富士 苹果", 规格="５斤"),
        row(跟团号="2", 商品="红富士苹果", 规格="5斤", 数量=3, 商品金额=6, 订单金额=6),
    ]
    (product,) = products_of(read_orders(write(rows), group="g"))
    assert product.code == sku_code("红富士苹果", "5斤")
    assert (product.quantity, product.unit_price_fen, product.prices_fen, product.orders) == (4, 200, (200, 250), 2)
    assert sku_code("红富士苹果", "5斤") != sku_code("红富士苹果5斤", "")


def test_every_problem_has_advice():
    source = "".join(path.read_text(encoding="utf-8") for path in Path(tihuo.intake.__path__[0]).glob("*.py"))
    raised = re.findall(r'(?:Unreadable|LeftOut|found\.note|Problem)\(\s*"(\w+)"', source)
    raised += re.findall(r'"error": "(\w+)"', source) + re.findall(r'\("(\w+)", not \w+\)', source)
    assert set(raised) == set(ADVICE)
