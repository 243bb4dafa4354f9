"""What the store says fits the line, however much a session offers."""

from __future__ import annotations

import msgspec
import pytest

from tests.cloud import contract
from tests.little_shop import EVENING, WINDOW, LittleShop
from tihuo.cloud import messages, up
from tihuo.cloud.outbound import envelope_of
from tihuo.ledger.journal import outgoing_after
from tihuo.shop.work import Work
from tihuo.stages import preparing


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
            data = messages.parse_up(envelope)
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
