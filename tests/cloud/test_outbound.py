"""What the store says fits the line, however much a session offers."""

from __future__ import annotations

import msgspec
import pytest

from tests.cloud import contract
from tests.little_shop import EVENING, HOUR, WINDOW, LittleShop
from tihuo.cloud import messages, up
from tihuo.cloud.outbound import envelope_of
from tihuo.ledger.journal import outgoing_after
from tihuo.shop.work import Work
from tihuo.stages import overdue, preparing, scheduling
from tihuo.timetable import Timetable


def fill(work: Work, count: int, name: str) -> None:
    """A catalog, and a session over all of it."""
    skus = [f"K{number:04}" for number in range(count)]
    for code in skus:
        new = preparing.NewSku(code=code, product=f"{name}{code}", spec="", unit="件", price_fen=100)
        preparing.keep_sku(work, new)
    items = tuple(
        preparing.NewItem(sku=code, kind="presale", quantity=5, price_fen=100, limit_per_customer=3, cap_set_by="店主")
        for code in skus
    )
    preparing.plan_session(
        work,
        preparing.NewSession(
            session_id="long", title="年货节", starts_at=EVENING, ends_at=EVENING + 1, window=WINDOW, items=items
        ),
    )


def said(shop: LittleShop, kind: type[up.SessionOpened]) -> list[up.SessionOpened]:
    """What the cloud hears of the session, each message held to the contract and to the size of a PUBLISH."""
    found = []
    with shop.readers.look() as look:
        for entry in outgoing_after(look, 1, 0, 10_000):
            envelope = envelope_of(entry, look, shop.house, 1)
            [payload] = messages.encode([envelope])
            assert len(payload) < messages.MAX_PUBLISH
            [heard] = messages.decode(payload)
            data = messages.parse_up(heard)
            if type(data) is kind and data.session_id == "long":
                assert contract.faults("up", payload) == []
                found.append(data)
    return found


@pytest.mark.parametrize(
    ("count", "name", "messages_needed"),
    [(3, "苹果", 1), (300, "苹果", 1), (301, "苹果", 2), (700, "苹果", 3), (700, "红" * 110, 7)],
    ids=["short", "just one", "one more", "long", "long names"],
)
def test_a_long_session_is_told_in_several_messages_that_add_up(
    shop: LittleShop, count: int, name: str, messages_needed: int
) -> None:
    shop.do(fill, count, name)
    shop.do(preparing.open_session, "long")
    opened = said(shop, up.SessionOpened)
    assert len(opened) == messages_needed
    assert [item.sku for part in opened for item in part.items] == [f"K{number:04}" for number in range(count)]
    assert len({msgspec.json.encode(msgspec.structs.replace(part, items=())) for part in opened}) == 1
    shop.do(preparing.close_session, "long")
    assert sum(len(part.items) for part in said(shop, up.SessionClosed)) == count


def test_an_item_that_joins_later_is_told_by_itself(shop: LittleShop) -> None:
    shop.do(fill, 3, "苹果")
    shop.do(preparing.open_session, "long")
    shop.do(
        preparing.add_item,
        "long",
        preparing.NewItem(sku="RICE", kind="presale", quantity=5, price_fen=100, cap_set_by="店主"),
    )
    first, second = said(shop, up.SessionOpened)
    assert [item.sku for item in second.items] == ["RICE"]
    assert len(first.items) == 4, "the first one, said again, tells of all"


def test_windows_reminders_and_what_nobody_fetched_are_told_in_the_words_of_the_contract(shop: LittleShop) -> None:
    shop.do(scheduling.add_windows, "s1", *WINDOW, 20, HOUR)
    shop.sell("o1", "lin", RICE=1, BUNS=1)
    shop.sell("o2", "lin", RICE=1)
    shop.sort()
    shop.do(scheduling.choose, 1, *WINDOW, WINDOW[0] + 2 * HOUR)
    timetable = Timetable(shop.writer, shop.readers, shop.clock.reading)
    for moment in (WINDOW[0] + 2 * HOUR, WINDOW[1], WINDOW[1] + 4 * HOUR):
        shop.clock.now = moment
        for _ in range(3):
            timetable.step()
    shop.do(overdue.keep, 2, WINDOW[1] + 24 * HOUR)
    told: dict[str, list[msgspec.Struct]] = {}
    with shop.readers.look() as look:
        for entry in outgoing_after(look, 1, 0, 10_000):
            envelope = envelope_of(entry, look, shop.house, 1)
            [payload] = messages.encode([envelope])
            assert contract.faults("up", payload) == []
            [heard] = messages.decode(payload)
            told.setdefault(heard.type, []).append(messages.parse_up(heard))
    assert [window.capacity for window in told["windows.changed"][0].windows] == [20] * 4  # type: ignore[attr-defined]
    assert [one.order_id for one in told["order.window_changed"]] == ["o1", "o2", "o1", "o2"]  # type: ignore[attr-defined]
    [reminder] = told["reminder.due"]
    assert (reminder.order_id, reminder.also) == ("o1", ("o2",))  # type: ignore[attr-defined]
    uncollected = [(one.order_id, one.step, one.until is None) for one in told["order.uncollected"]]  # type: ignore[attr-defined]
    assert uncollected == [("o1", 1, True), ("o2", 1, True), ("o1", 3, False)]
