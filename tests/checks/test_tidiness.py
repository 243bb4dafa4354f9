"""What may lie in this repository, and what no committed file may name."""

from __future__ import annotations

import re

from tests.checks.repository import REPO, files, text_of

ROOMS = {"daemon", "systemd", "provisioning", "web", "tests"}
PAPERS = {"pyproject.toml", "README.md", "Makefile", "CHANGELOG.md", "LICENSE"}

REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|piwheels\.org|npmjs\.(?:org|com)|npmmirror\.com|registry\.(?:yarnpkg|npm)"
    r"|(?:deb|security|archive)\.debian\.org|raspberrypi\.(?:org|com)/debian|tuna\.tsinghua|mirrors\.[a-z0-9-]+\.[a-z]+",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w./{}\"'-])/(?:work|root|home/\w+|Users/\w+)/[\w.-]")


def mentions(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in files():
        for number, line in enumerate(text_of(path).splitlines(), 1):
            found += [f"{path}:{number}: {match[0]}" for match in pattern.finditer(line)]
    return found


def test_the_top_of_the_tree_holds_its_rooms_and_papers_only() -> None:
    tops = {path.parts[0] for path in files()}
    strange = {name for name in tops - ROOMS - PAPERS if not name.startswith(".")}
    assert not strange


def test_no_file_names_a_package_registry() -> None:
    assert not mentions(REGISTRIES)


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    assert not mentions(MACHINE_PATHS)


def test_scripts_that_are_run_may_be_run() -> None:
    runnable = [path for path in files() if text_of(path).startswith("#!") and path.parts[0] != "tests"]
    assert runnable
    assert [path for path in runnable if not (REPO / path).stat().st_mode & 0o100] == []
