"""The box of the twin world: one life of its process, turned by hand, and its end of the line to the broker."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

from tests.little_shop import HOUSE
from tihuo.cloud.link import Delivery, Link
from tihuo.cloud.relay import Relay
from tihuo.ledger.database import Readers
from tihuo.ledger.writer import Writer
from tihuo.shop.words import Millis


class Died(BaseException):
    """The box's process ends here."""


class Air:
    """What is between the two: messages on their way, and whether each side hears them."""

    def __init__(self) -> None:
        self.up: list[tuple[str, bytes]] = []
        self.down: list[bytes] = []
        self.box_hears = True
        self.cloud_hears = True


class Said:
    """A delivery to the box; the broker hears of it only while the box that got it lives."""

    def __init__(self, line: Line, payload: bytes, commits: int) -> None:
        self._line, self.payload, self._commits = line, payload, commits

    def ack(self) -> bool:
        self._line.acked(self, self._commits)
        return True


class Line:
    """The box's link, as far as the relay knows one."""

    def __init__(self, air: Air) -> None:
        self._air = air
        self.dead = False
        self.unacked: list[Said] = []
        self.dies_after_acks: int | None = None
        self.too_soon = 0
        self.commits: Callable[[], int] = lambda: 0
        self.on_down: Callable[[bytes, Delivery], None]
        self.on_connected: Callable[[], None]
        self.on_room: Callable[[], None]
        self.room = 100

    @property
    def connected(self) -> bool:
        return self._air.box_hears and not self.dead

    def publish(self, kind: str, *payloads: bytes) -> int:
        if not self.connected:
            return 0
        self._air.up += [(kind, payload) for payload in payloads]
        return len(payloads)

    def hang_up(self) -> None:
        """The relay wants a new connection, because a broker says at the next one what was not acknowledged."""
        self._air.down[:0] = [said.payload for said in self.unacked]
        self.unacked.clear()
        self.on_connected()

    def hear(self, payload: bytes) -> None:
        said = Said(self, payload, self.commits())
        self.unacked.append(said)
        self.on_down(payload, cast(Delivery, said))

    def acked(self, said: Said, commits_before: int) -> None:
        if self.dead:
            return
        if self.commits() == commits_before:
            self.too_soon += 1
        if said in self.unacked:
            self.unacked.remove(said)
        if self.dies_after_acks is not None:
            self.dies_after_acks -= 1
            self.dead = self.dies_after_acks < 0


class Doomed:
    """The writer's cursor in the moment of its death: just before the commit, or just after it."""

    def __init__(self, cursor: Any, line: Line, committed: bool) -> None:
        self._cursor, self._line, self._committed = cursor, line, committed

    def execute(self, statement: str, parameters: Any = ()) -> Any:
        if statement == "COMMIT":
            self._line.dead = True
            if self._committed:
                self._cursor.execute("COMMIT")
            raise Died
        return self._cursor.execute(statement, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class HandTurned(Writer):
    """The writer, which commits when it is told to; or at once while a thread that would wait for it is played."""

    at_once = False

    def write(self, *args: Any, **how: Any) -> Future[Any]:
        future = super().write(*args, **how)
        while self.at_once and self.step(0):
            pass
        return future


class Box:
    """One life of the box's process, on a file that may have seen others."""

    def __init__(
        self, path: Path, air: Air, clock: Callable[[], Millis], stopwatch: Callable[[], float], dice: random.Random
    ) -> None:
        self.line = Line(air)
        self.writer = HandTurned(path, HOUSE, clock)
        self.readers = Readers(path)
        self.relay = Relay(
            self.writer, self.readers, cast(Link, self.line), HOUSE, clock,
            stopwatch=stopwatch, dice=dice,
        )  # fmt: skip
        self.line.commits = lambda: self.writer.commits

    def speak(self) -> None:
        """The relay says what there is to say, and merges what there is to merge."""
        self.writer.at_once = True
        try:
            while self.relay.step():
                pass
        except Died:
            pass
        finally:
            self.writer.at_once = False

    def turn(self) -> None:
        """The writer does what is asked of it, in one commit."""
        while not self.line.dead and self.writer.step(0):
            pass

    def doom(self, how: str, acks: int = 0) -> None:
        """The next commit is the last: `before` it, `after` it, or after it and `acks` answers to the broker."""
        if how == "acks":
            self.line.dies_after_acks = acks
        else:
            moment = self.writer._moment
            moment.cursor = cast(Any, Doomed(moment.cursor, self.line, how == "after"))

    def drop(self) -> None:
        """What kill -9 leaves: the file."""
        self.line.dead = True
        self.writer._connection.close()
        self.readers.close()
