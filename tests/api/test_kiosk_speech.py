"""What a kiosk says aloud: a fixed set of sentences, in shop words, and nobody's name."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator

import httpx
import pytest

from tests.pages.evening import Evening, Served
from tihuo.api.kiosk_phrases import PLAIN, pieces_of, words_of
from tihuo.api.languages import LANGUAGES, translations
from tihuo.api.texts import CLOSED, KIOSK
from tihuo.boards.kiosk import KioskParcel
from tihuo.devices.simulated import SimulatedSpeech
from tihuo.shop.words import Zone

SLOTS = {"A01": Zone.AMBIENT, "C07": Zone.CHILLED, "F12": Zone.FROZEN, "A123": Zone.AMBIENT}


def said(piece: str, lang: str = "zh") -> str:
    return words_of(piece, lang, SLOTS, translations(lang).gettext)


def parcel(slot: str, number: int = 1) -> KioskParcel:
    return KioskParcel(number, slot, 1, SLOTS[slot].value, slot[0], 1, False)


@pytest.fixture(scope="module")
def voice() -> SimulatedSpeech:
    return SimulatedSpeech()


@pytest.fixture(scope="module")
def kiosk(voice: SimulatedSpeech, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    shop = Evening(tmp_path_factory.mktemp("voice") / "shop.db", speech=voice)
    served = Served(shop.app)
    with httpx.Client(base_url=served.url, params={"k": "k1"}) as client:
        yield client
    served.stop()
    shop.close()


def test_a_place_is_named_as_people_name_it() -> None:
    assert said("slot-C07") == "请到冷藏 C 区，七号。"
    assert said("slot-F12") == "请到冷冻 F 区，十二号。"
    assert said("slot-A123") == "请到常温 A 区，一二三号。"
    assert said("slot-C07", "en") == "Please go to Chilled C, number 7."


def test_parcels_are_counted_as_people_count() -> None:
    assert [said(f"parcels-{n}") for n in (1, 2, 3, 12)] == [
        "您有一个包裹。", "您有两个包裹。", "您有三个包裹。", "您有十二个包裹。",
    ]  # fmt: skip
    assert said("parcels-1", "en") == "One parcel is waiting for you."


def test_frozen_goods_are_named_last_and_many_places_are_not_read_out() -> None:
    mixed = (parcel("A01"), parcel("C07"), parcel("F12"))
    said_of = pieces_of("welcome", mixed, view="", code="", slow=False)
    assert said_of == ["welcome", "parcels-3", "slot-A01", "slot-C07", "slot-F12", "frozen", "button"]
    assert "frozen" not in pieces_of("welcome", (parcel("F12"),), view="", code="", slow=False)


def test_every_word_of_the_kiosk_can_be_said_in_both_languages() -> None:
    pieces = [*PLAIN, *(f"told-{code}" for code in KIOSK), *(f"told-closed_{code}" for code in CLOSED)]
    for lang in LANGUAGES:
        for piece in pieces:
            words = said(piece, lang)
            assert words and "%(" not in words, piece


def test_the_box_says_only_what_is_its_own(kiosk: httpx.Client, voice: SimulatedSpeech) -> None:
    answer = kiosk.get("/kiosk/say/zh/slot-C01")
    assert answer.headers["content-type"] == "audio/wav" and answer.headers["cache-control"] == "no-store"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert sound.getnframes() > 0
    assert voice.said[-1] == ("zh", "请到冷藏 C 区，一号。")
    before = len(voice.said)
    for strange in (
        "slot-Z99",
        "slot-",
        "parcels-0",
        "parcels-51",
        "parcels-９",
        "told-nothing",
        "hello",
        "told-",
        "-",
    ):
        assert kiosk.get(f"/kiosk/say/zh/{strange}").status_code == 404, strange
    assert kiosk.get("/kiosk/say/fr/welcome").status_code == 404
    assert len(voice.said) == before


def test_a_voice_that_is_silent_is_no_error_of_the_page(kiosk: httpx.Client, voice: SimulatedSpeech) -> None:
    voice.silence()
    assert kiosk.get("/kiosk/say/zh/welcome").status_code == 204
    voice.mend()
    assert kiosk.get("/kiosk/say/zh/welcome").status_code == 200
