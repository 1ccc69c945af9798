"""What every view needs, and how an answer is put into the format that a client asked for."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import flask
from cachetools import LRUCache
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

from kg.errors import BadInput
from kg.results import Format, Kind, formats, media_types, named_first
from kg.serve.wishes import HTML, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from kg.citation import Citation
    from kg.documents import Context as Names
    from kg.queries import Catalogue
    from kg.serve.checksums import Checksums
    from kg.serve.descriptions import Descriptions
    from kg.serve.downloads import Data
    from kg.serve.entities.layout import Layout
    from kg.serve.home import Front
    from kg.serve.ontology import Ontology
    from kg.serve.reconcilable import Latest
    from kg.serve.versioned import Versioned
    from kg.services import Services
    from kg.store import Answer, Current, EmbeddedStore, Reading, Versions
    from kg.store.remote import CurrentOf
    from kg.why import Explanations

KEY: Final = "kg"
_KINDS: Final[tuple[Kind, ...]] = ("rows", "graph")
RESERVED: Final = frozenset({"format", "lang", "output", "results", "theme", "timeout", "version"})
"""Parameters that say how to answer, whatever is asked."""
LISTED: Final[Mapping[str, str]] = {"json": "application/json", "csv": "text/csv"}
"""The formats of lists that no query of a visitor makes, with their media types by name."""
_MOST_CUT: Final = 10_000
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_PARAMETER: Final = re.compile(r";(?!\s*q\s*=)[^;,]*", re.IGNORECASE)


@dataclass(frozen=True)
class Writing:
    """How the data that are served may be changed, and by whoever has which token."""

    versions: Versions
    token: str
    keep: int
    max_bytes: int
    shapes: Sequence[Path]

    def check(self) -> Callable[[EmbeddedStore], None] | None:
        """What refuses data that would break the shapes, if there are some."""
        if not self.shapes:
            return None
        from kg.writing.check import Shapes  # with all of validation

        return Shapes(self.shapes)


@dataclass(frozen=True)
class Context:
    """The store that is served and the questions that are offered."""

    current: Current | CurrentOf
    catalogue: Catalogue
    is_ours: bool
    """Whether the data are the project's: a built graph."""
    descriptions: Descriptions
    address: str
    """Where the server is reached, without a slash at the end."""
    services: Services
    """The endpoints that queries may call."""
    names: Versioned[Names]
    """The plain names of the terms, for JSON-LD."""
    things: Latest
    """The things of the graph by what they are called."""
    home: Versioned[Front]
    """What the front page says."""
    ontologies: Versioned[Ontology]
    """The ontology, read to be documented."""
    data: Versioned[Data]
    """What the page of the data says of them."""
    checksums: Checksums
    citation: Citation | None
    """How the graph is cited, if the project says so."""
    layouts: Versioned[Layout]
    """How pages of things are laid out."""
    explanations: Explanations
    """Why what is inferred follows."""
    vocabulary: Versioned[bytes]
    """The words that queries are written with, as JSON."""
    writing: Writing | None
    """None where nothing can be changed."""
    cut: MutableMapping[str, None] = field(default_factory=lambda: LRUCache(_MOST_CUT))
    """Tags of answers that were sent in part of late."""
    salt: str = field(default_factory=partial(secrets.token_hex, 8))
    """What is in the tags of answers that can be cut, since ``cut`` ends with the process."""

    @property
    def files(self) -> dict[str, Format]:
        """The files that can be downloaded, each with its format."""
        return files(is_ours=self.is_ours)

    @property
    def endpoint(self) -> str:
        """The address of the SPARQL endpoint, to which relative IRIs are relative."""
        return f"{self.address}/sparql"


def files(*, is_ours: bool) -> dict[str, Format]:
    """The files that can be downloaded of our data or others, each with its format."""
    name = "china-llm-landscape" if is_ours else "data"
    return {f"{name}.{format_.extension}": format_ for format_ in formats("graph")}


def context() -> Context:
    """The context of the app that handles this request."""
    found: Context = flask.current_app.extensions[KEY]
    return found


def reading() -> Reading:
    """The version that answers this request: the one it names, else the current one.

    Raises ``Gone`` if the named one is not held, ``BadInput`` if it names two.
    """
    if "reading" not in flask.g:
        named = flask.request.values.getlist("version")
        if len(named) > 1:
            raise BadInput("The parameter version came twice.")
        current = context().current
        flask.g.reading = current.at(named[0]) if named and named[0] else current.get()
    found: Reading = flask.g.reading
    return found


def accepted() -> MIMEAccept:
    """What the client accepts, without parameters such as charset, which only ``q`` is not."""
    header = flask.request.headers.get("Accept", "")
    return parse_accept_header(_PARAMETER.sub("", header), MIMEAccept)


def wants_page(*kinds: Kind) -> bool:
    """Whether the client would rather have a page than data: a browser, and no ``?format=``.

    The data would be of ``kinds``, of either if none is given.
    """
    if asked_formats():
        return False
    offered = [name for kind in kinds or _KINDS for name in media_types(kind)]
    return accepted().best_match([*offered, HTML]) == HTML


def choose(kind: Kind) -> Format:
    """The format in which to answer: the one asked for, else the best that the client accepts.

    Raises ``BadInput`` for an unknown ``?format=`` or two that differ, ``NotAcceptable`` for an
    impossible Accept.
    """
    asked = {named_first(value.lower().split(","), kind) for value in asked_formats()}
    if len(asked) > 1:
        names = " and ".join(sorted(format_.name for format_ in asked))
        raise BadInput(f"The parameters ask for two formats: {names}.")
    if asked:
        return asked.pop()
    table = media_types(kind)
    wishes = accepted()
    if not wishes:
        return formats(kind)[0]
    best = wishes.best_match(list(table))
    if best is None:
        names = ", ".join(format_.media_type for format_ in formats(kind))
        raise NotAcceptable(f"This answer can be had as {names}.")
    return table[best]


def wished(offered: Mapping[str, str]) -> str:
    """The format in which to send what is no answer of a query: one of its names, "" for a page.

    ``offered`` gives media types by name. Raises ``BadInput`` for an unknown ``?format=`` or two
    that differ, ``NotAcceptable`` for an impossible Accept.
    """
    names = " or ".join(offered)
    if asked := asked_formats():
        if len(asked) > 1 or not asked <= offered.keys():
            raise BadInput(f"This can be had as {names} (?format=), or as a page.")
        return asked.pop()
    wishes = accepted()
    best = wishes.best_match([*offered.values(), HTML]) if wishes else next(iter(offered.values()))
    if best is None:
        raise NotAcceptable(f"This can be had as {', '.join((*offered.values(), HTML))}.")
    return next((name for name, media_type in offered.items() if media_type == best), "")


def given(*known: str) -> dict[str, str]:
    """The parameters of the address that say what is asked; what was left empty is left out.

    Raises ``BadInput`` for one that is not known, or that came twice.
    """
    found: dict[str, str] = {}
    for name, values in flask.request.args.lists():
        if name in RESERVED:
            continue
        if name not in known:
            others = f" (there are: {', '.join(known)})" if known else ""
            raise BadInput(f"There is no parameter {name!r}{others}.")
        if len(values) > 1:
            raise BadInput(f"The parameter {name!r} came twice.")
        if values[0]:
            found[name] = values[0]
    return found


def tagged(content_type: str, what: object, made: Callable[[], bytes]) -> flask.Response:
    """An answer with an entity tag, which a client that has it is told of before it is made.

    ``what`` tells it from any other answer of the same version.
    """
    response = flask.Response(content_type=content_type)
    if not reading().is_known:
        response.set_data(made())
        return response
    tag = hashlib.sha256(repr((reading().name, what, encoding())).encode()).hexdigest()[:32]
    response.set_etag(tag)
    response.cache_control.no_cache = True
    if flask.request.if_none_match.contains_weak(tag):
        response.status_code = HTTPStatus.NOT_MODIFIED
    else:
        response.set_data(made())
    return response


def asked_formats() -> set[str]:
    """The formats that the ``format`` parameter names, or what older clients call it."""
    names = ("format", "output", "results")
    return {value for name in names for value in flask.request.values.getlist(name) if value}


def asked_seconds() -> float | None:
    """The seconds that the client would have the query take at most, if it says so.

    Raises ``BadInput`` for what is no positive number.
    """
    given = flask.request.values.getlist("timeout")
    if not given:
        return None
    if len(given) > 1 or not _SECONDS.fullmatch(given[0]) or not float(given[0]):
        raise BadInput("The parameter timeout is a positive number of seconds, given once.")
    return float(given[0])


def encoding() -> str:
    """The content encoding that the client likes best of ours, or an empty text for none."""
    return encoding_of(flask.request.headers.get("Accept-Encoding", "").encode("latin-1"))


def respond(answer: Answer) -> flask.Response:
    """The answer in the format that the client asked for."""
    format_ = choose(answer.kind)
    return flask.Response(answer.serialize(format_), content_type=format_.content_type)
