"""A reader of TSPL, written from the published command set and from nothing of ours: strict where a printer is strict.

No independent interpreter of TSPL is to be had, so this is the second reading of the same pages, not a proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from PIL import Image

DOTS_PER_MM = 8


class NotTspl(Exception):
    """A printer would not have understood this."""


@dataclass
class TsplReader:
    """`read` takes a whole job; `labels` are the pictures that it printed, dot by dot."""

    labels: list[Image.Image] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)
    gap_mm: float | None = None
    size_mm: tuple[float, float] | None = None
    _label: Image.Image | None = None

    def read(self, job: bytes) -> None:
        at = 0
        while at < len(job):
            if job[at : at + 2] == b"\x1b!":
                self.asked.append(job[at : at + 3])
                at += 3
            elif job.startswith(b"BITMAP ", at):
                at = self._bitmap(job, at)
            else:
                end = job.find(b"\r\n", at)
                if end < 0:
                    raise NotTspl(f"a line without an end: {job[at : at + 40]!r}")
                self._line(job[at:end].decode("ascii"))
                at = end + 2

    def _line(self, line: str) -> None:
        if found := re.fullmatch(r"SIZE ([\d.]+) mm,([\d.]+) mm", line):
            self.size_mm = float(found[1]), float(found[2])
        elif found := re.fullmatch(r"GAP ([\d.]+) mm,([\d.]+) mm", line):
            self.gap_mm = float(found[1])
        elif line == "CLS":
            if self.size_mm is None:
                raise NotTspl("CLS before SIZE")
            wide, high = (round(mm * DOTS_PER_MM) for mm in self.size_mm)
            self._label = Image.new("1", (wide, high), 1)
        elif found := re.fullmatch(r"PRINT (\d+),(\d+)", line):
            if self._label is None:
                raise NotTspl("PRINT of nothing")
            self.labels += [self._label.copy()] * (int(found[1]) * int(found[2]))
        elif line and not re.fullmatch(r"DIRECTION [01]|REFERENCE \d+,\d+", line):
            raise NotTspl(f"an unknown line: {line!r}")

    def _bitmap(self, job: bytes, at: int) -> int:
        found = re.compile(rb"BITMAP (\d+),(\d+),(\d+),(\d+),([012]),").match(job, at)
        if found is None or self._label is None:
            raise NotTspl("a BITMAP that cannot be read, or before CLS")
        left, top, row_bytes, height, mode = map(int, found.groups())
        data = job[found.end() : found.end() + row_bytes * height]
        if len(data) != row_bytes * height or mode != 0:
            raise NotTspl("a BITMAP that is cut off, or not OVERWRITE")
        if re.search(rb"\x1b!|~!", data):
            raise NotTspl("a picture with a command in it")
        part = Image.new("1", (row_bytes * 8, height), 1)
        for y in range(height):
            for x in range(row_bytes * 8):
                if not data[y * row_bytes + x // 8] >> (7 - x % 8) & 1:  # 0 is black
                    part.putpixel((x, y), 0)
        self._label.paste(part, (left, top))
        return found.end() + row_bytes * height
