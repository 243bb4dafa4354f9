"""Words, money and moments in both languages, and a catalogue that is never older than its source."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.api.desk import Desk, desk
from tests.little_shop import EVENING, HOUR
from tihuo.api import languages
from tihuo.api.languages import translations
from tihuo.api.moments import Moments, money
from tihuo.api.pages import Pages
from tihuo.shop.words import Millis

__all__ = ["desk"]
DAY = 24 * HOUR


def moments(language: str) -> Moments:
    """It is four in the afternoon of 15 January 2027 in Shanghai."""
    return Moments("Asia/Shanghai", lambda: Millis(EVENING), translations(language).gettext)


@pytest.mark.parametrize(
    ("fen", "written"), [(0, "¥0.00"), (5, "¥0.05"), (1290, "¥12.90"), (-1290, "-¥12.90"), (123456789, "¥1,234,567.89")]
)
def test_money_is_yuan_with_two_places(fen: int, written: str) -> None:
    assert money(fen) == written


@pytest.mark.parametrize(
    ("ahead", "chinese", "english"),
    [
        (0, "16:00", "16:00"),
        (8 * HOUR - 1, "23:59", "23:59"),
        (8 * HOUR, "明天 00:00", "Tomorrow 00:00"),
        (-DAY, "昨天 16:00", "Yesterday 16:00"),
        (5 * DAY, "1月20日 16:00", "20 January 16:00"),
        (-400 * DAY, "2025年12月11日 16:00", "11 December 2025 16:00"),
    ],
)
def test_a_moment_names_its_day_if_that_is_not_today(ahead: int, chinese: str, english: str) -> None:
    assert moments("zh").moment(EVENING + ahead) == chinese
    assert moments("en").moment(EVENING + ahead) == english


def test_a_window_names_its_days_once() -> None:
    assert moments("zh").window((EVENING + HOUR, EVENING + 4 * HOUR)) == "17:00–20:00"
    assert moments("zh").window((EVENING + DAY, EVENING + DAY + HOUR)) == "明天 16:00–17:00"
    assert moments("en").window((EVENING, EVENING + DAY)) == "16:00 – Tomorrow 16:00"


def test_the_shops_own_time_zone_counts() -> None:
    elsewhere = Moments("Europe/Berlin", lambda: Millis(EVENING), translations("en").gettext)
    assert elsewhere.clock(EVENING) == "09:00"
    assert elsewhere.iso(EVENING) == "2027-01-15T09:00:00+01:00"


def test_the_catalogue_is_compiled_when_its_source_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_CATALOG", tmp_path / "zh_CN")
    source, compiled = tmp_path / "zh_CN.po", tmp_path / "zh_CN.mo"
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'

    source.write_text(f'{head}msgid "Slot"\nmsgstr "货位"\n')
    assert translations("zh").gettext("Slot") == "货位"
    source.write_text(f'{head}msgid "Slot"\nmsgstr "格子"\n')
    os.utime(source, (2_000_000_000, 2_000_000_000))
    assert translations("zh").gettext("Slot") == "格子"
    os.utime(compiled, (2_000_000_001, 2_000_000_001))
    source.write_text("this is no catalogue")
    os.utime(source, (2_000_000_000, 2_000_000_000))
    assert translations("zh").gettext("Slot") == "格子", "one that is up to date is left alone"


def test_an_installed_box_has_the_compiled_one_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_CATALOG", tmp_path / "zh_CN")
    with pytest.raises(FileNotFoundError):
        translations("zh")
    assert translations("en").gettext("Slot") == "Slot"


@pytest.mark.parametrize(("language", "word"), [("zh", "撤销"), ("en", "Undo")])
def test_a_word_stands_in_the_compiled_template_and_a_sentence_with_a_number_does_not(
    desk: Desk, language: str, word: str
) -> None:
    pages: Pages = desk.app.state.pages
    templates = pages.languages[language].templates
    source = (
        '<b title="{{ _("Undo") }}">{{ _("Undo") if yes else "<" }} '
        '{{ ngettext("%(num)s unit", "%(num)s units", n) }}</b>'
    )
    compiled = templates.compile(source, raw=True)
    assert f'<b title="{word}">' in compiled
    assert "%(num)s units" in compiled
    assert templates.from_string(source).render(yes=True, n=2).startswith(f'<b title="{word}">{word} 2')
    assert "&lt;" in templates.from_string(source).render(yes=False, n=2), "only our own words are taken as they are"


@pytest.mark.parametrize(("code", "word"), [("zh", "撤销"), ("en", "Undo")])
def test_what_never_changes_is_in_the_template_when_it_is_compiled(desk: Desk, code: str, word: str) -> None:
    templates = Pages(desk.door).languages[code].templates
    source = '{% import "macros.html" as m %}{{ m.icon("undo-2", _("Undo")) }} {{ _("Undo") }}{{ m.icon(name) }}'
    compiled = templates.compile(source, raw=True)
    assert compiled.count("escape(") == 1, "only the icon whose name is not known yet"
    assert f'aria-label="{word}"' in compiled
    drawn = templates.from_string(source).render(name="undo-2")
    assert drawn.count("#undo-2") == 2
    assert drawn.count(word) == 2


def test_a_number_is_said_in_its_form_and_what_comes_with_it_is_escaped(desk: Desk) -> None:
    english = Pages(desk.door).languages["en"].templates
    counted = '{{ ngettext("%(num)s unit handed over", "%(num)s units handed over", n) }}'
    assert [english.from_string(counted).render(n=n) for n in (1, 2, 1)] == [
        "1 unit handed over",
        "2 units handed over",
        "1 unit handed over",
    ]
    assert Pages(desk.door).languages["zh"].templates.from_string(counted).render(n=2) == "已交付 2 件"
    named = '{{ ngettext("%(num)s of %(what)s", "%(num)s of %(what)s", n, what=what) }}'
    assert english.from_string(named).render(n=3, what="<b>") == "3 of &lt;b&gt;"
