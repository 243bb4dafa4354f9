"""A picture as ESC/POS bytes: `GS v 0` in short fragments, which even printers with a small buffer can follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

INITIALISE = b"\x1b@"
CUT = b"\x1dV\x42\x00"
FRAGMENT_LINES = 128

_INVERTED = bytes(255 - value for value in range(256))
# A printer obeys DLE EOT, DLE ENQ and DLE DC4 even in the middle of a picture: such a pattern of single dots would
# ask for status, open the drawer or empty the buffer. One more black dot beside the first keeps it a picture.
_COMMAND_IN_PICTURE = re.compile(rb"\x10(?=\x04[\x01-\x08]|\x05[\x00-\x02]|\x14[\x01-\x08])")
_ONE_DOT_MORE = b"\x18"


def fragments(image: Image, lines: int = FRAGMENT_LINES) -> Iterator[bytes]:
    """Encode a mode "1" image (0 is black) from the top, `lines` rows to a command; any width, left aligned."""
    if image.mode != "1":
        raise ValueError(f"paper takes 1-bit images, not {image.mode}")
    row_bytes = (image.width + 7) // 8
    picture = _black_is_one(image, row_bytes)
    for top in range(0, image.height, lines):
        height = min(lines, image.height - top)
        header = b"\x1dv0\x00" + row_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
        yield header + picture[top * row_bytes : (top + height) * row_bytes]


def _black_is_one(image: Image, row_bytes: int) -> bytes:
    dots = image.tobytes().translate(_INVERTED)
    if spare := row_bytes * 8 - image.width:
        padded = bytearray(dots)
        mask = 0xFF << spare & 0xFF  # the padding of a row is white paper, too
        padded[row_bytes - 1 :: row_bytes] = bytes(byte & mask for byte in padded[row_bytes - 1 :: row_bytes])
        dots = bytes(padded)
    return _COMMAND_IN_PICTURE.sub(_ONE_DOT_MORE, dots)
