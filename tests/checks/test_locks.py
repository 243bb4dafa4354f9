"""What is installed is what was looked at: every package has its hashes, and no lock says where to fetch from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.checks.repository import REPO

LOCKS = sorted((REPO / "daemon").glob("requirements*.lock"))
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())


def entries(lock: Path) -> dict[str, list[str]]:
    """Each pinned requirement of a lock with its hashes."""
    logical = lock.read_text().replace("\\\n", " ").splitlines()
    lines = [line.split() for line in logical if line.strip() and not line.startswith("#")]
    return {
        " ".join(word for word in line if not word.startswith("--hash=")): [w for w in line if w.startswith("--hash=")]
        for line in lines
    }


def pins(lock: Path) -> set[str]:
    return {str(Requirement(entry)) for entry in entries(lock)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_and_hashed(lock: Path) -> None:
    for entry, hashes in entries(lock).items():
        assert re.match(r"[A-Za-z0-9._-]+==[^\s;]+( ; .*)?$", entry), f"not a pin: {entry}"
        assert hashes, f"no hash: {entry}"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_says_where_to_fetch_from(lock: Path) -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", lock.read_text())


@pytest.mark.parametrize(("smaller", "larger"), [("", "-demo"), ("-demo", "-dev")])
def test_what_is_tested_is_what_is_shipped(smaller: str, larger: str) -> None:
    missing = pins(REPO / f"daemon/requirements{smaller}.lock") - pins(REPO / f"daemon/requirements{larger}.lock")
    assert not missing, "run `make lock`"


def test_the_lock_answers_what_the_project_asks_for() -> None:
    locked: dict[str, list[Requirement]] = {}
    for entry in entries(REPO / "daemon/requirements.lock"):
        pin = Requirement(entry)
        locked.setdefault(canonicalize_name(pin.name), []).append(pin)
    for line in PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["pi"]:
        wanted = Requirement(line)
        found = locked.get(canonicalize_name(wanted.name), [])
        assert found, f"{line} is not locked: run `make lock`"
        for pin in found:
            version = str(pin.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{line} is locked as {version}: run `make lock`"


def test_the_web_lock_has_hashes_and_no_address() -> None:
    lock = json.loads((REPO / "web/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_the_web_lock_is_for_the_scripts_that_we_ask_for() -> None:
    asked = json.loads((REPO / "web/package.json").read_text())
    locked = json.loads((REPO / "web/package-lock.json").read_text())["packages"]
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version
