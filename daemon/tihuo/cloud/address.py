"""Where the broker is, and who we are there."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

# The tightest bounds of the brokers compared: any of them takes what fits here.
_TOPIC = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){1,7}")
_TOPIC_LENGTH = 64
_CLIENT_ID = re.compile(r"[A-Za-z0-9_@-]{1,64}")


@dataclass(frozen=True)
class LinkTls:
    """How to trust the broker. `ca` None means the system's store; `server_name` where its certificate names another
    host than the one we connect to. The name is always checked."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""


@dataclass(frozen=True)
class LinkSettings:
    """The line to one broker for one store. Times are in seconds.

    `others` are further nodes of the same broker, host and port: when the line to one ends, the next is tried.
    `announce` keeps the presence as a retained message with a last will, a convenience where the broker has both.
    Raises ValueError for a prefix, store or client id that some broker would refuse.
    """

    host: str
    port: int = 1883
    others: tuple[tuple[str, int], ...] = ()
    store: str = "S01"
    prefix: str = "tihuo/v1"
    client_id: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    tls: LinkTls | None = None
    persistent: bool = True
    announce: bool = False
    keepalive: int = 60
    connect_timeout: float = 10.0
    pause_min: float = 1.0
    pause_max: float = 60.0
    unacked_limit: int = 4096  # messages heard and not acknowledged; beyond it the socket is left unread
    unacked_bytes: int = 4_000_000  # the same for what is in them
    publishes_per_second: int = 0  # beyond it publish() says no; 0: no limit
    unsent_limit: int = 120  # messages said and not acknowledged by the broker; beyond it publish() says no

    def __post_init__(self) -> None:
        longest = self.topic("presence")
        if len(longest) > _TOPIC_LENGTH or not _TOPIC.fullmatch(longest):
            raise ValueError(f"not a topic that every broker takes: {longest!r}")
        if not _CLIENT_ID.fullmatch(self.client_name):
            raise ValueError(f"not a client id that every broker takes: {self.client_name!r}")

    def topic(self, kind: str) -> str:
        """'down' -> 'tihuo/v1/S01/down'."""
        return f"{self.prefix}/{self.store}/{kind}"

    def node(self, turn: int) -> tuple[str, int]:
        """Which node to try at this turn, 0, 1, 2, …: boxes that know the same nodes begin at different ones."""
        nodes = ((self.host, self.port), *self.others)
        return nodes[(zlib.crc32(self.client_name.encode()) + turn) % self.nodes]

    @property
    def nodes(self) -> int:
        return 1 + len(self.others)

    @property
    def client_name(self) -> str:
        return self.client_id or f"tihuo-{self.store}"
