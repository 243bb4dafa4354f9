"""Makes one photograph small: run as a module with the picture on its standard input, it writes a JPEG.

In a process of its own, because a picture may unpack to gigabytes. Exit status 2: too large; 1: no picture.
"""

from __future__ import annotations

import io
import resource
import sys

from PIL import Image, ImageOps

MEMORY_BYTES = 512 << 20
CPU_SECONDS = 20
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
SIDES, QUALITIES = (1024, 800, 640, 480, 320, 160), (75, 60, 45, 30)
"""What is tried, the best first, until it fits."""
FITS = 60_000


def shrink(picture: bytes) -> bytes:
    """The picture as a JPEG of at most `FITS` bytes. Raises `MemoryError` for one that is too large."""
    image: Image.Image = Image.open(io.BytesIO(picture), formats=tuple(MOST_PIXELS))
    if image.width * image.height > MOST_PIXELS.get(image.format or "", 0):
        raise MemoryError
    image.draft("RGB", (2 * SIDES[0], 2 * SIDES[0]))
    image = ImageOps.exif_transpose(image).convert("RGB")
    for side in SIDES:
        image.thumbnail((side, side))
        for quality in QUALITIES:
            small = io.BytesIO()
            Image.frombytes("RGB", image.size, image.tobytes()).save(small, "JPEG", quality=quality, optimize=True)
            if small.tell() <= FITS:
                return small.getvalue()
    raise MemoryError


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sys.stdout.buffer.write(shrink(sys.stdin.buffer.read()))
    except (MemoryError, Image.DecompressionBombError):
        sys.exit(2)
