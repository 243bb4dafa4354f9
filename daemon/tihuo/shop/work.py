"""The unit of work a stage gets: one transaction, the moment, who acts, and where facts are recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol, TypeVar

import msgspec

from tihuo.shop.events import Event
from tihuo.shop.words import Millis

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Row = tuple[Any, ...]
Rows = Callable[[str, Sequence[Any]], list[Row]]
"""Answers a SELECT, for what a board shows and a stage does alike: `Look.rows`, or `rows_of(work)`."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What a stage may know of the shop's settings."""

    store_id: str
    slots: dict[str, tuple[str, ...]]
    """Zone -> its slots, in the order in which they are filled."""
    code_key: bytes
    """Signs pickup codes; made at the first start and kept in the database."""
    first_grant_percent: int = 60
    refill_below_percent: int = 20
    single_below: int = 3
    walk_in_reserve_percent: int = 0
    channels: tuple[tuple[str, int], ...] = (("mini_program", 100),)
    """Who sells online, and the share of each in percent; the largest first."""
    shortage_policy: str = "first_paid"
    print_receipts: bool = True
    receipts_on_wish: bool = True
    """小票 only for who asks for one; else one for each hand-over."""
    undo_within_ms: int = 1_800_000
    """撤销核销: so long staff may take a hand-over back; after that only the owner."""
    drawer_roles: tuple[str, ...] = ("owner",)
    """Who may open the cash drawer."""
    weight_templates: tuple[str, ...] = ()
    """How the shop's scales write a code: `shop.weights.read_weight_code`."""
    weight_tolerance_percent: int = 0
    """称重: less than so much of the price does not go back."""
    decide_within_ms: int = 3_600_000
    """缺货: so long somebody may decide; then the money goes back by itself."""
    rotating_codes: bool = False
    """A kiosk takes only codes that change every 30 seconds; the staff's phones take any."""
    phone_tail: bool = True
    """Whether a kiosk knows people by their phone's last digits and what they ordered."""
    sister_shops: tuple[tuple[str, str], ...] = ()
    """Store id -> name, of other shops whose codes may be shown here."""
    photo_days: int = 30
    photo_bytes: int = 50_000_000
    """How long photographs of corrections (库存校准) are kept, and how much room all of them may take."""
    timezone: str = "Asia/Shanghai"
    opens: tuple[int, int] = (480, 1260)
    """Opening and closing of the shop, in minutes of the day."""
    remind_before_ms: int = 1_800_000
    """到店提醒: so long before a customer is to come."""
    remind_answer_ms: int = 300_000
    """So long the cloud may take to say that it did."""
    kiosks: tuple[str, ...] = ("k1",)
    numbers: bool = False
    """取号: whether people at the door take numbers."""
    number_slips: bool = False
    """Whether a number comes out of the receipt printer, too."""
    calls_by_themselves: bool = True
    """A kiosk that is free calls the next number; else only staff do."""
    kept_ms: tuple[int, int, int] = (259_200_000, 43_200_000, 14_400_000)
    """逾期未取: so long goods wait after the window: ambient, chilled, frozen."""


class Work(Protocol):
    """One job inside the writer's transaction. `sql` and `many` take `?` parameters only."""

    now: Millis
    """Only to be shown and told: nothing is ordered or decided by it."""
    sure: bool
    """Whether anybody vouches for `now`."""
    ticks: int
    """Milliseconds on a count that never jumps, for deadlines."""
    actor: str
    epoch: int
    version: int
    """Grows with every transaction that records a fact; what it stamps is newer than all before."""
    house: House

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor: ...

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None: ...

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None: ...

    def act_for(self, number: int) -> None:
        """From now on in the name of one of those whose jobs are run together: 0 is the first, and where it begins."""

    def record(self, event: Event) -> None:
        """Add a fact to the journal, in this transaction."""

    def first_time(self, key: str) -> bool:
        """Take an idempotency key in this transaction; False if it was taken before, so that nothing is done twice."""

    def remember(self, picture: object) -> None:
        """Keep what was read or written, for a later job. It is forgotten with the first statement that writes anything
        but facts and cursors, with a transaction that fails, and when somebody else writes."""

    def recall(self) -> object | None:
        """What is remembered, once: who wants it kept remembers it again."""

    def renumber(self) -> None:
        """The epoch, or from where versions count, was changed in `keep`: what this transaction records obeys that."""

    def attempt(self) -> AbstractContextManager[None]:
        """Work inside the block is undone alone if the block raises."""


class Look(Protocol):
    """A read-only view of one moment."""

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]: ...

    def one(self, statement: str, parameters: Sequence[Any] = ()) -> Row | None: ...


def rows_of(work: Work) -> Rows:
    return lambda statement, parameters: work.sql(statement, parameters).fetchall()


def folds(together: Callable[[Work, list[Asked]], list[Answer]]) -> Callable[[Work, Asked], Answer]:
    """Make one job's function of one that does many in a row for less: it takes a list of what is asked, and gives a
    list of answers. Where it matters who asked, it calls `work.act_for(number)` first. If it raises, its jobs are
    undone and each is run alone, so that one failure still stays alone."""

    @wraps(together)
    def alone(work: Work, asked: Asked) -> Answer:
        return together(work, [asked])[0]

    alone.together = together  # type: ignore[attr-defined]
    return alone


def json_of(values: Iterable[object]) -> str:
    """A list as `json_each` takes it, so that a statement is the same whatever their number."""
    return msgspec.json.encode(list(values)).decode()


def rows_at_once(work: Work, statement: str, values: Iterable[object]) -> list[list[Any]]:
    """What a statement with a `json_each(?)` gives as one row: `SELECT json_group_array(json_array(…)) FROM …`. Each
    row of its own would lend the interpreter to who is busy, who gives it back late. Sorted, as SQLite promises no
    order in there."""
    row = work.one(statement, (json_of(values),))
    assert row is not None
    found: list[list[Any]] = msgspec.json.decode(row[0])
    found.sort()
    return found
