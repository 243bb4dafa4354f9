"""What the papers point at is there: links, headings, tests, modules, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.repository import REPO, files, text_of
from tihuo.settings import Settings

LINK = re.compile(r"\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(
    r"(?<![\w./-])[a-z][\w.-]*/(?:[\w.-]+/)*[a-z0-9_.-]+\.(?:conf|css|c|html|js|json|po|py|service|sql|timer)\b"
)
MODULE = re.compile(r"(?:tihuo\.)?(?:api|boards|cli|cloud|devices|ledger|reactions|shop|stages|tables|wiring)\.[a-z_]+")
ROOTS = ("", "daemon", "daemon/tihuo", "web/templates")
"""A page names a file from the top of the tree, or from where its reader stands anyway."""


def papers() -> tuple[Path, ...]:
    return tuple(path for path in files() if path.suffix == ".md")


def anchors(text: str) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def targets(paper: Path) -> Iterator[tuple[str, bool]]:
    """Every link of a page that stays in the repository, and whether it leads somewhere."""
    for link in LINK.findall(text_of(paper)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        place = (REPO / paper).parent / name if name else REPO / paper
        yield link, place.exists() and (not heading or heading in anchors(place.read_text("utf-8")))


def is_there(name: str, beside: Path) -> bool:
    return any((root / name).exists() for root in (beside, *(REPO / root for root in ROOTS)))


def strange_files(paper: Path) -> Iterator[str]:
    """Files that a page names in code and that are nowhere; of several tests in a row only the first has its folder."""
    known = {path.name for path in files()}
    for span in SPAN.findall(text_of(paper)):
        yield from (name for name in FILE.findall(span) if not is_there(name, (REPO / paper).parent))
        if re.fullmatch(r"test_\w+\.py", span) and span not in known:
            yield span


def is_module(name: str) -> bool:
    path = REPO / "daemon/tihuo" / name.removeprefix("tihuo.").replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def is_setting(name: str) -> bool:
    table, _, field = name.partition(".")
    return hasattr(getattr(Settings(), table, None), field)


@pytest.mark.parametrize("paper", papers(), ids=str)
def test_every_link_of_a_page_leads_somewhere(paper: Path) -> None:
    assert [link for link, leads in targets(paper) if not leads] == []


@pytest.mark.parametrize("paper", papers(), ids=str)
def test_every_file_that_a_page_names_is_there(paper: Path) -> None:
    assert list(strange_files(paper)) == []


@pytest.mark.parametrize("paper", papers(), ids=str)
def test_every_module_that_a_page_names_is_there(paper: Path) -> None:
    named = {match[0] for span in SPAN.findall(text_of(paper)) if (match := MODULE.match(span))}
    assert sorted(name for name in named if not is_setting(name) and not is_module(name)) == []


def test_every_page_of_a_rule_is_on_the_map() -> None:
    map_ = text_of(Path("daemon/README.md"))
    assert [path.name for path in papers() if path.parent.name == "docs" and f"docs/{path.name}" not in map_] == []


def test_the_readme_names_every_table_of_the_settings() -> None:
    readme = text_of(Path("README.md"))
    tables = [name for name, field in Settings.model_fields.items() if not _is_plain(field.annotation)]
    assert "cameras" in tables
    assert [name for name in tables if f"[{name}" not in readme] == []


def _is_plain(kind: object) -> bool:
    return kind in (str, int, bool, Path) or str(kind).startswith(("tuple[str", "tuple[tihuo.shop", "typing.Literal"))
