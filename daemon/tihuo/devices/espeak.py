"""A voice without a network: sentences become sound in espeak-ng, a program of its own that the shop installs if it
wants one (`apt install espeak-ng`; it is GPL-3, and nothing of it is in here).

What was said once lies in a folder, by its text and its voice: a shop says a few hundred sentences in its life.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tihuo.devices.troubles import SpeechMissingEngine, SpeechSilent

VOICES = MappingProxyType({"zh": "cmn-latn-pinyin", "en": "en-us"})
"""Not `cmn`: in 1.51 that one reads every Chinese character out as an English word."""
SECONDS = 10
_HEAD = 44


class EspeakSpeech:
    """`program` is a name or a path. `trouble` is the code of what went wrong last, empty when all was said."""

    def __init__(
        self, folder: Path, *, program: str = "espeak-ng", voices: Mapping[str, str] = VOICES, words_a_minute: int = 150
    ) -> None:
        self._folder = folder
        self._program = program
        self._voices = {**VOICES, **voices}
        self._pace = words_a_minute
        self._one = threading.Lock()
        self.trouble = "" if shutil.which(program) else SpeechMissingEngine.code

    def say(self, text: str, lang: str) -> bytes:
        voice = self._voices[lang]
        name = hashlib.sha256(f"{voice} {self._pace} {text}".encode()).hexdigest()[:24]
        path = self._folder / f"{name}.wav"
        with self._one:
            sound = _whole(path)
            if sound is None:
                sound = self._make(path, text, voice)
            self.trouble = ""
            return sound

    def _make(self, path: Path, text: str, voice: str) -> bytes:
        self._folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        command = [self._program, "-v", voice, "-s", str(self._pace), "-b", "1", "--stdin", "-w", str(half)]
        try:
            subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=SECONDS)
            sound = _whole(half)
            if sound is None:
                raise self._ill(SpeechSilent(reason="no sound"))
            half.replace(path)
        except FileNotFoundError:
            raise self._ill(SpeechMissingEngine(program=self._program)) from None
        except (OSError, subprocess.SubprocessError) as error:
            raise self._ill(SpeechSilent(reason=type(error).__name__)) from None
        finally:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
        return sound

    def _ill(self, trouble: SpeechMissingEngine | SpeechSilent) -> SpeechMissingEngine | SpeechSilent:
        self.trouble = trouble.code
        return trouble


def _whole(path: Path) -> bytes | None:
    """The file, if all of it is there: after a power cut it may be shorter than it says."""
    try:
        sound = path.read_bytes()
    except OSError:
        return None
    if len(sound) <= _HEAD or sound[:4] != b"RIFF" or int.from_bytes(sound[4:8], "little") != len(sound) - 8:
        return None
    return sound
