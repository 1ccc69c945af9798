"""The language of a page: English, or 简体中文 where the visitor wishes for it.

Texts of the interface are written in English in the templates and translated in ``zh_Hans.po``, a
file as gettext and its tools have it (https://www.gnu.org/software/gettext/manual/). What has no
translation stays English. The choice is in the address (``?lang=``), else in a cookie that holds
what was last chosen, else it is what the browser prefers.
"""

from __future__ import annotations

import gettext as catalogs
import io
import urllib.parse
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import flask
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_cookie

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh-Hans": "简体中文"}
"""The languages by their tags (BCP 47), each with its own name."""
THEMES: Final = ("light", "dark")
_PREFERRED: Final[Mapping[str, str]] = {"en": "en", "zh": "zh-Hans"}
"""The language for what a browser asks for, by its first subtag."""
_YEAR: Final = 365 * 24 * 60 * 60


def language() -> str:
    """The tag of the language in which to answer this request."""
    if "language" not in flask.g:
        asked = flask.request.args.get("lang")
        flask.g.language = asked if asked in LANGUAGES else _chosen_before()[0]
    found: str = flask.g.language
    return found


def theme() -> str:
    """The theme that the visitor has chosen, light or dark; empty for that of the system."""
    asked = flask.request.args.get("theme")
    if asked in (*THEMES, "auto"):
        return asked if asked in THEMES else ""
    return _chosen_before()[1]


def _chosen_before() -> tuple[str, str]:
    given = (flask.request.headers.get(name, "") for name in ("Cookie", "Accept-Language"))
    return chosen(*(header.encode("latin-1") for header in given))


@lru_cache(maxsize=256)
def chosen(cookie: bytes, accept_language: bytes) -> tuple[str, str]:
    """The language and the theme of a page whose address chooses neither, by two headers."""
    cookies = parse_cookie(cookie.decode("latin-1"))
    wished = cookies.get("theme", "")
    in_theme = wished if wished in THEMES else ""
    if cookies.get("lang") in LANGUAGES:
        return cookies["lang"], in_theme
    for wish in parse_accept_header(accept_language.decode("latin-1"), LanguageAccept).values():
        if found := _PREFERRED.get(wish.partition("-")[0].lower()):
            return found, in_theme
    return "en", in_theme


def gettext(text: str) -> str:
    """A text of the interface in the language of the page."""
    return _catalog(language()).gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """A text of the interface that depends on a number."""
    return _catalog(language()).ngettext(one, many, number)


def pgettext(kind: str, text: str) -> str:
    """A text of a kind that is translated apart, such as ``column``."""
    return _catalog(language()).pgettext(kind, text)


def add_to(app: flask.Flask) -> None:
    """Let the templates of an app speak the language of each request, and keep what was chosen.

    There ``_("...")`` takes a text of the template, which may have HTML and ``%(name)s`` in it; a
    text from elsewhere, such as the header of a question, is ``translated``, which is escaped.
    """
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    app.jinja_env.filters["translated"] = gettext
    app.jinja_env.globals.update(
        language=language, languages=LANGUAGES, theme=theme, chosen_address=_chosen_address
    )
    app.after_request(_remember)


def _chosen_address(**chosen: str) -> str:
    """The address of this page with another choice of language or theme."""
    given = [
        (name, value)
        for name, value in flask.request.args.items(multi=True)
        if name not in ("lang", "theme")
    ]
    path = urllib.parse.quote(flask.request.path)
    return f"{path}?{urllib.parse.urlencode([*given, *chosen.items()])}"


def _remember(response: flask.Response) -> flask.Response:
    """Keep in cookies what the address chooses, and say that pages depend on them."""
    if response.mimetype != "text/html":
        return response
    response.vary.update(("Accept-Language", "Cookie"))
    for name, known in (("lang", LANGUAGES), ("theme", (*THEMES, "auto"))):
        chosen = flask.request.args.get(name)
        if chosen and chosen in known:
            response.set_cookie(
                name, chosen, max_age=_YEAR, samesite="Lax", httponly=name == "lang"
            )
    return response


@cache
def _catalog(tag: str) -> catalogs.NullTranslations:
    """The texts of a language; English needs none."""
    file = Path(__file__).with_name(f"{tag.replace('-', '_')}.po")
    if not file.is_file():
        return catalogs.NullTranslations()
    from babel.messages.mofile import write_mo  # no start waits for this
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=tag.replace("-", "_")))
    compiled.seek(0)
    return catalogs.GNUTranslations(compiled)
