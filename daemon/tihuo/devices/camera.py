"""摄像头: the camera over the tray, in a process of its own that is replaced when it hangs or dies."""

from __future__ import annotations

import base64
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import tihuo
from tihuo.devices.ports import Glance, Sighting
from tihuo.devices.troubles import BY_CODE, CameraDied, CameraHung, CameraSwollen, DeviceTrouble
from tihuo.shop.words import Millis

log = logging.getLogger(__name__)

_FIRST_RETRY_S, _LAST_RETRY_S = 0.2, 10.0
_HEALTHY_AFTER_S = 10.0
_LONGEST_LINE = 256 * 1024
"""Bytes; the longest is a picture for whoever puts up the camera."""
_MOST_BYTES = 160 << 20


class TrayCamera:
    """Watches the tray through a capture process; `start` once, `stop` once.

    `source` names the camera and its own settings: {"kind": "picamera2"}, {"kind": "v4l2", "device": "/dev/video0"},
    {"kind": "folder", "folder": "..."}. `size` is in pixels, `fps` the most frames looked at in a second, `tray` the
    part of the frame that counts, as fractions (x, y, width, height). QR codes that begin with `one_at_a_time` belong
    to a person each. A process silent for `hang_after_s`, or for `start_within_s` before its first word, is killed and
    replaced, and so is one that takes more than `most_bytes` of memory.
    """

    def __init__(
        self,
        source: dict[str, Any],
        *,
        size: tuple[int, int] = (1280, 720),
        fps: float = 15.0,
        tray: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        one_at_a_time: str = "",
        again_after_ms: int = 1500,
        hang_after_s: float = 3.0,
        start_within_s: float = 20.0,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self._settings = {
            "source": {"size": size, **source},
            "fps": fps,
            "tray": tray,
            "one_at_a_time": one_at_a_time,
            "again_after_ms": again_after_ms,
        }
        self._most_bytes = most_bytes
        self._hang_after_s, self._start_within_s = hang_after_s, start_within_s
        self._trouble: DeviceTrouble | None = None
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._glances = threading.Condition()
        self._asked = self._lookers = 0
        self._answer: tuple[int, Glance] | None = None
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

    def look(self, patience: float = 2.0) -> Glance | None:
        """What it sees now. Nothing of it stays here when the last who asked has it."""
        with self._glances:
            self._asked += 1
            asked = self._asked
            self._lookers += 1
            self._say({"look": asked})
            self._glances.wait_for(lambda: self._answer is not None and self._answer[0] >= asked, patience)
            number, seen = self._answer or (0, None)
            self._lookers -= 1
            if not self._lookers:
                self._answer = None
            return seen if number >= asked else None

    def aim(self, tray: tuple[float, float, float, float]) -> None:
        """Only this part of the frame counts from now on, also for the process that replaces this one."""
        self._settings["tray"] = tray
        self._say({"tray": tray})

    def _say(self, wish: dict[str, Any]) -> None:
        """Tell the capture process something, if there is one; a new one has the settings anyhow."""
        with self._spawning, suppress(OSError, ValueError):
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.write(json.dumps(wish).encode() + b"\n")

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
                [sys.executable, "-P", "-m", "tihuo.devices.camera_child", json.dumps(self._settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,  # a wish for a process that is gone is lost at once, not when its pipe is closed
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
                taken = self._hear(line)
                if taken > self._most_bytes:
                    return CameraSwollen(megabytes=taken >> 20)
            patience = self._hang_after_s

    def _hear(self, line: bytes) -> int:
        """Pass on one thing that the child said; the memory that it takes, if that was what it said."""
        message = json.loads(line)
        if seen := message.get("seen"):
            sighting = Sighting(**{**seen, "at": Millis(seen["at"])})
            self._call(lambda: self._on_sighting(sighting))
        if glance := message.get("glance"):
            with self._glances:
                if self._lookers:
                    self._answer = message["to"], _glance(glance)
                    self._glances.notify_all()
        if beat := message.get("beat"):
            told = beat["trouble"]
            self._tell(BY_CODE[told["code"]](**told["facts"]) if told else None)
            return int(beat["bytes"])
        return 0

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


def _glance(said: dict[str, Any]) -> Glance:
    rest = {name: said[name] for name in ("sharp", "bright", "glare")}
    seen = tuple((kind, text) for kind, text in said["seen"])
    return Glance(base64.b64decode(said["picture"]), tuple(said["size"]), tuple(said["tray"]), **rest, seen=seen)


def _environment() -> dict[str, str]:
    root = str(Path(tihuo.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # numpy would keep threads and their memory for every core, for sums that nobody does here
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(2)
    except subprocess.TimeoutExpired:  # stuck in the kernel with the driver; it is gone when the driver lets go
        log.error("capture process %d cannot be ended", child.pid)
