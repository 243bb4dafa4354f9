"""A bundle holds what its kind of box needs, whatever kind of computer makes it."""

from __future__ import annotations

import re

import pytest

from provisioning.bundle import LOCK, Target, lines_for

LOCK_WITH_MARKERS = r"""
lgpio==0.2.2.0 ; python_full_version < '3.13' and platform_machine == 'aarch64' \
    --hash=sha256:aa \
    --hash=sha256:bb
numpy==2.4.6 ; python_full_version < '3.12' \
    --hash=sha256:cc
numpy==2.5.5 ; python_full_version >= '3.12' \
    --hash=sha256:dd
colorama==0.4.6 ; sys_platform == 'win32' \
    --hash=sha256:ee
rich==15.0.0 \
    --hash=sha256:ff
"""


@pytest.mark.parametrize(
    ("machine", "python", "wanted"),
    [
        ("aarch64", "3.11.2", ["lgpio==0.2.2.0 --hash=sha256:aa --hash=sha256:bb", "numpy==2.4.6", "rich==15.0.0"]),
        ("aarch64", "3.13.5", ["numpy==2.5.5 --hash=sha256:dd", "rich==15.0.0"]),
        ("x86_64", "3.11.2", ["numpy==2.4.6 --hash=sha256:cc", "rich==15.0.0 --hash=sha256:ff"]),
    ],
)
def test_each_kind_of_box_gets_its_own_lines(machine: str, python: str, wanted: list[str]) -> None:
    lines = list(lines_for(Target(machine, python), LOCK_WITH_MARKERS))
    assert len(lines) == len(wanted)
    for line, start in zip(lines, wanted, strict=True):
        assert line.startswith(start)
        assert line.endswith("\n")


@pytest.mark.parametrize("python", ["3.11.2", "3.13.5"])
@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_the_real_lock_names_everything_once_with_hashes(machine: str, python: str) -> None:
    lines = list(lines_for(Target(machine, python), LOCK.read_text()))
    names = [re.match(r"([\w.-]+)==\S+ --hash=sha256:\w{64}", line) for line in lines]
    assert all(names)
    assert len({name[1] for name in names if name}) == len(lines) > 40
