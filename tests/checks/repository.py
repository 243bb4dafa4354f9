"""The files of this repository as a clone would have them, for the checks beside this file."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked, or would be by `git add .`, as a path inside the repository; skips without git."""
    listing = ["git", "-C", str(REPO), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        told = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git work tree, so nothing says which files are ours")
    return tuple(path for name in sorted(set(told.split("\0")) - {""}) if (REPO / (path := Path(name))).is_file())


def text_of(path: Path) -> str:
    """What a file says; empty for one that is no UTF-8 text."""
    try:
        return (REPO / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
