"""接待: how the kiosks of a shop receive people: in which manner, with which words, and which have a screen."""

from __future__ import annotations

from tihuo.shop import manners
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work

LANGUAGES = ("zh", "en")
"""The first is every kiosk's own."""
LONGEST_LINE = 60


def choose_manner(work: Work, kiosk: str, lang: str, slow: bool) -> None:
    """长辈模式: whoever stands at a kiosk wants another language, or larger type and more time, until she goes."""
    manners.choose(work, kiosk, lang if lang in LANGUAGES[1:] else "", slow)


def write_lines(work: Work, lines: dict[str, str]) -> None:
    """店主的话: what the shop says under "thank you", by language; empty for nothing.

    Raises `Refusal`: `bad_line` (longer than a kiosk shows).
    """
    for lang in LANGUAGES:
        line = " ".join(lines.get(lang, "").split())
        if len(line) > LONGEST_LINE:
            raise Refusal("bad_line", most=LONGEST_LINE)
        work.sql(
            "INSERT INTO keep VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2", (f"kiosk_line:{lang}", line)
        )


def note_screen(work: Work, kiosk: str) -> None:
    """The screen of a kiosk showed itself for the first time: from now on it is missed when it is silent."""
    work.sql("INSERT INTO keep VALUES (?, ?) ON CONFLICT(name) DO NOTHING", (f"screen:{kiosk}", str(work.now)))


def forget_screen(work: Work, kiosk: str) -> None:
    """The owner took the screen of a kiosk away: it is not missed until it shows itself again."""
    work.sql("DELETE FROM keep WHERE name = ?", (f"screen:{kiosk}",))
