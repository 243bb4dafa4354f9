"""What the daemon says to systemd, heard on real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tihuo.readiness import listen_fds, notify, watchdog_interval

REPO = Path(__file__).resolve().parents[2]
ACCEPT_ONE = """
import os, socket
from tihuo.readiness import listen_fds
fds = listen_fds()
assert not any(os.get_inheritable(fd) for fd in fds)
guest, _ = socket.socket(fileno=fds[0]).accept()
guest.sendall(repr(fds).encode())
"""


@pytest.fixture(params=["a path", "an abstract name"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "a path" else f"@tihuo-test-{os.getpid()}"
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(address.replace("@", "\0"))
    ear.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    yield ear
    ear.close()


def test_ready_and_its_status_arrive_together(systemd: socket.socket) -> None:
    assert notify("READY=1", "STATUS=营业中") is True
    assert systemd.recv(100).decode() == "READY=1\nSTATUS=营业中"


def test_a_lost_ready_is_an_error(systemd: socket.socket) -> None:
    systemd.close()
    with pytest.raises(OSError, match="refused"):
        notify("READY=1")


def test_nobody_listens_outside_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1") is False


@pytest.mark.parametrize(
    ("microseconds", "whom", "seconds"),
    [("20000000", "us", 10.0), ("20000000", "", 10.0), ("20000000", "another", None), ("", "", None)],
)
def test_the_watchdog_hears_from_us_twice_as_often_as_it_asks(
    microseconds: str, whom: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    monkeypatch.setenv("WATCHDOG_PID", {"us": str(os.getpid()), "another": str(os.getpid() + 1), "": ""}[whom])
    assert watchdog_interval() == seconds


def test_the_door_that_systemd_opened_is_ours_and_no_child_keeps_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        handed_over = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -c "$1" 3<&' + str(door.fileno())
        daemon = subprocess.Popen(
            ["bash", "-c", handed_over, sys.executable, ACCEPT_ONE],
            pass_fds=[door.fileno()],
            env=os.environ | {"PYTHONPATH": str(REPO / "daemon")},
        )
        with daemon, socket.create_connection(door.getsockname(), timeout=30) as guest:
            assert daemon.wait(30) == 0
            assert guest.recv(100) == b"[3]"


def test_a_door_that_was_opened_for_another_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert listen_fds() == []
