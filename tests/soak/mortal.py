"""The real daemon as a process that may die at any moment, and what stands around it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.native import library

HERE = Path(__file__).parent
PATIENCE_S = 60.0


class Mortal:
    """`tihuo run` over the data in `folder`, always on the same port. `settings` are environment variables; `program`
    is the module to run in the place of `tihuo`."""

    def __init__(self, folder: Path, *, program: str = "tihuo", **settings: str) -> None:
        self.folder = folder
        self._program = program
        folder.mkdir(parents=True, exist_ok=True)
        self.host, self.port = "127.0.0.1", _free_port()
        self.cookie = ""
        self.log = folder.with_name(f"{folder.name}.log")
        self._notified = folder.with_name(f"{folder.name}.notify")
        self._settings = {
            **os.environ, "NOTIFY_SOCKET": str(self._notified), "TIHUO_DATA_DIR": str(folder),
            "TIHUO_HTTP__HOST": self.host, "TIHUO_HTTP__PORT": str(self.port), **settings,
        }  # fmt: skip
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        return self.folder / "tihuo.db"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def start(self, around: Mapping[str, str] | None = None) -> bool:
        """Let it live, with so much more environment; True when it said READY, False when it died before."""
        assert not self.alive
        self._notified.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard, self.log.open("ab") as log:
            heard.bind(str(self._notified))
            heard.settimeout(0.02)
            command = [sys.executable, "-m", self._program, "run"]
            self._child = subprocess.Popen(command, env={**self._settings, **(around or {})}, stdout=log, stderr=log)
            until = time.monotonic() + PATIENCE_S
            while self.alive:
                try:
                    if heard.recv(4096).startswith(b"READY=1"):
                        return True
                except TimeoutError:
                    assert time.monotonic() < until, f"neither ready nor dead:\n{self.last_words()}"
        return False

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def wait(self, seconds: float) -> bool:
        """Whether it died by itself within so many seconds."""
        assert self._child is not None
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, and nothing else."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """Let it finish properly."""
        if self._child is not None and self.alive:
            self._child.terminate()
            try:
                self._child.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def shim(name: str, folder: Path) -> str:
    """The path of `name`.c of this folder as a library to preload."""
    return str(library(name, folder, HERE))


def cloud_at(port: int) -> dict[str, str]:
    """The settings for a broker on loopback."""
    return {"TIHUO_CLOUD__HOST": "127.0.0.1", "TIHUO_CLOUD__PORT": str(port), "TIHUO_CLOUD__TLS": "false"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
