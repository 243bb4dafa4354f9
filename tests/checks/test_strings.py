"""Every word that a page says exists in both languages, and says the same thing in each."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po

from tests.checks.repository import REPO, files

TRANSLATIONS = [path for path in files() if path.suffix == ".po"]

if not TRANSLATIONS:
    pytest.skip("there are no translations yet", allow_module_level=True)


def used() -> dict[str, str]:
    """Each English sentence of a template or module, and where it stands."""
    found = {}
    for path in files():
        if path.parts[:2] == ("web", "templates"):
            method = "jinja2.ext:babel_extract"
        elif path.parts[:2] == ("daemon", "tihuo") and path.suffix == ".py":
            method = "python"
        else:
            continue
        options = {"silent": "false"} if method != "python" else {}
        for line, message, _, _ in extract_from_file(method, REPO / path, DEFAULT_KEYWORDS, (), options):
            sentence = message[0] if isinstance(message, tuple) else message
            if sentence:
                found[sentence] = f"{path}:{line}"
    return found


def catalog_of(translation: Path) -> Catalog:
    with (REPO / translation).open("rb") as po:
        return read_po(po, locale=translation.stem, abort_invalid=True)


@pytest.mark.parametrize("translation", TRANSLATIONS, ids=str)
def test_every_sentence_is_translated(translation: Path) -> None:
    catalog = catalog_of(translation)
    untranslated = {
        sentence: where
        for sentence, where in used().items()
        if (entry := catalog.get(sentence)) is None or entry.fuzzy or not (entry.string and all(entry.string))
    }
    assert not untranslated


@pytest.mark.parametrize("translation", TRANSLATIONS, ids=str)
def test_a_translation_has_the_same_gaps_to_fill(translation: Path) -> None:
    assert [(message.id, wrong) for message, wrong in catalog_of(translation).check()] == []
