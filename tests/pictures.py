"""Takes the pictures of the README from a real evening: `.venv/bin/python -m tests.pictures`.

A house on simulated devices, orders from the demo cloud, Debian's Chromium on the real pages.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys.house import SESSION, House
from tihuo.boards import sorting
from tihuo.demo import shop
from tihuo.demo.broker import Broker
from tihuo.demo.cloud import CannotSell, Shopper, Wish
from tihuo.demo.seed import PEOPLE
from tihuo.stages import sorting as stage

PICTURES = Path(__file__).parents[1] / "daemon" / "docs" / "pictures"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def take(lang: str, browser: Browser, house: House) -> None:
    """The pages in one language, as `NAME.LANG.png`."""
    customer = house.customer()
    ready = next(order for order in house.cloud.orders() if order.state == "ready" and len(order.parcels) > 1)
    customer.show(ready.code)
    house.wait("the lamps blink", house.simulator.lit)
    kiosk = browser.new_page(viewport={"width": 1024, "height": 600})
    kiosk.goto(f"{house.base}/kiosk?k=k1&lang={lang}")
    _keep(kiosk, f"kiosk.{lang}")
    customer.leave()
    _keep(_logged_in(browser, house, "owner", lang, 1366, 800), f"owner.{lang}")
    staff = _logged_in(browser, house, "staff", lang, 390, 760)
    staff.goto(f"{house.base}/staff/sorting?lang={lang}")
    _keep(staff, f"staff.{lang}")


def _logged_in(browser: Browser, house: House, role: str, lang: str, width: int, height: int) -> Page:
    name, _, pin = next(person for person in PEOPLE if person[1] == role)
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.goto(f"{house.base}/login?lang={lang}")
    page.check(f"input[name=name][value={name}]", force=True)
    page.fill("input[name=pin]", pin)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{role}**")
    page.goto(f"{house.base}/{role}?lang={lang}")
    return page


def _keep(page: Page, name: str) -> None:
    page.wait_for_timeout(900)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=160).save(path, optimize=True)


def an_evening(house: House) -> None:
    """Thirty orders, most of them sorted, one item in the hand."""
    house.wait("everything is for sale", lambda: sum(offer.left > 0 for offer in house.cloud.offers()) == 40)
    for basket, _ in zip(shop.baskets(3), range(30), strict=False):
        who = basket.customer
        try:
            order = house.cloud.buy(Shopper(who.customer_id, who.name, who.phone), Wish(SESSION, basket.lines)).order_id
        except CannotSell:
            continue
        house.wait_for_state(order, "accepted")
    wave = house.do(stage.open_wave, SESSION)
    rows = house.read(sorting.by_product, wave)
    kept = max(rows, key=lambda row: row.wanted)
    for parcel in house.read(sorting.by_customer, wave, 0, 1000):
        for line in house.read(sorting.parcel_lines, [parcel.parcel_id]):
            if line.sku_id != kept.sku_id:
                house.do(stage.put, parcel.parcel_id, line.sku_id, line.wanted)
    house.do(stage.scan_item, PEOPLE[1][0], shop.product(kept.sku).barcode, actor=PEOPLE[1][0])


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker:
        house = House(Path(folder) / "house", broker)
        try:
            an_evening(house)
            with sync_playwright() as player:
                browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
                for lang in ("zh", "en"):
                    take(lang, browser, house)
                browser.close()
            house.wait("labels are printed", lambda: set(house.papers()) == {"printed"})
            labels = sorted((house.settings.data_dir / "papers" / "label").glob("*.png"))
            shutil.copy(labels[2], PICTURES / "label.png")
        finally:
            house.close()
    print("\n".join(str(path) for path in sorted(PICTURES.glob("*.png"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
