"""Runs beside the real picamera2: our camera with its own capture process, and our adapter alone."""

from __future__ import annotations

import hashlib
import json
import queue
import sys
from pathlib import Path
from typing import Any

from tihuo.devices.camera import TrayCamera
from tihuo.devices.pi_camera import PiFrames
from tihuo.devices.troubles import CameraTrouble

PATIENCE_S = 120.0


def watch(wish: dict[str, Any]) -> dict[str, Any]:
    """The first texts that the whole camera reads, what it looks like, and what its process takes."""
    heard: queue.Queue[Any] = queue.Queue()
    camera = TrayCamera({"kind": "picamera2"}, size=tuple(wish["size"]), hang_after_s=30, start_within_s=PATIENCE_S)
    camera.start(heard.put, heard.put)
    try:
        texts: set[str] = set()
        while len(texts) < wish["texts"]:
            one = heard.get(timeout=PATIENCE_S)
            assert hasattr(one, "text"), repr(one)
            texts.add(one.text)
        seen = camera.look(PATIENCE_S)
        assert seen is not None
        pages = Path(f"/proc/{camera.process_id}/statm")
        memory = int(pages.read_text().split()[1]) * 4096 if pages.exists() else 0
        return {"texts": sorted(texts), "size": seen.size, "sharp": seen.sharp, "memory": memory}
    finally:
        camera.stop()


def grab(wish: dict[str, Any]) -> dict[str, Any]:
    """What the adapter gives of a size that it may have to adjust."""
    source = PiFrames(tuple(wish["size"]))
    source.open()
    try:
        frames = [source.grab() for _ in range(wish["frames"])]
        shapes = {frame.shape for frame in frames if frame is not None}
        different = {hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames if frame is not None}
        return {"shapes": sorted(shapes), "different": len(different), "own": all(f.base is None for f in frames)}
    finally:
        source.close()


def missing(wish: dict[str, Any]) -> dict[str, Any]:
    """A camera that is not there."""
    try:
        PiFrames(number=wish["number"]).open()
    except CameraTrouble as trouble:
        return {"code": trouble.code, "device": trouble.facts["device"]}
    return {}


DOES = {"watch": watch, "grab": grab, "missing": missing}

if __name__ == "__main__":
    print(json.dumps([DOES[wish["do"]](wish) for wish in json.load(sys.stdin)]))
