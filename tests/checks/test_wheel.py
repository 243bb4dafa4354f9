"""The wheel is the whole shop: a box needs no node, no compiler and no source tree."""

from __future__ import annotations

import subprocess
import sys
from zipfile import ZipFile

import pytest

from tests.checks.repository import REPO, files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    told = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:
        return set(packed.namelist())


def test_it_carries_every_module_and_every_page(names: set[str]) -> None:
    code = {str(path.relative_to("daemon")) for path in files() if path.parts[:2] == ("daemon", "tihuo")}
    pages = [path for path in files() if path.parts[0] == "web" and len(path.parts) > 2 and path.suffix != ".po"]
    assert code | {f"tihuo/{path}" for path in pages} <= names


def test_it_carries_what_was_fetched_and_its_licences(names: set[str]) -> None:
    vendor = "tihuo/web/vendor/"
    assert {vendor + each for each in ("htmx.js", "icons.svg", "NOTICE.txt")} <= names


def test_it_speaks_every_language(names: set[str]) -> None:
    translations = [path for path in files() if path.suffix == ".po"]
    if not translations:
        pytest.skip("there are no translations yet")
    assert {f"tihuo/{path.with_suffix('.mo')}" for path in translations} <= names


def test_it_leaves_the_kitchen_at_home(names: set[str]) -> None:
    kitchen = ("node_modules", "package.json", "build.py", "__pycache__", ".po", "tests/", "provisioning/")
    assert [name for name in names if any(part in name for part in kitchen)] == []
    assert [name for name in names if not name.startswith(("tihuo/", "tihuo-"))] == []
