"""A QEMU machine: started, watched from outside, and ended by its own process id."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

BOOT_S = 600.0


class Machine:
    """`command` without its channels: a QMP socket and one serial line are added, in `folder`."""

    def __init__(self, command: list[str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._qmp_path, self._serial_path = folder / "qmp.sock", folder / "serial.sock"
        for stale in (self._qmp_path, self._serial_path):
            stale.unlink(missing_ok=True)
        self.log = folder / "serial.log"
        self._errors = folder / "qemu.log"
        self._complaints = self._errors.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            ["nice", "-n", "10", *command, "-display", "none", "-no-reboot", "-monitor", "none"]
            + ["-serial", f"unix:{self._serial_path},server,nowait", "-qmp", f"unix:{self._qmp_path},server,nowait"],
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
        )
        self._heard = ""
        self._everything = self.log.open("w", encoding="utf-8")
        self._serial = self._connect(self._serial_path)
        self._serial.settimeout(0.2)
        self._qmp_line = self._connect(self._qmp_path)
        self._qmp = self._qmp_line.makefile("rw")
        self._qmp.readline()
        self._ask_qmp({"execute": "qmp_capabilities"})

    def _connect(self, path: Path) -> socket.socket:
        deadline = time.monotonic() + 20
        while True:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(path))
                return line
            except OSError:
                line.close()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._process.kill()
                    raise AssertionError(f"QEMU did not start: {self._errors.read_text()[-600:]}") from None
                time.sleep(0.05)

    def expect(self, mark: str, timeout: float = BOOT_S) -> str:
        """What follows `mark` in the next line that has it. Raises `AssertionError` with what was heard instead."""
        deadline = time.monotonic() + timeout
        while True:
            while "\n" in self._heard:
                line, self._heard = self._heard.split("\n", 1)
                self._everything.write(line + "\n")
                self._everything.flush()
                if mark in line:
                    return line.split(mark, 1)[1].strip()
            try:
                more = self._serial.recv(65536)
            except TimeoutError:
                more = b""
            self._heard += more.decode("utf-8", "replace")
            if not more and (time.monotonic() > deadline or self._process.poll() is not None):
                said = self._tail()
                self.stop()
                raise AssertionError(f"{mark!r} never came; the last that the machine said is\n{said}")

    def _tail(self) -> str:
        return (self.log.read_text("utf-8") + self._heard)[-1500:]

    def say(self, line: str) -> None:
        self._serial.sendall(line.encode() + b"\n")

    def word(self, address: int) -> int:
        """Four bytes of the machine's memory or registers, seen from outside."""
        said = self._ask_qmp(
            {"execute": "human-monitor-command", "arguments": {"command-line": f"xp /1xw {address:#x}"}}
        )
        return int(said.split()[1], 16)

    def _ask_qmp(self, question: dict[str, Any]) -> str:
        self._qmp.write(json.dumps(question) + "\n")
        self._qmp.flush()
        while True:
            answer = json.loads(self._qmp.readline())
            if "return" in answer or "error" in answer:
                assert "error" not in answer, answer
                return str(answer["return"])

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)
        for line in (self._serial, self._qmp, self._qmp_line, self._everything, self._complaints):
            line.close()
