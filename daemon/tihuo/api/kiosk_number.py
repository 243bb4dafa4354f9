"""取号 at the kiosk: a number for who waits."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from tihuo.api.asking import door_of, write
from tihuo.api.kiosk_stage import View, draw, our_kiosk
from tihuo.api.kiosk_tries import Tries
from tihuo.stages import queueing

router = APIRouter(prefix="/kiosk", dependencies=[Depends(our_kiosk)])


@router.post("/number")
def take_a_number(request: Request, k: str, nonce: Annotated[str, Form(min_length=8, max_length=32)]) -> Response:
    """取号: one number, however often the button is touched; and a few a minute, for a roll of paper is short."""
    numbers: Tries = request.app.state.numbers
    if numbers.take(k, door_of(request).ticks()):
        return draw(request, k, View("told", code="too_many_numbers"))
    taken = write(request, queueing.take_number, k, once=f"turn:{k}:{nonce}", actor=f"kiosk {k}")
    facts = {**msgspec.to_builtins(taken), "slip": door_of(request).house.number_slips}
    return draw(request, k, View("number", facts=facts))
