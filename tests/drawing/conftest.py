"""Content for labels and receipts, and two readers of codes that are not ours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from tihuo.drawing.label import LabelContent, LabelLine
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.shop.words import Zone

Read = Callable[[Image.Image], set[str]]


@pytest.fixture
def shelf() -> ShelfMap:
    return ShelfMap(
        (
            Unit.grid("货架 1", Zone.AMBIENT, 1, 4, 2),
            Unit.grid("货架 2", Zone.AMBIENT, 9, 3, 2),
            Unit.grid("冷藏柜", Zone.CHILLED, 1, 3, 2),
            Unit.grid("冷冻柜", Zone.FROZEN, 1, 2, 2),
        )
    )


@pytest.fixture
def label() -> LabelContent:
    return LabelContent(
        slot="A07",
        zone=Zone.AMBIENT,
        name="王*",
        phone_tail="5678",
        lines=(LabelLine("云南小土豆 500g", 2), LabelLine("上海青", 1)),
        parcel=1,
        parcels=3,
        window=("周六 11-22", "17:00–19:00"),
        code="TH1:LLX01:ABCDEFGH:K7Q2M4XAZ3PQR5TU",
        digits="1234 5678",
    )


def _by_zxing(image: Image.Image) -> set[str]:
    return {found.text for found in zxingcpp.read_barcodes(np.asarray(image.convert("L")))}


def _by_zbar(image: Image.Image) -> set[str]:
    found = pyzbar.decode(image.convert("L"), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return {code.data.decode() for code in found}


@pytest.fixture(params=[_by_zxing, _by_zbar], ids=["zxing-cpp", "zbar"])
def read(request: pytest.FixtureRequest) -> Read:
    """Reads every code in a picture, by each of two readers in turn."""
    return request.param
