"""Photographs of real codes, by people we do not know, through the folder camera and the real capture process."""

from __future__ import annotations

import queue
import shutil
from pathlib import Path

import pytest

from tests.devices import codes
from tihuo.devices.camera import TrayCamera
from tihuo.devices.ports import Sighting

SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}

# photographs in the set, and how many of them are known to be readable at 640x480
KNOWN = {
    "qrcode-1": (8, 8),
    "qrcode-3": (18, 18),
    "qrcode-6": (15, 15),
    "ean13-1": (16, 15),
    "ean13-3": (8, 8),
    "code128-1": (6, 6),
}


@pytest.mark.parametrize("folder", KNOWN)
def test_the_camera_reads_as_many_photographs_as_the_decoder_can(
    folder: str, shared_data: Path, tmp_path: Path
) -> None:
    place = shared_data / "barcodes" / folder
    photographs = sorted(path for path in place.glob("*") if path.suffix in SUFFIXES)
    if not photographs:
        pytest.skip(f"{place} has no pictures, only the texts that belong to them")
    texts = [photograph.with_suffix(".txt").read_text(encoding="utf-8").strip() for photograph in photographs]
    read = look_at(photographs, tmp_path)
    right = [text for text, seen in zip(texts, read, strict=True) if as_ean13(text) in map(as_ean13, seen)]
    total, readable = KNOWN[folder]
    assert len(right) >= len(photographs) - (total - readable), list(zip(photographs, texts, read, strict=True))
    if folder.startswith("qrcode"):
        wrong = [(text, seen) for text, seen in zip(texts, read, strict=True) if set(seen) - {text}]
        assert wrong == []


def look_at(photographs: list[Path], place: Path) -> list[list[str]]:
    """What the camera saw in each; a code of ours after each picture tells where the next begins."""
    for number, photograph in enumerate(photographs):
        shutil.copy(photograph, place / f"{number:03d}-0{photograph.suffix}")
        (place / f"{number:03d}-1.png").write_bytes(codes.qr(f"END OF {number}"))
    seen: queue.Queue[Sighting] = queue.Queue()
    source = {"kind": "folder", "folder": str(place)}
    camera = TrayCamera(source, size=(640, 480), again_after_ms=0)  # many photographs hold the same text
    camera.start(seen.put, lambda trouble: None)
    read = []
    for number in range(len(photographs)):
        here: list[str] = []
        while (text := seen.get(timeout=30).text) != f"END OF {number}":
            here.append(text)
        read.append([text for text in here if not text.startswith("END OF")])
    camera.stop()
    return read


def as_ean13(text: str) -> str:
    """A UPC-A number is an EAN-13 that begins with 0."""
    return text.rjust(13, "0") if len(text) == 12 and text.isdigit() else text
