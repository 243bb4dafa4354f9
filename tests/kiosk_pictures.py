"""Every state of the kiosk as a picture: `.venv/bin/python -m tests.kiosk_pictures FOLDER [NAME…]`; by itself the few
of the docs.

A real evening on a real server, Debian's Chromium, 1080x1920 and 1024x600, both languages. It also asks axe-core, and
says what is cut off, too small, or too close together.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.pages.conftest import ARGUMENTS, CHROMIUM, LANDSCAPE, PORTRAIT
from tests.pages.evening import Evening, Served
from tests.pages.test_kiosk import faults
from tihuo.shop.guesses import KIOSK
from tihuo.stages import handing_over, preparing

PICTURES = Path(__file__).parents[1] / "daemon" / "docs" / "pictures"
OF_THE_DOCS = {
    "idle.tall.zh": "kiosk-idle",
    "welcome-3.tall.zh": "kiosk-welcome",
    "slow-welcome.tall.zh": "kiosk-slow",
    "told-not_ready.tall.en": "kiosk-told",
}
SIZES = {"tall": PORTRAIT, "wide": LANDSCAPE}
CUT, ELSEWHERE = "TH1:S01:1:AAAAAAAAAAAAAAAA", "TH1:S99:1:AAAAAAAAAAAAAAAA"
DAY_MS = 86_400_000


class Walk:
    """One evening, one screen, one language."""

    def __init__(self, evening: Evening, page: Page, folder: Path, name: str, wanted: set[str]) -> None:
        self.evening, self.page, self._folder, self._name, self._wanted = evening, page, folder, name, wanted

    def keep(self, state: str, scene: str) -> None:
        self.page.wait_for_selector(f".scene-{scene}")
        if self._wanted and state not in self._wanted:
            return
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=self._folder / f"{state}.{self._name}.png")
        for fault in faults(self.page):
            print(f"{state}.{self._name}: {fault}")

    def touch(self, selector: str) -> None:
        self.page.click(selector)

    def tell(self, code: str, state: str, name: str = "") -> None:
        self.evening.show(code)
        self.page.wait_for_selector(f".scene-told[data-cue*=':{state}:']")
        self.keep(name or f"told-{state}", "told")


def plain(walk: Walk) -> None:
    evening = walk.evening
    walk.keep("idle", "idle")
    walk.touch(".call")
    walk.keep("called", "called")
    walk.touch("[data-view-ends]")
    walk.page.wait_for_selector(".scene-idle")
    walk.touch(".small-actions .button >> nth=0")
    walk.page.click("[data-key='3']")
    walk.keep("pad", "pad")
    walk.touch("[data-view-ends]")
    evening.show(evening.code("o2"))
    walk.keep("welcome-1", "welcome")
    evening.show(evening.code("o1"))
    walk.page.wait_for_selector(".slot-name >> nth=2")
    walk.keep("welcome-3", "welcome")
    evening.later(46_000)
    walk.keep("confirm", "confirm")
    walk.touch(".actions .button >> nth=1")
    walk.keep("choose", "choose")
    walk.touch(".tick >> nth=2")
    walk.touch(".actions .go")
    walk.keep("partly", "partly")
    walk.touch(".actions .button >> nth=1")
    walk.keep("done", "done")
    for order, code in (
        ("o3", "not_ready"), ("o4", "already_collected"), ("o5", "cancelled"), ("o6", "nothing_left"),
        ("o7", "refused_order"),
    ):  # fmt: skip
        walk.tell(evening.code(order), code)
    walk.tell(CUT, "unknown_code")
    walk.tell(ELSEWHERE, "other_shop")
    evening.do(handing_over.keep_apart, "k1")
    walk.page.wait_for_selector(".scene-told[data-cue*=':two_codes:']")
    walk.keep("told-two_codes", "told")
    for guess in range(KIOSK.free):
        evening.show(f"{guess:08d}")
    walk.tell(evening.digits("o2"), "too_many_tries")


def others(walk: Walk) -> None:
    """What else one may do here."""
    walk.touch("[hx-get*='/kiosk/tail']")
    walk.keep("tail", "tail")
    for digit in "1001":
        walk.touch(f"[data-key='{digit}']")
    walk.page.wait_for_selector(".scene:not(.scene-tail)")
    if walk.page.locator(".scene-tail_name").count():
        walk.keep("tail-name", "tail_name")
        walk.touch(".picks .button >> nth=0")
        walk.keep("tail-goods", "tail_goods")
    else:
        print("no question:", walk.page.inner_text("h1"))
    walk.evening.show(walk.evening.code("o1"))
    walk.page.wait_for_selector(".scene-welcome")
    walk.touch(".actions .button >> nth=1")
    walk.touch(".actions .button >> nth=1")
    walk.keep("report", "report")


def ill(walk: Walk) -> None:
    walk.evening.part("cloud", "broker_unreachable")
    walk.evening.part("printer_receipt", "printer_paper_out")
    walk.page.wait_for_selector("#strip li >> nth=1")
    walk.keep("offline", "idle")
    walk.evening.part("camera", "camera_unplugged")
    walk.keep("camera-rests", "pad")
    walk.evening.part("ledger", "disk_full")
    walk.keep("closed-ledger", "closed")
    walk.evening.part("ledger")
    walk.evening.part("restore", "restoring")
    walk.page.wait_for_selector(".scene-closed .call")
    walk.keep("closed-restoring", "closed")


def crowded(walk: Walk) -> None:
    evening = walk.evening
    for day in (2, 3):
        evening.do(preparing.receive, "RICE", 20)
        evening.do(preparing.receive, "EGGS", 10)
        evening.plan(f"s{day}", window=(evening.clock.now + day * DAY_MS, evening.clock.now + day * DAY_MS + 1))
        evening.do(preparing.open_session, f"s{day}")
        evening.sell(f"o{day}8", "lin", f"s{day}", **{"RICE": 1, "MILK": 1, **({"BUNS": 1} if day == 2 else {})})
        evening.do(preparing.close_session, f"s{day}")
        evening.sort(f"s{day}")
    evening.show(evening.code("o28"))
    walk.page.wait_for_selector(".slot-name >> nth=7")
    walk.keep("welcome-8", "welcome")
    walk.touch(".actions .button >> nth=1")
    walk.keep("choose-8", "choose")


def slow(walk: Walk) -> None:
    """长辈模式, chosen anew by each customer."""
    evening = walk.evening

    def choose() -> None:
        walk.page.wait_for_selector(".scene-idle:not(.slow) [data-slow]")
        walk.touch("[data-slow]")
        walk.page.wait_for_selector(".scene-idle.slow")

    choose()
    walk.keep("slow-idle", "idle")
    walk.touch(".small-actions .button >> nth=0")
    walk.page.click("[data-key='3']")
    walk.keep("slow-pad", "pad")
    walk.touch("[data-view-ends]")
    walk.page.wait_for_selector(".scene-idle.slow")
    evening.show(evening.code("o1"))
    walk.keep("slow-welcome", "welcome.slow")
    evening.later(91_000)
    walk.keep("slow-confirm", "confirm.slow")
    walk.touch(".actions .button >> nth=1")
    walk.keep("slow-choose", "choose.slow")
    walk.touch(".tick >> nth=2")
    walk.touch(".actions .go")
    walk.keep("slow-partly", "partly.slow")
    walk.touch(".actions .button >> nth=1")
    walk.keep("slow-done", "done.slow")
    evening.later(11_000)
    choose()
    walk.tell(evening.code("o3"), "not_ready", "slow-told")


STORIES: dict[str, Callable[[Walk], None]] = {
    "plain": plain,
    "ill": ill,
    "crowded": crowded,
    "slow": slow,
    "others": others,
}


def main(
    folder: Path, wanted: set[str], stories: dict[str, Callable[[Walk], None]] = STORIES, sizes: dict[str, Any] = SIZES
) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for size, viewport in sizes.items():
            for language in ("zh", "en"):
                for story in stories.values():
                    _tell(browser, viewport, f"{size}.{language}", language, story, folder, wanted)
        browser.close()
    return 0


def _tell(
    browser: Any,
    viewport: Any,
    name: str,
    language: str,
    story: Callable[[Walk], None],
    folder: Path,
    wanted: set[str],
) -> None:
    with tempfile.TemporaryDirectory() as data:
        evening = Evening(Path(data) / "shop.db")
        evening.begin()
        served = Served(evening.app)
        page = browser.new_page(viewport=viewport)
        try:
            page.goto(f"{served.url}/kiosk?k=k1" + ("&lang=en" if language == "en" else ""))
            story(Walk(evening, page, folder, name, wanted))
        finally:
            page.close()
            served.stop()
            evening.close()


def of_the_docs() -> int:
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder)
        main(taken, {name.split(".")[0] for name in OF_THE_DOCS}, {"plain": plain, "slow": slow}, {"tall": PORTRAIT})
        for name, kept in OF_THE_DOCS.items():
            picture = Image.open(taken / f"{name}.png").convert("RGB").resize((432, 768), Image.Resampling.LANCZOS)
            picture.save(PICTURES / f"{kept}.webp", quality=88, method=6)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), set(sys.argv[2:])) if sys.argv[1:] else of_the_docs())
