"""拍照扫码: the codes in a photograph that a phone took. Nothing of it is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import tihuo
from tihuo.devices.watching import Read
from tihuo.shop.words import Refusal

MOST_BYTES = 8 << 20
SECONDS = 20
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_one_at_a_time = threading.Lock()
"""A decoder takes as much memory as the daemon itself."""


def codes_in_photo(picture: bytes) -> list[Read]:
    """Every code in a JPEG, PNG or WebP of at most `MOST_BYTES`, each text once; an empty list if there is none.

    Raises `Refusal`: `picture_heic`, `picture_too_large`, `picture_unreadable`, `picture_busy`.
    """
    if len(picture) > MOST_BYTES:
        raise Refusal("picture_too_large")
    if picture[4:8] == b"ftyp" and picture[8:12] in _HEIC:
        raise Refusal("picture_heic")
    if not picture.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) and picture[8:12] != b"WEBP":
        raise Refusal("picture_unreadable")
    if not _one_at_a_time.acquire(timeout=SECONDS):
        raise Refusal("picture_busy")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tihuo.devices.photo_child"],
            input=picture,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as trouble:
        raise Refusal("picture_too_large") from trouble
    finally:
        _one_at_a_time.release()
    if done.returncode:  # killed at its limit of memory or time, or tripped by the picture
        raise Refusal("picture_too_large" if done.returncode < 0 else "picture_unreadable")
    found = json.loads(done.stdout)
    if "error" in found:
        raise Refusal(found["error"])
    return [Read(text, symbology) for text, symbology in found["codes"]]


def _environment() -> dict[str, str]:
    paths = [str(Path(tihuo.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    # a thread of its own for every core would reserve more address space than the child may have
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
