"""The inside of a simulated ESC/POS printer: it reads bytes as a printer would and turns them into paper.

It understands the raster, feed, cut, drawer and status commands; text is kept as text, for it has no font, and bytes
that it does not know are counted. A print head that must stop (no paper, open cover) holds the work until it may go on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

LINE_DOTS = 30
_KEPT_PAPERS = 200
_DLE, _ESC, _FS, _GS = 0x10, 0x1B, 0x1C, 0x1D
# parameter bytes of commands that are read over: enough for the bytes that follow to be understood
_PARAMETERS = {
    _ESC: {"!": 1, "-": 1, "3": 1, "2": 0, "=": 1, "E": 1, "G": 1, "M": 1, "R": 1, "V": 1, "a": 1, "t": 1, "{": 1},
    _GS: {"!": 1, "B": 1, "H": 1, "L": 2, "P": 2, "W": 2, "a": 1, "f": 1, "h": 1, "w": 1},
    _FS: {"&": 0, ".": 0},
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One piece of paper as it fell out: rows of dots from the top, one bit each, 1 is black, and text without form."""

    width_dots: int
    rows: tuple[bytes, ...]
    text: str
    cut: bool

    def image(self) -> Image:
        """The paper as a 1-bit Pillow image, white where nothing was printed."""
        from PIL import Image as Images  # only a test or a demo looks at paper; the daemon need not carry Pillow for it

        white = b"".join(self.rows).translate(bytes(255 - value for value in range(256)))
        return Images.frombytes("1", ((self.width_dots + 7) // 8 * 8, len(self.rows)), white)


@dataclass
class PaperHead(ABC):
    """What every simulated printer has: bytes not read yet, work that is held while the head stands still, and paper.

    `feed` takes bytes in any portions and returns what the printer answers. Not thread-safe by itself.
    `rows_left` is how much paper there is (None: plenty); `on_row` is called before each dot row and may raise to
    break the printer in the middle of a job; `on_paper` gets each finished paper.
    """

    width_dots: int = 576
    on_paper: Callable[[Paper], None] = lambda paper: None
    on_row: Callable[[], None] = lambda: None
    near_end: bool = False
    rows_left: int | None = None
    cover_open: bool = False
    answering: bool = True
    drawer_kicks: int = 0
    unknown_bytes: int = 0
    papers: deque[Paper] = field(default_factory=lambda: deque(maxlen=_KEPT_PAPERS))
    _unread: bytearray = field(default_factory=bytearray)
    _held: deque[Callable[[], None]] = field(default_factory=deque)
    _rows: list[bytes] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        """Whether the head stands still until someone has helped."""
        return self.cover_open or self.rows_left == 0

    def feed(self, data: bytes) -> bytes:
        """Read as far as whole commands go; the rest waits for more bytes."""
        self._unread += data
        answer = bytearray()
        while self._unread and (taken := self._command(answer)):
            del self._unread[:taken]
        return bytes(answer)

    def go_on(self) -> None:
        """Print what was held, as far as it goes; called when someone has helped."""
        while self._held and not self.stopped:
            self._held.popleft()()

    def lose_power(self) -> None:
        """Forget everything that has not been printed; what lies under the head comes out as it is."""
        self._unread.clear()
        self._held.clear()
        self.tear_off()

    @abstractmethod
    def tear_off(self) -> None:
        """Take out what has been printed so far."""

    @abstractmethod
    def _command(self, answer: bytearray) -> int:
        """Obey the first command in `_unread`; how many bytes it was, or 0 while it is incomplete."""

    def _do(self, work: Callable[[], None]) -> None:
        if self._held or self.stopped:
            self._held.append(work)
        else:
            work()

    def _print(self, rows: list[bytes], then: Callable[[], None] = lambda: None) -> None:
        """Row by row; where the head must stop, the rest and what comes after is held."""
        for done, row in enumerate(rows):
            if self.stopped:
                self._held.appendleft(partial(self._print, rows[done:], then))
                return
            self.on_row()
            self._rows.append(row)
            if self.rows_left is not None:
                self.rows_left -= 1
        then()

    def _out(self, paper: Paper) -> None:
        self.papers.append(paper)
        self.on_paper(paper)


@dataclass
class PaperPath(PaperHead):
    """The inside of a receipt printer."""

    _stored: list[bytes] = field(default_factory=list)
    _text: bytearray = field(default_factory=bytearray)

    def tear_off(self) -> None:
        """Take out what has been printed so far, uncut."""
        self._finish(cut=False)

    # --- reading -------------------------------------------------------------------------------------------------

    def _command(self, answer: bytearray) -> int:
        unread = self._unread
        lead = unread[0]
        if lead not in (_DLE, _ESC, _FS, _GS):
            self._do(lambda: self._character(lead))
            return 1
        if len(unread) < 3 and not (len(unread) == 2 and self._short(lead, chr(unread[1]))):
            return 0
        if lead == _DLE:
            return self._real_time(answer)
        name = chr(unread[1])
        if lead == _ESC:
            return self._escape(name)
        if lead == _GS and name in "vV(r":
            return self._group(name, answer)
        return self._read_over(lead, name)

    @staticmethod
    def _short(lead: int, name: str) -> bool:
        return (lead, name) == (_ESC, "@") or _PARAMETERS.get(lead, {}).get(name) == 0

    def _real_time(self, answer: bytearray) -> int:
        kind, number = self._unread[1], self._unread[2]
        if kind == 0x04 and 1 <= number <= 4:
            if self.answering:
                answer.append(self._status(number))
            return 3
        if kind == 0x14 and number == 1:
            if len(self._unread) < 5:
                return 0
            self.drawer_kicks += 1
            return 5
        return self._not_known(1)

    def _escape(self, name: str) -> int:
        unread = self._unread
        if name == "@":
            return 2
        if name in "Jd":
            lines = unread[2] * (1 if name == "J" else LINE_DOTS)
            self._do(lambda: self._feed_rows([b""] * lines))
            return 3
        if name == "p":
            if len(unread) < 5:
                return 0
            self._do(self._kick_drawer)
            return 5
        return self._read_over(_ESC, name)

    def _group(self, name: str, answer: bytearray) -> int:
        unread = self._unread
        if name == "V":
            size = 4 if unread[2] in (65, 66, 97, 98) else 3
            if len(unread) < size:
                return 0
            self._do(lambda: self._finish(cut=True))
            return size
        if name == "r":
            if self.answering:
                answer.append(0x0C if self.rows_left == 0 else 0x03 if self.near_end else 0)
            return 3
        if name == "(":
            if len(unread) < 5:
                return 0
            size = 5 + unread[3] + 256 * unread[4]
            if len(unread) < size:
                return 0
            if unread[2:3] != b"L" or not self._graphics(bytes(unread[5:size])):
                self.unknown_bytes += size
            return size
        return self._raster()

    def _graphics(self, body: bytes) -> bool:
        """The newer way to print a raster, in two steps; whether this was one of them."""
        if body[:2] in (b"0p", b"\0p") and body[2:3] == b"0":
            row_bytes = (body[6] + 256 * body[7] + 7) // 8
            self._stored = _enlarged(body[10:], row_bytes, wide=body[3] == 2, tall=body[4] == 2)
            return True
        if body in (b"02", b"0\x02"):
            self._do(partial(self._feed_rows, self._stored))
            return True
        return False

    def _raster(self) -> int:
        unread = self._unread
        if len(unread) < 8:
            return 0
        row_bytes, height = unread[4] + 256 * unread[5], unread[6] + 256 * unread[7]
        size = 8 + row_bytes * height
        if len(unread) < size:
            return 0
        mode = unread[3]
        rows = _enlarged(bytes(unread[8:size]), row_bytes, wide=bool(mode & 1), tall=bool(mode & 2))
        self._do(partial(self._feed_rows, rows))
        return size

    def _read_over(self, lead: int, name: str) -> int:
        parameters = _PARAMETERS.get(lead, {}).get(name)
        if parameters is None:
            return self._not_known(2)
        size = 2 + parameters
        return size if len(self._unread) >= size else 0

    def _not_known(self, size: int) -> int:
        self.unknown_bytes += size
        return size

    def _status(self, number: int) -> int:
        out = self.rows_left == 0
        return {
            1: 0x12 | (0x08 if self.stopped else 0),
            2: 0x12 | (0x20 if out else 0) | (0x04 if self.cover_open else 0),
            3: 0x12,
            4: 0x12 | (0x60 if out else 0) | (0x0C if out or self.near_end else 0),
        }[number]

    # --- printing ------------------------------------------------------------------------------------------------

    def _feed_rows(self, rows: list[bytes]) -> None:
        """Rows as wide as the paper."""
        across = (self.width_dots + 7) // 8
        self._print([row[:across].ljust(across, b"\0") for row in rows])

    def _character(self, code: int) -> None:
        self._text.append(code)
        if code == 0x0A:
            self._feed_rows([b""] * LINE_DOTS)

    def _kick_drawer(self) -> None:
        self.drawer_kicks += 1

    def _finish(self, cut: bool) -> None:
        if not self._rows and not self._text:
            return
        paper = Paper(self.width_dots, tuple(self._rows), self._text.decode("latin-1"), cut)
        self._rows, self._text = [], bytearray()
        self._out(paper)


def _enlarged(dots: bytes, row_bytes: int, wide: bool, tall: bool) -> list[bytes]:
    rows = [dots[start : start + row_bytes] for start in range(0, len(dots), row_bytes)] if row_bytes else []
    if wide:
        rows = [_doubled(row) for row in rows]
    return [row for row in rows for _ in range(1 + tall)]


def _doubled(row: bytes) -> bytes:
    bits = "".join(bit * 2 for byte in row for bit in f"{byte:08b}")
    return int(bits, 2).to_bytes(len(row) * 2, "big") if row else b""
