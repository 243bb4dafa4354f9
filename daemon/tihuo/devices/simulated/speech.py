"""A voice that hums: real sound, as long as the sentence would take, and a memory of what was said."""

from __future__ import annotations

import io
import math
import struct
import wave

from tihuo.devices.troubles import SpeechSilent

RATE = 8_000
_SECONDS_A_LETTER = 0.06


class SimulatedSpeech:
    """The simulated twin of `EspeakSpeech`. `silence()` makes it fail until `mend()`."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.trouble = ""

    def say(self, text: str, lang: str) -> bytes:
        if self.trouble:
            raise SpeechSilent(reason="simulated")
        self.said.append((lang, text))
        count = int(RATE * _SECONDS_A_LETTER * max(len(text), 1))
        hum = struct.pack(f"<{count}h", *(int(6000 * math.sin(n / 6)) for n in range(count)))
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(hum)
        return file.getvalue()

    def silence(self) -> None:
        self.trouble = SpeechSilent.code

    def mend(self) -> None:
        self.trouble = ""
