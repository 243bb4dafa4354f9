"""自提时段: windows of a session, who comes when, and what moves along when somebody chooses another time."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from tests.little_shop import EVENING, HOUR, WINDOW, LittleShop
from tihuo.boards import balance, windows
from tihuo.shop.events import OrderWindowChanged, PaperQueued, WindowsChanged
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over, preparing, scheduling, selling, sorting

HALF = HOUR // 2
FIRST, SECOND, THIRD = ((WINDOW[0] + n * HALF, WINDOW[0] + (n + 1) * HALF) for n in range(3))


@pytest.fixture
def cut(shop: LittleShop) -> LittleShop:
    """Three windows of half an hour, for two customers each."""
    assert shop.do(scheduling.add_windows, "s1", FIRST[0], THIRD[1], 2, HALF) == 3
    return shop


def span(shop: LittleShop, order_id: str) -> tuple[int, int]:
    start, end = shop.sql("SELECT window_from, window_to FROM shop_order WHERE order_id = ?", order_id)[0]
    return start, end


def refused(shop: LittleShop, *what: object) -> str:
    with pytest.raises(Refusal) as refusal:
        shop.do(*what)  # type: ignore[arg-type]
    return refusal.value.code


def test_the_cloud_is_told_all_windows_of_an_open_session(cut: LittleShop) -> None:
    told = cut.events(WindowsChanged)[-1]
    assert told.session_id == "s1"
    assert told.windows == ((*FIRST, 2), (*SECOND, 2), (*THIRD, 2))
    cut.do(scheduling.add_windows, "s1", *SECOND, 5)
    assert cut.events(WindowsChanged)[-1].windows[1] == (*SECOND, 5)
    cut.do(scheduling.drop_window, "s1", THIRD[0])
    assert len(cut.events(WindowsChanged)[-1].windows) == 2


def test_a_draft_tells_its_windows_when_it_opens(shop: LittleShop) -> None:
    shop.plan("s2", msgspec.structs.replace(preparing.NewItem(sku="MILK", kind="presale", quantity=5, price_fen=1)))
    shop.do(scheduling.add_windows, "s2", *FIRST, 2)
    assert shop.events(WindowsChanged) == []
    shop.do(preparing.open_session, "s2")
    assert [event.session_id for event in shop.events(WindowsChanged)] == ["s2"]


def test_windows_stand_one_behind_another(cut: LittleShop) -> None:
    assert refused(cut, scheduling.add_windows, "s1", FIRST[0] + 1, SECOND[0], 2) == "window_overlaps"
    assert refused(cut, scheduling.add_windows, "s1", FIRST[1], FIRST[0], 2) == "bad_times"
    assert refused(cut, scheduling.add_windows, "s1", WINDOW[1], WINDOW[1] + HALF, 0) == "bad_quantity"
    assert refused(cut, scheduling.add_windows, "s1", 0, 100 * HALF, 2, HALF) == "too_many_windows"
    assert refused(cut, scheduling.add_windows, "nowhere", *FIRST, 2) == "unknown_session"
    assert refused(cut, scheduling.drop_window, "s1", 7) == "unknown_window"
    assert len(cut.read(windows.window_loads, "s1")) == 3


def test_windows_are_copied_as_long_after_the_session_as_they_were(cut: LittleShop) -> None:
    day = 24 * HOUR
    cut.plan("s2", preparing.NewItem(sku="MILK", kind="presale", quantity=5, price_fen=1, cap_set_by="店主"),
             window=(WINDOW[0] + day, WINDOW[1] + day))  # fmt: skip
    assert cut.do(scheduling.copy_windows, "s2", "s1") == 3
    assert [row.window_from for row in cut.read(windows.window_loads, "s2")] == [
        start + day for start, _ in (FIRST, SECOND, THIRD)
    ]
    for number in (1, 2, 3, 4):
        cut.sell(f"o{number}", f"c{number}", RICE=1)
    cut.do(scheduling.share_out, "s1")
    assert cut.refusal(scheduling.copy_windows, "s1", "s2").facts == {"customers": 4}
    assert cut.refusal(scheduling.drop_window, "s1", FIRST[0]).facts == {"customers": 2}
    assert refused(cut, scheduling.copy_windows, "s1", "s2") == "window_in_use"
    assert refused(cut, scheduling.drop_window, "s1", FIRST[0]) == "window_in_use"


def test_who_chose_none_gets_the_least_full_when_sorting_begins(cut: LittleShop) -> None:
    for number, who in enumerate("abcdefg", 1):
        assert cut.sell(f"o{number}", who, RICE=1) == "accepted"
        assert span(cut, f"o{number}") == WINDOW  # nothing on the path of an order
    cut.do(sorting.open_wave, "s1")
    loads = cut.read(windows.window_loads, "s1")
    assert [(row.customers, row.over) for row in loads] == [(3, 1), (2, 0), (2, 0)]  # seven in room for six: told
    assert [event.window for event in cut.events(OrderWindowChanged)][:3] == [FIRST, SECOND, THIRD]
    assert cut.value("SELECT count(DISTINCT window_from) FROM parcel") == 3


def test_one_customer_comes_once(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1)
    cut.do(scheduling.choose, 1, *THIRD)
    cut.sell("o2", "lin", EGGS=1)
    cut.sell("o3", "zhao", EGGS=1)
    cut.do(preparing.close_session, "s1")
    assert span(cut, "o2") == THIRD and span(cut, "o3") == FIRST


def test_a_window_that_is_over_is_given_to_nobody(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1)
    cut.clock.now = SECOND[0]
    cut.do(scheduling.share_out, "s1")
    assert span(cut, "o1") == SECOND
    cut.sell("o2", "zhao", RICE=1)
    cut.clock.sure = False  # who knows what time it is
    cut.do(scheduling.share_out, "s1")
    assert span(cut, "o2") == FIRST


def test_a_wave_of_the_sessions_own_window_takes_those_who_stood_under_it(cut: LittleShop) -> None:
    for number, who in enumerate(("lin", "zhao", "ou"), 1):
        cut.sell(f"o{number}", who, RICE=1)
    cut.do(scheduling.choose, 2, *FIRST)
    cut.do(scheduling.choose, 3, *THIRD)
    cut.do(partial(sorting.open_wave, window_from=WINDOW[0]), "s1")
    assert cut.sql("SELECT customer_id, window_from FROM parcel") == [("lin", SECOND[0]), ("zhao", FIRST[0])]


def test_the_window_of_an_order_that_is_not_sorted_just_changes(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1)
    assert cut.do(scheduling.choose, 1, *SECOND, SECOND[0] + 600_000) == [1]
    assert cut.do(scheduling.choose, 1, *SECOND, SECOND[0] + 600_000) == []
    told = cut.events(OrderWindowChanged)
    assert [(event.order_id, event.window, event.at) for event in told] == [("o1", SECOND, SECOND[0] + 600_000)]
    assert cut.read(windows.order_window, 1).at == SECOND[0] + 600_000


def test_a_bag_is_fetched_as_a_whole(cut: LittleShop) -> None:
    """o1 and o2 lie in one bag of rice; o1 has a bottle of milk in the fridge beside."""
    cut.sell("o1", "lin", RICE=1, MILK=1)
    cut.sell("o2", "lin", RICE=1)
    cut.sort()
    labels = len(cut.events(PaperQueued))
    assert cut.do(scheduling.choose, 2, *THIRD) == [1, 2]
    assert span(cut, "o1") == span(cut, "o2") == THIRD
    assert cut.sql("SELECT window_from, number, of_total FROM parcel ORDER BY id") == [
        (THIRD[0], 1, 2),
        (THIRD[0], 2, 2),
    ]
    assert len(cut.events(PaperQueued)) == labels + 2  # what is on the shelf gets a label that says so
    queued = cut.sql("SELECT json_extract(content, '$.window[0]') FROM print_job WHERE state = 'queued'")
    assert queued == [(THIRD[0],), (THIRD[0],)]  # the labels that were not on paper yet never will be
    assert cut.read(balance.imbalances) == {}


def test_bags_of_two_windows_are_counted_anew(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1)
    cut.do(scheduling.choose, 1, *FIRST)
    cut.sell("o2", "lin", MILK=1)
    cut.do(scheduling.choose, 2, *SECOND)
    cut.sort()
    assert cut.sql("SELECT number, of_total FROM parcel") == [(1, 1), (1, 1)]
    cut.do(scheduling.choose, 2, *FIRST)
    assert cut.sql("SELECT number, of_total FROM parcel ORDER BY id") == [(1, 2), (2, 2)]


def test_what_has_left_keeps_its_window(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1, MILK=1)
    cut.sort()
    cut.do(handing_over.hand_over_parcel, 1)
    cut.do(scheduling.choose, 1, *THIRD)
    assert cut.sql("SELECT window_from FROM parcel ORDER BY id") == [(FIRST[0],), (THIRD[0],)]
    cut.do(handing_over.hand_over_parcel, 2)
    assert refused(cut, scheduling.choose, 1, *FIRST) == "already_collected"


def test_the_customers_own_choice_comes_from_the_cloud(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=1)
    cut.do(scheduling.choice_of_customer, "o1", *THIRD, None)
    assert span(cut, "o1") == THIRD
    assert refused(cut, scheduling.choice_of_customer, "nobody", *THIRD, None) == "unknown_order"
    assert refused(cut, scheduling.choice_of_customer, "o1", THIRD[1], THIRD[0], None) == "bad_times"
    cut.do(selling.cancel_order, "o1", "customer")
    cut.do(scheduling.choice_of_customer, "o1", *FIRST, None)  # too late, and nobody needs to look at it
    assert span(cut, "o1") == THIRD


def test_how_full_a_window_is(cut: LittleShop) -> None:
    cut.sell("o1", "lin", RICE=2, MILK=1)
    cut.sell("o2", "zhao", RICE=1)
    cut.do(scheduling.choose, 2, EVENING, EVENING + HOUR)  # a time of her own
    cut.do(scheduling.choose, 1, *FIRST)
    cut.sort()
    own, first, *rest = cut.read(windows.window_loads, "s1")
    assert (own.window_from, own.capacity, own.customers) == (EVENING, 0, 1)
    assert (first.customers, first.came, first.parcels, first.taken, first.units, first.given) == (1, 0, 2, 0, 3, 0)
    assert (first.waiting, first.room, first.over) == (1, 1, 0)
    cut.do(handing_over.hand_over_parcel, 1)
    assert cut.read(windows.window_loads, "s1")[1].came == 0
    cut.do(handing_over.hand_over_by_code, cut.code("o1"))
    first = cut.read(windows.window_loads, "s1")[1]
    assert (first.came, first.taken, first.given, len(rest)) == (1, 2, 3, 2)
