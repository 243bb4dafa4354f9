"""Whatever can go wrong with a device is explained where people look."""

from __future__ import annotations

from tests.devices.conftest import REPO
from tihuo.devices.troubles import BY_CODE


def test_every_trouble_is_explained() -> None:
    page = (REPO / "daemon" / "docs" / "devices.md").read_text(encoding="utf-8")
    assert [code for code, kind in BY_CODE.items() if not kind.__subclasses__() and f"`{code}`" not in page] == []
