"""拍照扫码: codes in photographs from phones, and pictures that were made to hurt."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.devices import codes
from tihuo.devices.photograph import MOST_BYTES, codes_in_photo
from tihuo.devices.watching import Read
from tihuo.shop.words import Refusal

RICE = "6901234567892"
SLOT = "TH:SLOT:A03"


def photo(*pictures: bytes, size: tuple[int, int] = (4000, 3000), turn: float = 0, kind: str = "JPEG") -> bytes:
    """Codes lying on a table, as a phone of 12 megapixels sees them."""
    table = Image.new("RGB", size, (196, 178, 150))
    for number, picture in enumerate(pictures):
        code = Image.open(io.BytesIO(picture)).convert("RGB")
        code = code.resize((code.width * 3, code.height * 3)).filter(ImageFilter.GaussianBlur(2))
        code = code.rotate(turn, expand=True, fillcolor=(196, 178, 150))
        table.paste(code, (300 + number % 2 * 1800, 200 + number // 2 * 1400))
    taken = io.BytesIO()
    table.save(taken, kind, quality=85)
    return taken.getvalue()


def refusal(picture: bytes) -> str:
    with pytest.raises(Refusal) as refused:
        codes_in_photo(picture)
    return refused.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_bar_code_in_a_photograph_is_read(kind: str) -> None:
    assert codes_in_photo(photo(codes.ean13(RICE), kind=kind)) == [Read(RICE, "ean13")]


@pytest.mark.parametrize("turn", [0, 12, 90, 180, 270])
def test_it_may_lie_in_any_direction(turn: float) -> None:
    assert codes_in_photo(photo(codes.code128(SLOT), turn=turn)) == [Read(SLOT, "code128")]


def test_several_codes_are_all_told() -> None:
    found = codes_in_photo(photo(codes.ean13(RICE), codes.qr("TH1:S01:7:CP6C7T5YCSWVB7GL"), codes.code128(SLOT)))
    assert {read.text for read in found} == {RICE, "TH1:S01:7:CP6C7T5YCSWVB7GL", SLOT}


def test_nothing_on_the_table_is_no_trouble() -> None:
    assert codes_in_photo(photo()) == []


def test_what_an_apple_phone_keeps_is_named() -> None:
    assert refusal(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(2000)) == "picture_heic"


def test_other_files_are_no_pictures() -> None:
    for file in (b"", b"GIF89a" + bytes(100), b"%PDF-1.7", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 "):
        assert refusal(file) == "picture_unreadable"
    assert refusal(photo(codes.ean13(RICE))[:9000]) == "picture_unreadable"


def test_a_file_that_is_too_large_is_not_even_opened() -> None:
    assert refusal(b"\xff\xd8\xff" + bytes(MOST_BYTES)) == "picture_too_large"


@pytest.mark.parametrize("side", [5_000, 60_000])
def test_a_picture_that_bursts_when_it_is_unpacked_is_refused(side: int) -> None:
    """A white square of so many pixels is a file of a few kilobytes."""
    row = zlib.compress(bytes(side // 8 + 1) * min(side, 2000), 9)

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", row) + chunk(b"IEND", b"")
    assert len(bomb) < 100_000
    assert refusal(bomb) == "picture_too_large"


def test_the_daemon_itself_never_loads_a_decoder() -> None:
    """It would keep a hundred megabytes for the rest of the evening."""
    script = (
        "import sys; from tihuo.devices.photograph import codes_in_photo; "
        "found = codes_in_photo(sys.stdin.buffer.read()); "
        "print(len(found), *sorted({'PIL', 'numpy', 'zxingcpp', 'pyzbar'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=photo(codes.ean13(RICE)), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"1"], done.stdout


def test_nothing_of_a_picture_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    codes_in_photo(photo(codes.ean13(RICE)))
    assert list(tmp_path.rglob("*")) == []
