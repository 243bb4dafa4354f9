"""What each problem of an import means and what to do, in words for the owner.

English here, translated at the rim like every text; `{...}` are the problem's facts, `{rows}` its row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping


def N_(text: str) -> str:  # noqa: N802 the mark that gettext's collectors look for
    """Mark a text for translation without translating it here."""
    return text


ADVICE: Mapping[str, tuple[str, str]] = {
    "file_missing": (N_("The file could not be opened."), N_("Choose the file again.")),
    "file_empty": (N_("The file is empty."), N_("Export it again from 快团团.")),
    "file_too_large": (
        N_("The file is larger than 20 MB."),
        N_("Export one group at a time, without pictures."),
    ),
    "unpacks_too_large": (
        N_("The file unpacks to more than this box can read."),
        N_("Copy the order table into a new workbook and save that."),
    ),
    "too_many_rows": (
        N_("The table “{sheet}” has more than {limit} rows."),
        N_("Export a shorter time, or one group at a time."),
    ),
    "password_protected": (
        N_("The file is protected by a password."),
        N_("Open it, save it without a password, and choose it again."),
    ),
    "not_a_spreadsheet": (
        N_("This is not an Excel or CSV file, whatever its name says."),
        N_("In 快团团 choose 导出订单 and use the file as it comes."),
    ),
    "damaged": (N_("The file is damaged."), N_("Download it again; do not rename it.")),
    "not_an_order_export": (
        N_("No table of orders was found in this file."),
        N_("Use the export with the sheet 顾客购买表."),
    ),
    "columns_missing": (
        N_("These columns are missing: {missing}."),
        N_("Export again with all columns, and do not rename the first line."),
    ),
    "no_orders": (N_("The table has no orders."), N_("Check the time range of the export.")),
    "group_unknown": (
        N_("The file does not say which group it is from, and numbers start at one in every group."),
        N_("Give the group a name, the same one each time it is imported."),
    ),
    "same_order_twice": (
        N_("The same order number stands in two orders (rows {rows})."),
        N_("Export one group at a time."),
    ),
    "number_used_twice": (
        N_("Rows {rows} share an order number but belong to different customers. They were left out."),
        N_("Export one group at a time."),
    ),
    "number_missing": (
        N_("Rows {rows} have no order number. They were left out."),
        N_("Fill in 跟团号, or export again."),
    ),
    "customer_missing": (
        N_("Rows {rows} name no customer and no phone. They were left out."),
        N_("Fill in 收货人 and 联系电话, and import again."),
    ),
    "product_missing": (
        N_("Rows {rows} name no product. Their orders were left out."),
        N_("Fill in 商品, and import again."),
    ),
    "quantity_unreadable": (
        N_("Rows {rows} have no whole quantity. Their orders were left out."),
        N_("Write 数量 as a whole number, and import again."),
    ),
    "amount_unreadable": (
        N_("Rows {rows} have an amount that is no number. Their orders were left out."),
        N_("Write amounts such as 12.90, and import again."),
    ),
    "items_unreadable": (
        N_("In rows {rows} the goods have no clear quantities. Their orders were left out."),
        N_("Export 顾客购买表, which has one line for each product."),
    ),
    "people_differ": (
        N_("Rows {rows} give another name, phone or address than their order's first row."),
        N_("The first row was used. Check these orders."),
    ),
    "amounts_differ": (
        N_("In rows {rows} goods, freight and discount do not add up to the order's amount."),
        N_("The order's amount was used. Check these orders."),
    ),
    "spec_differs": (
        N_("In rows {rows} the spec is not the one in the product's name."),
        N_("The product's name was used."),
    ),
    "partly_refunded": (
        N_("Orders in rows {rows} were refunded in part; the file does not say for what."),
        N_("Ask the group leader, then mark the goods as short."),
    ),
    "phone_unreadable": (
        N_("Rows {rows} have no phone that can be called."),
        N_("Those customers get no reminder. Masked numbers cannot be used: export them in full."),
    ),
    "door_unknown": (
        N_("Rows {rows} have no building and room."),
        N_("They are sorted by name instead."),
    ),
    "time_unreadable": (N_("Rows {rows} have a time that cannot be read."), N_("The time of the import is used.")),
    "summary_skipped": (N_("Rows {rows} are sums, not orders."), N_("Nothing to do.")),
    "row_without_product": (
        N_("Rows {rows} have neither an order number nor a product. They were skipped."),
        N_("Look at them if they should be orders."),
    ),
    "totals_differ": (
        N_("The sums on the file's other sheets differ from its orders."),
        N_("Somebody changed the file, or it holds only a part. Compare before booking."),
    ),
}
