"""Opens a spreadsheet in a process of its own that may not grow: run as a script with a path, it prints JSON.

A file from outside can unpack to a thousand times its size, or hold one value in the last cell of a huge sheet. The
parser then asks for gigabytes and, being native code, takes the whole process with it. So it gets a process that is
allowed little.
Everything is passed on as text, numbers exactly as they would be typed.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from typing import Any

import python_calamine as calamine

MEMORY_BYTES = 512 << 20
CPU_SECONDS = 20
MAX_COLUMNS = 300


def text_of(cell: object) -> str:
    """A cell as a person would type it: 13812345678.0 -> "13812345678", 59.9 -> "59.9", a date with its time."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def rows_of(sheet: Any, most: int) -> list[list[str]] | None:
    """The rows from the very first line on, without empty ones at the end; None if there are more than `most`."""
    if sheet.start is None:
        return []
    left = [""] * sheet.start[1]  # iter_rows begins at the first line, yet at the first column that is used
    rows: list[list[str]] = []
    pending = 0
    for cells in sheet.iter_rows():
        row = left + [text_of(cell) for cell in cells[:MAX_COLUMNS]]
        if not any(cell.strip() for cell in row):
            pending += 1
            continue
        if len(rows) + pending >= most:
            return None
        rows += [[] for _ in range(pending)]
        rows.append(row)
        pending = 0
    return rows


def main(path: str, most: int) -> dict[str, object]:
    """{"sheets": [[name, rows or None], ...]} or {"error": code}."""
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        return {"sheets": [[name, rows_of(book.get_sheet_by_name(name), most)] for name in book.sheet_names]}
    except calamine.PasswordError:
        return {"error": "password_protected"}
    except MemoryError:
        return {"error": "unpacks_too_large"}
    except BaseException as trouble:  # noqa: BLE001 a panic of the native parser is not an Exception
        return {"error": "damaged", "detail": str(trouble)[:200]}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    found = main(sys.argv[1], int(sys.argv[2]))
    sys.stdout.buffer.write(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
