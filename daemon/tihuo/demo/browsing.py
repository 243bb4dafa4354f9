"""A browser without a screen: cookies, forms, and the words of a refusal."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class Refused(Exception):
    """A page said no; `status` and its text say why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status = status


class Browser:
    """Opens pages of one box, as one person."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self._base + path))  # noqa: S310  our own box, http

    def post(self, path: str, **form: object) -> str:
        """Send a form; lists repeat their field. Raises `Refused`."""
        data = urllib.parse.urlencode(form, doseq=True).encode()
        return self._open(urllib.request.Request(self._base + path, data, {"Origin": self._base}))  # noqa: S310

    def _open(self, request: urllib.request.Request) -> str:
        try:
            with self._opener.open(request, timeout=20) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode(errors="replace")) from None
