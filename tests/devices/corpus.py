"""How the corpus is read: as the camera does, frame after frame, with the same rules for what is believed."""

from __future__ import annotations

from dataclasses import dataclass

from tests.devices.screens import Scene
from tihuo.devices.decoding import Decoder
from tihuo.devices.watching import Watch
from tihuo.shop.words import Millis

LOOKS = 6
"""Frames of one scene: 0.4 s at 15 a second, and two second looks of the decoder."""


@dataclass(frozen=True)
class Look:
    """What became of one scene. `at`: the first frame that read it, counted from 1; `wrong`: texts that nobody showed.

    A bar code below the QR on the phone is there to be seen, and no mistake.
    """

    number: int
    marks: tuple[str, ...]
    at: int
    wrong: tuple[str, ...]

    @property
    def read(self) -> bool:
        return self.at > 0


def look_at(scene: Scene) -> Look:
    """Until it was read, at most `LOOKS` frames; bars need two that agree."""
    decoder, watch = Decoder(), Watch()
    wrong: list[str] = []
    for look in range(LOOKS):
        reads = decoder.read(scene.frame(look))
        for sighting in watch.frame(reads, look * 66, Millis(0)):
            text = sighting.text[1:] if scene.symbology == "upca" and len(sighting.text) == 13 else sighting.text
            if text == scene.text:
                return Look(scene.number, scene.marks, look + 1, tuple(wrong))
            if text not in scene.beside:
                wrong.append(f"{sighting.symbology} {text}")
    return Look(scene.number, scene.marks, 0, tuple(wrong))
