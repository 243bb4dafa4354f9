"""Pages: templates in the language of whoever looks, with the few things that every page may use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from tihuo import __version__
from tihuo.api.door import Door
from tihuo.api.languages import LANGUAGES, translations
from tihuo.api.moments import Moments, money
from tihuo.api.shelf_picture import shelf_picture
from tihuo.api.wording import Worded
from tihuo.shop.words import Zone
from tihuo.webroot import WEB

A_YEAR = 365 * 86_400
SCHEMES = ("light", "dark")


class Templates(Environment):
    """Whose pages all share their globals: by default each answer looks for every one of them in a chain of dicts."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


class Language:
    """One language of the pages: its templates, its words, its way to write a moment."""

    def __init__(self, door: Door, code: str) -> None:
        catalog = translations(code)
        self.code = code
        self.translate: Callable[[str], str] = catalog.gettext
        self.moments = Moments(door.timezone, door.clock, catalog.gettext, lambda: door.sure)
        self.templates = Templates(
            loader=FileSystemLoader(WEB / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        self.templates.install_gettext_translations(catalog, newstyle=True)  # type: ignore[attr-defined]
        ngettext: Any = self.templates.globals["ngettext"]
        self.templates.globals["ngettext"] = _counted(ngettext, catalog.ngettext)
        self.templates.extend(translate=catalog.gettext, draw_icon=draw_icon)
        self.templates.code_generator_class = Worded
        self.templates.globals.update(
            lang=code,
            other_lang=LANGUAGES[1 - LANGUAGES.index(code)],
            shop_name=door.shop_name,
            release=__version__,
            static=static,
            draw_icon=draw_icon,
            shelf_map=lambda: shelf_picture(door.shelf),
            Zone=Zone,
        )
        self.templates.filters.update(
            money=money,
            clock=self.moments.clock,
            day=self.moments.day,
            moment=self.moments.moment,
            window=self.moments.window,
            iso=self.moments.iso,
            letter=lambda zone: Zone(zone).letter,
        )


def _counted(ngettext: Callable[..., str], translate: Callable[[str, str, int], str]) -> Callable[..., str]:
    """Jinja's `ngettext` with a memory for texts that say a number and nothing else."""

    @lru_cache(4096)
    def text(singular: str, plural: str, num: int) -> Markup:
        return Markup(translate(singular, plural, num) % {"num": num})  # noqa: S704  our own words, and a number

    @pass_context
    def counted(context: Context, singular: str, plural: str, num: int, **more: Any) -> str:
        if more or not isinstance(num, int):
            return ngettext(context, singular, plural, num, **more)
        return text(singular, plural, num)

    return counted


class Pages:
    """Both languages of one box."""

    def __init__(self, door: Door) -> None:
        self.languages = {code: Language(door, code) for code in LANGUAGES}

    def language_of(self, request: Request) -> Language:
        """`?lang=`, else what whoever stands at this kiosk chose, else what this browser did before, else Chinese."""
        chosen = request.scope["state"].get("lang") or request.cookies.get("lang")
        asked = _asked(request, "lang") or chosen
        return self.languages[asked if asked in LANGUAGES else LANGUAGES[0]]


def language_of(request: Request) -> Language:
    pages: Pages = request.app.state.pages
    return pages.language_of(request)


def fragment(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """A part of a page, for htmx to swap in."""
    language, box = language_of(request), request.app.state
    html = language.templates.get_template(template).render(
        request=request,
        person=request.state.visitor.person,
        now=box.door.clock(),
        clock_sure=box.door.sure,
        live_since=box.live.since,
        scheme=_scheme(request),
        here=lambda **changes: _here(request, changes),
        **context,
    )
    return HTMLResponse(html, status, {"Cache-Control": "no-store", "Vary": "Cookie", **(headers or {})})


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page; it remembers the language and the scheme that were asked for in its address."""
    answer = fragment(request, template, status=status, **context)
    for name, choices in (("lang", LANGUAGES), ("scheme", SCHEMES)):
        asked = request.query_params.get(name)
        if asked in choices:
            answer.set_cookie(name, asked, max_age=A_YEAR, httponly=True, samesite="lax")
    return answer


def _scheme(request: Request) -> str:
    asked = _asked(request, "scheme") or request.cookies.get("scheme")
    return asked if asked in SCHEMES else SCHEMES[0]


def _asked(request: Request, name: str) -> str | None:
    """What the address of a page says. Most say nothing, and to take that apart costs more than all that is asked."""
    return request.query_params.get(name) if request.scope["query_string"] else None


def _here(request: Request, changes: dict[str, str]) -> str:
    """The address of this page with some of its query changed."""
    query = {name: value for name, value in request.query_params.items() if name not in changes}
    return f"{request.url.path}?{urlencode(query | changes)}"


@lru_cache(256)
def static(name: str) -> str:
    """The address of a file in `web/static/`, or in `web/vendor/` under `vendor/`; it is another when the file is, as
    it was when the daemon started."""
    path = WEB / name if name.startswith("vendor/") else WEB / "static" / name
    address = f"/{name}" if name.startswith("vendor/") else f"/static/{name}"
    return f"{address}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:10]}"


@lru_cache(1024)
def draw_icon(name: str, label: str = "") -> Markup:
    """An icon of `web/package.json`'s list. With a label it is an image of its own, without one only decoration."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(said, static("vendor/icons.svg"), name)
