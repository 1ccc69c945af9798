"""The Flask app: a function of a store, a catalogue of questions, and settings."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import flask

from kg.encodings import encoded
from kg.namespaces import BASE, PREFIXES, shorten
from kg.queries import Catalogue
from kg.serve import (
    assets,
    checks,
    descriptions,
    downloads,
    editor,
    graphs,
    home,
    ontology,
    openapi,
    problems,
    questions,
    reconcile,
    search,
    sparql,
    things,
    wording,
)
from kg.serve.assets import asset
from kg.serve.checksums import Checksums
from kg.serve.context import KEY, Context, Writing, encoding, files
from kg.serve.descriptions import Descriptions
from kg.serve.downloads import Data
from kg.serve.entities import shown, views, why
from kg.serve.entities.layout import read as read_layout
from kg.serve.home import Front
from kg.serve.labels import defined, heading, named, several
from kg.serve.links import links
from kg.serve.ontology import Ontology
from kg.serve.reconcilable import Latest
from kg.serve.things import names_of
from kg.serve.versioned import Versioned
from kg.serve.visible import visible
from kg.serve.vocabulary import words_of
from kg.services import listed
from kg.store import Number
from kg.why import Explanations

if TYPE_CHECKING:
    from kg.citation import Citation
    from kg.settings import Settings
    from kg.store import Current
    from kg.store.remote import CurrentOf

_WORTH_IT: Final = 1_000
_PROOFS_AT_ONCE: Final = 2
"""Number of proofs that are looked for at the same time."""
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Link, Server-Timing, X-KG-Complete, X-KG-Data-Version, X-KG-Limits, X-KG-Query-Id"
    ),
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def create_app(
    current: Current | CurrentOf,
    catalogue: Catalogue | None,
    settings: Settings,
    writing: Writing | None = None,
    citation: Citation | None = None,
) -> flask.Flask:
    """The app that answers from ``current`` and offers the questions of ``catalogue``.

    Without one the data are not the project's: there are no questions, and no pages about things.
    With ``writing`` they can be changed. ``citation`` says how they are cited.
    """
    app = flask.Flask("kg.serve", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_query_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = settings.max_query_bytes
    address = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    is_ours = catalogue is not None
    services = listed(settings.services, settings.private_services)
    described = Descriptions(
        address,
        is_ours=is_ours,
        is_writable=writing is not None,
        calls_services=bool(services),
    )
    app.extensions[KEY] = Context(
        current,
        catalogue or Catalogue([]),
        is_ours,
        described,
        address,
        services,
        Versioned(names_of),
        Latest(),
        Versioned(Front.of),
        Versioned(Ontology.of),
        Versioned(Data.of),
        Checksums(files(is_ours=is_ours)),
        citation,
        Versioned(lambda version: read_layout(version.store)),
        Explanations(_PROOFS_AT_ONCE, settings.deadline, settings.query_memory * 1_000_000),
        Versioned(lambda v: words_of(v, described.of(v)[1], is_ours=is_ours)),
        writing,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.finalize = visible
    app.jinja_env.globals.update(prefixes=PREFIXES, is_ours=is_ours, asset=asset, room=room)
    local = local_address if is_ours else web_address
    app.jinja_env.filters.update(
        local=local,
        local_name=local_name,
        short=shorten,
        readable=readable,
        named=named,
        defined=defined,
        heading=heading,
        several=several,
    )
    app.jinja_env.tests["number_like"] = lambda text: isinstance(text, Number)
    shown.add_to(app)
    wording.add_to(app)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # else it redirects to where the Host header says
    for blueprint in (assets, sparql, editor, graphs, downloads, descriptions, openapi):
        app.register_blueprint(blueprint.blueprint)
    if is_ours:
        app.register_blueprint(questions.blueprint)
        app.register_blueprint(home.blueprint)
        app.add_url_rule("/download", "downloads.page", downloads.page)
        app.register_blueprint(ontology.blueprint)
        app.register_blueprint(checks.blueprint)
        app.register_blueprint(views.blueprint)
        app.register_blueprint(why.blueprint)
        app.register_blueprint(reconcile.blueprint, at_once=max(1, settings.threads // 2))
        app.register_blueprint(things.blueprint)
        app.register_blueprint(search.blueprint)
    else:
        app.add_url_rule("/", view_func=lambda: flask.redirect("/sparql", HTTPStatus.SEE_OTHER))
    app.register_blueprint(problems.blueprint)
    app.after_request(_add_headers)
    return app


def room(mark: str, number: int) -> int:
    """How high a chart of so many names will be, in pixels, as ``web/src/charts.ts`` draws it."""
    head, each = {
        "bar": (62, 26),
        "compared": (44, 50),
        "intervals": (68, 26),
        "matrix": (92, 26),
    }[mark]
    return head + each * number


def local_address(iri: str) -> str:
    """Where a link to ``iri`` leads: our own page if it is ours, "" if it is no web address."""
    if iri.startswith(BASE):
        path, _, fragment = iri.removeprefix(BASE).partition("#")
        return "/" + path.lstrip("/") + (f"#{fragment}" if fragment else "")
    return web_address(iri)


def web_address(iri: str) -> str:
    """Where a link to ``iri`` leads: to itself if it is a web address, "" if not."""
    return iri if iri.startswith(("http://", "https://")) else ""


def local_name(iri: str | None) -> str:
    """What comes after the namespace in an IRI, with brackets or without; of None nothing."""
    return re.split(r"[#/]", (iri or "").strip("<>"))[-1]


def readable(text: str) -> str:
    """A value as a person reads it: a number beyond 15 digits as a power of ten, others grouped."""
    if not isinstance(text, Number):
        return text
    if re.fullmatch(r"\d{5,15}", text):
        return f"{int(text):,}"
    if re.fullmatch(r"\d{16,300}(\.\d+)?", text):
        return f"{float(text):.4g}".replace("e+", "E")
    if re.fullmatch(r"\d+\.\d{5,}", text):
        return f"{float(text):.4g}"
    return text


def _compress(response: flask.Response) -> None:
    """Compress a body that is at hand, if the client likes that and it is worth it."""
    code = encoding()
    if code and response.is_sequence and not response.content_encoding:
        body = response.get_data()
        if len(body) >= _WORTH_IT:
            response.set_data(encoded(body, code))
            response.content_encoding = code


def _add_headers(response: flask.Response) -> flask.Response:
    response.vary.update(("Accept", "Accept-Encoding"))
    _compress(response)
    if flask.request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS, POST, QUERY"
        response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type, If-None-Match"
    if "reading" in flask.g and flask.g.reading.is_known:
        response.headers["X-KG-Data-Version"] = flask.g.reading.name
    if response.status_code < HTTPStatus.BAD_REQUEST:
        response.headers.extend(("Link", link) for link in links())
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
