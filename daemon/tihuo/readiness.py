"""What systemd hears from the shop's box: ready (就绪), still alive, stopping; and the sockets it holds for us.

Outside systemd every function is a quiet no-op, so `tihuo run` by hand needs no switch.
"""

from __future__ import annotations

import os
import socket

FIRST_PASSED_FD = 3


def notify(*lines: str) -> bool:
    """Tell systemd, e.g. `notify("READY=1", "STATUS=serving 0.1.0")`; True when there was somebody to tell.

    Raises OSError when the notify socket is named but gone: a daemon that cannot say READY must not look started.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # Linux's abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.sendto("\n".join(lines).encode(), address)
    return True


def watchdog_interval() -> float | None:
    """Seconds between two `notify("WATCHDOG=1")`: half of the unit's WatchdogSec, None when nobody watches us."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC"), os.environ.get("WATCHDOG_PID")
    if not microseconds or (pid and int(pid) != os.getpid()):
        return None
    return int(microseconds) / 2_000_000


def listen_fds() -> list[int]:
    """The listening sockets that `tihuo.socket` opened for us, in its order; empty when we have to bind ourselves."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    fds = list(range(FIRST_PASSED_FD, FIRST_PASSED_FD + int(os.environ.get("LISTEN_FDS", "0"))))
    for fd in fds:
        os.set_inheritable(fd, False)  # or the camera's process keeps port 80 when the daemon is gone
    return fds
