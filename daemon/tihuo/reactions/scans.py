"""What a scan at the counter means: a customer's code, an item that somebody is sorting, or what she does with it."""

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

STATION = "camera"
"""The sorting station of the camera on the counter."""


class ScanDesk:
    """Turns what the camera over the tray saw into a stage of the shop, ahead of everything that is queued."""

    def __init__(self, writer: Writer, readers: Readers, house: House, kiosk: str) -> None:
        self._writer = writer
        self._readers = readers
        self._house = house
        self._kiosk = kiosk

    def see(self, sighting: Sighting) -> None:
        """Called on the camera's thread. A product's number counts only if its check digit fits and a wave wants to
        know it; a misread bar code that happens to be valid is nobody's product here."""
        seen = self._read(sighting.text)
        if seen is not None and seen.kind == "slot":
            self._write(commands.at_slot, STATION, seen.text)
        elif seen is not None and seen.kind == "command":
            if seen.text in IRREVOCABLE:
                return  # a page holds these for five seconds; here nobody could call them off
            self._write(commands.obey, STATION, seen.text, seen.number)
        elif sighting.symbology == "qr" and (seen is None or seen.kind != "sku"):
            self._write(handing_over.check_in, self._kiosk, sighting.text)
        elif seen is not None and self._readers.read(is_sorted_now, sighting.text, self._house):
            self._write(sorting.scan_item, STATION, sighting.text)

    def _read(self, text: str) -> Scan | None:
        try:
            return read_scan(text, self._house)
        except Refusal:  # a misread bar code, or a QR that is not ours: the kiosk says so of the latter
            return None

    def _write(self, *job: Any) -> None:
        self._writer.write(*job, actor="camera", urgent=True).add_done_callback(_complain)


def _complain(done: Future[Any]) -> None:
    trouble = done.exception()
    if isinstance(trouble, Refusal):
        log.info("a scan changed nothing: %s", trouble.code)
    elif trouble is not None:
        log.error("a scan was lost: %s", trouble)
