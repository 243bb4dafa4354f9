"""手机尾号 at the kiosk: four digits, a family name, what was ordered; whoever it is, the same three steps."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import Response

from tihuo.api.asking import door_of, read, write
from tihuo.api.kiosk_stage import View, draw, our_kiosk
from tihuo.boards.codes import tail_question
from tihuo.shop.words import Refusal
from tihuo.stages import handing_over


async def wanted_here(request: Request) -> None:
    if not door_of(request).house.phone_tail:
        raise HTTPException(404)


router = APIRouter(prefix="/kiosk/tail", dependencies=[Depends(our_kiosk), Depends(wanted_here)])

Tail = Annotated[str, Form(pattern="^[0-9]{4}$")]
Surname = Annotated[str, Form(max_length=4)]


@router.get("")
def ask_tail(request: Request, k: str) -> Response:
    return draw(request, k, View("tail"))


@router.post("")
def ask_name(request: Request, k: str, tail: Tail) -> Response:
    """The question follows from the digits alone: asking again shows the same."""
    question = read(request, tail_question, tail, door_of(request).house)
    if question is None:
        return draw(request, k, View("told", code="tail_not_now"))
    return draw(request, k, View("tail_name"), tail=tail, question=question)


@router.post("/goods")
def ask_goods(request: Request, k: str, tail: Tail, surname: Surname) -> Response:
    return _goods(request, k, tail, surname)


@router.post("/answer")
def answer(
    request: Request,
    k: str,
    tail: Tail,
    surname: Surname,
    goods: Annotated[list[int] | None, Form(max_length=6)] = None,
) -> Response:
    """She is welcome, or not recognised: why not, nobody is told."""
    if not goods:
        return _goods(request, k, tail, surname, hint=True)
    stage = handing_over.check_in_by_tail
    try:
        write(request, stage, k, tail, surname, frozenset(goods), actor=f"kiosk {k}")
    except Refusal as refusal:
        return draw(request, k, View("told", code=refusal.code, facts=dict(refusal.facts)))
    return draw(request, k, View())


def _goods(request: Request, kiosk: str, tail: str, surname: str, *, hint: bool = False) -> Response:
    question = read(request, tail_question, tail, door_of(request).house)
    if question is None:
        return draw(request, kiosk, View("told", code="tail_not_now"))
    return draw(request, kiosk, View("tail_goods"), tail=tail, surname=surname, question=question, hint=hint)
