"""What went wrong, in words: for a person in her language, inside a page, and for a program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest

import tihuo
from tests.pages.evening import PIN, STAFF, Evening, Served
from tihuo.api.languages import translations
from tihuo.api.texts import KIOSK, PROBLEMS, REFUSALS, TROUBLES
from tihuo.devices.troubles import BY_CODE
from tihuo.ledger.database import DatabaseTrouble
from tihuo.stages import handing_over

SOURCE = Path(tihuo.__file__).parent


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    shop = Evening(tmp_path_factory.mktemp("problems") / "shop.db")
    shop.begin()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def served(shop: Evening) -> Iterator[Served]:
    served = Served(shop.app)
    yield served
    served.stop()


@pytest.fixture
def staff(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url) as client:
        client.post("/login", data={"name": STAFF, "pin": PIN})
        yield client


def refused(client: httpx.Client, **headers: str) -> httpx.Response:
    """Sort a session of which nothing is left to sort."""
    form = {"session_id": "s1", "view": "product", "once": "a page that was drawn"}
    return client.post("/staff/sorting/open", data=form, headers=headers)


def codes_raised(*rooms: str) -> set[str]:
    """Every code that a `Refusal(...)` or a `refusal` in these rooms may have."""
    found: set[str] = set()
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            tree = ast.parse(path.read_text())
            functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
                    found |= values(node.args[0], functions)
                elif (isinstance(node, ast.Assign) and "refusal" in targets(node)) or (
                    isinstance(node, ast.keyword) and node.arg == "refusal"
                ):
                    found |= values(node.value, functions)
    return found


def targets(node: ast.Assign) -> set[str]:
    return {getattr(to, "id", "") for to in node.targets}


def values(node: ast.expr | None, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """The texts that an expression may come to, if it says them itself or a function beside it returns them."""
    match node:
        case ast.IfExp():
            return values(node.body, functions) | values(node.orelse, functions)
        case ast.BoolOp():
            return set().union(*(values(part, functions) for part in node.values))
        case ast.Call(func=ast.Name(id=name)) if name in functions:
            returns = (part for part in ast.walk(functions[name]) if isinstance(part, ast.Return))
            return set().union(*(values(part.value, functions) for part in returns))
        case ast.Constant(value=str(text)) if text:
            return {text}
    return set()


def test_every_refusal_of_the_shop_has_words() -> None:
    codes = codes_raised("shop", "stages")
    assert {"already_collected", "unknown_code", "more_than_wanted"} <= codes
    assert {"nobody_wants_it", "not_your_parcels", "weight_far_off", "choose_product", "not_an_item"} <= codes
    assert codes - set(REFUSALS) == set()


def test_every_outcome_of_a_visit_has_words_for_the_customer(shop: Evening) -> None:
    promised = re.search(r"outcome` is then (.*?), with", handing_over.check_in.__doc__ or "", re.DOTALL)
    assert promised is not None
    assert set(re.findall(r"`([a-z_]+)`", promised[1])) <= set(KIOSK)


def test_every_trouble_of_a_device_and_of_the_disk_has_words() -> None:
    families = {"device_trouble", "camera_trouble", "printer_trouble", "lights_trouble"}
    assert set(BY_CODE) - set(TROUBLES) == set() and families <= set(TROUBLES)
    database = (SOURCE / "ledger/database.py").read_text() + (SOURCE / "ledger/writer.py").read_text()
    codes = set(re.findall(r'"((?:disk|database)_[a-z]+)"', database))
    assert codes and codes - set(TROUBLES) == set()
    cloud = (SOURCE / "cloud/trouble.py").read_text()
    assert set(re.findall(r'^    "([a-z_]+)",', cloud, re.MULTILINE)) - set(TROUBLES) == set()
    box = (SOURCE / "wiring/box.py").read_text()
    assert set(re.findall(r'"([a-z]+_(?:not_set|low|connecting|failing))"', box)) - set(TROUBLES) == set()


@pytest.mark.parametrize("texts", [REFUSALS, TROUBLES, PROBLEMS, KIOSK], ids=["refusal", "trouble", "problem", "kiosk"])
def test_words_say_what_happened_and_then_what_to_do(texts: dict[str, Any]) -> None:
    chinese = translations("zh").gettext
    for code, text in texts.items():
        assert text.what and text.then, code
        for sentence in text:
            said = chinese(sentence)
            assert said != sentence, (code, sentence)
            assert not re.search("[!！]", sentence + said), (code, said)


def test_a_program_gets_a_problem_it_can_read(staff: httpx.Client) -> None:
    answer = refused(staff, accept="application/json")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["code"] == "nothing_to_sort" and said["type"].endswith(":nothing_to_sort")
    assert said["status"] == 409 and said["title"] and said["detail"]


def test_a_page_gets_a_banner_in_its_place_for_notices(staff: httpx.Client) -> None:
    answer = refused(staff, **{"hx-request": "true", "accept": "text/html"})
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#notice" and answer.headers["hx-reswap"] == "innerHTML"
    assert 'data-code="nothing_to_sort"' in answer.text and "<html" not in answer.text
    assert "这个场次没有要分拣的货" in answer.text


def test_a_person_without_scripts_gets_a_page_in_her_language(staff: httpx.Client) -> None:
    staff.cookies.set("lang", "en")
    answer = refused(staff, accept="text/html")
    assert answer.status_code == 409
    assert "There is nothing to sort in this session." in answer.text and "<html" in answer.text


def test_a_missing_page_says_so(staff: httpx.Client) -> None:
    assert "没有这个页面" in staff.get("/staff/nowhere", headers={"accept": "text/html"}).text
    assert staff.get("/staff/nowhere").json()["code"] == "no_such_page"
    assert staff.put("/staff/more").status_code == 405


def test_a_wrong_form_is_named_and_never_echoed(served: Served) -> None:
    answer = httpx.post(f"{served.url}/kiosk/hand-over?k=k1", data={"visit": "<script>", "nonce": "12345678"})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
    assert answer.json()["facts"] == {"fields": "visit"} and "<script>" not in answer.text


@pytest.mark.parametrize(
    ("failure", "code"),
    [(DatabaseTrouble("disk_full"), "disk_full"), (TimeoutError(), "database_busy")],
    ids=["disk full", "no answer in time"],
)
def test_a_box_that_cannot_write_says_so(
    shop: Evening, served: Served, monkeypatch: pytest.MonkeyPatch, failure: Exception, code: str
) -> None:
    def write(*_: Any, **__: Any) -> Future[Any]:
        broken: Future[Any] = Future()
        broken.set_exception(failure)
        return broken

    monkeypatch.setattr(shop.writer, "write", write)
    answer = httpx.post(f"{served.url}/kiosk/code?k=k1", data={"code": "12345678"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, code, "5")


def test_a_fault_of_our_own_is_logged_and_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: Any) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr("tihuo.api.kiosk_stage.kiosk_picture", fault)
    answer = httpx.get(f"{served.url}/kiosk/stage?k=k1")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    whole = httpx.get(f"{served.url}/kiosk", headers={"accept": "text/html"})
    assert whole.status_code == 500 and whole.headers["refresh"] == "10", "the kiosk asks again by itself"
    assert "a fault of our own" not in answer.text and "a fault of our own" in caplog.text
