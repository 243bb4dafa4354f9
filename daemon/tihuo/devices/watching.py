"""When a code counts as seen: once while it lies in the tray, and printed bars only when two frames agree on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tihuo.devices.ports import LONGEST_TEXT, Sighting, Symbology
from tihuo.shop.words import Millis

_GONE_AFTER_MS = 300
"""So long a code may be unread while it lies there beside another."""
_TOLD_AGAIN_MS = 8_000
"""So often a crowd that stays is told: more often than a kiosk stops saying so."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a decoder made of one frame, to be believed or not."""

    text: str
    symbology: Symbology


@dataclass(slots=True)
class Watch:
    """Turns the reads of frame after frame into sightings. Times are milliseconds of a clock that never jumps.

    A text is reported again only after it was away for `again_after_ms`, or after somebody else's code lay there
    meanwhile. A QR code checks itself; both decoders have given wrong numbers with a right check digit for blurred
    bars, so those need two frames within `agree_within_ms` (and a number that somebody knows, but that is for others
    to say).

    QR codes that begin with `one_at_a_time` belong to a person each. Two in one frame are a crowd: it is told as
    `crowded`, and as long as it stays every eight seconds `again`; each of them counts as new when it lies there alone.
    """

    again_after_ms: int = 1500
    agree_within_ms: int = 1000
    one_at_a_time: str = ""
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)
    _once: dict[tuple[str, str], int] = field(default_factory=dict)
    _crowd_until: int | None = None
    _crowd_told: int = 0

    def frame(self, reads: list[Read], now_ms: int, at: Millis) -> list[Sighting]:
        """The sightings of one frame that was taken at `at`."""
        self._forget(now_ms)
        found = {_name(read): read for read in reads}
        people = {name for name in found if self._is_somebodys(name)}
        news = []
        if len(people) > 1:
            again = self._crowd_until is not None
            if not again or now_ms - self._crowd_told >= _TOLD_AGAIN_MS:
                self._crowd_told = now_ms
                news.append(replace(_sighting(found[min(people)], at), crowded=True, again=again))
            self._crowd_until = now_ms + self.again_after_ms
            self._seen = {name: last for name, last in self._seen.items() if name not in people}
        if self._crowd_until is not None:
            found = {name: read for name, read in found.items() if name not in people}
        return news + [_sighting(read, at) for name, read in found.items() if self._is_news(name, read, now_ms)]

    def _is_somebodys(self, name: tuple[str, str]) -> bool:
        symbology, text = name
        return symbology == "qr" and bool(self.one_at_a_time) and text.upper().startswith(self.one_at_a_time)

    def _is_news(self, name: tuple[str, str], read: Read, now_ms: int) -> bool:
        if name not in self._seen and read.symbology != "qr" and name not in self._once:
            self._once[name] = now_ms
            return False
        self._once.pop(name, None)
        known = name in self._seen
        if not known and self._is_somebodys(name):  # whoever was there before has gone, and may come back at once
            self._seen = {
                other: last
                for other, last in self._seen.items()
                if now_ms - last < _GONE_AFTER_MS or not self._is_somebodys(other)
            }
        self._seen[name] = now_ms
        return not known

    def _forget(self, now_ms: int) -> None:
        self._seen = {name: last for name, last in self._seen.items() if now_ms - last < self.again_after_ms}
        self._once = {name: first for name, first in self._once.items() if now_ms - first <= self.agree_within_ms}
        if self._crowd_until is not None and now_ms >= self._crowd_until:
            self._crowd_until = None


def _sighting(read: Read, at: Millis) -> Sighting:
    cut = read.text[:LONGEST_TEXT]
    return Sighting(cut, read.symbology, at, oversize=len(cut) < len(read.text))


def _name(read: Read) -> tuple[str, str]:
    """One name for one code, however it was read: a UPC-A number is an EAN-13 with a leading zero."""
    if read.symbology == "upca":
        return "ean13", read.text.rjust(13, "0")
    return read.symbology, read.text
