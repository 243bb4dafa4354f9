"""留证: photographs from phones become small, upright and silent about where they were taken."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from tihuo.devices.snapshot import MOST_BYTES, small_photo
from tihuo.devices.snapshot_child import FITS
from tihuo.shop.counts import PHOTO_BYTES
from tihuo.shop.words import Refusal


def photo(kind: str = "JPEG", size: tuple[int, int] = (4000, 3000), **how: object) -> bytes:
    """Something that is hard to make small."""
    taken = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(taken, kind, **how)
    return taken.getvalue()


def refusal(picture: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        small_photo(picture)
    return refused.value.code


def test_it_fits_where_it_is_kept() -> None:
    assert FITS == PHOTO_BYTES


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_made_small(kind: str) -> None:
    small = small_photo(photo(kind, (1600, 1200)))
    image = Image.open(io.BytesIO(small))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert len(small) <= PHOTO_BYTES
    assert max(image.size) >= 300


def test_a_plain_picture_keeps_its_detail() -> None:
    taken = io.BytesIO()
    Image.linear_gradient("L").resize((2000, 1500)).convert("RGB").save(taken, "JPEG")
    assert max(Image.open(io.BytesIO(small_photo(taken.getvalue()))).size) == 1024


def test_it_stands_upright_and_says_nothing_of_the_phone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the phone lay on its side
    exif[0x010F] = "A maker of phones"
    exif.get_ifd(0x8825)[1] = "N"
    image = Image.open(io.BytesIO(small_photo(photo(size=(800, 400), exif=exif, comment=b"at home"))))
    assert image.size[0] < image.size[1]
    assert not image.getexif()
    assert "icc_profile" not in image.info
    assert "comment" not in image.info


@pytest.mark.parametrize("picture", [b"", b"no picture", b"\xff\xd8\xff" + b"x" * 500, b"GIF89a" + b"\0" * 40])
def test_what_is_no_picture_is_refused(picture: bytes) -> None:
    assert refusal(picture) == "picture_unreadable"


def test_what_would_burst_the_box_is_refused() -> None:
    assert refusal(b"\xff" * (MOST_BYTES + 1)) == "picture_too_large"

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    assert refusal(bomb) == "picture_too_large"
