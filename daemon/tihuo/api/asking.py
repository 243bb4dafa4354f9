"""How a page reaches the shop: one board to look at, one stage to change something, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request

from tihuo.api.door import Door
from tihuo.boards.people import UserRow

Answer = TypeVar("Answer")

WRITE_SECONDS = 10.0
"""How long a page waits for a commit before it says that the box is busy."""


def door_of(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


def person_of(request: Request) -> UserRow | None:
    """Who has logged in; None at a kiosk."""
    person: UserRow | None = request.state.visitor.person
    return person


def actor_of(request: Request) -> str:
    """The name that the journal keeps for what is done here."""
    person = person_of(request)
    return person.name if person else "kiosk"


def read(request: Request, board: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
    """`board(look, *args)`. Raises `DatabaseTrouble`."""
    return door_of(request).readers.read(board, *args, **kwargs)


def write(
    request: Request, stage: Callable[..., Answer], *args: Any, once: str | None = None, actor: str | None = None
) -> Answer:
    """`stage(work, *args)`, committed, ahead of queued orders, in the name of `actor` or of whoever is logged in.

    With `once`, a repeat of the same wish answers the same and does nothing; that answer has been through JSON, so a
    Struct comes back as a dict. Raises `Refusal`, `DatabaseTrouble`, `TimeoutError`.
    """
    job = door_of(request).writer.write(stage, *args, once=once, actor=actor or actor_of(request), urgent=True)
    answer: Answer = job.result(timeout=WRITE_SECONDS)
    return answer
