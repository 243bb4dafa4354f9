"""Aiming a camera: what the owner sees, what nobody else does, and where the tray is kept."""

from __future__ import annotations

import base64
import dataclasses
import io
import queue
import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.api.desk import OWNER, STAFF, Desk, desk, words
from tests.devices import codes
from tihuo.api.app import create_app
from tihuo.api.door import Part, Viewfinder
from tihuo.api.owner_camera import WATCH_MS
from tihuo.devices.simulated import SimulatedCamera
from tihuo.shop.events import SettingChanged
from tihuo.shop.tray import kept_tray

pytestmark = pytest.mark.slow

__all__ = ["desk"]

TEXT = "TH1:S01:7:CP6C7T5YCSWVB7GL"


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    """It looks at a phone."""
    made = SimulatedCamera(size=(640, 480))
    heard: queue.Queue[object] = queue.Queue()
    made.start(heard.put, heard.put)
    made.hold(codes.qr(TEXT))
    heard.get(timeout=30)
    yield made
    made.stop()


@pytest.fixture
def owner(desk: Desk, camera: SimulatedCamera) -> TestClient:
    """The owner, in English, before a box whose first kiosk has a camera with a tray of its own in the settings."""
    desk.door = dataclasses.replace(
        desk.door, cameras={"k1": Viewfinder(camera, (0.1, 0.0, 0.8, 1.0))}, eyes={"k1": ("camera",)}
    )
    desk.app = create_app(desk.door)
    return desk.client(OWNER, "en")


def look(client: TestClient, desk: Desk, left: int = WATCH_MS) -> str:
    answer = client.get(f"/owner/devices/camera/look?k=k1&until={desk.door.ticks() + left}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def tray(client: TestClient, **edges: float) -> int:
    return client.post("/owner/devices/camera/tray", data={"k": "k1", "once": "abcdefgh", **edges}).status_code


def test_the_owner_sees_the_picture_and_what_is_good_about_it(owner: TestClient, desk: Desk) -> None:
    seen = look(owner, desk)
    found = re.search(r'jpeg="([^"]+)"', seen)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
        assert picture.size == (640, 480)
    assert "The light is good Sharp" in words(seen)


def test_a_code_is_shown_masked(owner: TestClient, desk: Desk) -> None:
    seen = look(owner, desk)
    assert "TH1:S01:…" in seen
    assert "CP6C7T5" not in re.sub(r'jpeg="[^"]+"', "", seen)


def test_after_three_minutes_nobody_is_watched(owner: TestClient, desk: Desk) -> None:
    for left in (0, -5, WATCH_MS + 1):
        seen = look(owner, desk, left)
        assert "jpeg=" not in seen and "hx-get" not in seen
        assert "Show it again" in seen


def test_only_the_owner_may_look(owner: TestClient, desk: Desk) -> None:
    for client in (desk.client(STAFF), desk.client()):
        for path in ("", f"/look?k=k1&until={desk.door.ticks() + 1000}"):
            answer = client.get(f"/owner/devices/camera{path}")
            assert answer.status_code in (303, 401, 403)
            assert b"jpeg=" not in answer.content


def test_a_tray_that_was_drawn_counts_at_once_and_is_kept(
    owner: TestClient, desk: Desk, camera: SimulatedCamera
) -> None:
    assert tray(owner, x=25, y=12.5, width=50, height=75) == 303
    assert desk.shop.read(kept_tray, "k1") == (0.25, 0.125, 0.5, 0.75)
    seen = camera.look(30)
    assert seen is not None
    assert seen.tray == (0.25, 0.125, 0.5, 0.75)
    assert desk.shop.events(SettingChanged)[-1].what == "camera_tray"
    assert "tray = [0.25, 0.125, 0.5, 0.75]" in owner.get("/owner/devices/camera").text


def test_the_settings_file_counts_again(owner: TestClient, desk: Desk, camera: SimulatedCamera) -> None:
    tray(owner, x=25, y=12.5, width=50, height=75)
    owner.post("/owner/devices/camera/tray/forget", data={"k": "k1", "once": "hgfedcba"})
    assert desk.shop.read(kept_tray, "k1") is None
    seen = camera.look(30)
    assert seen is not None
    assert seen.tray == (0.1, 0, 0.8, 1)


@pytest.mark.parametrize("edges", [(0, 0, 5, 5), (60, 0, 60, 100), (0, 0, 101, 100)])
def test_a_tray_that_is_none_is_refused(owner: TestClient, desk: Desk, edges: tuple[float, ...]) -> None:
    assert tray(owner, **dict(zip(("x", "y", "width", "height"), edges, strict=True))) in (409, 422)
    assert desk.shop.read(kept_tray, "k1") is None


def test_a_camera_that_gives_no_picture_says_so(owner: TestClient, desk: Desk, camera: SimulatedCamera) -> None:
    camera.clear()
    assert "No picture just now" in look(owner, desk)


def test_a_box_without_a_camera_and_a_kiosk_without_one(desk: Desk) -> None:
    owner = desk.client(OWNER, "en")
    assert "This box has no camera" in owner.get("/owner/devices/camera").text
    assert owner.get("/owner/devices/camera?k=k7").status_code == 404


def test_a_kiosk_with_a_scanner_alone_says_what_to_do_with_it(desk: Desk) -> None:
    desk.app = create_app(dataclasses.replace(desk.door, eyes={"k1": ("scanner_gun",)}))
    assert "hold it before the scanner" in desk.client(OWNER, "en").get("/kiosk?k=k1").text
    desk.parts = [Part("scanner_gun", "scanner_unplugged")]
    assert "Please type your eight digits" in desk.client(OWNER, "en").get("/kiosk/strip?k=k1").text
