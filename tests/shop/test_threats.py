"""The threat model of docs/codes.md, a test for every line of its table; the last test holds the table to this file."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import segno

from tests.little_shop import HOUR, LittleShop
from tests.pages.evening import Evening, Served, evening, evening_file
from tihuo.api.app import create_app
from tihuo.boards import codes as board
from tihuo.boards.kiosk import KioskPicture, kiosk_picture
from tihuo.boards.orders import find_orders
from tihuo.boards.pickup import on_the_shelf
from tihuo.ledger.writer import Writer
from tihuo.shop import guesses
from tihuo.shop.events import CheckedIn, CodeRenewed, CodesGuessed, Delegated, ItemScanned, OrderHandedOver
from tihuo.shop.identity import identify
from tihuo.shop.pickups import code_for, delegate_code_for, order_of_short_code, rotating_code, short_code_for
from tihuo.shop.words import Refusal
from tihuo.shop.work import House, Work
from tihuo.stages import delegating, handing_over, preparing, receipting, sorting

__all__ = ["evening", "evening_file"]

PAGE = Path(__file__).parents[2] / "daemon/docs/codes.md"
TESTS = Path(__file__).parents[1]
DAY = 24 * HOUR
PAYMENT_CODES = (
    "134567890123456789",  # WeChat Pay, 18 digits
    "2812345678901234",  # Alipay, 16
    "301234567890123456789012",  # Alipay, 24
    "6212345678901234567",  # UnionPay, 19
    "weixin://wxpay/bizpayurl?pr=AbCdEfG",
    "wxp://f2f0abcdefghijklmnop",
    "alipays://platformapi/startapp?appId=1",
    "https://qr.alipay.com/fkx000000000000",
    "HTTPS://QR.ALIPAY.COM/FKX000000000000",
    "https://payapp.weixin.qq.com/qr/abc",
)


@pytest.fixture
def kiosk(evening: Evening) -> Iterator[httpx.Client]:
    served = Served(evening.app)
    with httpx.Client(base_url=served.url, params={"k": "k1"}) as kiosk:
        yield kiosk
    served.stop()


def house_of(shop: LittleShop, **changes: Any) -> House:
    """The box is started again with other settings."""
    shop.writer.close()
    shop.house = msgspec.structs.replace(shop.house, **changes)
    shop.writer = Writer(shop.path, shop.house, shop.clock)
    shop.writer.start()
    return shop.house


def show(shop: Evening, text: str, kiosk: str = "k1") -> KioskPicture:
    """What a kiosk shows to whoever lays this in its tray; a pause is a state as well."""
    try:
        shop.show(text, kiosk)
    except Refusal as refusal:
        return KioskPicture(kiosk=kiosk, state=refusal.code, facts=dict(refusal.facts))
    picture: KioskPicture = shop.read(kiosk_picture, kiosk)
    return picture


def at_the_counter(shop: LittleShop, text: str, actor: str = "小安") -> delegating.Found:
    found: delegating.Found = shop.do(delegating.look_up, text, actor=actor)
    return found


def number(shop: LittleShop, order_id: str) -> int:
    return int(shop.value("SELECT no FROM shop_order WHERE order_id = ?", order_id))


def wrong_digits(shop: Evening) -> Iterator[str]:
    """Digits that nobody has, in no order that somebody could learn."""
    known = shop.value("SELECT max(no) FROM shop_order")
    dice = random.Random(7)
    while True:
        digits = f"{dice.randrange(100_000_000):08d}"
        if order_of_short_code(digits, shop.house.code_key) > known:
            yield digits


def kept(shop: LittleShop) -> str:
    """Every text of the tables that last: all but the queue of paper, whose labels do show the code."""
    tables = [name for (name,) in shop.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = []
    for table in sorted(set(tables) - {"print_job", "keep"}):
        for row in shop.sql(f"SELECT * FROM {table}"):
            found += [bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row]
    return "\n".join(found)


# made, changed and foreign codes


def test_a_code_that_this_box_did_not_sign_opens_nothing(evening: Evening) -> None:
    key = evening.house.code_key
    for made in (
        code_for("S01", 1, b"a guess"),
        delegate_code_for("S01", 1, 1, b"a guess"),
        delegate_code_for("S01", 1, 9, key),
    ):
        assert show(evening, made).state == "unknown_code"
    assert evening.events(OrderHandedOver)[-1].order_id == "o4"


def test_an_edited_or_cut_code_opens_nothing(evening: Evening) -> None:
    code = evening.code("o1")
    seal = code.rsplit(":", 1)[1]
    assert show(evening, f"TH1:S01:2:{seal}").state == "unknown_code"
    assert show(evening, f"TH1:S01:1-1:{seal}").state == "unknown_code"
    assert show(evening, f"TH1:S01:1+1:{seal}").state == "unknown_code"
    for cut in (code[:-1], code[:12], "TH1:", code.replace(":", ";"), code * 40, "TH1:" + "A" * 4096):
        assert show(evening, cut).state == "damaged_code", cut[:30]


def test_a_code_of_a_sister_shop_says_which_shop(evening: Evening) -> None:
    house_of(evening, sister_shops=(("S02", "阳光店"),))
    assert show(evening, code_for("S02", 1, evening.house.code_key)).facts == {"store": "阳光店"}
    far = show(evening, code_for("S77", 1, b"another chain"))
    assert (far.state, far.facts) == ("other_shop", {"store": "S77"})


@pytest.mark.parametrize("text", PAYMENT_CODES)
def test_a_payment_code_is_named_and_never_kept(evening: Evening, text: str) -> None:
    wave = evening.value("SELECT max(id) FROM wave")
    assert wave
    assert show(evening, text).state == "payment_code"
    assert at_the_counter(evening, text).refusal == "payment_code"
    evening.do(sorting.scan_item, "camera", text)
    assert evening.events(CheckedIn)[-1].refusal == "payment_code"
    assert evening.events(ItemScanned)[-1].refusal == "payment_code"
    assert text not in kept(evening)


def test_what_else_people_show_is_named_and_not_kept(evening: Evening) -> None:
    shown = {
        "https://example.org/coupon?id=1": "web_page",
        "www.example.org": "web_page",
        "9501101530003": "goods_code",
        "4006381333931": "goods_code",
        "WIFI:S:shop;P:secret;;": "unknown_code",
        "王小明 19900009999": "unknown_code",
        "x" * 4096: "damaged_code",
    }
    assert {text: show(evening, text).state for text in shown} == shown
    book = kept(evening)
    assert not [text for text in shown if text in book]


def test_a_pickup_code_scanned_as_goods_is_not_kept(evening: Evening) -> None:
    evening.do(sorting.scan_item, "camera", evening.code("o1"))
    assert evening.events(ItemScanned)[-1].text == ""
    show(evening, evening.code("o1"))
    assert evening.code("o1").rsplit(":", 1)[1] not in kept(evening)


def test_every_payload_fits_a_small_qr_code() -> None:
    store, far = "SHOP-WITH-A-LONG-NAME-24", 32**7 - 1
    assert len(store) == 24
    longest = [
        code_for(store, far, b"k", turn=32**3 - 1),
        delegate_code_for(store, far, 32**5 - 1, b"k"),
        rotating_code(store, far, b"k", 4_102_444_800_000, turn=32**3 - 1),
    ]
    for text in longest:
        drawn = segno.make(text, error="m", micro=False, boost_error=False)
        assert (drawn.mode, int(drawn.version) <= 4) == ("alphanumeric", True), (text, drawn.version)
    assert int(segno.make(code_for("S01", 600, b"k"), error="m", micro=False, boost_error=False).version) == 2


# guessing


def test_ten_thousand_guesses_get_three_hundred_answers_a_day(evening: Evening) -> None:
    wrong, answers = wrong_digits(evening), 0
    for _ in range(10_000):
        state = show(evening, next(wrong)).state
        assert state in ("unknown_code", "too_many_tries")
        answers += state == "unknown_code"
        evening.clock.tick(DAY // 10_000)
    assert 250 < answers < 310, "see the arithmetic in docs/codes.md"


def test_all_kiosks_of_a_box_share_one_ration(evening: Evening) -> None:
    wrong, answers = wrong_digits(evening), 0
    for second in range(3600):
        answers += show(evening, next(wrong), f"k{second % 200}").state == "unknown_code"
        evening.clock.tick(1000)
    assert answers < 80


def test_a_restart_gives_no_fresh_tries(evening: Evening) -> None:
    wrong = wrong_digits(evening)
    while show(evening, next(wrong)).state != "too_many_tries":
        pass
    before = evening.clock.now
    evening.clock.now = 5_000  # the count of milliseconds begins with the machine
    evening.do(handing_over.go_on)
    assert show(evening, evening.digits("o2")).state == "too_many_tries"
    evening.clock.tick(29_000)
    assert show(evening, next(wrong)).state == "too_many_tries"
    evening.clock.tick(1_000)
    assert show(evening, next(wrong)).state == "unknown_code"
    evening.clock.now = before


class Counted:
    """A unit of work that counts its statements."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._work, name)
        if name not in ("sql", "one", "many"):
            return found

        def counted(statement: str, *rest: Any) -> Any:
            self.statements.append(statement)
            return found(statement, *rest)

        return counted


def test_every_wrong_guess_gets_the_same_answer(evening: Evening, kiosk: httpx.Client) -> None:
    """Content, size and work: digits of nobody, of a renewal or a neighbour that never was, of an order long over."""
    evening.do(handing_over.hand_over_by_code, evening.code("o1"))
    evening.clock.tick(9 * DAY)
    key = evening.house.code_key
    numbers = (500, 89_000_000, 99_999_999, 99_999_998, 90_000_001, 90_000_000, number(evening, "o1"))
    pages, work = set(), []

    def count(real: Work, digits: str) -> None:
        counted = Counted(real)
        with pytest.raises(Refusal):
            identify(counted, digits, kiosk="k2")  # type: ignore[arg-type]
        work.append(len(counted.statements))
        raise Refusal("undone")

    for digits in (short_code_for(number, key) for number in numbers):
        answer = kiosk.post("/kiosk/code", data={"code": digits})
        page = re.sub(r'name="(seen|nonce|visit)" value="[^"]*"|data-cue="[0-9]+', "", answer.text)
        pages.add((answer.status_code, re.sub(r"(left|lasts)=\"\d+\"", "", page)))
        with pytest.raises(Refusal, match="undone"):
            evening.do(count, digits)
        evening.clock.tick(HOUR)
    assert len(pages) == 1
    assert max(work) - min(work) <= 1, work


def test_during_an_attack_a_qr_always_works_and_digits_do_after_a_pause(evening: Evening) -> None:
    wrong = wrong_digits(evening)
    for _ in range(200):
        show(evening, next(wrong))
    assert show(evening, evening.code("o2")).state == "welcome"
    paused = show(evening, evening.digits("o2"))
    assert paused.state == "too_many_tries"
    evening.clock.tick(paused.facts["wait"])
    assert show(evening, evening.digits("o2")).state == "welcome"


def test_right_digits_between_wrong_ones_buy_no_tries(evening: Evening) -> None:
    wrong = wrong_digits(evening)
    answers = 0
    for _ in range(60):
        answers += show(evening, next(wrong)).state == "unknown_code"
        show(evening, evening.digits("o1"))
    assert answers == guesses.KIOSK.free


def test_the_staff_hear_of_a_guesser(evening: Evening) -> None:
    wrong = wrong_digits(evening)
    for _ in range(8):
        show(evening, next(wrong))
    assert evening.events(CodesGuessed) == [CodesGuessed(door="kiosk k1", wrong=5)]
    now = evening.clock.now
    assert evening.read(board.codes_trouble, now, now) == ("guessing", {"doors": ["kiosk k1"]})
    evening.clock.tick(guesses.KIOSK.first_ms)
    assert evening.read(board.codes_trouble, evening.clock.now, evening.clock.now) == ("", {})


def test_a_phone_of_the_staff_is_rationed_apart(evening: Evening) -> None:
    wrong = wrong_digits(evening)
    states = [at_the_counter(evening, next(wrong)).refusal for _ in range(40)]
    assert states.count("unknown_code") == guesses.LOGIN.free
    assert states[-1] == "too_many_tries"
    assert at_the_counter(evening, evening.digits("o2"), "小陈").order_no == number(evening, "o2")
    assert show(evening, evening.digits("o2")).state == "welcome"
    assert [event.door for event in evening.events(CodesGuessed)] == ["login 小安"]


# pictures of codes


def test_a_picture_shown_later_says_when_and_where_but_never_by_whom(evening: Evening) -> None:
    evening.do(handing_over.hand_over, evening.show(evening.code("o1")), actor="kiosk k1")
    taken_at = evening.clock.now
    evening.clock.tick(60_000)
    assert show(evening, evening.code("o1")).state == "already_collected"
    assert evening.read(board.codes_trouble, evening.clock.now, 0) == ("", {}), "she looks whether that was all"
    evening.clock.tick(HOUR)
    again = show(evening, evening.code("o1"), "k2")
    assert (again.state, again.name) == ("already_collected", "")
    assert again.facts == {"at": taken_at, "slots": ["A01", "C01", "F01"]}
    heard = {"name": "林*", "at": taken_at, "kiosk": "k2"}
    assert evening.read(board.codes_trouble, evening.clock.now, 0) == ("code_shown_again", heard)
    (alarm,) = evening.read(board.shown_again, evening.clock.now)
    assert (alarm.order_no, alarm.taken_at, alarm.kiosk) == (1, taken_at, "k2")
    evening.clock.tick(601_000)
    assert evening.read(board.codes_trouble, evening.clock.now, 0) == ("", {})


def test_a_changing_code_is_worth_nothing_after_ninety_seconds(evening: Evening) -> None:
    house_of(evening, rotating_codes=True)
    at = evening.clock.now // 30_000 * 30_000
    evening.clock.now = at
    code = rotating_code("S01", 1, evening.house.code_key, at)
    good = []
    for second in range(-120, 180, 5):
        evening.clock.now = at + second * 1000
        if show(evening, code).state == "welcome":
            good.append(second)
        else:
            assert show(evening, code).state == "stale_code"
    assert (good[0], good[-1]) == (-60, 85), "a phone may be a minute wrong"
    edited = code.replace("*", "*1", 1)
    assert show(evening, edited).state == "unknown_code"


def test_where_codes_change_a_kiosk_takes_no_others_and_the_counter_does(evening: Evening) -> None:
    house_of(evening, rotating_codes=True)
    assert show(evening, evening.code("o1")).state == "live_code_only"
    assert {show(evening, digits).state for digits in (evening.digits("o1"), "00000000")} == {"live_code_only"}
    assert at_the_counter(evening, evening.code("o1")).order_no == 1, "the label on the parcel"


def test_without_a_sure_clock_a_changing_code_goes_to_the_counter(evening: Evening) -> None:
    house_of(evening, rotating_codes=True)
    evening.clock.sure = False
    code = rotating_code("S01", 1, evening.house.code_key, evening.clock.now)
    assert show(evening, code).state == "clock_unsure"
    assert at_the_counter(evening, code).order_no == 1


def test_a_renewed_code_makes_every_older_one_worthless(evening: Evening) -> None:
    old, digits, changing = (
        evening.code("o1"),
        evening.digits("o1"),
        rotating_code("S01", 1, evening.house.code_key, evening.clock.now),
    )
    first = evening.do(delegating.renew_code, 1, "手机丢了", actor="周姐")
    second = evening.do(delegating.renew_code, 1, "截图", actor="周姐")
    assert len({old, digits, first.code, first.short_code, second.code, second.short_code}) == 6
    for text in (old, digits, changing, first.code, first.short_code):
        assert show(evening, text).state == "revoked", text
        assert at_the_counter(evening, text).refusal == "revoked"
    assert show(evening, second.code).state == show(evening, second.short_code).state == "welcome"
    assert evening.events(CodeRenewed)[-1].turn == 2
    assert evening.do(delegating.print_new_labels, 1) == 3
    label = json.loads(evening.value("SELECT content FROM print_job WHERE kind = 'label' ORDER BY id DESC LIMIT 1"))
    assert (label["code"], label["short_code"]) == (second.code, second.short_code)
    assert evening.do(delegating.print_new_labels, 1) == 0, "they are on paper, or will be"


# people


def test_what_staff_do_with_codes_bears_their_name(evening: Evening) -> None:
    evening.do(delegating.renew_code, 1, "手机丢了", actor="小安")
    evening.do(delegating.delegate, 1, evening.clock.now + HOUR, actor="小安")
    evening.do(handing_over.hand_over_by_code, evening.code("o2"), actor="小安")
    names = evening.sql("SELECT kind, actor FROM journal ORDER BY entry DESC LIMIT 6")
    assert {kind for kind, actor in names if actor == "小安"} >= {
        "pickup.renewed",
        "pickup.delegate_code",
        "order.handed_over",
    }


def test_no_page_of_a_kiosk_shows_a_code_a_phone_or_a_full_name(evening: Evening, kiosk: httpx.Client) -> None:
    evening.show(evening.code("o1"))
    for path in ("/kiosk", "/kiosk/stage", "/kiosk/choose"):
        page = kiosk.get(path).text
        for secret in ("林小树", "19900001001", "1001", evening.code("o1"), evening.digits("o1")):
            assert secret not in page, (path, secret)


def test_a_stranger_in_the_shops_network_is_no_kiosk(evening: Evening) -> None:
    served = Served(evening.app)
    with httpx.Client(base_url=served.url, headers={"host": "box.test"}) as stranger:
        answers = [
            stranger.post("/kiosk/code", params={"k": "k1"}, data={"code": evening.code("o1")}),
            stranger.post("/kiosk/tail", params={"k": "k1"}, data={"tail": "1001"}),
            stranger.post("/staff/codes/orders/1/renew", data={"reason": "x", "once": "12345678"}),
            stranger.get("/staff/codes/orders/1"),
        ]
    served.stop()
    assert {answer.status_code for answer in answers} <= {303, 401}
    assert evening.read(kiosk_picture, "k1").state == "idle"
    assert evening.events(CodeRenewed) == []


def test_a_tablet_acts_for_its_own_kiosk_only(evening: Evening, kiosk: httpx.Client) -> None:
    visit = evening.show(evening.code("o2"), "k2")
    form = {"visit": str(visit), "nonce": "a nonce of mine", "take": ["1", "2", "3", "4"]}
    kiosk.post("/kiosk/hand-over", data=form)
    kiosk.post("/kiosk/leave", data=form)
    assert evening.read(kiosk_picture, "k2").state == "welcome"
    assert {state for *_, state in evening.parcels() if state == "handed_over"} <= {"handed_over"}
    assert evening.line("o2", "EGGS") == {"quantity": 1, "put": 1}


def test_a_backup_in_the_wrong_hands_makes_codes_that_open(evening: Evening) -> None:
    """What does not hold: the key is in the file. docs/codes.md says what to do then."""
    key = bytes.fromhex(evening.value("SELECT value FROM keep WHERE name = 'code_key'"))
    forged = code_for("S01", 1, key)
    house_of(evening, code_key=key)
    assert show(evening, forged).state == "welcome"


def test_the_counter_finds_people_by_a_tail_and_shows_them_masked(evening: Evening) -> None:
    found = [*evening.read(on_the_shelf, "1002"), *evening.read(find_orders, "1002")]
    assert [row.name for row in found] == ["赵*", "赵*"]
    for text in ("100", "02", "0", "%", "_", "大河", "19900001"):
        assert not evening.read(on_the_shelf, text), text
        assert not evening.read(find_orders, text), text
    everything = msgspec.json.encode(evening.read(on_the_shelf)).decode() + msgspec.json.encode(found).decode()
    assert not [secret for secret in ("赵大河", "林小树", "19900001002", "19900001001") if secret in everything]


# neighbours


def lines_of(shop: LittleShop, order_id: str, *skus: str) -> list[int]:
    rows = shop.sql(
        "SELECT l.line_no, s.code FROM order_line l JOIN sku s ON s.id = l.sku_id "
        "JOIN shop_order o ON o.no = l.order_no "
        "WHERE o.order_id = ?",
        order_id,
    )
    return [line for line, sku in rows if sku in skus]


def test_a_neighbour_sees_and_takes_only_what_was_named(evening: Evening) -> None:
    milk = lines_of(evening, "o1", "MILK")
    codes = evening.do(delegating.delegate, 1, evening.clock.now + HOUR, milk, "李阿姨")
    for text in (codes.code, codes.short_code):
        assert [parcel.slot for parcel in show(evening, text).parcels] == ["C01"]
    given = evening.do(handing_over.hand_over, evening.read(kiosk_picture, "k1").visit_id)
    assert (given.parcels, given.units) == ([2], 2)
    assert evening.read(kiosk_picture, "k1").state == "done"
    told = evening.events(OrderHandedOver)[-1]
    assert (told.by, told.delegate, told.complete) == ("delegate", "李*", False)
    assert evening.sql("SELECT DISTINCT delegate FROM handover_line WHERE parcel_id = 2") == [("李*",)]
    assert [state for *_, state in evening.parcels()][:3] == ["ready", "handed_over", "ready"]
    assert show(evening, codes.code).state == "already_collected"
    assert show(evening, evening.code("o1")).state == "welcome"


def test_a_neighbour_cannot_take_what_lies_in_the_same_bag(evening: Evening) -> None:
    rice = lines_of(evening, "o1", "RICE")
    codes = evening.do(delegating.delegate, 1, evening.clock.now + HOUR, rice)
    assert show(evening, codes.code).state == "part_of_a_parcel", "eggs are in that bag too"
    given = evening.do(handing_over.hand_over_by_code, codes.code, actor="小安")
    assert given.units == 1
    assert evening.line("o1", "RICE")["handed_over"] == 1
    assert "handed_over" not in evening.line("o1", "EGGS")


def test_a_neighbours_code_ends_by_itself_and_can_be_taken_back(evening: Evening) -> None:
    until = evening.clock.now + HOUR
    codes = evening.do(delegating.delegate, 1, until, None, "李阿姨", "N1")
    assert show(evening, codes.code).state == "welcome"
    evening.clock.now = until + 1
    late = show(evening, codes.code)
    assert (late.state, late.facts) == ("expired", {"at": until})
    evening.clock.now = until - 1
    evening.clock.sure = False
    assert show(evening, codes.code).state == "clock_unsure"
    assert at_the_counter(evening, codes.code).delegate == "李*", "a person decides"
    evening.clock.sure = True
    visit = evening.show(codes.code)
    evening.do(delegating.revoke, "N1")
    with pytest.raises(Refusal, match="revoked"):
        evening.do(handing_over.hand_over, visit)
    for text in (codes.code, codes.short_code):
        assert show(evening, text).state == at_the_counter(evening, text).refusal == "revoked"


def test_a_neighbour_never_learns_the_customers_own_code(evening: Evening) -> None:
    codes = evening.do(delegating.delegate, 1, evening.clock.now + HOUR, lines_of(evening, "o1", "MILK"), "李阿姨")
    house_of(evening, receipts_on_wish=False)
    given = evening.do(handing_over.hand_over_by_code, codes.code)
    evening.do(receipting.of_handover, given.handover)
    contents = [json.loads(row[0]) for row in evening.sql("SELECT content FROM print_job WHERE kind = 'receipt'")]
    assert [(said["code"], said["short_code"], said["left"]) for said in contents] == [("", "", [])] * 2
    milk = evening.do(delegating.delegate, 1, evening.clock.now + HOUR)
    visit = evening.show(milk.code)
    evening.do(handing_over.hand_over, visit, [1])
    evening.do(receipting.of_visit, visit)
    assert {
        json.loads(row[0])["code"] for row in evening.sql("SELECT content FROM print_job WHERE kind = 'receipt'")
    } == {""}
    assert "李阿姨" not in kept(evening), "his name is masked before it is written anywhere"
    assert evening.events(Delegated)[0].name == "李*"


# the tail of a phone


@pytest.fixture
def talkative(evening: Evening) -> Evening:
    """A shop with enough different goods to ask about."""
    for n in range(12):
        evening.do(preparing.keep_sku, preparing.NewSku(code=f"X{n}", product=f"货品{n}", unit="袋", price_fen=100))
    return evening


def ask(shop: Evening, tail: str) -> Any:
    return shop.read(board.tail_question, tail, shop.house)


def tell(shop: Evening, tail: str, surname: str, goods: set[int], kiosk: str = "k1") -> str:
    try:
        shop.do(handing_over.check_in_by_tail, kiosk, tail, surname, frozenset(goods))
    except Refusal as refusal:
        return refusal.code
    return str(shop.read(kiosk_picture, kiosk).state)


def hers(shop: Evening, tail: str) -> set[int]:
    """The goods of a question that its customer ordered."""
    bought = {
        product
        for (product,) in shop.sql(
            "SELECT s.product_id FROM order_line l JOIN sku s ON s.id = l.sku_id "
            "JOIN shop_order o ON o.no = l.order_no "
            "JOIN customer c ON c.id = o.customer_id WHERE substr(c.phone, -4) = ?",
            tail,
        )
    }
    return bought & {product for product, _ in ask(shop, tail).goods}


def test_a_tail_alone_opens_nothing_and_the_answers_do(talkative: Evening) -> None:
    right = hers(talkative, "1001")
    assert 1 <= len(right) <= 2
    assert tell(talkative, "1001", "林", right) == "welcome"
    assert talkative.events(CheckedIn)[-1].by == "phone_tail"
    visit = talkative.read(kiosk_picture, "k1").visit_id
    talkative.do(handing_over.hand_over, visit)
    told = talkative.events(OrderHandedOver)[-1]
    assert (told.method, told.by) == ("kiosk", "phone_tail")
    assert "1001" not in str(talkative.sql("SELECT * FROM visit")), "what she typed is not kept"


def test_a_tail_that_nobody_has_is_asked_the_same_and_refused_the_same(talkative: Evening, kiosk: httpx.Client) -> None:
    known, unknown = ask(talkative, "1001"), ask(talkative, "7777")
    assert len(known.surnames) == len(unknown.surnames) == len(known.goods) == len(unknown.goods) == 6
    assert (ask(talkative, "1001"), ask(talkative, "7777")) == (known, unknown), "asking again tells nothing"
    other = {product for product, _ in known.goods} - hers(talkative, "1001")
    pages = []
    for tail, surname, goods in (
        ("1001", "林", list(other)[:1]),
        (
            "1001",
            unknown.surnames[0] if unknown.surnames[0] != "林" else unknown.surnames[1],
            list(hers(talkative, "1001")),
        ),
        ("7777", unknown.surnames[0], [unknown.goods[0][0]]),
    ):
        answer = kiosk.post("/kiosk/tail/answer", data={"tail": tail, "surname": surname, "goods": goods})
        page = re.sub(r'name="(seen|nonce|visit)" value="[^"]*"|data-cue="[0-9]+', "", answer.text)
        pages.append(re.sub(r'(left|lasts)="\d+"', "", page))
    assert len(set(pages)) == 1 and "tail_unknown" in pages[0]


def test_two_wrong_answers_close_a_tail_and_all_kiosks_ration_the_rest(talkative: Evening) -> None:
    right, wrong = hers(talkative, "1001"), {ask(talkative, "1001").goods[0][0]} ^ {ask(talkative, "1001").goods[1][0]}
    for _ in range(2):
        assert tell(talkative, "1001", "孙", wrong) == "tail_unknown"
    assert tell(talkative, "1001", "林", right, "k2") == "tail_unknown", "also elsewhere, and also if it is right now"
    assert show(talkative, talkative.code("o1")).state == "welcome", "her code opens"
    states = [tell(talkative, f"{tail:04d}", "孙", wrong) for tail in range(3000, 3020)]
    assert states.count("tail_unknown") == 0, "three wrong ones at all kiosks together, and they pause"
    assert set(states) == {"too_many_tries"}
    assert "1001" not in str(talkative.sql("SELECT door FROM guess_door"))
    talkative.clock.tick(2 * guesses.PERSON.forget_ms + 1)
    assert tell(talkative, "1001", "林", hers(talkative, "1001")) == "welcome"


def test_two_customers_with_one_tail_are_told_apart(talkative: Evening) -> None:
    talkative.do(lambda work: work.sql("UPDATE customer SET phone = '19911111001' WHERE id = 'zhao'"))
    shown = {product for product, _ in ask(talkative, "1001").goods}
    bought = {
        customer: {
            product
            for (product,) in talkative.sql(
                "SELECT DISTINCT s.product_id FROM order_line l JOIN sku s ON s.id = l.sku_id "
                "JOIN shop_order o ON o.no = l.order_no WHERE o.customer_id = ?",
                customer,
            )
        }
        for customer in ("lin", "zhao")
    }
    assert tell(talkative, "1001", "林", bought["lin"] & shown) == "welcome"
    assert talkative.value("SELECT customer_id FROM visit ORDER BY id DESC LIMIT 1") == "lin"


def test_a_shop_may_do_without_tails(talkative: Evening) -> None:
    house_of(talkative, phone_tail=False)
    assert tell(talkative, "1001", "林", hers(talkative, "1001")) == "no_tails"
    app = create_app(replace(talkative.door, house=talkative.house, writer=talkative.writer))
    served = Served(app)
    with httpx.Client(base_url=served.url, params={"k": "k1"}) as kiosk:
        assert kiosk.get("/kiosk/tail").status_code == 404
        assert "/kiosk/tail" not in kiosk.get("/kiosk").text
    served.stop()


# the table itself


def test_every_line_of_the_table_names_a_test_that_exists() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ") and "`test_" in line]
    assert len(lines) >= 20
    known = {
        node.name
        for path in TESTS.glob("*/test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    named = {name for line in lines for name in re.findall(r"`(test_\w+)`", line)}
    assert named - known == set()
    table = PAGE.read_text("utf-8").partition("## Threats")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("| ")][2:]
    assert rows and all("`test_" in row for row in rows), [row[:60] for row in rows if "`test_" not in row]
