"""Every board there is: it opens on the first morning, shows something on a full evening, and never who somebody is."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

import tihuo.boards
from tests.conftest import Make
from tests.little_shop import EVENING, HOUR, HOUSE, PEOPLE, LittleShop

ASKED: dict[str, Any] = {
    "session_id": "s1",
    "wave_id": 1,
    "which": "pieces",
    "cluster": 0,
    "parcel_id": 1,
    "parcel_ids": [1, 2, 3],
    "photo_id": 1,
    "delivery_id": 1,
    "count_id": 1,
    "correction_id": 1,
    "batch": "B7",
    "use_by": "2027-02-01",
    "pick_id": 2,
    "sku_id": 1,
    "order_no": 1,
    "first": 1,
    "last": 100,
    "station": "table 1",
    "kiosk": "k1",
    "kinds": ("label", "test"),
    "printer": "receipt",
    "state": "doubtful",
    "tail": "1001",
    "subject": "parcel:1",
    "name": "小李",
    "since": EVENING,
    "ticks": EVENING + HOUR,
    "now": EVENING + HOUR,
    "after_version": 0,
    "code": "RICE",
    "slot": "A01",
    "codes": ["RICE"],
    "number": "6901234567892",
    "house": HOUSE,
    "moment": (EVENING + HOUR, True, EVENING + HOUR),
    "within": HOUR,
    "handover_no": 1,
}
"""What a board is asked for, by the name of its parameter."""
TEXTS = {"find_orders": "1001", "find_goods": "大米"}
QUIET = {
    "doors_pausing",
    "shown_again",
    "tail_question",
    "weigh_row",
    "clusters",
    "dead_lamps",
    "differing_grants",
    "imbalances",
    "disagreements",
    "turns_due",
    "recounts",
    "astray",
    "open_calls",
    "call_at",
    "hers",
    "restore",
    "suppliers",
    "waited_too_long",
    "number_waiting",
    "reminders_left",
}
"""Boards that show nothing when all is well."""


def boards() -> Iterator[Callable[..., Any]]:
    for module in pkgutil.iter_modules(tihuo.boards.__path__, "tihuo.boards."):
        for name, function in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(function) and function.__module__ == module.name and not name.startswith("_"):
                yield function


def ask(shop: LittleShop, board: Callable[..., Any]) -> Any:
    asked = {}
    for name, parameter in list(inspect.signature(board).parameters.items())[1:]:
        if name == "text" and board.__name__ in TEXTS:
            asked[name] = TEXTS[board.__name__]
        elif parameter.default is inspect.Parameter.empty:
            assert name in ASKED, f"say in ASKED what {board.__module__}.{board.__name__} may be asked for as {name!r}"
            asked[name] = ASKED[name]
    return shop.read(board, **asked)


def texts(shown: Any) -> Iterator[str]:
    """Every text in an answer, however deep."""
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, dict):
        for key, value in shown.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(shown, list | tuple | set | frozenset):
        for value in shown:
            yield from texts(value)
    elif isinstance(shown, msgspec.Struct):
        for field in shown.__struct_fields__:
            yield from texts(getattr(shown, field))
    else:
        assert shown is None or isinstance(shown, int | float | bytes), f"a board shows a {type(shown).__name__}"


def gives_away(text: str) -> str:
    """Whom a text gives away: a name in full, or a phone number however it is written."""
    digits = re.sub(r"\D", "", text)
    return next((name for name, phone in PEOPLE.values() if name in text or phone in digits), "")


ALL = pytest.mark.parametrize("board", list(boards()), ids=lambda board: f"{board.__module__[13:]}.{board.__name__}")


@ALL
def test_a_board_opens_on_the_first_morning(make_shop: Make, board: Callable[..., Any]) -> None:
    ask(make_shop(seeded=False), board)


@ALL
def test_a_board_shows_something_on_a_full_evening_and_never_who_somebody_is(
    evening: LittleShop, board: Callable[..., Any]
) -> None:
    shown = ask(evening, board)
    assert bool(shown) is (board.__name__ not in QUIET)
    assert [text for text in texts(shown) if gives_away(text)] == []


def test_the_evening_has_somebody_to_give_away(evening: LittleShop) -> None:
    for name, phone in PEOPLE.values():
        assert evening.sql("SELECT name, phone FROM customer WHERE name = ?", name) == [(name, phone)]
        assert gives_away(f"给{name}") == gives_away(f"+86 {phone[:3]} {phone[3:7]}-{phone[7:]}") == name
    assert list(texts({"a": [("b", msgspec.defstruct("C", ["d"])("e"))]})) == ["a", "b", "e"]


@pytest.mark.parametrize(
    "text", ["", " ", "%", "_", "%%%%", "____", "'", '"', "\\", "!", "\x00", "林%", "🥬", "9" * 100_000]
)
def test_an_odd_text_finds_nobody_and_breaks_nothing(evening: LittleShop, text: str) -> None:
    for board in boards():
        if "text" in inspect.signature(board).parameters:
            found = evening.read(board, text=text)
            if text.strip():
                assert found == [], f"{board.__name__}({text[:10]!r})"
