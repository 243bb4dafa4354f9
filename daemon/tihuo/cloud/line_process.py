"""The process of the line, from the daemon's side: started, spoken to, ended."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import tihuo
from tihuo.cloud import wire

log = logging.getLogger(__name__)

_AT_ONCE = 256 << 10


class LineProcess:
    """`cloud.line` at work. `say` and `flush` are called by one thread at a time, all else by the link's thread."""

    def __init__(self, settings: wire.LineSettings) -> None:
        self.pipe, its = socket.socketpair()
        self.pipe.setblocking(False)
        self.unsaid = bytearray()
        self._frames = wire.Frames()
        root = str(Path(tihuo.__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            # a fresh interpreter: a fork would carry the daemon's memory, locks and database handles
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tihuo.cloud.line"],
                stdin=its.fileno(),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        except OSError:
            self.pipe.close()
            raise
        finally:
            its.close()
        self.say(wire.SETTINGS, 0, json.dumps(settings).encode())

    def say(self, kind: int, number: int = 0, *contents: bytes) -> None:
        """A frame for each content. Never waits: what the process does not take lies in `unsaid` until `flush`."""
        free = not self.unsaid
        for content in contents or (b"",):
            self.unsaid += wire.frame(kind, number, content)
        if free:
            self.flush()

    def flush(self) -> None:
        with contextlib.suppress(OSError):  # full: later; gone: `hear` will tell
            del self.unsaid[: self.pipe.send(self.unsaid)]

    def hear(self) -> list[wire.Frame] | None:
        """What it says; None when it is gone."""
        try:
            piece = self.pipe.recv(_AT_ONCE)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return self._frames.cut(piece) if piece else None

    def end(self) -> int | None:
        """See it gone; gives how it ended."""
        self.pipe.close()
        self.process.kill()
        try:
            return self.process.wait(2)
        except subprocess.TimeoutExpired:
            log.error("the line's process %d cannot be ended", self.process.pid)
            return None
