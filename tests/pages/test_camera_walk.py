"""取景: an owner aims the camera in a real browser; and a scanner that types identifies a customer at the kiosk."""

from __future__ import annotations

import dataclasses
import queue
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from tests.devices import codes
from tests.devices.screens import scene
from tests.pages.conftest import OpenPage, barriers
from tests.pages.evening import OWNER, Evening, Served
from tests.pages.test_paper_walk import keep
from tests.pages.walking import DESK, PHONE, log_in, scan
from tihuo.api.app import create_app
from tihuo.api.door import Viewfinder
from tihuo.devices.simulated import SimulatedCamera
from tihuo.shop.tray import kept_tray

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    """A phone lies in the tray."""
    made = SimulatedCamera()
    heard: queue.Queue[object] = queue.Queue()
    made.start(heard.put, heard.put)
    made.hold(codes.png(Image.fromarray(scene(2).frame())))
    heard.get(timeout=30)
    yield made
    made.stop()


@pytest.fixture
def served(staffed: Evening, camera: SimulatedCamera) -> Iterator[Served]:
    finders = {"k1": Viewfinder(camera), "k2": Viewfinder(camera)}
    eyes = {"k1": ("camera",), "k2": ("camera_k2",)}
    staffed.app = create_app(dataclasses.replace(staffed.door, cameras=finders, eyes=eyes))
    served = Served(staffed.app)
    yield served
    served.stop()


def painted(page: Any) -> bool:
    """Whether something is on the canvas."""
    bright = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((one, at) => at % 4 < 3 && one)"
    return bool(page.locator("canvas").evaluate(bright))


@pytest.mark.parametrize(
    ("language", "size", "name"), [("en", DESK, "desk"), ("zh", PHONE, "phone")], ids=["desk", "phone"]
)
def test_the_owner_sees_the_tray_and_draws_it(
    served: Served, open_page: OpenPage, staffed: Evening, language: str, size: dict[str, int], name: str
) -> None:
    page = log_in(served, open_page, OWNER, "/owner/devices/camera", language=language, viewport=size)
    page.wait_for_selector("#look code")
    assert painted(page)
    assert page.locator("canvas").evaluate("(c) => c.width / c.height") == pytest.approx(16 / 9, 0.01)
    box = page.locator(".finder").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.9, steps=4)
    page.mouse.up()
    keep(page, f"aim-{name}")
    assert barriers(page) == []
    page.locator(".aim .go").click()
    page.wait_for_selector("form[action$=forget]")
    tray = staffed.read(kept_tray, "k1")
    assert tray is not None
    assert tray == pytest.approx((0.3, 0.1, 0.5, 0.8), abs=0.02)


def test_no_trace_of_a_picture_stays_in_the_browser(served: Served, open_page: OpenPage) -> None:
    page = log_in(served, open_page, OWNER, "/owner/devices/camera", viewport=DESK)
    page.wait_for_selector("#look code")
    assert "jpeg=" not in page.content()
    for store in ("localStorage", "sessionStorage"):
        assert page.evaluate(f"JSON.stringify({store})").count("/9j/") == 0


def test_a_scanner_that_types_identifies_at_the_kiosk(
    evening: Evening, evening_served: Served, open_page: OpenPage
) -> None:
    page = open_page(f"{evening_served.url}/kiosk?k=k1")
    scan(page, evening.code("o1"))
    page.wait_for_selector(".scene-welcome")


@pytest.fixture
def evening_served(evening: Evening) -> Iterator[Served]:
    served = Served(evening.app)
    yield served
    served.stop()
