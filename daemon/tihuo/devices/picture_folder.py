"""A folder of pictures instead of a camera: each is shown for a few frames, by name, and new ones join in."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from PIL import Image

from tihuo.devices.frames import LARGEST_PICTURE, Grey, fitted
from tihuo.devices.troubles import CameraPictureUnreadable, CameraUnplugged

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}


class FolderFrames:
    """Shows every picture `frames_each` times and then, unless `again`, never again until its file changes.

    A picture that cannot be read raises `CameraPictureUnreadable` once and is tried again when its file has changed:
    it may still be being written.
    """

    live = False

    def __init__(
        self, folder: str, size: tuple[int, int] = (1280, 720), frames_each: int = 6, again: bool = False
    ) -> None:
        self._folder, self._size = Path(folder), (size[0], size[1])
        self._frames_each, self._again = frames_each, again
        self._shown: dict[Path, tuple[int, int]] = {}
        self._waiting: deque[Path] = deque()
        self._frame: Grey | None = None
        self._frames_left = 0

    def open(self) -> None:
        if not self._folder.is_dir():
            raise CameraUnplugged(device=str(self._folder), reason="no such folder")

    def grab(self) -> Grey | None:
        if self._frames_left == 0:
            self._frame = self._next_picture()
            self._frames_left = self._frames_each
        if self._frame is None:
            self._frames_left = 0
            return None
        self._frames_left -= 1
        return self._frame

    def close(self) -> None:
        self._frame, self._frames_left = None, 0

    def _next_picture(self) -> Grey | None:
        if not self._waiting:
            self._waiting.extend(self._pictures())
        while self._waiting:
            path = self._waiting.popleft()
            try:
                version = _version(path)
            except FileNotFoundError:
                continue
            if self._shown.get(path) == version and not self._again:
                continue
            self._shown[path] = version
            return self._read(path)
        return None

    def _pictures(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        except OSError as gone:
            raise CameraUnplugged(device=str(self._folder), reason=gone.strerror or "") from gone

    def _read(self, path: Path) -> Grey:
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > LARGEST_PICTURE:
                    raise ValueError("too large a picture")
                picture.draft("L", (self._size[0] * 2, self._size[1] * 2))
                return fitted(picture, self._size)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as broken:
            raise CameraPictureUnreadable(name=path.name) from broken


def _version(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size
