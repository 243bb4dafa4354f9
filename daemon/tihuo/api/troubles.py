"""What is wrong with the box, each trouble with its next step, in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from tihuo.api.asking import door_of
from tihuo.api.languages import N_
from tihuo.api.pages import Language, language_of
from tihuo.api.texts import PARTS, TROUBLES, Text, say
from tihuo.shop.words import Millis

NAMED = {
    "screen": N_("Screen of kiosk %(name)s"),
    "printer": N_("Printer %(name)s"),
    "camera": N_("Camera at %(name)s"),
    "scanner": N_("Scanner %(name)s"),
}


@dataclass(frozen=True)
class PartPicture:
    """One part of the box: its word, and what is wrong with it (`what` is empty when all is well)."""

    name: str
    word: str
    code: str
    what: str
    then: str
    since: Millis


def parts_of(request: Request) -> list[PartPicture]:
    """Every part of the box, those in trouble first."""
    language = language_of(request)
    found = []
    for part in door_of(request).parts():
        word = language.translate(PARTS[part.name]) if part.name in PARTS else _named(part.name, language)
        text = TROUBLES.get(part.trouble, TROUBLES["device_trouble"])
        said = say(text, part.facts, language) if part.trouble else Text("")
        found.append(PartPicture(part.name, word, part.trouble, said.what, said.then, part.since))
    return sorted(found, key=lambda part: not part.code)


def parts_in_trouble(request: Request) -> list[PartPicture]:
    return [part for part in parts_of(request) if part.code]


def _named(part: str, language: Language) -> str:
    """What has a name of its own in the settings; threads show theirs as it is."""
    kind, _, name = part.partition("_")
    return language.translate(NAMED[kind]) % {"name": name} if kind in NAMED else part
