"""The capture process: grabs, decodes, and says what it saw and that it lives, as JSON lines on its standard output.

A camera library may block for ever, and a decoder may crash: here it takes nothing of the daemon with it. Run by
`tihuo.devices.camera`, which may tell it where the tray is, or ask for one look, by lines on its standard input; ends
when that is closed. No frame is ever written, and none is sent but the one that was asked for.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from tihuo.devices.troubles import CameraMissingDriver, CameraTrouble, DeviceTrouble
from tihuo.shop.words import Millis

BEAT_S = 0.25
MOST_BYTES = 512 << 20
"""Of memory of its own, after which a library gets no more. Long before, the daemon replaces the process."""
_REOPEN_S = 0.5
_NOTHING_NEW_S = 0.01
_PR_SET_PDEATHSIG = 1


class Wishes:
    """What the daemon asks of the capture process: to look, and where."""

    def __init__(self) -> None:
        self._wishes: dict[str, Any] = {}
        self._lock = threading.Lock()

    def take(self) -> dict[str, Any]:
        """The newest of each since the last time: `look` (the number of the question) and `tray`."""
        with self._lock:
            taken, self._wishes = self._wishes, {}
        return taken

    def listen(self) -> None:
        """Hear what comes; ends the process with the daemon."""
        for line in sys.stdin:
            with self._lock:
                self._wishes |= json.loads(line)
        os._exit(0)


def main() -> None:
    parent = os.getppid()
    settings = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which ends us in its own time
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a frame
    wishes = Wishes()
    threading.Thread(target=wishes.listen, name="wishes", daemon=True).start()
    lines = _own_stdout()
    if os.getppid() != parent:
        return
    try:
        capture = _Capture(settings, lines, wishes)
    except ImportError as missing:
        _say_and_wait(lines, CameraMissingDriver(module=missing.name or str(missing)))
    except CameraTrouble as trouble:
        _say_and_wait(lines, trouble)
    else:
        while True:
            capture.step()


class _Capture:
    """One camera with its decoder. `step` is one frame, or one attempt to get the camera back."""

    def __init__(self, settings: dict[str, Any], lines: TextIO, wishes: Wishes) -> None:
        # the heavy libraries are loaded here, where a missing one can still be told
        from tihuo.devices.decoding import Decoder
        from tihuo.devices.frames import Tray, open_source
        from tihuo.devices.resting import REST_FPS, Rest
        from tihuo.devices.watching import Watch

        self._lines, self._wishes = lines, wishes
        self._source = open_source(settings["source"])
        self._decoder = Decoder()
        self._watch = Watch(again_after_ms=settings["again_after_ms"], one_at_a_time=settings["one_at_a_time"])
        self._rest = Rest()
        self._make_tray = Tray
        self._tray = Tray(*settings["tray"])
        self._frame_s = 1 / settings["fps"]
        self._rest_s = max(self._frame_s, 1 / REST_FPS)
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
            self._look_at(frame, at)
        if began - self._last_beat >= BEAT_S:
            self._beat(None)
        if frame is None:  # nothing was looked at, so the pace does not count: a damaged frame costs no second one
            time.sleep(_NOTHING_NEW_S)
        elif self._source.live:
            every = self._rest_s if self._rest.resting else self._frame_s
            time.sleep(max(0.0, began + every - time.monotonic()))

    def _look_at(self, frame: Any, at: Millis) -> None:
        wish = self._wishes.take()
        if "tray" in wish:
            self._tray = self._make_tray(*wish["tray"])
        part, now = self._tray.crop(frame), time.monotonic_ns() // 1_000_000
        if self._source.live and not self._rest.wants(part, now) and "look" not in wish:
            return
        reads = self._decoder.read(part)
        if reads:
            self._rest.found(now)
        for sighting in self._watch.frame(reads, now, at):
            _say(self._lines, {"seen": asdict(sighting)})
        if "look" in wish:
            from tihuo.devices.glancing import glance

            _say(self._lines, {"glance": glance(frame, self._tray, reads), "to": wish["look"]})

    def _beat(self, trouble: CameraTrouble | None) -> None:
        self._last_beat = time.monotonic()
        _say(self._lines, _heartbeat(trouble, self._frames))


def _heartbeat(trouble: DeviceTrouble | None, frames: int = 0) -> dict[str, Any]:
    told = None if trouble is None else {"code": trouble.code, "facts": trouble.facts}
    return {"beat": {"frames": frames, "trouble": told, "bytes": _memory()}}


def _memory() -> int:
    """What this process holds of memory that is its own: what is mapped from a driver or a file does not count."""
    pages = Path("/proc/self/statm").read_text("ascii").split()
    return (int(pages[1]) - int(pages[2])) * resource.getpagesize()


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


if __name__ == "__main__":
    main()
