"""What a scan means where it was made: a customer's code, an item that is being sorted, or what is done with it."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any

from tihuo.boards.sorting import is_sorted_now
from tihuo.devices.ports import Sighting
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.reactions import commands
from tihuo.shop.scans import IRREVOCABLE, Scan, read_scan
from tihuo.shop.words import Refusal
from tihuo.shop.work import House
from tihuo.stages import handing_over, sorting

log = logging.getLogger(__name__)

_ITEMS = ("sku", "weighed", "gtin", "eight", "code")


class ScanDesk:
    """Turns what one camera or scanner read into a stage of the shop, ahead of everything that is queued.

    At a `kiosk` customers show their codes, and whatever a wave wants is sorted on the side; with an empty one it lies
    at a sorting station, where nobody is recognised. `deliberate`: somebody pulled a trigger, and is owed an answer.
    """

    def __init__(
        self, writer: Writer, readers: Readers, house: House, kiosk: str, station: str, *, deliberate: bool = False
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._house = house
        self._kiosk = kiosk
        self._station = station
        self._deliberate = deliberate

    def see(self, sighting: Sighting) -> None:
        """Called on the thread of the camera or scanner."""
        seen = self._read(sighting.text)
        if sighting.crowded:
            self._write(handing_over.still_apart if sighting.again else handing_over.keep_apart, self._kiosk)
        elif seen is not None and seen.kind == "slot":
            self._write(commands.at_slot, self._station, seen.text)
        elif seen is not None and seen.kind == "command":
            if seen.text not in IRREVOCABLE:  # a page holds these for five seconds; here nobody could call them off
                self._write(commands.obey, self._station, seen.text, seen.number)
        elif self._is_item(sighting, seen):
            self._write(sorting.scan_item, self._station, sighting.text)
        elif self._kiosk and self._is_for_the_kiosk(sighting, seen):
            self._write(handing_over.check_in, self._kiosk, sighting.text)

    def _is_item(self, sighting: Sighting, seen: Scan | None) -> bool:
        """At a kiosk a product's number counts only if its check digit fits and a wave wants to know it: a misread bar
        code that happens to be valid is nobody's product, and eight digits are more often a customer's."""
        if not self._kiosk:
            return seen is None or seen.kind in _ITEMS
        if seen is None or seen.kind not in _ITEMS or (sighting.symbology == "qr" and seen.kind != "sku"):
            return False
        return self._readers.read(is_sorted_now, sighting.text, self._house)

    def _is_for_the_kiosk(self, sighting: Sighting, seen: Scan | None) -> bool:
        """Codes of customers, and whatever else somebody shows on purpose: the kiosk says that it knows it not."""
        if seen is not None and seen.kind in ("pickup", "eight"):
            return True
        return sighting.symbology == "qr" or self._deliberate

    def _read(self, text: str) -> Scan | None:
        try:
            return read_scan(text, self._house)
        except Refusal:  # a misread bar code, or a QR that is not ours
            return None

    def _write(self, *job: Any) -> None:
        actor = "scanner" if self._deliberate else "camera"
        done = self._writer.write(*job, actor=actor, device=self._station, urgent=True)
        done.add_done_callback(_complain)


def _complain(done: Future[Any]) -> None:
    trouble = done.exception()
    if isinstance(trouble, Refusal):
        log.info("a scan changed nothing: %s", trouble.code)
    elif trouble is not None:
        log.error("a scan was lost: %s", trouble)
