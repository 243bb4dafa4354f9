"""Whose code somebody shows at the counter: looked up by name, so that who types digit after digit is noticed."""

from __future__ import annotations

from fastapi import Request

from tihuo.api.asking import write
from tihuo.shop.words import Refusal
from tihuo.stages import delegating
from tihuo.stages.delegating import Found


def is_digits(code: str) -> bool:
    digits = code.replace(" ", "")
    return len(digits) == 8 and digits.isascii() and digits.isdigit()


def looked_up(request: Request, code: str) -> Found:
    """Raises `Refusal` with the codes of `shop.identity.identify`."""
    found = write(request, delegating.look_up, code)
    if found.refusal:
        raise Refusal(found.refusal, **found.facts)
    return found
