"""Everything that a box installs may be given away under our MIT licence; nothing copyleft rides along unasked."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from packaging.requirements import Requirement

from tests.checks.repository import REPO
from tests.checks.test_locks import entries

FINE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU"}
FINE |= {"OFL-1.1", "PSF-2.0", "Unlicense", "Zlib"}
FINE_CLASSIFIERS = {
    "Apache Software License",
    "BSD License",
    "ISC License (ISCL)",
    "MIT License",
    "SIL Open Font License 1.1 (OFL-1.1)",
    "The Unlicense (Unlicense)",
}
FINE_BY_HAND = {"BSD-3-Clause"}  # the old free-text field, where that is all a package says


def shipped() -> list[str]:
    requirements = (Requirement(entry) for entry in entries(REPO / "daemon/requirements.lock"))
    return sorted({each.name for each in requirements if each.marker is None or each.marker.evaluate()})


def is_fine(expression: str) -> bool:
    """SPDX, as far as packages use it: every part of an AND, one part of an OR."""
    return any(
        all(part.strip(" ()") in FINE for part in re.split(r"\bAND\b", choice))
        for choice in re.split(r"\bOR\b", expression)
    )


@pytest.mark.parametrize("name", shipped())
def test_a_package_that_ships_may_be_given_away(name: str) -> None:
    try:
        about = metadata(name)
    except PackageNotFoundError:
        pytest.skip(f"{name} is locked but not installed here")
    if "License-Expression" in about:
        assert is_fine(about["License-Expression"]), about["License-Expression"]
        return
    classifiers = {line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License ::")}
    assert classifiers & FINE_CLASSIFIERS or ("License" in about and about["License"] in FINE_BY_HAND)
    assert not [each for each in classifiers if "GPL" in each or "General Public" in each]


def test_the_scripts_that_ship_may_be_given_away() -> None:
    names = {"BSD-0-Clause": "0BSD"}
    asked = json.loads((REPO / "web/package.json").read_text())["dependencies"]
    locked = json.loads((REPO / "web/package-lock.json").read_text())["packages"]
    for name in asked:
        licence = locked[f"node_modules/{name}"]["license"]
        assert is_fine(names.get(licence, licence)), f"{name}: {licence}"
