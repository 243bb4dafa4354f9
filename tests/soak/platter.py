"""A disk as it would be found after a power cut: what was synced is there, what was only written may be, in part.

Fed with what the witness (`tracedisk.c`) noted. Three ways to lose power: `synced` loses all that no sync covered,
`kept` loses nothing, as kill -9 does, and `torn` keeps each unsynced sector of 512 bytes, cut or name by chance. A name
lasts once its folder was synced; changes of names that were not come in their order or not at all.
"""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

SECTOR = 512
Way = Literal["synced", "kept", "torn"]
WAYS: tuple[Way, ...] = ("synced", "kept", "torn")


class Record(NamedTuple):
    """See `tracedisk.c` for the letters."""

    what: str
    file: int
    at: int
    data: bytes


def records(trace: Path) -> Iterator[Record]:
    """What the witness noted, in order."""
    with trace.open("rb") as notes:
        while head := notes.read(17):
            what, file, at, size = struct.unpack("=ciqi", head)
            yield Record(what.decode(), file, at, notes.read(size))


class _File:
    """One file's bytes: those that last, and what was done since. A change is (place, bytes), or (length, None)."""

    def __init__(self, lasting: bytes = b"") -> None:
        self.lasting = bytearray(lasting)
        self.since: list[tuple[int, bytes | None]] = []
        self.begun = 0

    def synced(self) -> None:
        for change in self.since[: self.begun]:
            _apply(self.lasting, *change)
        del self.since[: self.begun]
        self.begun = 0

    def found(self, way: Way, chance: random.Random) -> bytearray:
        content = bytearray(self.lasting)
        for at, data in self.since if way != "synced" else ():
            if way == "kept" or data is None:
                if way == "kept" or chance.random() < 0.5:
                    _apply(content, at, data)
                continue
            for start in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    _apply(content, at + start, data[start : start + SECTOR])
        return content


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
    else:
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data


class Platter:
    """The files of one folder. Paths are those that the witness saw; `folder` is where they stood."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve())
        self._names: dict[str, _File] = {}
        self._lasting: dict[str, _File] = {}
        self._renames: list[tuple[str, str | None, _File | None]] = []
        self._open: dict[int, _File | None] = {}
        for path in folder.iterdir():
            if path.is_file() and not path.name.endswith("-shm"):
                self._names[str(path.resolve())] = _File(path.read_bytes())
        self._lasting = dict(self._names)

    def see(self, note: Record) -> None:
        """What the witness noted, happened."""
        if note.what == "O":
            self._opened(note)
        elif note.what == "U":
            self._name(note.data.decode(), None, None)
        elif note.what == "N":
            source, target = note.data.decode().split("\0")
            self._name(source, target, self._names[source])
        elif note.file in self._open:
            self._on_file(note, self._open[note.file])

    def _opened(self, note: Record) -> None:
        path = note.data.decode()
        if path == self._folder:
            self._open[note.file] = None
            return
        file = self._names.get(path)
        if file is None:
            file = _File()
            self._name(path, path, file)
        elif note.at:
            file.since.append((0, None))
        self._open[note.file] = file

    def _on_file(self, note: Record, file: _File | None) -> None:
        if note.what == "C":
            del self._open[note.file]
        elif file is None:
            if note.what == "D":
                self._lasting = dict(self._names)
                self._renames.clear()
        elif note.what in "WT":
            file.since.append((note.at, note.data if note.what == "W" else None))
        elif note.what == "B":
            file.begun = len(file.since)
        elif note.what == "D":
            file.synced()

    def _name(self, old: str, new: str | None, file: _File | None) -> None:
        """A file got a name, lost it, or got another."""
        self._renames.append((old, new, file))
        _rename(self._names, old, new, file)

    def leave(self, way: Way, chance: random.Random, target: Path) -> None:
        """Put into `target` what would be found now."""
        names = copy.copy(self._names if way == "kept" else self._lasting)
        if way == "torn":
            for change in self._renames[: chance.randint(0, len(self._renames))]:
                _rename(names, *change)
        for path, file in names.items():
            (target / Path(path).name).write_bytes(file.found(way, chance))


def _rename(names: dict[str, _File], old: str, new: str | None, file: _File | None) -> None:
    names.pop(old, None)
    if new is not None and file is not None:
        names[new] = file


def in_memory() -> Path | None:
    """Where to lay out disks to be looked at: in memory, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
