"""A box has what the daemon imports: the standard library, the locked packages, and what only a Pi brings by apt."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.checks.repository import REPO
from tests.checks.test_locks import entries

FROM_APT = {"libcamera", "lgpio", "picamera2", "spidev"}
IN_A_CHECKOUT = {"babel"}  # compiles a translation that was just edited; a wheel brings it compiled
MODULES = sorted((REPO / "daemon/tihuo").rglob("*.py"))


def imported(module: Path) -> set[str]:
    """The top names of everything that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"tihuo"}


@pytest.mark.parametrize("room", sorted({module.relative_to(REPO / "daemon/tihuo").parts[0] for module in MODULES}))
def test_a_box_has_what_this_room_imports(room: str) -> None:
    locked = {canonicalize_name(Requirement(entry).name) for entry in entries(REPO / "daemon/requirements.lock")}
    providers = packages_distributions()
    for module in MODULES:
        if module.relative_to(REPO / "daemon/tihuo").parts[0] != room:
            continue
        for name in imported(module) - FROM_APT - IN_A_CHECKOUT:
            brought_by = {canonicalize_name(each) for each in providers.get(name, [])}
            assert brought_by & locked, f"{module.name} imports {name}, which pyproject.toml does not ask for"
