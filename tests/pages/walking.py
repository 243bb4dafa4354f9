"""Walking through the pages as a person does: logging in, scanning with a scanner that types, looking for faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.pages.evening import PIN

PHONE, DESK = (390, 844), (1366, 800)
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"


def window(browser: Browser, url: str, size: tuple[int, int], language: str = "zh") -> BrowserContext:
    """A browser of somebody's own, in a language."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=url, bypass_csp=False)
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "lang", "value": language, "url": url}])
    return context


def log_in(context: BrowserContext, name: str, path: str) -> Page:
    """Through the login page, as everybody else; ends on the page that was asked for."""
    page = context.new_page()
    page.goto(path)
    page.get_by_label(name).check()
    page.locator("input[name=pin]").fill(PIN)
    page.locator("main button.go").click()
    page.wait_for_url(f"**{path}")
    return page


def scan(page: Page, text: str) -> None:
    """A scanner that types, held over anything at all."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical on this page."""
    if not AXE.is_file():
        pytest.skip("axe-core is not there: run `python web/build.py --dev`")
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def watch(page: Page) -> list[str]:
    """Collects what the page complains about in its console, refusals of the box (4xx) apart."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: said.append(message.text)
        if message.type == "error" and "status of 4" not in message.text
        else None,
    )
    return said
