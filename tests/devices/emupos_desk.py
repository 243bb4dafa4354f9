"""emupos, an independent simulator of receipt printers, in an environment of its own: it wants Python 3.13."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

DEVICE = "front"


@dataclass(frozen=True)
class Emupos:
    """A running emupos with one 80 mm printer, on TCP and on a serial line."""

    api: str
    port: int
    serial_device: str

    @classmethod
    @contextmanager
    def running(cls, place: Path) -> Iterator[Emupos]:
        program = _installed()
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

    def drawer(self) -> str:
        """`open` or `closed`."""
        state: str = next(each for each in json.loads(_call(self.api, "devices")) if each["id"] == DEVICE)["state"][
            "drawer"
        ]
        return state

    def close_drawer(self) -> None:
        _call(self.api, f"devices/{DEVICE}/drawer/close", method="POST")

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


def _installed() -> str:
    program = Path(sys.prefix) / "emupos" / "bin" / "emupos"
    if not program.exists():
        pytest.skip("emupos is not here: provisioning/setup.sh test installs it where there is a Python 3.13")
    return str(program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
