"""The two languages of every page, from one catalogue: English is the key, Chinese is what is shown first."""

from __future__ import annotations

import gettext
import importlib.util
import os
from pathlib import Path

from tihuo.webroot import WEB

LANGUAGES = ("zh", "en")
_CATALOG = WEB / "translations" / "zh_CN"


def N_(message: str) -> str:  # noqa: N802  the name by which gettext tools know it
    """Marks a text for translation where it is only kept; it is translated where it is shown."""
    return message


def translations(language: str) -> gettext.NullTranslations:
    """What turns our English into a language. Raises `FileNotFoundError` when the Chinese catalogue was never built."""
    if language == "en":
        return gettext.NullTranslations()
    compiled = _CATALOG.with_suffix(".mo")
    _bring_up_to_date(compiled)
    with compiled.open("rb") as file:
        return gettext.GNUTranslations(file)


def _bring_up_to_date(compiled: Path) -> None:
    """In a checkout the catalogue is compiled when its source is newer; an installed one has no source beside it."""
    source = compiled.with_suffix(".po")
    if not source.is_file() or (compiled.is_file() and compiled.stat().st_mtime >= source.stat().st_mtime):
        return
    if importlib.util.find_spec("babel") is None:
        return
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    part = compiled.with_suffix(f".{os.getpid()}.mo")
    with source.open("rb") as po, part.open("wb") as mo:
        write_mo(mo, read_po(po, locale=source.stem))
    part.replace(compiled)
