"""The line's own process: it keeps one connection to the broker alive, and says what comes over it.

Python's interpreter runs one thread at a time, and MQTT's packets cost as much of it as all else that an order needs.
Here they cost the daemon nothing. Run by `tihuo.cloud.link`, to which it speaks through its standard input (`wire`);
it knows nothing of the shop, loads next to nothing, and dies without a word when that socket is closed.
"""

from __future__ import annotations

import gc
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING

from tihuo.cloud import wire
from tihuo.cloud.trouble import Fault, explain_error

if TYPE_CHECKING:
    from tihuo.cloud.connection import Connection

_TICK_S = 1.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the daemon, which ends us in its own time
        signal.signal(number, signal.SIG_IGN)
    # paho would ask it for a proxy if it had PySocks; the web client and the mail parser that come with it weigh 3 MB
    sys.modules.setdefault("urllib.request", ModuleType("urllib.request"))
    from tihuo.cloud.connection import Connection

    gc.freeze()
    Line(socket.socket(fileno=0), Connection).run()


class Line:
    """One connection after another, until the daemon wants no more."""

    def __init__(self, daemon: socket.socket, connect: type[Connection]) -> None:
        self._daemon = daemon
        self._connect = connect
        self._frames = wire.Frames()
        self.unsaid = bytearray()
        self._said_at = 0.0
        self._connection: Connection | None = None
        self._leaving = False
        (_, _, content), *self._early = self._hear(wait=True)
        self.settings: wire.LineSettings = json.loads(content)
        self.says = {int(kind): topic for kind, topic in self.settings["says"].items()}
        self.poll = select.poll()
        self.poll.register(daemon, select.POLLIN)

    def run(self) -> None:
        s, dice = self.settings, random.Random()  # noqa: S311
        pause, epoch = s["pause_min"], s["epoch"]
        for early in self._early:
            self._obey(*early)
        while not self._leaving:
            # A connection that dies young keeps the pause growing: two boxes with one client id throw each other out.
            if self._live(epoch) > pause:
                pause = s["pause_min"]
            self._rest(pause * dice.uniform(0.5, 1.0))
            if epoch % len(s["nodes"]) == 0:
                pause = min(pause * 2, s["pause_max"])
            epoch += 1

    def _live(self, epoch: int) -> float:
        """The whole life of one connection, whatever it dies of; how many seconds it was up."""
        connection = self._connection = self._connect(self, epoch)
        fault: Fault | None = None
        try:
            connection.open()
            while connection.step() and not (self._leaving or connection.hanging_up):
                pass
            if self._leaving or connection.hanging_up:
                connection.say_goodbye()
            else:
                fault = connection.fault
        except Exception as error:  # noqa: BLE001  a strange host name or a strange peer raise more than OSError
            fault = explain_error(error)
        finally:
            connection.close()
            self._connection = None
        told = "{} {}, {}:{}".format(*fault, *connection.node) if fault else ""
        self.say(wire.frame(wire.ENDED, 0, told.encode()))
        self.flush()
        return 0.0 if connection.joined_at is None else time.monotonic() - connection.joined_at

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._leaving and (left := until - time.monotonic()) > 0:
            if self.poll.poll(min(left, _TICK_S) * 1000):
                self.listen()
            self.flush()

    def listen(self) -> None:
        """Do what the daemon says."""
        for kind, number, content in self._hear():
            self._obey(kind, number, content)

    def _hear(self, *, wait: bool = False) -> list[wire.Frame]:
        while True:
            piece = b""
            with suppress(OSError):
                piece = self._daemon.recv(64 << 10)
            if not piece:
                os._exit(0)  # the daemon is gone: no goodbye, so that the broker announces its death
            frames = self._frames.cut(piece)
            if frames or not wait:
                return frames

    def _obey(self, kind: int, number: int, content: bytes) -> None:
        connection = self._connection
        if kind == wire.LEAVE:
            self._leaving = True
        elif connection is None or number != connection.epoch:
            pass  # meant for a connection that is over
        elif kind == wire.ACKS:
            for (claim,) in struct.iter_unpack("<I", content):
                connection.ack(claim)
        elif kind == wire.HANG_UP:
            connection.hanging_up = True
        else:
            connection.publish(kind, content)

    def say(self, frame: bytes) -> None:
        """Tell the daemon, with what else is said before the next `flush`."""
        self.unsaid += frame

    def flush(self) -> None:
        now = time.monotonic()
        if not self.unsaid and now - self._said_at > self.settings["beat"]:
            self.say(wire.frame(wire.ALIVE, 0))
        if self.unsaid:
            try:
                self._daemon.sendall(self.unsaid)
            except OSError:
                os._exit(0)
            self.unsaid = bytearray()
            self._said_at = now


if __name__ == "__main__":
    main()
