"""摄像头: the camera over the tray, in a process of its own that is replaced when it hangs or dies."""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tihuo
from tihuo.devices.ports import Sighting
from tihuo.devices.troubles import BY_CODE, CameraDied, CameraHung, DeviceTrouble
from tihuo.shop.words import Millis

log = logging.getLogger(__name__)

_FIRST_RETRY_S, _LAST_RETRY_S = 0.2, 10.0
_HEALTHY_AFTER_S = 10.0
_LONGEST_LINE = 64 * 1024


class TrayCamera:
    """Watches the tray through a capture process; `start` once, `stop` once.

    `source` names the camera and its own settings: {"kind": "picamera2"}, {"kind": "v4l2", "device": "/dev/video0"},
    {"kind": "folder", "folder": "..."}. `size` is in pixels, `fps` the most frames looked at in a second, `tray` the
    part of the frame that counts, as fractions (x, y, width, height). A process silent for `hang_after_s`, or for
    `start_within_s` before its first word, is killed and replaced.
    """

    def __init__(
        self,
        source: dict[str, Any],
        *,
        size: tuple[int, int] = (1280, 720),
        fps: float = 15.0,
        tray: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        again_after_ms: int = 1500,
        hang_after_s: float = 3.0,
        start_within_s: float = 20.0,
    ) -> None:
        settings = {"source": {"size": size, **source}, "fps": fps, "tray": tray, "again_after_ms": again_after_ms}
        self._settings = json.dumps(settings)
        self._hang_after_s, self._start_within_s = hang_after_s, start_within_s
        self._trouble: DeviceTrouble | None = None
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._on_sighting: Callable[[Sighting], None] = lambda sighting: None
        self._on_trouble: Callable[[DeviceTrouble | None], None] = lambda trouble: None

    def start(
        self, on_sighting: Callable[[Sighting], None], on_trouble: Callable[[DeviceTrouble | None], None]
    ) -> None:
        self._on_sighting, self._on_trouble = on_sighting, on_trouble
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the capture process, which keeps nothing that could be lost."""
        self._stopping.set()
        with self._spawning:
            if self._child is not None:
                self._child.kill()
        if self._thread is not None:
            self._thread.join(5)

    @property
    def process_id(self) -> int | None:
        """The capture process at this moment, for the doctor and for tests."""
        child = self._child
        return child.pid if child else None

    def _run(self) -> None:
        retry = _FIRST_RETRY_S
        while not self._stopping.is_set():
            child = self._spawn()
            if child is None:
                return
            began = time.monotonic()
            trouble = self._follow(child)
            _end(child)
            if self._stopping.is_set():
                return
            self._tell(trouble)
            retry = _FIRST_RETRY_S if time.monotonic() - began > _HEALTHY_AFTER_S else retry
            self._stopping.wait(retry)
            retry = min(retry * 2, _LAST_RETRY_S)

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        with self._spawning:
            if self._stopping.is_set():
                return None
            # a fresh interpreter: a fork would carry the daemon's memory, locks and database handles
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "tihuo.devices.camera_child", self._settings],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
            )
            return self._child

    def _follow(self, child: subprocess.Popen[bytes]) -> DeviceTrouble:
        """Pass on what the child says until it falls silent or ends; why it did."""
        assert child.stdout is not None
        lines = _Lines(child.stdout.fileno())
        patience = self._start_within_s
        while True:
            heard = lines.wait(patience)
            if heard is None:
                return CameraHung(silent_ms=round(patience * 1000))
            if not heard:
                return CameraDied(exit_code=child.wait())
            for line in lines.complete(heard):
                self._hear(line)
            patience = self._hang_after_s

    def _hear(self, line: bytes) -> None:
        message = json.loads(line)
        if seen := message.get("seen"):
            sighting = Sighting(seen["text"], seen["symbology"], Millis(seen["at"]), seen["oversize"])
            self._call(lambda: self._on_sighting(sighting))
        if beat := message.get("beat"):
            told = beat["trouble"]
            self._tell(BY_CODE[told["code"]](**told["facts"]) if told else None)

    def _tell(self, trouble: DeviceTrouble | None) -> None:
        """Report a trouble when it begins, changes or is over."""
        if (trouble and trouble.code) == (self._trouble and self._trouble.code):
            return
        self._trouble = trouble
        self._call(lambda: self._on_trouble(trouble))

    @staticmethod
    def _call(callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # one bad scan must not blind the shop
            log.exception("a camera callback failed")


class _Lines:
    """Whole lines out of a pipe that may go silent in the middle of one."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._rest = b""

    def wait(self, seconds: float) -> bytes | None:
        """Some bytes; nothing when the pipe was closed; None when there was silence."""
        if not select.select([self._pipe], [], [], seconds)[0]:
            return None
        return os.read(self._pipe, _LONGEST_LINE)

    def complete(self, more: bytes) -> Iterator[bytes]:
        *lines, rest = (self._rest + more).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        yield from lines


def _environment() -> dict[str, str]:
    root = str(Path(tihuo.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(2)
    except subprocess.TimeoutExpired:  # stuck in the kernel with the driver; it is gone when the driver lets go
        log.error("capture process %d cannot be ended", child.pid)
