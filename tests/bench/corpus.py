"""How many of the phones of an evening are read: the whole synthetic corpus, the hard one, and photographs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.figure import Figure
from tests.devices.corpus import Look, look_at
from tests.devices.screens import scene
from tihuo.devices.decoding import Decoder
from tihuo.devices.frames import fitted

SCENES, HARD = 1200, 200
PHOTOGRAPHS = Path(os.environ.get("TIHUO_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "barcodes"
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_SIZE = (1280, 720)


def corpus(_folder: Path) -> list[Figure]:
    """Shares in percent. The plausible evening and the photographs are promised."""
    looks = [look_at(scene(number)) for number in range(SCENES)]
    hard = [look_at(scene(number, hard=True)) for number in range(HARD)]
    wrong = sum(len(look.wrong) for look in looks + hard)
    unread = [look.number for look in looks if not look.read]
    print(f"  corpus: not read {unread}; wrong {[look for look in looks + hard if look.wrong]}")
    figures = [
        _share(
            "corpus.read", "phones of an evening that are read within 6 frames", [look.read for look in looks], 99.0
        ),
        _share(
            "corpus.first", "the same from the first frame (bars: the second)", [_at_once(look) for look in looks], 97.0
        ),
        # Promised to nobody: 30 lies a little under what is read, so that a reader that got worse is noticed.
        _share("corpus.hard", "phones with everything wrong at once", [look.read for look in hard], 30.0),
        Figure(
            name="corpus.wrong",
            what="texts that nobody showed, in both sets",
            value=wrong,
            unit="texts",
            n=len(looks) + len(hard),
            target=0,
        ),
    ]
    if photographs := _photographs():
        figures.append(_share("corpus.photos", "photographs of codes by people we do not know", photographs, 100.0))
    return figures


def _at_once(look: Look) -> bool:
    return 0 < look.at <= (2 if "label" in look.marks else 1)


def _share(name: str, what: str, good: list[bool], target: float) -> Figure:
    value = 100 * sum(good) / len(good)
    return Figure(name=name, what=what, value=value, unit="%", n=len(good), target=target, good="more")


def _photographs() -> list[bool]:
    """Each photograph as a camera of 1280 x 720 would see it, six times as a still phone is seen."""
    read = []
    for path in sorted(path for path in PHOTOGRAPHS.rglob("*") if path.suffix.lower() in _PICTURES):
        with Image.open(path) as picture:
            frame = fitted(picture, _SIZE)
        text = _bare(path.with_suffix(".txt").read_text("utf-8").strip())
        decoder = Decoder()
        found = [_bare(one.text) for _ in range(6) for one in decoder.read(np.asarray(frame))]
        read.append(text in found)
    return read


def _bare(text: str) -> str:
    """A UPC-A number is an EAN-13 that begins with 0."""
    return text.rjust(13, "0") if text.isdigit() and len(text) == 12 else text
