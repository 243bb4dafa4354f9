"""A voice: real sound of a plausible length, by the simulated twin and by the real espeak-ng where it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from array import array
from pathlib import Path

import pytest

from tihuo.devices.espeak import VOICES, EspeakSpeech
from tihuo.devices.ports import Speech
from tihuo.devices.simulated import SimulatedSpeech
from tihuo.devices.troubles import SpeechMissingEngine, SpeechSilent

ESPEAK = shutil.which("espeak-ng")
SHORT, LONG = "请看货架。", "您好。您有三个包裹。请到冷藏 C 区，七号。拿好以后，请按绿色的按钮。"
needs_espeak = pytest.mark.skipif(ESPEAK is None, reason="espeak-ng is not installed: apt install espeak-ng")


@pytest.fixture(params=["simulated", pytest.param("espeak", marks=needs_espeak)])
def speech(request: pytest.FixtureRequest, tmp_path: Path) -> Speech:
    return SimulatedSpeech() if request.param == "simulated" else EspeakSpeech(tmp_path / "speech")


def samples(sound: bytes) -> tuple[float, array[int]]:
    """Its length in seconds and what is in it."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        seconds = file.getnframes() / file.getframerate()
        return seconds, array("h", file.readframes(file.getnframes()))


@pytest.mark.parametrize(("text", "lang"), [(SHORT, "zh"), (LONG, "zh"), ("Take the frozen one last.", "en")])
def test_a_sentence_becomes_sound(speech: Speech, text: str, lang: str) -> None:
    seconds, heard = samples(speech.say(text, lang))
    letters = len(text)
    assert 0.03 * letters < seconds < 0.6 * letters
    assert max(heard) > 2000 and min(heard) < -2000, "it can be heard"
    assert speech.trouble == ""


def test_the_same_sentence_sounds_the_same_and_a_longer_one_longer(speech: Speech) -> None:
    assert speech.say(SHORT, "zh") == speech.say(SHORT, "zh")
    assert samples(speech.say(LONG, "zh"))[0] > samples(speech.say(SHORT, "zh"))[0]


@needs_espeak
def test_chinese_is_read_as_chinese() -> None:
    """The voice that espeak-ng 1.51 calls Mandarin reads it out as English words."""
    assert ESPEAK is not None
    command = [ESPEAK, "-v", VOICES["zh"], "-q", "-x", LONG.replace(" C ", "")]
    spoken = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "(en)" not in spoken and len(spoken.split()) > 15


@needs_espeak
def test_what_was_said_once_needs_no_program(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    first = EspeakSpeech(folder).say(SHORT, "zh")
    without = EspeakSpeech(folder, program=str(tmp_path / "gone"))
    assert without.trouble == "speech_missing_engine"
    assert without.say(SHORT, "zh") == first
    assert without.trouble == "", "it spoke"
    with pytest.raises(SpeechMissingEngine):
        without.say(LONG, "zh")
    assert without.trouble == "speech_missing_engine"
    assert [path.suffix for path in folder.iterdir()] == [".wav"], "nothing half made is left"


@needs_espeak
def test_a_file_that_a_power_cut_left_short_is_made_again(tmp_path: Path) -> None:
    speech = EspeakSpeech(tmp_path)
    whole = speech.say(SHORT, "zh")
    (file,) = tmp_path.iterdir()
    for rest in (0, 30, len(whole) // 2):
        file.write_bytes(whole[:rest])
        assert speech.say(SHORT, "zh") == whole


def test_a_program_that_makes_no_sound_is_a_trouble(tmp_path: Path) -> None:
    program = tmp_path / "mute"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    speech = EspeakSpeech(tmp_path / "speech", program=str(program))
    with pytest.raises(SpeechSilent):
        speech.say(SHORT, "zh")
    assert speech.trouble == "speech_silent"


def test_the_simulated_voice_can_fail(tmp_path: Path) -> None:
    speech = SimulatedSpeech()
    speech.silence()
    with pytest.raises(SpeechSilent):
        speech.say(SHORT, "zh")
    speech.mend()
    speech.say(SHORT, "zh")
    assert speech.said == [("zh", SHORT)]
