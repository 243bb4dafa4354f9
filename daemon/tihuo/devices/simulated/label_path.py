"""The inside of a simulated TSPL printer: it reads bytes as a label printer would and turns them into labels.

It understands what our labels need: SIZE, GAP, DIRECTION, REFERENCE, CLS, BITMAP, PRINT, and the questions that are
answered at any time. Lines that it does not know are counted. A printer that must stop holds its labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial

from tihuo.devices.simulated.paper_path import Paper, PaperHead

_DOTS_PER_MM = 8
_IMMEDIATE = re.compile(rb"\x1b!([?S])")
_BITMAP = re.compile(rb"BITMAP (\d+),(\d+),(\d+),(\d+),(\d+),")
_LONGEST_LINE = 256


@dataclass
class LabelPath(PaperHead):
    """The inside of a label printer: a label at a time, drawn whole and then printed."""

    width_dots: int = 480
    _size: tuple[int, int] = (480, 320)
    _image: list[bytearray] = field(default_factory=list)

    def tear_off(self) -> None:
        """Take out the label under the head, half printed as it may be."""
        if self._rows:
            self._finish()

    def _command(self, answer: bytearray) -> int:
        unread = self._unread
        if unread[:1] == b"\x1b":
            return self._immediate(answer)
        if unread.startswith(b"BITMAP "):
            return self._bitmap()
        end = unread.find(b"\n")
        if end < 0:
            return len(unread) if len(unread) > _LONGEST_LINE and not unread.startswith(b"BITMAP ") else 0
        self._line(bytes(unread[:end]).strip())
        return end + 1

    def _immediate(self, answer: bytearray) -> int:
        if len(self._unread) < 3:
            return 0
        asked = _IMMEDIATE.match(self._unread)
        if not asked:
            self.unknown_bytes += 1
            return 1
        if self.answering:
            answer += self._short() if asked[1] == b"?" else self._long()
        return 3

    def _short(self) -> bytes:
        return bytes((0x01 * self.cover_open | 0x04 * (self.rows_left == 0),))

    def _long(self) -> bytes:
        paper = 0x40 | 0x01 * (self.rows_left == 0) | 0x20 * self.cover_open
        return bytes((2, 0x45 if self.stopped else 0x40, 0x40, 0x40, paper)) + b"\x03\r\n"

    def _bitmap(self) -> int:
        head = _BITMAP.match(self._unread)
        if not head:
            return len(self._unread) if len(self._unread) > _LONGEST_LINE else 0
        left, top, row_bytes, height, mode = map(int, head.groups())
        size = head.end() + row_bytes * height
        if len(self._unread) < size:
            return 0
        dots = bytes(self._unread[head.end() : size])
        if left % 8 or mode:
            self.unknown_bytes += size
        else:
            self._stamp(left // 8, top, row_bytes, dots)
        return size

    def _stamp(self, left: int, top: int, row_bytes: int, dots: bytes) -> None:
        black = bytes(255 - byte for byte in range(256))
        for row in range(0, len(dots), row_bytes):
            y = top + row // row_bytes
            if y < len(self._image):
                room = max(0, len(self._image[y]) - left)
                part = dots[row : row + row_bytes].translate(black)[:room]
                self._image[y][left : left + len(part)] = part

    def _line(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        if word == b"SIZE" and (size := re.fullmatch(rb"(\d+) mm,(\d+) mm", rest)):
            self._size = int(size[1]) * _DOTS_PER_MM, int(size[2]) * _DOTS_PER_MM
        elif word == b"CLS":
            wide, high = self._size
            self._image = [bytearray((wide + 7) // 8) for _ in range(high)]
        elif word == b"PRINT":
            self._do(partial(self._print, [bytes(row) for row in self._image], self._finish))
        elif word not in (b"GAP", b"DIRECTION", b"REFERENCE", b""):
            self.unknown_bytes += len(line)

    def _finish(self) -> None:
        paper = Paper(self._size[0], tuple(self._rows), "", False)
        self._rows = []
        self._out(paper)
