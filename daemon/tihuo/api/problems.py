"""What went wrong, for whoever asked: a page, a banner inside a page, or RFC 9457 for a program."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from tihuo.api.pages import fragment, language_of, page
from tihuo.api.texts import PROBLEMS, REFUSALS, TROUBLES, Text, say
from tihuo.ledger.database import DatabaseTrouble
from tihuo.shop.words import Refusal

_BY_STATUS = {404: "no_such_page", 405: "no_such_page", 413: "too_large", 422: "not_understood", 400: "not_understood"}


def is_fragment(request: Request) -> bool:
    """Whether htmx asks, and will put the answer into a page."""
    return request.headers.get("hx-request") == "true"


def wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def answer(request: Request, status: int, code: str, facts: Mapping[str, object] | None = None) -> Response:
    """The problem `code` in the shape and the language of the request."""
    facts = facts or {}
    language = language_of(request)
    text = REFUSALS.get(code) or TROUBLES.get(code) or PROBLEMS.get(code) or PROBLEMS["broken"]
    said = say(text, facts, language)
    if is_fragment(request):
        headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
        return fragment(request, "notice.html", status=status, headers=headers, said=said, code=code)
    if wants_page(request):
        whole = page(request, "problem.html", status=status, said=said, code=code)
        if status >= 500 and request.method == "GET":
            whole.headers["Refresh"] = "10"  # nobody stands at a kiosk's keyboard to ask again
        return whole
    return _problem(status, code, said, facts)


def _problem(status: int, code: str, said: Text, facts: Mapping[str, object]) -> Response:
    body: dict[str, Any] = {
        "type": f"tag:tihuo,2026:{code}",
        "title": said.what,
        "status": status,
        "detail": said.then,
        "code": code,
    }
    if facts:
        body["facts"] = dict(facts)
    return JSONResponse(body, status, {"Cache-Control": "no-store"}, media_type="application/problem+json")


def refusal_answer(request: Request, refusal: Refusal) -> Response:
    """Nothing happened, and why."""
    return answer(request, HTTPStatus.CONFLICT, refusal.code, refusal.facts)


def trouble_answer(request: Request, trouble: DatabaseTrouble) -> Response:
    """The box cannot write or read; what was acknowledged before is safe."""
    response = answer(request, HTTPStatus.SERVICE_UNAVAILABLE, trouble.code)
    response.headers["Retry-After"] = "5"
    return response


def install(app: FastAPI) -> None:
    """Every error of an endpoint ends in one of these answers."""

    @app.exception_handler(Refusal)
    def _refusal(request: Request, error: Refusal) -> Response:
        return refusal_answer(request, error)

    @app.exception_handler(DatabaseTrouble)
    def _trouble(request: Request, error: DatabaseTrouble) -> Response:
        return trouble_answer(request, error)

    @app.exception_handler(TimeoutError)
    def _late(request: Request, error: TimeoutError) -> Response:
        return trouble_answer(request, DatabaseTrouble("database_busy"))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        fields = [".".join(str(part) for part in fault["loc"][1:]) for fault in error.errors()]
        return answer(request, 422, "not_understood", {"fields": ", ".join(fields)})

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        response = answer(request, error.status_code, _BY_STATUS.get(error.status_code, "broken"))
        response.headers.update(error.headers or {})
        return response
