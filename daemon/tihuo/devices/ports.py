"""What the shop may ask of its devices, in shop words: cameras and scanners, paper, and lamps on the shelf.

Nothing here knows what a code means, which slot should shine or what a label says, and importing it loads no driver.
Every adapter has a simulated twin in `tihuo.devices.simulated` that passes the same contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from tihuo.devices.troubles import DeviceTrouble
from tihuo.shop.typed import Typed
from tihuo.shop.words import Millis

if TYPE_CHECKING:
    from PIL.Image import Image

Page: TypeAlias = "Image | tuple[Image | Typed, ...]"
"""What goes on a piece of paper: one 1-bit picture, or pictures and lines of the printer's own letters from the top."""

Symbology = Literal["qr", "ean13", "ean8", "upca", "code128", "unsaid"]
"""What kind of code it was; a scanner that types does not always say."""
PaperLevel = Literal["ok", "near_end", "out", "unknown"]
PrinterFault = Literal["", "cutter", "jam", "hot", "broken", "other"]
Blink = Literal["off", "on", "blink", "double", "fast", "long"]

LONGEST_TEXT = 512
"""Characters kept of a code's text; no code of ours is longer than a fifth of this."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """扫到的码: a code that lay in the tray. `oversize` says that `text` was cut at `LONGEST_TEXT` and is not ours.

    `crowded`: two codes lay there that belong to different people; `text` is one of them and nobody's turn. `again`:
    that was said before, and they still lie there.
    """

    text: str
    symbology: Symbology
    at: Millis
    oversize: bool = False
    crowded: bool = False
    again: bool = False


class Scanner(Protocol):
    """扫码枪: reports each code as somebody pulls its trigger.

    Both callbacks run on the scanner's own thread. `on_trouble(None)` means that the last trouble is over.
    """

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Glance:
    """取景: one look through the camera, for whoever puts it up. It is kept nowhere.

    `picture` is a JPEG of the whole frame; `size` is the camera's own. `sharp` is how much neighbouring pixels of the
    tray differ where they differ most, `bright` how bright its paper is, both 0 to 255; `glare` is the share that is
    burnt out.
    `seen`: (symbology, text) of each code.
    """

    picture: bytes
    size: tuple[int, int]
    tray: tuple[float, float, float, float]
    sharp: int
    bright: int
    glare: float
    seen: tuple[tuple[str, str], ...] = ()


class Camera(Scanner, Protocol):
    """摄像头: a scanner whose trigger is always pulled: each code is reported once, until it was away a moment."""

    def look(self, patience: float = 2.0) -> Glance | None:
        """What it sees now; None if it does not answer in so many seconds."""
        ...

    def aim(self, tray: tuple[float, float, float, float]) -> None:
        """Only this part of the picture is looked at from now on."""
        ...


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

    `print` takes 1-bit Pillow images of at most `width_dots` columns and returns after the printer has answered a
    status question that followed the last byte. It raises a `PrinterTrouble`: with `doubtful` False nothing of the
    job was sent and it may simply be tried again; with `doubtful` True only a person can say what came out.
    What it can never print is a `ValueError`.
    """

    @property
    def width_dots(self) -> int: ...

    def print(self, page: Page, cut: bool) -> None: ...

    def kick_drawer(self) -> None:
        """钱箱: open the cash drawer at the printer's plug, on the terms of `print`."""
        ...

    def batch(self) -> AbstractContextManager[None]:
        """Keep one connection for every `print` inside the `with`; without it each job opens its own."""
        ...

    def status(self) -> PrinterStatus:
        """Ask now; raises `PrinterTrouble` when the printer cannot be reached or gives no answer."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Glow:
    """灯语: one reason for a slot to shine: a customer before the shelf, or what somebody holds in her hand.

    A lamp of one colour ignores `color`; there, people are told apart by `rhythm` alone.
    """

    color: str = "white"
    rhythm: Blink = "on"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a picture ended: a slot of it that is in none of these was done, as far as the wire can tell.

    `refused` slots have no lamp. `silent` ones were told, and what was read back is not what they were told.
    `given_up` are those that were silent too often: they are left alone until somebody tests them.
    """

    refused: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    given_up: frozenset[str] = frozenset()


class ShelfLights(Protocol):
    """货架灯: redrawn, never switched. `show` gets the whole picture by slot; a slot that is not in it is dark.

    Several glows on one slot are shown in turn. Each call that draws raises a `LightsTrouble` when nothing at all could
    be drawn; the picture is kept, and drawn as soon as the lamps are back.
    """

    @property
    def reads_back(self) -> bool:
        """Whether a lamp that does not do what it is told is found out by itself."""
        ...

    def show(self, glows: Mapping[str, Sequence[Glow]], dead: Collection[str] = ()) -> Shown:
        """`dead` slots are left alone, whatever the picture says of them."""
        ...

    def test(self) -> Shown:
        """灯光自检: each lamp after the other, then all, then the picture again; returns when done."""
        ...

    def hold(self, slots: Collection[str], seconds: float) -> Shown:
        """Light these on top of everything for a while, dead ones too, so that a person can look; none ends it."""
        ...

    def close(self) -> None: ...


class Buttons(Protocol):
    """货位按钮: a button beside each lamp. `on_press` gets the slot, on a thread of the buttons' own."""

    def start(self, on_press: Callable[[str], None]) -> None: ...

    def stuck(self) -> frozenset[str]:
        """The slots whose button is held, or chatters, longer than a finger would; their presses do not count.

        Raises a `ButtonsTrouble` when the buttons cannot be read.
        """
        ...

    def stop(self) -> None: ...


class Speech(Protocol):
    """语音: makes a sentence audible without a network. `trouble` is the code of what went wrong last, or empty."""

    trouble: str

    def say(self, text: str, lang: str) -> bytes:
        """A WAV file of 16-bit samples; `lang` is `zh` or `en`. From any thread. Raises a `SpeechTrouble`."""
        ...
