"""Walking through the pages of the staff and the owner: logging in, scanning with a scanner that types."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.pages.conftest import WAIT_MS, OpenPage
from tests.pages.evening import PIN, Served

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 800}
EVEN_PACE = """() => {
  let at = performance.now();
  Object.defineProperty(KeyboardEvent.prototype, "timeStamp", {get: () => (at += 10), configurable: true});
  addEventListener("keyup", (event) => event.key === "Enter" && delete KeyboardEvent.prototype.timeStamp);
}"""


def log_in(
    served: Served, open_page: OpenPage, name: str, path: str, *, language: str = "en", quiet: bool = True, **how: Any
) -> Any:
    """Through the login page, as everybody else; ends on the page that was asked for."""
    joint = "&" if "?" in path else "?"
    page = open_page(f"{served.url}{path}{joint}lang={language}", quiet=quiet, **how)
    page.get_by_label(name).check()
    page.locator("input[name=pin]").fill(PIN)
    page.locator("main button.go").click()
    page.wait_for_url(f"**{path}*")
    return page


def scan(page: Any, text: str) -> None:
    """A scanner that types, held over anything at all."""
    page.wait_for_selector("wedge-scanner:defined, typing-scanner:defined", state="attached")
    even_pace(page)
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def even_pace(page: Any) -> None:
    """Until the next Enter keys reach the page ten milliseconds apart by its own clock, however laden this machine is:
    a page knows a scanner from a person by nothing else."""
    page.evaluate(EVEN_PACE)


def kept(page: Any) -> list[dict[str, Any]]:
    """The taps and scans that wait in this phone, in their order."""
    names = "Object.keys(localStorage).filter((name) => name.startsWith('tihuo-tap:')).sort()"
    return [json.loads(tap) for tap in page.evaluate(f"{names}.map((name) => localStorage[name])")]


def all_sent(page: Any) -> None:
    """The box has answered whatever was tapped or scanned in this page."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while waiting := kept(page):
        assert time.monotonic() < deadline, waiting
        page.wait_for_timeout(20)
