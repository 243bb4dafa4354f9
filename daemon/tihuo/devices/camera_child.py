"""The capture process: grabs, decodes, and says what it saw and that it lives, as JSON lines on its standard output.

A camera library may block for ever, and a decoder may crash: here it takes nothing of the daemon with it. Run by
`tihuo.devices.camera`; ends when its standard input is closed. No frame is ever written or sent anywhere.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import time
from typing import Any, TextIO

from tihuo.devices.troubles import CameraMissingDriver, CameraTrouble, DeviceTrouble
from tihuo.shop.words import Millis

BEAT_S = 0.25
_REOPEN_S = 0.5
_NOTHING_NEW_S = 0.02
_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = os.getppid()
    settings = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which ends us in its own time
    threading.Thread(target=_end_with_parent, name="parent-gone", daemon=True).start()
    lines = _own_stdout()
    if os.getppid() != parent:
        return
    try:
        capture = _Capture(settings, lines)
    except ImportError as missing:
        _say_and_wait(lines, CameraMissingDriver(module=missing.name or str(missing)))
    except CameraTrouble as trouble:
        _say_and_wait(lines, trouble)
    else:
        while True:
            capture.step()


class _Capture:
    """One camera with its decoder. `step` is one frame, or one attempt to get the camera back."""

    def __init__(self, settings: dict[str, Any], lines: TextIO) -> None:
        # the heavy libraries are loaded here, where a missing one can still be told
        from tihuo.devices.decoding import Decoder
        from tihuo.devices.frames import Tray, open_source
        from tihuo.devices.watching import Watch

        self._lines = lines
        self._source = open_source(settings["source"])
        self._decoder = Decoder()
        self._watch = Watch(again_after_ms=settings["again_after_ms"])
        self._tray = Tray(*settings["tray"])
        self._frame_s = 1 / settings["fps"]
        self._open = False
        self._frames = 0
        self._last_beat = float("-inf")

    def step(self) -> None:
        began = time.monotonic()
        try:
            if not self._open:
                self._source.open()
                self._open = True
            frame = self._source.grab()
        except CameraTrouble as trouble:
            self._source.close()
            self._open = False
            self._beat(trouble)
            time.sleep(_REOPEN_S)
            return
        at = Millis(time.time_ns() // 1_000_000)
        if frame is not None:
            self._frames += 1
            reads = self._decoder.read(self._tray.crop(frame))
            for sighting in self._watch.frame(reads, time.monotonic_ns() // 1_000_000, at):
                seen = {"text": sighting.text, "symbology": sighting.symbology, "at": at}
                _say(self._lines, {"seen": seen | {"oversize": sighting.oversize}})
        if began - self._last_beat >= BEAT_S:
            self._beat(None)
        if self._source.live:
            time.sleep(max(0.0, began + self._frame_s - time.monotonic()))
        elif frame is None:
            time.sleep(_NOTHING_NEW_S)

    def _beat(self, trouble: CameraTrouble | None) -> None:
        self._last_beat = time.monotonic()
        _say(self._lines, _heartbeat(trouble, self._frames))


def _heartbeat(trouble: DeviceTrouble | None, frames: int = 0) -> dict[str, Any]:
    told = None if trouble is None else {"code": trouble.code, "facts": trouble.facts}
    return {"beat": {"frames": frames, "trouble": told}}


def _say(lines: TextIO, message: dict[str, Any]) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def _say_and_wait(lines: TextIO, trouble: DeviceTrouble) -> None:
    """A missing library does not appear by trying again: stay, so that nobody restarts us in a circle."""
    while True:
        _say(lines, _heartbeat(trouble))
        time.sleep(1)


def _own_stdout() -> TextIO:
    """The real standard output for ourselves; whatever a library prints goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    return lines


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
