"""What the daemon and the process of its line say to each other: frames over a pair of sockets.

A frame is a kind, a number and content. Both sides read in pieces that may hold many frames, or half of one.
"""

from __future__ import annotations

from struct import Struct, pack
from typing import TypedDict

_HEAD = Struct("<BII")  # kind, number, bytes of content

# what the daemon says; the number is the connection that it means
SETTINGS = 1  # `LineSettings` as JSON; always the first frame, and never again
ACKS = 2  # claims, four bytes each: these messages are on disk
UP, STATE, PRESENCE = 3, 4, 5  # a payload to publish
HANG_UP = 6  # leave and come back
LEAVE = 7  # say goodbye to the broker and end

# what the line says of its present connection
JOINED = 11  # the broker has taken our subscription; content: node
DOWN, TRAFFIC = 12, 13  # its claim, 0 where the broker waits for no acknowledgement; content: payload
TAKEN = 14  # so many publishes were acknowledged by the broker
ENDED = 15  # the next one begins; content: trouble code, a blank, detail; nothing when we left ourselves
ALIVE = 16  # nothing to say

Frame = tuple[int, int, bytes]


class LineSettings(TypedDict):
    """All that the line must know. Times in seconds; `tls` is what `trust` wants; a node is (host, port)."""

    epoch: int
    """The number of its first connection."""
    nodes: list[tuple[str, int]]
    """The first connection goes to the first of them."""
    client_name: str
    persistent: bool
    username: str
    password: str
    tls: tuple[str, str, str, str] | None
    hears: dict[str, int]
    """Topic -> the kind of frame for what arrives there."""
    says: dict[int, str]
    """Kind of frame -> topic."""
    last_words: str | None
    """Kept by the broker, on the topic of `PRESENCE`, when we are gone."""
    keepalive: int
    connect_timeout: float
    beat: float
    """It says at least `ALIVE` as often."""
    pause_min: float
    pause_max: float
    unacked_limit: int
    unacked_bytes: int


def frame(kind: int, number: int, content: bytes | bytearray = b"") -> bytes:
    return _HEAD.pack(kind, number, len(content)) + content


def claims(numbers: list[int]) -> bytes:
    """The content of `ACKS`."""
    return pack(f"<{len(numbers)}I", *numbers)


class Frames:
    """Whole frames out of pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, piece: bytes) -> list[Frame]:
        """Those that are whole by now."""
        data = self._rest + piece if self._rest else piece
        found: list[Frame] = []
        at, end, head, unpack = 0, len(data), _HEAD.size, _HEAD.unpack_from
        while end - at >= head:
            kind, number, size = unpack(data, at)
            begin = at + head
            if end - begin < size:
                break
            at = begin + size
            found.append((kind, number, data[begin:at]))
        self._rest = data[at:]
        return found
