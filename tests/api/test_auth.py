"""Who gets in where: deny by default, PINs, cookies, pairing, and pages of strangers."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pages.evening import OWNER, PIN, STAFF, Evening, Served
from tests.pages.played_devices import PlayedDevices
from tihuo.api.auth import AUDIENCES, PAIRING, SESSION, Audience, Patience, audience_of, fits, hash_pin, safe_next
from tihuo.api.wings import Wing
from tihuo.shop.staff import keep_user, remove_user
from tihuo.shop.words import Millis, Refusal

pytestmark = pytest.mark.slow

ELSEWHERE = {"host": "tihuo.lan", "accept": "text/html"}
"""A browser on another machine: the box is not asked by a name of its own."""
STAFF_PAGE = "/staff/more"
OPEN_TO_ALL = {"/login", "/logout", "/pair", "/healthz", "/static", "/now", "/vendor"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    folder = tmp_path_factory.mktemp("auth")
    devices = PlayedDevices(folder)
    shop = devices.evening = Evening(folder / "shop.db", simulator=devices)
    shop.seed()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def served(shop: Evening) -> Iterator[Served]:
    served = Served(shop.app)
    yield served
    served.stop()


@pytest.fixture(autouse=True)
def people(shop: Evening) -> None:
    """Everybody has her first PIN again, and wrong tries are long ago."""
    shop.clock.tick(3_600_000)
    shop.do(keep_user, OWNER, "owner", hash_pin(PIN))
    shop.do(keep_user, STAFF, "staff", hash_pin(PIN))


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    """A browser somewhere in the shop."""
    with httpx.Client(base_url=served.url, headers=ELSEWHERE) as browser:
        yield browser


def log_in(browser: httpx.Client, name: str = STAFF, pin: str = PIN, **form: str) -> httpx.Response:
    return browser.post("/login", data={"name": name, "pin": pin, **form})


def all_pages(shop: Evening) -> list[tuple[str, str]]:
    """(method, path) of every page, asked of the application itself, with something in the place of each variable."""
    pages = [("", page) for page in shop.app.routes if not isinstance(page, Wing)]
    for wing in shop.app.state.wings:
        pages += [(wing.prefix, page) for room in wing.open().values() for page in room.routes]
    return [
        (method, prefix + re.sub(r"{[^}]*}", "1", page.path))
        for prefix, page in pages
        for method in sorted((getattr(page, "methods", None) or {"GET"}) - {"HEAD"})
    ]


def test_every_page_belongs_to_somebody(shop: Evening) -> None:
    pages = all_pages(shop)
    assert len(pages) > 80
    assert [path for _, path in pages if audience_of(path) is None] == []


def test_a_stranger_gets_the_public_pages_only(shop: Evening, browser: httpx.Client) -> None:
    for method, path in all_pages(shop):
        answer = browser.request(method, path)
        if path.startswith("/simulator"):
            assert answer.status_code == 404, (method, path)
        elif "/" + path.split("/")[1] not in OPEN_TO_ALL:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith(("/login?", "/pair?")), (method, path)
    assert {path for path, audience in AUDIENCES.items() if audience is Audience.PUBLIC} == OPEN_TO_ALL


def test_a_program_is_told_instead_of_led(browser: httpx.Client) -> None:
    answer = browser.get("/staff", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "log_in_first")


def test_a_part_of_a_page_leads_the_whole_page_to_the_login(browser: httpx.Client) -> None:
    headers = {"hx-request": "true", "hx-current-url": "http://tihuo.lan/staff/sorting?x=1"}
    answer = browser.get("/staff/sorting", headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=%2Fstaff%2Fsorting")


@pytest.mark.parametrize("path", ["/admin", "/kioskx", "/staff/../etc", "/openapi.json", "/docs", "/.env"])
def test_a_path_that_is_nobodys_is_nobodys_for_the_owner_too(browser: httpx.Client, path: str) -> None:
    log_in(browser, OWNER)
    assert browser.get(path).status_code == 404


def test_a_page_that_nobody_placed_is_closed_to_all(tmp_path: Path) -> None:
    shop = Evening(tmp_path / "shop.db")
    shop.app.add_api_route("/backdoor", lambda: "open")
    served = Served(shop.app)
    try:
        assert httpx.get(f"{served.url}/backdoor").status_code == 404
    finally:
        served.stop()
        shop.close()


def test_the_box_itself_is_a_kiosk_and_nothing_more(served: Served) -> None:
    with httpx.Client(base_url=served.url, headers={"accept": "text/html"}) as kiosk:
        assert kiosk.get("/kiosk").status_code == 200
        assert kiosk.get(STAFF_PAGE).status_code == 303
        assert kiosk.get("/simulator").status_code == 200, "beside simulated devices"
        assert kiosk.get("/kiosk", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 303, "through a proxy"
        assert kiosk.get("/kiosk", headers={"host": "elsewhere.test"}).status_code == 303, "by a name bent to us"


def test_a_box_with_real_devices_has_no_simulator(tmp_path: Path) -> None:
    shop = Evening(tmp_path / "shop.db")
    served = Served(shop.app)
    try:
        assert httpx.get(f"{served.url}/simulator").status_code == 404
    finally:
        served.stop()
        shop.close()


def test_staff_see_the_staff_pages_and_kiosks_but_not_the_desk(browser: httpx.Client) -> None:
    assert log_in(browser).headers["location"] == "/staff"
    assert browser.get(STAFF_PAGE).status_code == 200
    assert browser.get("/kiosk?k=k2").status_code == 200
    assert browser.get("/owner").status_code == 403
    assert "只给店主看" in browser.get("/owner").text


def test_the_owner_sees_everything(browser: httpx.Client) -> None:
    assert log_in(browser, OWNER).headers["location"] == "/owner"
    for path in ("/owner", STAFF_PAGE, "/kiosk"):
        assert browser.get(path, follow_redirects=True).status_code == 200, path


def test_logging_out_is_final(browser: httpx.Client) -> None:
    log_in(browser)
    browser.post("/logout")
    assert browser.get(STAFF_PAGE).status_code == 303


def test_a_new_pin_ends_every_login_with_the_old_one(shop: Evening, browser: httpx.Client) -> None:
    log_in(browser)
    shop.do(keep_user, STAFF, "staff", hash_pin("24680"))
    assert browser.get(STAFF_PAGE).status_code == 303
    assert log_in(browser).status_code == 403
    assert log_in(browser, pin="24680").status_code == 303


def test_a_pin_that_another_process_changed_ends_the_login_within_a_second(
    shop: Evening, browser: httpx.Client
) -> None:
    """`tihuo user` writes beside the daemon, which looks at its people again when something was committed, or later."""
    log_in(browser)
    assert browser.get(STAFF_PAGE).status_code == 200
    beside = sqlite3.connect(shop.path)
    with beside:
        beside.execute("UPDATE shop_user SET renewed = renewed + 1 WHERE name = ?", (STAFF,))
    beside.close()
    until = time.monotonic() + 20
    while browser.get(STAFF_PAGE).status_code == 200:
        assert time.monotonic() < until


def test_who_was_removed_is_out_at_once(shop: Evening, browser: httpx.Client) -> None:
    log_in(browser)
    shop.do(remove_user, STAFF)
    assert browser.get(STAFF_PAGE).status_code == 303


def test_a_change_of_role_holds_at_once(shop: Evening, browser: httpx.Client) -> None:
    log_in(browser, OWNER)
    shop.do(keep_user, "另一位", "owner", hash_pin(PIN))
    shop.do(keep_user, OWNER, "staff", hash_pin(PIN))
    log_in(browser, OWNER)
    assert browser.get("/owner").status_code == 403


def test_a_cookie_cannot_be_made_changed_or_used_elsewhere(shop: Evening, browser: httpx.Client) -> None:
    log_in(browser)
    session = browser.cookies[SESSION]
    browser.post("/pair", data={"name": STAFF, "pin": PIN, "kiosk": "k1"})
    pairing = browser.cookies[PAIRING]
    browser.cookies.clear()
    for cookies in (
        {SESSION: session[:-9] + ("A" if session[-9] != "A" else "B") + session[-8:]},
        {SESSION: "{}." + session.split(".", 1)[1]},
        {SESSION: pairing},
        {PAIRING: session},
        {SESSION: "x" * 4000},
    ):
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        assert browser.get(STAFF_PAGE, headers={"cookie": header}).status_code == 303, cookies
        assert browser.get("/kiosk", headers={"cookie": header}).status_code == 303, cookies


def test_the_cookies_are_not_for_scripts_and_not_for_other_sites(browser: httpx.Client) -> None:
    said = log_in(browser).headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=lax" in said


def test_a_paired_tablet_is_that_kiosk_and_nothing_more(shop: Evening, browser: httpx.Client) -> None:
    assert browser.get("/kiosk?k=k2").headers["location"].startswith("/pair?")
    answer = browser.post("/pair", data={"name": STAFF, "pin": PIN, "kiosk": "k2"})
    assert answer.headers["location"] == "/kiosk?k=k2"
    assert SESSION not in browser.cookies
    assert browser.get("/kiosk?k=k2").status_code == 200
    assert browser.get("/kiosk?k=k1").status_code == 404
    assert browser.get("/kiosk/stage?k=k1").status_code == 404
    assert browser.get(STAFF_PAGE).status_code == 303
    shop.do(keep_user, STAFF, "staff", hash_pin("24680"))
    assert browser.get("/kiosk?k=k2").status_code == 303, "whoever paired it has a new PIN"


def test_pairing_needs_a_pin_and_a_kiosk_of_this_box(browser: httpx.Client) -> None:
    assert browser.post("/pair", data={"name": STAFF, "pin": "0", "kiosk": "k1"}).status_code == 403
    assert browser.post("/pair", data={"name": STAFF, "pin": PIN, "kiosk": "k9"}).status_code == 200
    assert PAIRING not in browser.cookies


def test_wrong_pins_make_one_wait_longer_each_time(shop: Evening, browser: httpx.Client) -> None:
    assert [log_in(browser, pin="000").status_code for _ in range(3)] == [403, 403, 403]
    assert log_in(browser).status_code == 429, "even the right one"
    shop.clock.tick(1_000)
    assert log_in(browser, pin="000").status_code == 403
    shop.clock.tick(1_000)
    waiting = log_in(browser)
    assert waiting.status_code == 429 and "请等 1 秒再试" in waiting.text
    assert log_in(browser, OWNER).status_code == 429, "the address waits, not only the name"
    shop.clock.tick(1_000)
    assert log_in(browser).status_code == 303
    assert log_in(browser).status_code == 303, "and is forgiven"


def test_an_unknown_name_is_a_wrong_pin(browser: httpx.Client) -> None:
    known, unknown = log_in(browser, pin="000"), log_in(browser, "没有这个人", pin="000")
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert ("密码和姓名对不上" in known.text, "密码和姓名对不上" in unknown.text) == (True, True)


def test_nobody_has_no_pin_that_fits() -> None:
    known = hash_pin("1")
    assert fits("1", known) and not fits("2", known) and not fits("nobody has this PIN", None)


def test_patience_forgets_after_a_while_and_never_grows_without_bound() -> None:
    patience = Patience()
    for second in range(3):
        assert patience.ask(Millis(second), "a") == 0
    assert patience.ask(Millis(3), "a") == 999
    assert patience.ask(Millis(3), "b") == 0
    later = Millis(3 + Patience.FORGOTTEN_MS)
    assert [patience.ask(later, "a") for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(12):
        waits.append(patience.ask(later, "a"))
        later = Millis(later + waits[-1])
        assert patience.ask(later, "a") == 0
    assert waits == sorted(waits) and waits[-1] == Patience.LONGEST_MS
    for number in range(2 * Patience.MOST):
        patience.ask(later, f"name {number}")
    assert len(patience._tries) == Patience.MOST


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/staff/pickup?x=1", "/staff/pickup?x=1"),
        ("//elsewhere.test", "home"),
        ("/\\elsewhere.test", "home"),
        ("https://elsewhere.test/", "home"),
        ("javascript:alert(1)", "home"),
        ("/staff\r\nx: y", "home"),
        ("", "home"),
    ],
)
def test_a_login_leads_to_pages_of_this_box_only(asked: str, goes: str) -> None:
    assert safe_next(asked, "home") == goes


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://elsewhere.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://tihuo.lan"},
    ],
)
def test_a_page_of_somebody_else_cannot_act_here(browser: httpx.Client, headers: dict[str, str]) -> None:
    log_in(browser)
    assert browser.post("/logout", headers=headers).status_code == 403
    assert browser.get(STAFF_PAGE).status_code == 200, "still logged in"


def test_our_own_page_may_act(browser: httpx.Client) -> None:
    log_in(browser)
    headers = {"origin": "http://tihuo.lan", "sec-fetch-site": "same-origin"}
    assert browser.post("/logout", headers=headers).status_code == 303


def test_a_large_body_is_turned_away_unread(browser: httpx.Client, served: Served) -> None:
    large = b"name=" + b"x" * 200_000
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/login", content=large, headers=form).status_code == 413

    def unsaid() -> Iterator[bytes]:
        yield from (large[start : start + 10_000] for start in range(0, len(large), 10_000))

    assert browser.post("/login", content=unsaid(), headers=form).status_code == 413
    with httpx.Client(base_url=served.url, headers={"accept": "text/html"}) as kiosk:
        assert kiosk.post("/kiosk/code?k=k1", data={"code": "9" * 10_000}).status_code == 422


def test_every_answer_carries_the_guards(shop: Evening, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def boom(look: Any) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr("tihuo.api.health.last_entry", boom)
    answers = {
        200: browser.get("/login"),
        303: browser.get(STAFF_PAGE),
        404: browser.get("/nobody"),
        500: browser.get("/healthz"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_health_is_public_and_names_codes_only(shop: Evening, browser: httpx.Client) -> None:
    shop.part("camera", "camera_hung")
    shop.part("disk")
    told = browser.get("/healthz").json()
    assert told["ok"] is True and told["parts"] == {"camera": "camera_hung", "disk": "ok"}
    assert set(told) == {"ok", "version", "parts"}


def test_the_last_owner_stays(shop: Evening) -> None:
    for (name,) in shop.sql("SELECT name FROM shop_user WHERE role = 'owner' AND name <> ?", OWNER):
        shop.do(remove_user, name)
    with pytest.raises(Refusal, match="last_owner"):
        shop.do(remove_user, OWNER)
