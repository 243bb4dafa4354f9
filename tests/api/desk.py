"""A little shop with its web side: who is logged in, and what the pages answer, without a browser.

def test_something(desk: Desk) -> None:
    staff = desk.client("小安")
    answer = staff.post("/staff/sorting/put", data={...})
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.little_shop import HOUSE, LittleShop
from tihuo.api.app import create_app
from tihuo.api.auth import SESSION, hash_pin, session_cookie
from tihuo.api.door import Door, Part
from tihuo.boards.people import user
from tihuo.drawing.shelf import ShelfMap, Unit
from tihuo.shop.staff import keep_user
from tihuo.shop.words import Millis, Zone

SHELF = ShelfMap(
    (
        Unit.grid("shelf", Zone.AMBIENT, 1, 1, 3),
        Unit.grid("fridge", Zone.CHILLED, 1, 1, 2),
        Unit.grid("freezer", Zone.FROZEN, 1, 1, 1),
    )
)
OWNER, STAFF, OTHER = "周宁", "小安", "小陈"


class Desk:
    """`shop` as in the stage tests; its people: an owner and two of the staff."""

    def __init__(self, shop: LittleShop) -> None:
        self.shop = shop
        self.parts: list[Part] = [Part("camera"), Part("printer_label", "printer_paper_out", Millis(shop.clock.now))]
        pin = hash_pin("2468")
        for name, role in ((OWNER, "owner"), (STAFF, "staff"), (OTHER, "staff")):
            shop.do(keep_user, name, role, pin)
        self.door = Door(
            writer=shop.writer,
            readers=shop.readers,
            house=HOUSE,
            shop_name="春风小铺",
            shelf=SHELF,
            clock=shop.clock,
            parts=lambda: self.parts,
            session_key=b"a key of the tests",
        )
        self.app = create_app(self.door)

    def client(self, name: str = "", language: str = "zh") -> TestClient:
        """A browser in which somebody is logged in, or nobody."""
        client = TestClient(self.app, base_url="http://box.test", follow_redirects=False)
        client.headers.update({"accept": "text/html"})
        client.cookies.set("lang", language)
        if name:
            person = self.shop.read(user, name)
            client.cookies.set(SESSION, session_cookie(self.door, person))
        return client


@pytest.fixture
def desk(shop: LittleShop) -> Desk:
    """A desk over a shop whose session has just begun."""
    return Desk(shop)


def words(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def code_of(page: str) -> str:
    """The code of a refusal in a page or a fragment."""
    found = re.search(r'data-code="([a-z_]+)"', page)
    return found[1] if found else ""


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "table.xlsx"
    path.write_bytes(content)
    return path
