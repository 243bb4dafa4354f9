"""留证: a photograph that goes with a correction, made small enough to keep, with nothing in it but the picture."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import tihuo
from tihuo.shop.words import Refusal

MOST_BYTES = 8 << 20
SECONDS = 20
_one_at_a_time = threading.Lock()
"""To unpack a picture takes more memory than the daemon."""


def small_photo(picture: bytes) -> bytes:
    """A JPEG, PNG or WebP of at most `MOST_BYTES`, upright, in 60 KB at most, without place, time or phone (EXIF).

    Raises `Refusal`: `picture_too_large`, `picture_unreadable`, `picture_busy`.
    """
    if len(picture) > MOST_BYTES:
        raise Refusal("picture_too_large")
    if not _one_at_a_time.acquire(timeout=SECONDS):
        raise Refusal("picture_busy")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tihuo.devices.snapshot_child"],
            input=picture,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(tihuo.__file__).parents[1])},
        )
    except subprocess.TimeoutExpired as trouble:
        raise Refusal("picture_too_large") from trouble
    finally:
        _one_at_a_time.release()
    if done.returncode < 0 or done.returncode == 2:  # killed at its limit, or it said so
        raise Refusal("picture_too_large")
    if done.returncode or not done.stdout:
        raise Refusal("picture_unreadable")
    return done.stdout
