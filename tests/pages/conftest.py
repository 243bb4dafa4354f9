"""Real pages in a real Chromium: an evening on a server, and screens that watch for what nobody should have to see."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.little_shop import copy_of
from tests.pages.evening import OWNER, PIN, STAFF, Evening, Served, evening, evening_file, twin_of
from tihuo.api.auth import hash_pin
from tihuo.shop.staff import keep_user
from tihuo.stages.sorting import open_wave

__all__ = ["evening", "evening_file", "twin_of"]

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",  # as the kiosk's own browser is started
)
PORTRAIT, LANDSCAPE = {"width": 1080, "height": 1920}, {"width": 1024, "height": 600}
WAIT_MS = 15_000
"""For a page to become what it should: far more than it takes, because the machine may be busy."""

OpenPage = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def staffed(seeded_file: Path, tmp_path: Path) -> Iterator[Evening]:
    """A sale has just begun in a shop with an owner and somebody at the shelf; nobody has ordered."""
    evening = Evening(copy_of(seeded_file, tmp_path / "shop.db"))
    evening.do(keep_user, OWNER, "owner", hash_pin(PIN))
    evening.do(keep_user, STAFF, "staff", hash_pin(PIN))
    yield evening
    evening.close()


@pytest.fixture
def ordered(staffed: Evening) -> Evening:
    """Three orders have come in: o1 of 3 rice and 2 milk, o2 of one rice, o3 of 2 rice and eggs."""
    staffed.sell("o1", "lin", RICE=3, MILK=2)
    staffed.sell("o2", "zhao", RICE=1)
    staffed.sell("o3", "ou", RICE=2, EGGS=1)
    return staffed


@pytest.fixture
def wave_open(ordered: Evening) -> Evening:
    """A wave is open: o1 wants 3 rice (A01) and 2 milk (C01), o2 one rice (A02), o3 2 rice and eggs (A03)."""
    ordered.do(open_wave, "s1")
    return ordered


@pytest.fixture
def served(evening: Evening) -> Iterator[Served]:
    served = Served(evening.app)
    yield served
    served.stop()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[OpenPage]:
    """`open_page(address, viewport=..., **context)`: a browser of its own. Fails the test afterwards if a page said
    something on its console, threw, or asked another host."""
    complaints: list[str] = []
    contexts = []

    def open_one(address: str, *, viewport: dict[str, int] = PORTRAIT, quiet: bool = True, **options: Any) -> Any:
        context = chromium.new_context(viewport=viewport, **options)
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        host = address.split("/")[2]
        page.on("request", lambda asked: None if host in asked.url else complaints.append(f"asked {asked.url}"))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints


def hold_still(page: Any) -> None:
    """What is drawn from now on is there at once: a part that just fades in is half transparent, and stands aside."""
    page.emulate_media(reduced_motion="reduce")


def barriers(page: Any, *more_rules: str) -> list[str]:
    """What axe-core finds in the way of somebody on this page, serious or worse; `more_rules` are off by default."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: python web/build.py --dev")
    hold_still(page)
    page.evaluate(AXE.read_text())
    options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": True} for rule in more_rules}}
    found = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
