"""The owner's pages over HTTP: every page, whole, in one language at a time, and only for the owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.desk import OWNER, STAFF, Desk, desk, words
from tests.little_shop import LittleShop, copy_of
from tihuo.shop.work import Work
from tihuo.stages import handing_over, preparing, selling, sorting

__all__ = ["desk"]

PAGES = [
    "/owner",
    "/owner/tonight",
    "/owner/prepare",
    "/owner/prepare/goods?q=RICE",
    "/owner/prepare/sku",
    "/owner/prepare/sku?code=RICE",
    "/owner/prepare/session",
    "/owner/prepare/session?like=s1",
    "/owner/sessions/s1",
    "/owner/sessions/s2",
    "/owner/live",
    "/owner/live/goods",
    "/owner/live/orders",
    "/owner/sorting",
    "/owner/sorting/board?view=customer",
    "/owner/pickup",
    "/owner/pickup/board?q=1001",
    "/owner/windows",
    "/owner/windows/board",
    "/owner/uncollected",
    "/owner/uncollected/board",
    "/owner/orders",
    "/owner/orders?q=0000",
    "/owner/orders/rows",
    "/owner/orders/1",
    "/owner/aftercare",
    "/owner/review",
    "/owner/devices",
    "/owner/devices/parts",
    "/owner/devices/balance",
    "/owner/parked",
    "/owner/restore",
    "/owner/restore/board",
    "/owner/settings",
    "/staff/sorting",
    "/staff/sorting?view=customer",
    "/staff/sorting/floor",
    "/staff/sorting/parcels/1",
    "/staff/sorting/parcels/1/lines",
    "/staff/pickup",
    "/staff/pickup?q=1001",
    "/staff/pickup/orders/1",
    "/staff/pickup/parcels/1",
    "/staff/stock",
    "/staff/stock/items",
    "/staff/stock/goods?text=RICE",
    "/staff/more",
    "/staff/paper",
    "/staff/paper/board",
    "/owner/printers",
    "/owner/printers/board",
    "/staff/more/parts",
]
MISSING = [
    "/owner/nothing",
    "/owner/orders/999",
    "/owner/sessions/none",
    "/owner/prepare/sku?code=NONE",
    "/owner/export/x.xlsx?session=s1",
    "/owner/export/orders.xlsx?session=none",
    "/staff/sorting/parcels/999",
    "/staff/pickup/parcels/999",
    "/staff/pickup/orders/999",
]
DATA = re.compile(
    r"English|Excel|RICE|EGGS|MILK|BUNS|[os]\d\b|S01|THX|\bkg\b|\bml\b|Asia/Shanghai|¥|[ACF]0\d|\bk1\b|PIN|GMT|No\b"
)
"""What is the same in both languages: names of goods, slots, numbers of orders."""


@pytest.fixture(scope="module")
def evening(seeded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A bit of everything: short, cancelled, refused, sorted, collected, a draft. These tests only look."""
    shop = LittleShop(copy_of(seeded_file, tmp_path_factory.mktemp("evening") / "shop.db"))
    shop.sell("o1", "lin", RICE=2, MILK=2)
    shop.sell("o2", "zhao", EGGS=1, BUNS=1)
    shop.sell("o3", "ou", EGGS=1)
    shop.sell("o4", "ou", BUNS=99)
    shop.do(selling.cancel_order, "o3", "customer")
    wave = shop.do(sorting.open_wave, "s1")
    first, *others, last = shop.open_units(wave)
    shop.do(sorting.put, *first)
    for units in others:
        shop.do(sorting.put, *units)
    shop.do(sorting.short, *last)
    shop.do(handing_over.hand_over_parcel, first[0], actor=STAFF)
    shop.do(handing_over.call_staff, "k1")
    later = shop.clock.now + 86_400_000
    milk = preparing.NewItem(sku="MILK", kind="presale", quantity=30, price_fen=1250)
    shop.plan("s2", milk, starts_at=later, ends_at=later + 1, window=(later + 2, later + 3))
    yield Desk(shop)
    shop.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_one_language(evening: Desk, path: str) -> None:
    english = evening.client(OWNER, "en").get(path)
    chinese = evening.client(OWNER, "zh").get(path)
    assert (english.status_code, chinese.status_code) == (200, 200)
    left = re.findall(r"[A-Za-z]{3,}", DATA.sub("", words(without_scripts(chinese.text))))
    assert not left, f"English in a Chinese page: {left}"
    texts = re.findall(r">([^<]+)<", without_scripts(english.text)) + re.findall(
        r'(?:aria-label|placeholder|title|data-says)="([^"]+)"', english.text
    )
    ours = [text.strip() for text in texts if re.search("[，。：？、]|中文字", text)]
    assert not ours, f"Chinese punctuation in an English page: {ours}"


def without_scripts(page: str) -> str:
    """A page without its head's settings; what is written in attributes for people stays as text."""
    page = re.sub(r"<meta[^>]*>|<html[^>]*>|<a [^>]*hreflang[^>]*>[^<]*</a>", "", page)
    said = re.findall(r'(?:aria-label|placeholder|data-says|alt)="([^"]*)"', page)
    return page + " ".join(said)


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("/owner")])
def test_the_desk_is_the_owners_alone(evening: Desk, path: str) -> None:
    assert evening.client(STAFF).get(path).status_code == 403
    assert evening.client().get(path).headers["location"].startswith("/login")


def test_no_page_shows_a_whole_name_or_phone(evening: Desk) -> None:
    owner = evening.client(OWNER)
    for path in PAGES:
        text = owner.get(path).text
        assert "林小树" not in text, path
        assert "19900001001" not in text, path


def test_a_shop_without_anything_teaches(desk: Desk) -> None:
    rights = ("grant_rights", "grant_terms", "item_rights", "item_terms")
    for table in ("order_line", *rights, "live_session", "shop_order", "sku", "product"):
        desk.shop.do(empty, table)
    owner = desk.client(OWNER, "en")
    for path in ("/owner", "/owner/live", "/owner/sorting", "/owner/aftercare", "/owner/review", "/owner/orders"):
        page = owner.get(path)
        assert page.status_code == 200, path
        assert "No session yet" in words(page.text), path
        assert "/owner/prepare/session" in page.text, path
    assert "The catalog is empty" in words(owner.get("/owner/prepare").text)
    assert "The catalog is empty" in words(owner.get("/owner/prepare/session").text)
    assert "Nothing waits on the shelf" in words(owner.get("/owner/pickup").text)
    assert "Nothing to sort yet" in words(owner.get("/staff/sorting").text)
    assert "No session yet" in words(owner.get("/staff/stock").text)


def test_there_is_no_page_about_what_does_not_exist(evening: Desk) -> None:
    owner = evening.client(OWNER)
    for path in MISSING:
        assert owner.get(path).status_code == 404, path


def empty(work: Work, table: str) -> None:
    work.sql(f"DELETE FROM {table}")
