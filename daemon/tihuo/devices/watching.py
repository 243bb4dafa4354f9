"""When a code counts as seen: once while it lies in the tray, and printed bars only when two frames agree on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tihuo.devices.ports import LONGEST_TEXT, Sighting, Symbology
from tihuo.shop.words import Millis


@dataclass(frozen=True, slots=True)
class Read:
    """What a decoder made of one frame, to be believed or not."""

    text: str
    symbology: Symbology


@dataclass(slots=True)
class Watch:
    """Turns the reads of frame after frame into sightings. Times are milliseconds of a clock that never jumps.

    A text is reported again only after it was away for `again_after_ms`. A QR code checks itself; both decoders have
    given wrong numbers with a right check digit for blurred bars, so those need two frames within `agree_within_ms`
    (and a number that somebody knows, but that is for others to say).
    """

    again_after_ms: int = 1500
    agree_within_ms: int = 1000
    _seen: dict[tuple[str, str], int] = field(default_factory=dict)
    _once: dict[tuple[str, str], int] = field(default_factory=dict)

    def frame(self, reads: list[Read], now_ms: int, at: Millis) -> list[Sighting]:
        """The sightings of one frame that was taken at `at`."""
        self._forget(now_ms)
        news = []
        for name, read in {_name(read): read for read in reads}.items():
            if name in self._seen:
                self._seen[name] = now_ms
            elif read.symbology != "qr" and name not in self._once:
                self._once[name] = now_ms
            else:
                self._once.pop(name, None)
                self._seen[name] = now_ms
                cut = read.text[:LONGEST_TEXT]
                news.append(Sighting(cut, read.symbology, at, oversize=len(cut) < len(read.text)))
        return news

    def _forget(self, now_ms: int) -> None:
        self._seen = {name: last for name, last in self._seen.items() if now_ms - last < self.again_after_ms}
        self._once = {name: first for name, first in self._once.items() if now_ms - first <= self.agree_within_ms}


def _name(read: Read) -> tuple[str, str]:
    """One name for one code, however it was read: a UPC-A number is an EAN-13 with a leading zero."""
    if read.symbology == "upca":
        return "ean13", read.text.rjust(13, "0")
    return read.symbology, read.text
