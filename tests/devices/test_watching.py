"""When a code in front of the camera counts as seen."""

from __future__ import annotations

from tihuo.devices.ports import LONGEST_TEXT, Sighting
from tihuo.devices.watching import Read, Watch
from tihuo.shop.words import Millis

QR = Read("TH1:SHOP:ORDER:MAC", "qr")
EAN = Read("6901234567892", "ean13")
EMPTY: list[Read] = []


def texts(watch: Watch, reads: list[Read], now_ms: int) -> list[str]:
    return [sighting.text for sighting in watch.frame(reads, now_ms, Millis(0))]


def test_a_qr_code_is_believed_at_once() -> None:
    assert Watch().frame([QR], 1000, Millis(77)) == [Sighting(QR.text, "qr", Millis(77))]


def test_a_code_held_still_is_reported_once() -> None:
    watch = Watch()
    assert sum(len(texts(watch, [QR], frame * 33)) for frame in range(300)) == 1


def test_a_code_that_flickers_is_still_the_same_visit() -> None:
    watch = Watch()
    assert texts(watch, [QR], 0) == [QR.text]
    assert texts(watch, EMPTY, 700) == []
    assert texts(watch, [QR], 1400) == []
    assert texts(watch, [QR], 2800) == []


def test_a_code_that_was_away_is_reported_again() -> None:
    watch = Watch()
    assert texts(watch, [QR], 0) == [QR.text]
    assert texts(watch, [QR], 1000) == []
    assert texts(watch, [QR], 2500) == [QR.text]


def test_another_code_does_not_wait() -> None:
    watch = Watch()
    other = Read("another", "qr")
    assert texts(watch, [QR], 0) == [QR.text]
    assert texts(watch, [QR, other], 33) == ["another"]


def test_bars_need_two_frames_that_agree() -> None:
    watch = Watch()
    assert texts(watch, [EAN, EAN], 0) == []
    assert texts(watch, [Read("6901234567885", "ean13")], 33) == []
    assert texts(watch, [EAN], 66) == [EAN.text]
    assert texts(watch, [EAN], 99) == []


def test_two_frames_too_far_apart_do_not_agree() -> None:
    watch = Watch()
    assert texts(watch, [EAN], 0) == []
    assert texts(watch, [EAN], 1001) == []
    assert texts(watch, [EAN], 1034) == [EAN.text]


def test_upca_and_its_ean13_are_one_code() -> None:
    watch = Watch()
    assert texts(watch, [Read("036000291452", "upca")], 0) == []
    assert texts(watch, [Read("0036000291452", "ean13")], 33) == ["0036000291452"]


def test_a_text_that_cannot_be_ours_is_cut_and_marked() -> None:
    (cut,) = Watch().frame([Read("x" * 4000, "qr")], 0, Millis(0))
    assert (cut.text, cut.oversize) == ("x" * LONGEST_TEXT, True)
    (whole,) = Watch().frame([Read("x" * LONGEST_TEXT, "qr")], 0, Millis(0))
    assert not whole.oversize


def test_two_long_texts_that_begin_alike_are_two_codes() -> None:
    watch = Watch()
    assert len(texts(watch, [Read("x" * 600, "qr")], 0)) == 1
    assert len(texts(watch, [Read("x" * 601, "qr")], 33)) == 1


def test_nothing_is_remembered_for_ever() -> None:
    watch = Watch()
    for number in range(1000):
        watch.frame([Read(str(number), "qr"), Read(str(number), "code128")], number * 2000, Millis(0))
    assert len(watch._seen) + len(watch._once) == 2


ANNA, BO = Read("TH1:SHOP:ANNA:MAC", "qr"), Read("th1:SHOP:BO:MAC", "qr")
POSTER = Read("https://example.org/", "qr")


def crowd_watch() -> Watch:
    return Watch(one_at_a_time="TH1:")


def test_two_peoples_codes_at_once_are_told_once_and_are_nobodys_turn() -> None:
    watch = crowd_watch()
    (seen,) = watch.frame([ANNA, BO], 0, Millis(0))
    assert seen.crowded
    assert watch.frame([ANNA, BO], 66, Millis(66)) == []
    assert texts(watch, [ANNA], 132) == []  # one that flickers is no way out of the crowd


def test_a_crowd_that_stays_is_told_again_for_who_looks_up_later() -> None:
    watch = crowd_watch()
    told = [(ms, one.again) for ms in range(0, 20_000, 100) for one in watch.frame([ANNA, BO], ms, Millis(ms))]
    assert told == [(0, False), (8000, True), (16_000, True)]
    assert texts(watch, [ANNA], 21_500) == [ANNA.text]
    assert [one.again for one in watch.frame([ANNA, BO], 21_600, Millis(21_600))] == [False]


def test_whoever_is_left_alone_is_read_although_she_was_read_before() -> None:
    watch = crowd_watch()
    assert texts(watch, [ANNA], 0) == [ANNA.text]
    assert [sighting.crowded for sighting in watch.frame([ANNA, BO], 66, Millis(66))] == [True]
    assert texts(watch, [ANNA], 1000) == []
    assert texts(watch, [ANNA], 1600) == [ANNA.text]


def test_a_poster_and_goods_beside_a_code_are_no_crowd() -> None:
    watch = crowd_watch()
    assert texts(watch, [ANNA, POSTER, EAN], 0) == [ANNA.text, POSTER.text]
    assert texts(watch, [ANNA, POSTER, EAN], 66) == [EAN.text]


def test_the_next_customer_who_is_quick_is_no_crowd() -> None:
    watch = crowd_watch()
    assert texts(watch, [ANNA], 0) == [ANNA.text]
    assert texts(watch, [BO], 66) == [BO.text]


def test_who_comes_back_after_somebody_else_is_read_at_once() -> None:
    watch = Watch(one_at_a_time="TH1:")
    other = Read("TH1:SHOP:OTHER:MAC", "qr")
    assert texts(watch, [QR, EAN], 0) == [QR.text]
    assert texts(watch, [QR, EAN], 33) == [EAN.text]
    assert texts(watch, [other, EAN], 600) == [other.text]
    assert texts(watch, [QR, EAN], 1000) == [QR.text], "and the goods beside her are the same goods"


def test_two_codes_that_are_read_in_turn_do_not_chase_each_other() -> None:
    watch = Watch(one_at_a_time="TH1:")
    other = Read("TH1:SHOP:OTHER:MAC", "qr")
    told = [text for frame in range(90) for text in texts(watch, [(QR, other)[frame % 2]], frame * 33)]
    assert told == [QR.text, other.text]
