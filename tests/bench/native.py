"""The few lines of C that a benchmark puts under or around the daemon."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def library(name: str, folder: Path, source: Path = HERE) -> Path:
    """`name`.c of the folder `source` as a shared library in `folder`, made when it is not there."""
    made = folder / f"{name}.so"
    if not made.exists():
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", made, source / f"{name}.c", "-ldl"], check=True)
    return made


def slow_disk(folder: Path, milliseconds: float) -> dict[str, str]:
    """An environment in which each sync takes so much longer, as on a memory card."""
    if not milliseconds:
        return dict(os.environ)
    shim = str(library("slowsync", folder))
    return {**os.environ, "LD_PRELOAD": shim, "SLOWSYNC_US": str(int(milliseconds * 1000))}
