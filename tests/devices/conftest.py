"""Places and pictures that the device tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.devices.desks import Desk, desk_kinds
from tests.devices.emupos_desk import Emupos

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data from outside, kept beside the repository."""
    place = Path(os.environ.get("TIHUO_SHARED_DATA", REPO.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no shared data at {place}; set TIHUO_SHARED_DATA")
    return place


@pytest.fixture(scope="session")
def emupos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emupos]:
    """An ESC/POS interpreter that nobody here wrote, running for the whole session."""
    with Emupos.running(tmp_path_factory.mktemp("emupos")) as interpreter:
        yield interpreter


OURS = ("network", "serial", "usb", "device file", "labels network", "labels device file")


@pytest.fixture(params=desk_kinds(*OURS, "emupos network", "emupos serial"))
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A printer on the counter, whatever its cable and whoever plays it."""
    with request.param(request) as made:
        yield made


@pytest.fixture(params=desk_kinds(*OURS))
def our_desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A printer of ours, which can also fall silent or lose power in the middle of a job."""
    with request.param(request) as made:
        yield made


@pytest.fixture
def label() -> Image.Image:
    """A picture with everything that goes wrong on paper: thin lines, large black areas, an odd width and height."""
    image = Image.new("1", (467, 301), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((3, 3, 463, 297), outline=0, width=2)
    draw.rectangle((40, 40, 200, 160), fill=0)
    for x in range(220, 460, 7):
        draw.line((x, 10, x - 30, 290), fill=0, width=2)
    for y in range(170, 290, 3):
        draw.line((10, y, 210, y), fill=0)
    return image
