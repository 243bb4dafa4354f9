"""Pictures as ESC/POS bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from tihuo.devices import raster
from tihuo.devices.simulated.paper_path import PaperPath


def printed(pieces: list[bytes], width_dots: int = 576) -> Image.Image:
    path = PaperPath(width_dots)
    path.feed(raster.INITIALISE + b"".join(pieces) + raster.CUT)
    assert path.unknown_bytes == 0
    (paper,) = path.papers
    return paper.image()


def test_fragments_are_short_and_say_their_own_size() -> None:
    pieces = list(raster.fragments(Image.new("1", (480, 320), 0)))
    assert [len(piece) for piece in pieces] == [8 + 60 * 128, 8 + 60 * 128, 8 + 60 * 64]
    assert pieces[0][:8] == b"\x1dv0\x00" + bytes((60, 0, 128, 0))
    assert pieces[2][:8] == b"\x1dv0\x00" + bytes((60, 0, 64, 0))
    assert pieces[0][8:] == b"\xff" * (60 * 128)


@given(st.integers(1, 576), st.integers(1, 300), st.integers())
def test_any_picture_comes_back_as_it_was(width: int, height: int, seed: int) -> None:
    dots = bytes(random.Random(seed).choices(b"\x00\xff\x18\x3c\xe7", k=(width + 7) // 8 * height))
    picture = Image.frombytes("1", (width, height), dots)
    paper = printed(list(raster.fragments(picture)))
    expected = Image.new("1", paper.size, 1)
    expected.paste(picture)
    assert paper.height == height
    assert ImageChops.logical_xor(paper, expected).getbbox() is None


@pytest.mark.parametrize("command", [b"\x10\x04\x01", b"\x10\x05\x02", b"\x10\x14\x01", b"\x10\x14\x08"])
def test_a_picture_never_gives_the_printer_a_command(command: bytes) -> None:
    """Such dots would be obeyed in the middle of the picture: a drawer would open, a buffer be emptied."""
    dots = bytes(255 - byte for byte in command)
    picture = Image.frombytes("1", (24, 1), dots)
    (piece,) = raster.fragments(picture)
    assert command not in piece
    assert piece[8:] == b"\x18" + command[1:]


def test_a_grey_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="1-bit"):
        list(raster.fragments(Image.new("L", (8, 8), 0)))
