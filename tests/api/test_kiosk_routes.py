"""What a kiosk asks of the box, without its screen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.pages.evening import Evening, Served
from tihuo.api.kiosk_tries import Tries
from tihuo.shop.words import Millis
from tihuo.stages import handing_over, undoing


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    shop = Evening(tmp_path_factory.mktemp("kiosk") / "shop.db")
    shop.begin()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def kiosk(shop: Evening) -> Iterator[httpx.Client]:
    served = Served(shop.app)
    with httpx.Client(base_url=served.url, params={"k": "k1"}) as kiosk:
        yield kiosk
    served.stop()


@pytest.fixture(autouse=True)
def nobody_there(shop: Evening) -> None:
    """Whoever was at the kiosk left long ago."""
    shop.later(3_600_000)
    shop.later(3_600_000)


def cue(answer: httpx.Response) -> str:
    """What the stage shows: visit, state, view."""
    found = re.search(r'data-cue="([^"]*)"', answer.text)
    assert found is not None, answer.text
    return found[1].split(":", 1)[1]


def show(kiosk: httpx.Client, code: str) -> str:
    return cue(kiosk.post("/kiosk/code", data={"code": code}))


def test_right_digits_cost_nothing_and_wrong_ones_run_out(shop: Evening, kiosk: httpx.Client) -> None:
    right, wrong = shop.digits("o2"), "00000000"
    assert [show(kiosk, right) for _ in range(8)] == ["welcome:"] * 8
    assert [show(kiosk, wrong) for _ in range(4)] == ["unknown_code:"] * 4
    assert show(kiosk, " 0000 0000 ") == "unknown_code:", "spaces make no other code of it"
    assert show(kiosk, "0 0 0 0 0 0 0 0") == "too_many_tries:", "the screen says that it takes no more"
    assert show(kiosk, right) == "too_many_tries:", "and does not tell right from wrong"
    assert show(kiosk, shop.code("o2")) == "welcome:", "a code that nobody can guess is always welcome"
    shop.clock.tick(30_000)
    assert [show(kiosk, wrong), show(kiosk, wrong)] == ["unknown_code:", "too_many_tries:"]


def test_digits_with_spaces_between_are_digits(shop: Evening, kiosk: httpx.Client) -> None:
    digits = shop.digits("o2")
    assert show(kiosk, f" {digits[:4]} {digits[4:]} ") == "welcome:"


@pytest.mark.parametrize(
    "code", ["", "TH1:", "x" * 512, "TH1:S01:1:", "'; DROP TABLE visit; --", "１２３４５６７８", "\0"]
)
def test_nonsense_is_an_unknown_code(kiosk: httpx.Client, code: str) -> None:
    answer = kiosk.post("/kiosk/code", data={"code": code})
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert cue(answer).split(":")[0] in ("unknown_code", "damaged_code")


def test_the_stage_is_silent_while_nothing_changes(shop: Evening, kiosk: httpx.Client) -> None:
    first = kiosk.get("/kiosk/stage")
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', first.text)
    assert seen is not None and cue(first) == "idle:"
    asked = {"k": "k1", "seen": seen[1]}
    assert kiosk.get("/kiosk/stage", params=asked).status_code == 204
    shop.show(shop.code("o2"), "k2")
    assert kiosk.get("/kiosk/stage", params=asked).status_code == 204, "another kiosk is another story"
    shop.show(shop.code("o2"))
    assert cue(kiosk.get("/kiosk/stage", params=asked)) == "welcome:"


def test_a_customer_never_takes_what_is_not_hers(shop: Evening, kiosk: httpx.Client) -> None:
    before = shop.parcels()
    others = [str(parcel) for parcel, customer, *_ in before if customer != "zhao"]
    visit = shop.show(shop.code("o2"))
    form = {"visit": str(visit), "take": others, "nonce": "a nonce of mine"}
    assert cue(kiosk.post("/kiosk/hand-over", data=form)) == "welcome:told"
    assert shop.parcels() == before


def test_taking_what_has_gone_in_the_meantime_says_so(shop: Evening, kiosk: httpx.Client) -> None:
    visit = shop.show(shop.code("o1"))
    form = {"visit": str(visit), "take": ["1", "2", "3"]}
    assert cue(kiosk.post("/kiosk/hand-over", data=form | {"nonce": "first tap"})) == "done:"
    at_the_same_time = kiosk.post("/kiosk/hand-over", data=form | {"nonce": "another page"})
    assert cue(at_the_same_time) == "done:", "what both wanted has happened"
    shop.later(6_000)
    late = kiosk.post("/kiosk/hand-over", data=form | {"nonce": "much later"})
    assert cue(late) == "idle:told" and "请再出示一次自提码" in late.text


def test_a_kiosk_acts_for_its_own_customer_only(shop: Evening, kiosk: httpx.Client) -> None:
    visit = shop.show(shop.code("o2"), "k2")
    before = shop.parcels()
    form = {"visit": str(visit), "nonce": "a nonce of mine"}
    parcels = [str(parcel) for parcel, *_ in before]
    assert cue(kiosk.post("/kiosk/hand-over", data=form | {"take": parcels})) == "idle:told"
    kiosk.post("/kiosk/leave", data=form)
    assert shop.parcels() == before
    assert cue(kiosk.get("/kiosk/stage", params={"k": "k2"})) == "welcome:"


def test_no_full_name_and_no_phone_reaches_the_screen(shop: Evening, kiosk: httpx.Client) -> None:
    shop.show(shop.code("o2"))
    for path in ("/kiosk", "/kiosk/stage", "/kiosk/choose"):
        text = kiosk.get(path).text
        assert "赵*" in text or path == "/kiosk/choose"
        assert "赵大河" not in text and "19900001002" not in text and shop.code("o2") not in text


def test_tries_fill_up_again_one_by_one() -> None:
    tries = Tries(most=2, every_ms=100)
    assert [tries.take("k", Millis(now)) for now in (0, 0, 0, 99, 100, 100)] == [0, 0, 100, 1, 0, 100]
    assert tries.take("another", Millis(100)) == 0
    assert [tries.take("k", Millis(10_000)) for _ in range(3)] == [0, 0, 100]
    tries.give_back("k")
    assert tries.take("k", Millis(10_000)) == 0


def test_whose_parcels_went_while_she_stood_there_is_told_so(shop: Evening, kiosk: httpx.Client) -> None:
    """A couple: he takes everything at the other kiosk."""
    visit = shop.show(shop.code("o2"), "k1")
    asked = {"visit": visit, "nonce": "once-upon-a-time"}
    assert cue(kiosk.post("/kiosk/hand-over", data=asked)) == "welcome:choose", "nothing ticked"
    his = shop.show(shop.code("o2"), "k2")
    given = shop.do(handing_over.hand_over, his)
    assert cue(kiosk.get("/kiosk/stage")) == "already_collected:"
    assert cue(kiosk.get("/kiosk/choose")) == "already_collected:", "there is nothing to choose from"
    assert cue(kiosk.post("/kiosk/hand-over", data=asked)) == "already_collected:told"
    shop.do(undoing.undo_whole, given.handover, "mistake")
    assert cue(kiosk.get("/kiosk/stage")) == "welcome:", "and it is hers again"
