"""How a page reaches the shop: one board to look at, one stage to change something, and who is asking."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary, ref

import msgspec
from fastapi import HTTPException, Request

from tihuo.api.door import Door
from tihuo.boards.people import UserRow

Answer = TypeVar("Answer")
Form = TypeVar("Form")

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


def device_of(request: Request) -> str:
    """What that person has in hand, for the journal."""
    device: str = request.state.visitor.device
    return device


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
    device = "" if actor else device_of(request)
    actor = actor or actor_of(request)
    job = door_of(request).writer.write(stage, *args, once=once, actor=actor, device=device, urgent=True)
    answer: Answer = job.result(timeout=WRITE_SECONDS)
    return answer


class _Answers:
    """What the writer says to the pages that wait on one loop. To wake it is a system call: once for each commit. And
    one look a second finds who waited too long: a timer for each page costs more than its place here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._said: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._woken = False
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()

    def expect(self) -> asyncio.Future[Any]:
        """Raises `TimeoutError` when it was not told within `WRITE_SECONDS`, or a second later."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_later(1.0, self._look)
        page: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((loop.time() + WRITE_SECONDS, page))
        return page

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= loop.time()):
            _, page = self._waiting.popleft()
            if not page.done():
                page.set_exception(TimeoutError())
        if self._waiting:
            loop.call_later(1.0, self._look)

    def say(self, page: asyncio.Future[Any], answer: Any, failure: BaseException | None) -> None:
        """On the writer's thread."""
        self._said.append((page, answer, failure))
        if not self._woken and (loop := self._loop()) is not None:
            self._woken = True
            loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._woken = False
        while self._said:
            page, answer, failure = self._said.popleft()
            if page.done():  # nobody waits any more
                pass
            elif failure is None:
                page.set_result(answer)
            else:
                page.set_exception(failure)


_answers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Answers] = WeakKeyDictionary()


async def write_soon(request: Request, stage: Callable[..., Answer], *args: Any, once: str | None = None) -> Answer:
    """`write` for a door of the rush, an `async` one: no thread waits for the commit. What such a page then does is
    short, for all other pages wait meanwhile."""
    loop = asyncio.get_running_loop()
    answers = _answers.get(loop) or _answers.setdefault(loop, _Answers(loop))
    answered: asyncio.Future[Answer] = answers.expect()
    door_of(request).writer.tell(
        stage,
        *args,
        done=partial(answers.say, answered),
        once=once,
        actor=actor_of(request),
        device=device_of(request),
        urgent=True,
    )
    return await answered


async def form_of(request: Request, form: type[Form]) -> Form:
    """What a short form says, for a door of the rush: a fifth of what FastAPI needs to find out. Each field once.
    Raises `HTTPException` 422."""
    try:
        said = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=20))
        return msgspec.convert(said, form)
    except ValueError:
        raise HTTPException(422) from None
