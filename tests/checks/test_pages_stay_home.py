"""A page in the shop works without the internet and tells nobody who looks at it: nothing is fetched from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.checks.repository import REPO, files, text_of

PAGES = [path for path in files() if path.parts[0] == "web" and path.suffix in {".html", ".css", ".js", ".svg", ".xml"}]
NAMESPACES = re.compile(r"https?://www\.w3\.org/(?:2000/svg|1999/xlink|1999/xhtml|1998/Math/MathML|XML/1998/namespace)")
ELSEWHERE = re.compile(r"(?:\b(?:https?|wss?):)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|\son[a-z]+=\"|javascript:|\bstyle=\"")

if not PAGES:
    pytest.skip("there are no pages yet", allow_module_level=True)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_nothing_comes_from_elsewhere(page: Path) -> None:
    assert not ELSEWHERE.findall(NAMESPACES.sub("", text_of(page)))


@pytest.mark.parametrize("page", [page for page in PAGES if page.suffix == ".html"], ids=str)
def test_pages_keep_to_the_content_security_policy(page: Path) -> None:
    assert not INLINE.findall(text_of(page)), "no inline script, style or handler"


def test_every_script_that_is_fetched_is_used() -> None:
    fetched = json.loads((REPO / "web/package.json").read_text())["vendor"]
    assert [name for name in fetched if not any(f"vendor/{name}" in text_of(page) for page in PAGES)] == []


def test_every_icon_that_a_page_uses_is_fetched() -> None:
    fetched = set(json.loads((REPO / "web/package.json").read_text())["icons"])
    uses = re.compile(r"(?:icons\.svg#|\bicon\(\"|\bempty\(\"|icon_name=\")([a-z0-9-]+)")
    used = {name for page in PAGES for name in uses.findall(text_of(page))}
    assert used
    assert used <= fetched, "name them in web/package.json"
