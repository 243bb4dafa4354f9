"""Tables as an Excel file. Text stays text, whatever it begins with; money is in yuan."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi.responses import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Column:
    """`kind`: `number`, `money` (fen in, yuan out), `share` (0 to 1), `moment` (a naive local datetime), else text."""

    head: str
    kind: str = "text"
    width: int = 12


def workbook(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet with a head that stays and a filter. A value of None leaves its cell empty."""
    import xlsxwriter  # 12 MB, and only when somebody exports

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet(title)
    formats = {
        "number": book.add_format({"num_format": "0"}),
        "money": book.add_format({"num_format": "¥#,##0.00"}),
        "share": book.add_format({"num_format": "0%"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#F3ECDF"})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.head, head)
    count = 0
    for count, row in enumerate(rows, 1):
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            _write(sheet, count, place, column.kind, value, formats.get(column.kind))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    book.close()
    return out.getvalue()


def download(name: str, content: bytes) -> Response:
    """An Excel file that a browser saves under a name in any language."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"table.xlsx\"; filename*=UTF-8''{quote(name, safe='')}.xlsx",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=XLSX, headers=headers)


def _write(sheet: Any, row: int, place: int, kind: str, value: Any, look: Any) -> None:
    if value is None:
        return
    if look is None:
        sheet.write_string(row, place, str(value))
    elif kind == "moment":
        sheet.write_datetime(row, place, value, look)
    else:
        sheet.write_number(row, place, value / 100 if kind == "money" else value, look)
