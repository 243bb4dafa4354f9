"""What the shop may ask of its devices, in shop words: a camera over the tray, paper, and lamps on the shelf.

Nothing here knows what a code means, which slot should shine or what a label says, and importing it loads no driver.
Every adapter has a simulated twin in `tihuo.devices.simulated` that passes the same contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from tihuo.devices.troubles import DeviceTrouble
from tihuo.shop.words import Millis

if TYPE_CHECKING:
    from PIL.Image import Image

Symbology = Literal["qr", "ean13", "ean8", "upca", "code128"]
PaperLevel = Literal["ok", "near_end", "out", "unknown"]
PrinterFault = Literal["", "cutter", "hot", "broken", "other"]
Blink = Literal["off", "on", "blink"]

LONGEST_TEXT = 512
"""Characters kept of a code's text; no code of ours is longer than a fifth of this."""

BLINK_MS = 500
"""Half of the blink rhythm: 500 ms on, 500 ms off, counted from the epoch so that a screen can pulse with the lamp."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """扫到的码: a code that lay in the tray. `oversize` says that `text` was cut at `LONGEST_TEXT` and is not ours."""

    text: str
    symbology: Symbology
    at: Millis
    oversize: bool = False


class Camera(Protocol):
    """摄像头: watches the tray and reports each code once, until it has been away for a moment.

    Both callbacks run on the camera's own thread. `on_trouble(None)` means that the last trouble is over.
    """

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """打印机状态: what the printer itself last said. `None` and "unknown" mean that it did not say."""

    online: bool
    paper: PaperLevel = "unknown"
    cover_open: bool | None = None
    fault: PrinterFault = ""

    @property
    def ready(self) -> bool:
        """Whether a job would come out now, as far as the printer tells."""
        return self.online and self.paper != "out" and not self.cover_open and not self.fault


class Printer(Protocol):
    """打印机: puts pictures on paper, one at a time, and never claims more than it knows.

    `print` takes a 1-bit Pillow image of at most `width_dots` columns and returns after the printer has answered a
    status question that followed the last byte. It raises a `PrinterTrouble`: with `doubtful` False nothing of the
    job was sent and it may simply be tried again; with `doubtful` True only a person can say what came out.
    """

    @property
    def width_dots(self) -> int: ...

    def print(self, image: Image, cut: bool) -> None: ...

    def batch(self) -> AbstractContextManager[None]:
        """Keep one connection for every `print` inside the `with`; without it each job opens its own."""
        ...

    def status(self) -> PrinterStatus:
        """Ask now; raises `PrinterTrouble` when the printer cannot be reached or gives no answer."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Lamp:
    """货位灯: how one slot's lamp should look. A single-colour lamp ignores `color`."""

    slot: str
    color: str = "white"
    blink: Blink = "on"

    def lit_at(self, at: int) -> bool:
        """Whether the lamp shines at `at` milliseconds since the epoch.

        >>> Lamp("A01", blink="blink").lit_at(0), Lamp("A01", blink="blink").lit_at(BLINK_MS)
        (True, False)
        """
        return self.blink == "on" or (self.blink == "blink" and at // BLINK_MS % 2 == 0)


class ShelfLights(Protocol):
    """货架灯: redrawn, never switched. `show` gets the whole picture by slot; a slot that is not in it is dark.

    A slot without a lamp raises `LampOutOfRange` after all the others have been drawn.
    """

    def show(self, lamps: Mapping[str, Lamp]) -> None: ...

    def test(self) -> None:
        """Light one lamp after another, then all, then draw the picture again; returns when done."""
        ...

    def close(self) -> None: ...
