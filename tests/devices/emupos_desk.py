"""emupos, an independent simulator of receipt printers, in an environment of its own: it wants Python 3.13."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

VERSION = "0.4.0"
DEVICE = "front"


@dataclass(frozen=True)
class Emupos:
    """A running emupos with one 80 mm printer, on TCP and on a serial line."""

    api: str
    port: int
    serial_device: str

    @classmethod
    @contextmanager
    def running(cls, cache: Path, place: Path) -> Iterator[Emupos]:
        program = _installed(cache)
        api_port, port = _free_port(), _free_port()
        config = {
            "schema": 1,
            "api": {"host": "127.0.0.1", "port": api_port},
            "devices": [
                {
                    "id": DEVICE,
                    "type": "printer",
                    "profile": "xprinter-xp80t",
                    "connections": [{"tcp": {"port": port}}, {"serial": {"pty": True, "link": f"tihuo-{port}"}}],
                    "receipts_dir": str(place / "receipts"),
                }
            ],
        }
        (place / "emupos.yaml").write_text(json.dumps(config))  # YAML reads JSON
        with (place / "log").open("wb") as log:
            process = subprocess.Popen([program, "run"], cwd=place, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"Showing events"):
                    break
            else:
                pytest.fail(f"emupos did not start: {(place / 'log').read_text()}")
            api = f"http://127.0.0.1:{api_port}/api/v1"
            (printer,) = json.loads(_call(api, "devices"))
            (line,) = [each["device_path"] for each in printer["connections"] if each["kind"] == "serial"]
            yield cls(api, port, line)
        finally:
            process.terminate()
            process.communicate(timeout=10)

    def fault(self, name: str, active: bool) -> None:
        _call(self.api, f"devices/{DEVICE}/faults/{name}", method="PUT" if active else "DELETE")

    def receipts(self) -> list[str]:
        """The ids of all receipts, newest first."""
        return [each["id"] for each in json.loads(_call(self.api, f"devices/{DEVICE}/receipts"))]

    def image(self, receipt: str) -> Image.Image:
        return Image.open(io.BytesIO(_call(self.api, f"devices/{DEVICE}/receipts/{receipt}/image"))).convert("1")

    def text(self, receipt: str) -> str:
        return _call(self.api, f"devices/{DEVICE}/receipts/{receipt}/text").decode()


def _call(api: str, path: str, method: str = "GET") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(f"{api}/{path}", method=method), timeout=10) as answer:
        body: bytes = answer.read()
        return body


def _installed(cache: Path) -> str:
    home = cache / f"emupos-{VERSION}"
    program = home / "bin" / "emupos"
    if not program.exists():
        python = _python313()
        if python is None:
            pytest.skip("emupos needs Python 3.13, which is neither on PATH nor among pyenv's versions")
        cache.mkdir(exist_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        _run(python, "-m", "venv", str(home))
        try:
            _run(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", f"emupos=={VERSION}")
        except subprocess.CalledProcessError as failed:
            shutil.rmtree(home)
            pytest.skip(f"emupos {VERSION} cannot be installed here: {failed.stderr.decode()[-300:]}")
    return str(program)


def _python313() -> str | None:
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob("3.13*/bin/python3.13"))
    for candidate in (sys.executable, shutil.which("python3.13"), *map(str, pyenv)):
        # pyenv's own python3.13 on PATH may be a shim for a version that is not switched on
        if candidate and _says(candidate, "import sys; print(sys.version_info[:2])") == "(3, 13)":
            return candidate
    return None


def _says(python: str, question: str) -> str:
    return subprocess.run([python, "-c", question], capture_output=True, text=True, check=False).stdout.strip()


def _run(*command: Any) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
