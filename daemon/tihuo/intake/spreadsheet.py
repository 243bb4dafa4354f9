"""A file from a phone or a mailbox -> sheets of plain text, or a plain reason why not (表格文件).

Cells are strings and row numbers are those the spreadsheet program shows. Nothing here knows what an order is.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 20 << 20
MAX_UNPACKED_BYTES = 200 << 20
MAX_ROWS = 20_000
SECONDS = 60

_CHILD = Path(__file__).with_name("child.py")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unreadable(Exception):
    """The file cannot be read as a table. `code` is stable, `facts` say how far off it was."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Sheet:
    """工作表. `rows[0]` is the line numbered 1; lines may have different lengths. None: longer than may be read."""

    name: str
    rows: tuple[tuple[str, ...], ...] | None


def open_sheets(path: Path) -> list[Sheet]:
    """The sheets of an .xlsx, .xls or .csv file of at most 20 MB. Raises `Unreadable`."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise Unreadable("file_missing", file=path.name)
        if size > MAX_BYTES:
            raise Unreadable("file_too_large", bytes=size, limit=MAX_BYTES)
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as trouble:
        raise Unreadable("file_missing", file=path.name) from trouble
    if size == 0:
        raise Unreadable("file_empty", file=path.name)
    if path.suffix.lower() in (".csv", ".txt", ".tsv") and not head.startswith((_ZIP, _OLE)):
        return [_read_csv(path)]
    if head.startswith(_ZIP):
        _weigh(path)
    elif not head.startswith(_OLE):
        raise Unreadable("not_a_spreadsheet", file=path.name)
    return _read_workbook(path)


def _weigh(path: Path) -> None:
    """Refuse a workbook that says it unpacks too large; one that lies about it dies in the child instead."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as trouble:
        raise Unreadable("damaged", file=path.name) from trouble
    if unpacked > MAX_UNPACKED_BYTES:
        raise Unreadable("unpacks_too_large", bytes=unpacked, limit=MAX_UNPACKED_BYTES)
    if "[Content_Types].xml" not in names:
        raise Unreadable("not_a_spreadsheet", file=path.name)


def _read_workbook(path: Path) -> list[Sheet]:
    command = [sys.executable, "-P", str(_CHILD), str(path.resolve()), str(MAX_ROWS + 1)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as trouble:
        raise Unreadable("unpacks_too_large", file=path.name) from trouble
    if done.returncode < 0:  # killed at its limit of memory or time
        raise Unreadable("unpacks_too_large", file=path.name)
    if done.returncode:
        raise Unreadable("damaged", file=path.name, detail=done.stderr.decode("utf-8", "replace")[-200:])
    found = json.loads(done.stdout)
    if "error" in found:
        raise Unreadable(found["error"], file=path.name, detail=found.get("detail", ""))
    return [Sheet(name, None if rows is None else tuple(map(tuple, rows))) for name, rows in found["sheets"]]


def _read_csv(path: Path) -> Sheet:
    """A text table: UTF-8 with or without a mark, else GB18030 as Excel in China saves it; comma, tab or semicolon."""
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("not_a_spreadsheet", file=path.name)
    if "\0" in text:
        raise Unreadable("not_a_spreadsheet", file=path.name)
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    try:
        rows = [tuple(map(_typed, row)) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as trouble:
        raise Unreadable("damaged", file=path.name, detail=str(trouble)) from trouble
    return Sheet(path.stem, tuple(rows) if len(rows) <= MAX_ROWS + 1 else None)


def _typed(cell: str) -> str:
    """="13812345678" -> 13812345678: how exports keep a spreadsheet program from rounding a long number."""
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell
