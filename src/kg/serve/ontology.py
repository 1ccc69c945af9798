"""The ontology: documentation of its terms, or the whole as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import flask

from kg.errors import NotFound
from kg.namespaces import GRAPHS, ONTOLOGY, shorten
from kg.queries import Term as Bound
from kg.serve.context import context, reading, wants_page
from kg.serve.deferred import answer, lasting
from kg.serve.labels import spoken, unspoken
from kg.serve.terms import Terms
from kg.serve.uses import Uses
from kg.serve.wording import LANGUAGES, language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kg.serve.terms import Module, Term
    from kg.store import Reading

blueprint = flask.Blueprint("ontology", __name__)
blueprint.after_request(lasting)

_GRAPH: Final = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?graph { ?s ?p ?o } }"
_MOST_DRAWN: Final = 36
"""Relations in the drawing of how kinds of things are related."""
_MOST_LISTED: Final = 200
"""Rows of the query that lists where a term is used."""


@dataclass(frozen=True)
class Ontology:
    """The ontology of a version, and how it is used there."""

    vocabulary: Terms
    uses: Uses

    @classmethod
    def of(cls, version: Reading) -> Ontology:
        """The ontology of a version."""
        vocabulary = Terms.of(version)
        return cls(vocabulary, Uses.of(version, vocabulary))


@blueprint.get("/ontology")
@blueprint.get("/ontology/<path:module>")
def ontology(module: str = "") -> flask.Response | str:
    """Documentation of the ontology or one of its modules; as data, the whole of it."""
    known: Ontology = context().ontologies.of(reading())
    found = known.vocabulary.module(module)
    if found is None:
        raise NotFound(f"The ontology has no module <{ONTOLOGY}/{module}>.")
    if not wants_page():
        return answer(_GRAPH, bindings={"graph": Bound(f"{GRAPHS}ontology")})
    vocabulary, uses = known.vocabulary, known.uses
    is_root = found is vocabulary.root
    shown = vocabulary.modules if is_root else [found]
    return flask.render_template(
        "ontology.html",
        module=found,
        is_root=is_root,
        vocabulary=vocabulary,
        shown=sorted(shown, key=_title),
        roots=_sorted(vocabulary.kinds()),
        sorted_terms=_sorted,
        below=lambda term: [vocabulary.terms[iri] for iri in term.below],
        modules={one.iri for one in vocabulary.modules},
        has_definitions=_speaks(vocabulary),
        place=_Places(term.iri for one in shown for term in one.terms),
        uses=uses,
        uses_query=uses_query,
        drawn=uses.between(vocabulary, _MOST_DRAWN) if is_root else [],
        unnamed=[(tag, own, vocabulary.without_label(tag)) for tag, own in LANGUAGES.items()],
        spoken=spoken,
        unspoken=unspoken,
        citation=context().citation,
        version=reading().name,
    )


class _Places:
    """Where the description of a term is: on this page if it is one of ``shown``, or on another."""

    def __init__(self, shown: Iterable[str]) -> None:
        self._shown = frozenset(shown)

    def __call__(self, iri: str) -> str:
        fragment = f"#{iri.rpartition('#')[2]}"
        return fragment if iri in self._shown else flask.url_for(".ontology") + fragment


def uses_query(term: Term) -> str:
    """The query that lists where a term is used, in SPARQL."""
    name = shorten(term.iri)
    prefix, _, _ = name.partition(":")
    namespace = term.iri.removesuffix(term.name)
    variables, pattern = {
        "class": ("?thing", f"?thing a {name}"),
        "individual": ("?subject ?property", f"?subject ?property {name}"),
    }.get(term.kind, ("?subject ?value", f"?subject {name} ?value"))
    return (
        f"PREFIX {prefix}: <{namespace}>\n\n"
        f"SELECT {variables} WHERE {{ {pattern} }}\n"
        f"ORDER BY {variables}\nLIMIT {_MOST_LISTED}\n"
    )


def _speaks(vocabulary: Terms) -> bool:
    """Whether terms are defined in the language of the page."""
    return any(
        cell.get("xml:lang", "").lower() == language().lower()
        for term in vocabulary.terms.values()
        for cell in term.definitions
    )


def _sorted(terms: Iterable[Term]) -> list[Term]:
    """Terms in the order of what they are called on this page."""
    return sorted(terms, key=lambda term: (_name(term).casefold(), term.iri))


def _name(term: Term) -> str:
    return spoken(term.labels)["value"] if term.labels else term.name


def _title(module: Module) -> str:
    titles = [cell["value"] for cell in module.all("dcterms:title") if cell.get("xml:lang") == "en"]
    return min(titles, default=module.path)
