"""Pages that are loaded when somebody comes: nobody meets a locked door, and a start does not wait for them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from tihuo.api.wings import Wing


def house(*routers: APIRouter) -> tuple[TestClient, list[str]]:
    """An application with one wing, and how often it was furnished."""
    opened: list[str] = []

    def furnish() -> Iterable[APIRouter]:
        opened.append(threading.current_thread().name)
        return routers

    app = FastAPI()
    app.router.routes.append(Wing("/owner", furnish))
    return TestClient(app, follow_redirects=False), opened


def rooms() -> tuple[APIRouter, APIRouter, APIRouter]:
    home, stock, counts = APIRouter(), APIRouter(prefix="/stock"), APIRouter(prefix="/stock/counts")
    home.get("")(lambda: "home")
    stock.get("")(lambda: "stock")
    stock.get("/{sku}")(lambda sku: sku)
    counts.post("/{count_id}/done")(lambda count_id: count_id)
    return home, stock, counts


def test_a_wing_is_furnished_by_whoever_comes_first_and_once() -> None:
    browser, opened = house(*rooms())
    assert opened == []
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda _: browser.get("/owner/stock").json(), range(8)))
    assert answers == ["stock"] * 8
    assert len(opened) == 1


def test_each_page_has_the_address_that_it_would_have_anywhere() -> None:
    browser, _ = house(*rooms())
    assert browser.get("/owner").json() == "home"
    assert browser.get("/owner/stock/rice").json() == "rice"
    assert browser.post("/owner/stock/counts/7/done").json() == "7"
    assert browser.get("/owner/stock/counts/7/done").status_code == 405
    assert browser.get("/owner/cellar").status_code == 404
    assert browser.get("/ownership").status_code == 404
    assert browser.get("/owner/stock/").headers["location"].endswith("/owner/stock")


def test_a_room_must_say_its_name() -> None:
    nameless = APIRouter()
    nameless.get("/{anything}")(lambda anything: anything)
    with pytest.raises(ValueError, match="which room"):
        Wing("/owner", lambda: [nameless]).open()


def test_the_box_starts_without_the_pages_of_staff_and_owner() -> None:
    pages = ("tihuo.api.staff", "tihuo.api.owner", "tihuo.tables")
    asked = f"import sys, tihuo.wiring.box, tihuo.api.app; print([m for m in sys.modules if m.startswith({pages})])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "[]\n"
