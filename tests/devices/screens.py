"""手机屏幕: what a camera over a tray sees of customers' phones, made here by the thousand from one number each.

`scene(number)` is always the same picture for the same number. The mixture is a guess at an evening, said out loud:

- eight in ten scenes show a pickup code, on three kinds of page (a plain card, a chat's mini program with a bar code
  under the QR, a coupon among text), a third of them in a dark theme and one in nine of those with the code inverted;
  one in ten shows the label on goods (EAN-13, EAN-8, UPC-A, a scale's weight code, Code 128), one in ten a code that is
  not ours (a payment code, a web page).
- a phone is 560 to 900 pixels long in a picture of 1280 x 720, which makes 3 to 9 pixels a module; seven in ten lie
  straight, two anyhow, one upside down; most are tilted a little.
- on top come, each by its own chance: the screen's brightness, a lamp's reflection, moire, defocus, a moving hand, a
  finger over the edge, another phone's edge beside it, the noise of the sensor.

`hard=True` is a second set that nobody promises anything about: everything at once, and more of it.
"""

from __future__ import annotations

import io
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import segno
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from tihuo.shop.pickups import code_for

SIZE = (1280, 720)
Grey = np.ndarray[Any, np.dtype[np.uint8]]
Light = np.ndarray[Any, np.dtype[np.float32]]
_DOWN, _ACROSS = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
_KEY = b"a key of the corpus"
_BARS = {
    "ean13": zxingcpp.BarcodeFormat.EAN13,
    "ean8": zxingcpp.BarcodeFormat.EAN8,
    "upca": zxingcpp.BarcodeFormat.UPCA,
    "code128": zxingcpp.BarcodeFormat.Code128,
}


@dataclass(frozen=True)
class Scene:
    """`light` is what falls on the sensor, 0 to 255; `text` what is to be read; `marks` what was done to it."""

    number: int
    light: Light
    text: str
    symbology: str
    marks: tuple[str, ...]

    @property
    def beside(self) -> frozenset[str]:
        """What else may honestly be read there."""
        return frozenset({_bar_below(self.text)})

    def frame(self, look: int = 0) -> Grey:
        """What the sensor makes of it the `look`-th time: its noise is never the same."""
        chance = np.random.default_rng([self.number, look, 99])
        grain = chance.standard_normal(self.light.shape, np.float32) * (2.5 + 0.1 * np.sqrt(self.light))
        return np.clip(self.light + grain, 0, 255).astype(np.uint8)


def scene(number: int, *, hard: bool = False) -> Scene:
    """One phone, or one thing with a label, in the tray."""
    chance = np.random.default_rng([number, int(hard)])
    marks: list[str] = []
    kind = chance.choice(["pickup", "label", "foreign"], p=[0.8, 0.1, 0.1])
    if kind == "label":
        symbology, card, text = _label(chance)
    else:
        symbology, text = "qr", _pickup(chance) if kind == "pickup" else _foreign(chance)
        card = _phone(chance, text, marks)
    marks.append(str(kind))
    light = _laid_down(chance, card, symbology, marks, hard)
    light = _spoiled(chance, light, marks, hard)
    return Scene(number, light, text, symbology, tuple(marks))


# --- what is shown ---------------------------------------------------------------------------------------------------


def _pickup(chance: np.random.Generator) -> str:
    return code_for("S001", int(chance.integers(1, 900_000)), _KEY)


def _foreign(chance: np.random.Generator) -> str:
    number = int(chance.integers(10**15, 10**16))
    return str(chance.choice([f"https://example.org/s/{number}", f"{number:018d}", f"weixin://order/{number:x}"]))


def _label(chance: np.random.Generator) -> tuple[str, Image.Image, str]:
    """Goods with a printed code on white card."""
    symbology = str(chance.choice(["ean13", "ean13", "ean13", "weight", "ean8", "upca", "code128"]))
    if symbology == "code128":
        text = f"SHELF-{chance.choice(list('ACF'))}{chance.integers(1, 40):02d}"
    else:
        digits, begins = {"ean13": (13, "69"), "weight": (13, "21"), "ean8": (8, "2"), "upca": (12, "0")}[symbology]
        body = begins + "".join(map(str, chance.integers(0, 10, digits - 1 - len(begins))))
        text = body + _check_digit(body)
    kind = "ean13" if symbology == "weight" else symbology
    bars = Image.fromarray(zxingcpp.create_barcode(text, _BARS[kind]).to_image(scale=6)).convert("L")
    card = Image.new("L", (bars.width + 160, bars.height + 260), 245)
    card.paste(bars, (80, 80))
    draw = ImageDraw.Draw(card)
    for line in range(4):
        draw.rectangle(
            (80, bars.height + 110 + 30 * line, 80 + int(chance.integers(120, 500)), bars.height + 122 + 30 * line),
            fill=60,
        )
    return kind, card, text


def _check_digit(body: str) -> str:
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body))) % 10)


def _bar_below(text: str) -> str:
    """The number that a chat's page repeats as bars."""
    return f"{zlib.crc32(text.encode()):018d}"


def _phone(chance: np.random.Generator, text: str, marks: list[str]) -> Image.Image:
    """A phone in its case, with a page around the code."""
    dark = chance.random() < 1 / 3
    inverted = dark and chance.random() < 1 / 9
    if inverted:
        marks.append("inverted")
    elif dark:
        marks.append("dark")
    page, ink = (24, 200) if dark else (246, 70)
    screen = Image.new("L", (720, 1480), page)
    draw = ImageDraw.Draw(screen)
    style = str(chance.choice(["card", "chat", "coupon"]))
    side = int({"card": 560, "chat": 480, "coupon": 400}[style])
    code = _code(text, side, inverted)
    left, top = (720 - side) // 2, {"card": 300, "chat": 360, "coupon": 620}[style]
    if not inverted:  # every page of ours lays a white card under its code
        draw.rounded_rectangle((left - 40, top - 40, left + side + 40, top + side + 40), 24, fill=255)
    screen.paste(code, (left, top))
    for line in range(3):
        _words(chance, draw, (60, 120 + 50 * line), ink)
    if style == "chat":
        bars = Image.fromarray(zxingcpp.create_barcode(_bar_below(text), _BARS["code128"]).to_image(scale=2))
        draw.rectangle((60, 900, 660, 1060), fill=255)
        screen.paste(bars.convert("L").resize((520, 100)), (100, 930))
        marks.append("a bar code below")
    if style == "coupon":
        draw.rounded_rectangle((40, 60, 680, 520), 30, fill=int(chance.integers(90, 200)))
        for line in range(6):
            _words(chance, draw, (80, 100 + 60 * line), 250)
    for line in range(5):
        _words(chance, draw, (60, 1120 + 60 * line), ink)
    if chance.random() < 0.04:
        marks.append("cracked")
        for _ in range(3):
            ends = [(int(chance.integers(0, 720)), int(chance.integers(0, 1480))) for _ in range(2)]
            draw.line(ends, fill=int(chance.integers(60, 200)), width=2)
    case = Image.new("L", (800, 1600), int(chance.integers(10, 120)))
    case.paste(screen, (40, 60))
    return case


def _words(chance: np.random.Generator, draw: ImageDraw.ImageDraw, at: tuple[int, int], ink: int) -> None:
    """Something like a line of text."""
    x, y = at
    for _ in range(int(chance.integers(3, 12))):
        wide = int(chance.integers(14, 34))
        draw.rectangle((x, y, x + wide, y + 26), outline=ink, width=4)
        x += wide + 12


def _code(text: str, side: int, inverted: bool) -> Image.Image:
    drawn = io.BytesIO()
    made = segno.make(text, error="m", micro=False)
    colors = {"dark": "white", "light": "#181818"} if inverted else {"dark": "black", "light": "white"}
    made.save(drawn, kind="png", scale=12, border=4, **colors)
    return Image.open(drawn).convert("L").resize((side, side), Image.Resampling.LANCZOS)


# --- how it lies there -----------------------------------------------------------------------------------------------


def _laid_down(chance: np.random.Generator, card: Image.Image, symbology: str, marks: list[str], hard: bool) -> Light:
    """The tray from above, in light 0 to 255."""
    high = chance.uniform(560, 900) if symbology == "qr" else chance.uniform(380, 640)
    if hard:
        high *= 0.55
        marks.append("far")
    scale = high / card.height
    turn = float(
        chance.choice([chance.uniform(-12, 12), chance.uniform(0, 360), 180 + chance.uniform(-8, 8)], p=[0.7, 0.2, 0.1])
    )
    if abs((turn + 180) % 360 - 180) > 12:
        marks.append("turned")
    tilt = chance.uniform(0, 0.25 if hard else 0.12, 2)
    if tilt.max() > 0.08:
        marks.append("tilted")
    middle = np.array([SIZE[0] / 2, SIZE[1] / 2]) + chance.uniform(-1, 1, 2) * (180, 60)
    if card.height > card.width and symbology == "qr":  # the code is in the upper half, and that is what is shown
        middle += np.array([math.sin(math.radians(turn)), math.cos(math.radians(turn))]) * (-0.12 * high)
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        across, down = x * card.width * scale / 2, y * card.height * scale / 2
        across *= 1 - tilt[0] * y
        down *= 1 - tilt[1] * x
        angle = math.radians(turn)
        spot = (across * math.cos(angle) - down * math.sin(angle), across * math.sin(angle) + down * math.cos(angle))
        corners.append(middle + spot)
    ground = np.full(SIZE[::-1], chance.uniform(60, 170), np.float32)
    ground += np.linspace(-20, 20, SIZE[0], dtype=np.float32) * np.float32(chance.uniform(-1, 1))
    if chance.random() < 0.3:
        marks.append("something beside")
        side = int(chance.integers(0, 200))
        ground[:, :side] = chance.uniform(10, 240)
    return _warped(card, corners, ground)


def _warped(card: Image.Image, corners: list[Any], ground: Light) -> Light:
    """The card with its corners where they are to be; pixels are averaged as a lens does, not skipped."""
    wide = np.linalg.norm(corners[1] - corners[0])
    small = card.resize((max(8, round(wide)), max(8, round(card.height * wide / card.width))), Image.Resampling.BOX)
    frames = ((0, 0), (small.width, 0), (small.width, small.height), (0, small.height))
    rows = []
    for (u, v), (x, y) in zip(frames, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    back = np.linalg.solve(np.array(rows, float), np.array(frames, float).reshape(8))
    options = {"size": SIZE, "method": Image.Transform.PERSPECTIVE, "data": tuple(back)}
    laid = np.asarray(small.transform(**options, resample=Image.Resampling.BICUBIC), np.float32)
    there = np.asarray(Image.new("L", small.size, 255).transform(**options), np.float32) / 255
    return ground * (1 - there) + laid * there


# --- what spoils it --------------------------------------------------------------------------------------------------


def _spoiled(chance: np.random.Generator, light: Light, marks: list[str], hard: bool) -> Light:
    much = 2.0 if hard else 1.0
    high, wide = light.shape
    if chance.random() < 0.35 * much and "label" not in marks:
        marks.append("moire")
        waves, angle = 2 * math.pi / chance.uniform(3, 14), chance.uniform(0, math.pi)
        wave = np.sin(_ACROSS * np.float32(math.cos(angle) * waves) + _DOWN * np.float32(math.sin(angle) * waves))
        light = light * (1 + np.float32(chance.uniform(0.04, 0.12) * much) * wave)
    if chance.random() < 0.25 * much:
        marks.append("glare")
        x, y = wide / 2 + chance.uniform(-350, 350), high / 2 + chance.uniform(-250, 250)
        size = chance.uniform(25, 70) * (1.5 if hard else 1)
        apart = [(_ACROSS[:1] - x) / size, (_DOWN[:, :1] - y) / (size * chance.uniform(0.4, 2))]
        spot = np.exp(-(apart[0] ** 2)) * np.exp(-(apart[1] ** 2))
        light = light + (chance.uniform(60, 220) * spot).astype(np.float32)
    if chance.random() < 0.10 * much:
        marks.append("finger")
        picture = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
        x, y = wide // 2 + int(chance.integers(-320, -140)), high - int(chance.integers(60, 330))
        ImageDraw.Draw(picture).ellipse((x - 60, y, x + 60, y + 400), fill=120)
        light = np.asarray(picture, np.float32)
    if chance.random() < 0.30 * much:
        marks.append("defocus")
        light = _blurred(light, ImageFilter.GaussianBlur(chance.uniform(0.6, 1.6) * (1.7 if hard else 1)))
    if chance.random() < 0.15 * much:
        marks.append("moving")
        light = _moved(light, int(chance.integers(3, 7)) * (2 if hard else 1), chance.random() < 0.5)
    bright = float(chance.choice([1.0, 0.55, 0.3, 0.12], p=[0.62, 0.2, 0.12, 0.06]))
    if hard:
        bright *= 0.5
    if bright < 0.5:
        marks.append("dim")
    elif chance.random() < 0.12:
        marks.append("burnt out")
        bright = 1.25
    return np.clip(light * np.float32(bright), 0, 255)


def _blurred(light: Light, how: ImageFilter.Filter) -> Light:
    return np.asarray(Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).filter(how), np.float32)


def _moved(light: Light, pixels: int, along: bool) -> Light:
    return np.mean([np.roll(light, shift, axis=int(along)) for shift in range(pixels)], axis=0, dtype=np.float32)
