"""What a scan at the counter means: a customer's code, or an item that somebody is sorting."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any

from tihuo.boards.sorting import is_sorted_now
from tihuo.devices.ports import Sighting
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.shop.catalog import gtin13, gtin_fits
from tihuo.stages import handing_over, sorting

log = logging.getLogger(__name__)

STATION = "camera"
"""The sorting station of the camera on the counter."""


class ScanDesk:
    """Turns what the camera over the tray saw into a stage of the shop, ahead of everything that is queued."""

    def __init__(self, writer: Writer, readers: Readers, kiosk: str) -> None:
        self._writer = writer
        self._readers = readers
        self._kiosk = kiosk

    def see(self, sighting: Sighting) -> None:
        """Called on the camera's thread. A product's number counts only if its check digit fits and a wave wants to
        know it; a misread bar code that happens to be valid is nobody's product here."""
        if sighting.symbology == "qr":
            self._write(handing_over.check_in, self._kiosk, sighting.text)
            return
        number = gtin13(sighting.text)
        valid = sighting.symbology == "code128" or gtin_fits(number)
        if valid and self._readers.read(is_sorted_now, number):
            self._write(sorting.scan_item, STATION, number)

    def _write(self, *job: Any) -> None:
        self._writer.write(*job, actor="camera", urgent=True).add_done_callback(_complain)


def _complain(done: Future[Any]) -> None:
    if done.exception() is not None:
        log.error("a scan was lost: %s", done.exception())
