"""The real box in a process of its own, and whoever opens its pages."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import psutil

from tests.bench.native import slow_disk
from tihuo.api.auth import hash_pin
from tihuo.ledger.writer import Writer
from tihuo.shop.staff import keep_user

STAFF, PIN = "小林", "135790"


def hire(writer: Writer) -> None:
    """Somebody who may log in."""
    writer.write(keep_user, STAFF, "staff", hash_pin(PIN)).result(30)


class Daemon:
    """`tihuo run` over the database in `folder`, from start to READY; `settings` are environment variables."""

    def __init__(self, folder: Path, *, slow_ms: float = 0.0, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        notified = folder / "notify"
        notified.unlink(missing_ok=True)
        environment = {
            **slow_disk(folder, slow_ms), "NOTIFY_SOCKET": str(notified), "TIHUO_DATA_DIR": str(folder),
            "TIHUO_HTTP__HOST": "127.0.0.1", "TIHUO_HTTP__PORT": "0", **settings,
        }  # fmt: skip
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard, (folder / "log").open("ab") as log:
            heard.bind(str(notified))
            heard.settimeout(60)
            self.began = time.perf_counter()
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tihuo", "run"], env=environment, stdout=log, stderr=log
            )
            try:
                told = heard.recv(4096).decode()
            except BaseException:
                self.stop()
                raise
        self.host, _, port = told.partition("serving ")[2].split(",")[0].strip().rpartition(":")
        self.port = int(port)
        self.cookie = ""

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def resident_mb(self, *, family: bool = False) -> float:
        """Resident memory of the daemon; with `family` also what the processes that it keeps have for themselves. The
        pages that they share, of the interpreter and its libraries, are there once."""
        process = psutil.Process(self.pid)
        children = process.children(recursive=True) if family else []
        return float(process.memory_info().rss + sum(child.memory_full_info().uss for child in children)) / 1e6

    def log_in(self, name: str = STAFF) -> None:
        """From now on pages are opened by this person."""
        answer = Page(self).post("/login", name=name, pin=PIN)
        assert answer.status == 303, answer.status
        self.cookie = (answer.getheader("set-cookie") or "").split(";")[0]


class Page:
    """One browser: a connection that is kept, and the cookie of whoever is logged in."""

    def __init__(self, daemon: Daemon) -> None:
        self._connection = http.client.HTTPConnection(daemon.host, daemon.port, timeout=30)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if daemon.cookie:
            self._headers["Cookie"] = daemon.cookie

    def close(self) -> None:
        self._connection.close()

    def ask(self, path: str, **form: object) -> None:
        """Send a form and do not wait."""
        headers = self._headers | {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", path, urlencode(form, doseq=True), headers)

    def hear(self) -> http.client.HTTPResponse:
        answer = self._connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer

    def post(self, path: str, **form: object) -> http.client.HTTPResponse:
        self.ask(path, **form)
        return self.hear()

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status in (200, 204), (path, answer.status)
        return body


class Listening:
    """A page's line for live updates."""

    def __init__(self, daemon: Daemon, topics: str) -> None:
        self._socket = socket.create_connection((daemon.host, daemon.port))
        cookie = f"Cookie: {daemon.cookie}\r\n" if daemon.cookie else ""
        request = f"GET /live?topics={topics} HTTP/1.1\r\nHost: {daemon.host}:{daemon.port}\r\n{cookie}\r\n"
        self._socket.sendall(request.encode())
        self._socket.settimeout(10)
        self._heard = b""
        self.wait("hello")

    def wait(self, topic: str) -> float:
        """The next event of a topic; when it arrived (`time.perf_counter`)."""
        wanted = f"event: {topic}\n".encode()
        while wanted not in self._heard:
            more = self._socket.recv(65536)
            assert more, "the daemon hung up"
            self._heard += more
        now = time.perf_counter()
        self._heard = self._heard.split(wanted, 1)[1]
        return now

    def forget(self) -> None:
        """What has been heard until now is old."""
        self._socket.setblocking(False)
        try:
            while self._socket.recv(65536):
                pass
        except BlockingIOError:
            pass
        self._socket.settimeout(10)
        self._heard = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()


def cloud_settings(port: int, ca: Path | None = None) -> dict[str, str]:
    """Where the broker is, as environment variables of the daemon."""
    found = {
        "TIHUO_CLOUD__HOST": "127.0.0.1",
        "TIHUO_CLOUD__PORT": str(port),
        "TIHUO_CLOUD__TLS": "true" if ca else "false",
    }
    return found | ({"TIHUO_CLOUD__CA": str(ca)} if ca else {})
