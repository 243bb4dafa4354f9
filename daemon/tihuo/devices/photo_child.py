"""Reads the codes in one photograph: run as a module with the picture on its standard input, it prints JSON.

A picture from a phone may unpack to gigabytes, or trip a decoder that is native code. Here that takes nothing of the
daemon with it, and the libraries that it needs are gone from memory when it ends. The picture is written nowhere.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any

import numpy as np
from PIL import Image

from tihuo.devices.decoding import look_hard

MEMORY_BYTES = 512 << 20
CPU_SECONDS = 20
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
"""More than phones make, and less than a picture made to burst a box. A JPEG is unpacked small in the first place."""
LARGEST_SIDE = 2400
"""In pixels: a bar code over a third of such a picture has eight of them to a module."""


def codes_in(picture: bytes) -> dict[str, Any]:
    """{"codes": [[text, symbology], …]} or {"error": code}."""
    try:
        image = Image.open(io.BytesIO(picture), formats=tuple(MOST_PIXELS))
        if image.width * image.height > MOST_PIXELS.get(image.format or "", MOST_PIXELS["JPEG"]):
            return {"error": "picture_too_large"}
        image.draft("L", (LARGEST_SIDE, LARGEST_SIDE))
        grey = image.convert("L")
        grey.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    except (MemoryError, Image.DecompressionBombError):
        return {"error": "picture_too_large"}
    except Exception:  # noqa: BLE001  a damaged picture fails in as many ways as there are decoders
        return {"error": "picture_unreadable"}
    return {"codes": [[read.text, read.symbology] for read in look_hard(np.asarray(grey))]}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(codes_in(sys.stdin.buffer.read())))
