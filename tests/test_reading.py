"""What a query may read: never less than its algebra asks for."""

from __future__ import annotations

import pytest
import rdflib
from rdflib.paths import Path
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg.namespaces import PREFIXES
from kg.project import Project
from kg.tables import as_term
from kg.validate.reading import predicates_read

DECLARED = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in PREFIXES.items())
QUERIES = {
    "ASK { ?a cllm:p/cllm:q+ ?b ; cllm:r 2 FILTER (?b * 2 > 3 && !EXISTS { ?a cllm:s 1 }) }": (
        "p q r s"
    ),
    "SELECT ?a ?b ?c { ?a a ?b } ORDER BY ?c": "a",
    "SELECT ?a { ?a cllm:p [] . [] cllm:q ?b . ?c ^cllm:r () }": "p q r",
    "SELECT ?a { ?a cllm:p 'x'@en . FILTER (?a = cllm:q) }": "p q",
    "ASK { FILTER (REGEX($value, '^0')) }": "",
    "SELECT ?a { ?a ?p ?b }": None,
    "SELECT ?a { ?a cllm:p ?b ; ?q ?c }": None,
    "SELECT ?a { [ ?p 3 ] cllm:k 2 }": None,
    "SELECT ?a { ?a ?p (1 2) }": None,
    "SELECT ?a { ?a ?p true }": None,
    "SELECT ?a { ?a cllm:q 1 ; ?p FALSE }": None,
    "SELECT ?a { ?a (!(cllm:p|cllm:q)) ?b }": None,
    "SELECT ?a { ?a cllm:p/(!(a)) ?b }": None,
    'SELECT ?a { ?a cllm:q "a\\u0022" . ?a ?p ?b }': None,
    "SELECT ?a { FILTER(?a<=2||?a<x:y)?s?p?o.FILTER(2>1) }": None,
    "SELECT ?a { ?a other:p ?b }": None,
    "ASK { FILTER (!(EXISTS { ?a cllm:p ?b } && ?c > 1)) }": "p",
    "SELECT ?a { ?a cllm:p* ?b }": None,
    "SELECT ?a { ?a (cllm:p|^cllm:q)* ?b }": None,
    "SELECT ?a { ?a cllm:p? ?b }": None,
    "SELECT ?a { ?a !cllm:p ?b }": None,
    "SELECT ?a { ?a !(cllm:p|cllm:q) ?b }": None,
    "SELECT ?a { ?a cllm:p/!cllm:q ?b }": None,
    "BASE <http://example.org/> SELECT ?a { ?a <p> ?b }": None,
}
LISTS = {f"<{rdflib.RDF.first}>", f"<{rdflib.RDF.rest}>"}


@pytest.mark.parametrize("query", QUERIES)
def test_what_a_query_may_read(query: str) -> None:
    """The names in it, or everything where a predicate may be any."""
    names = QUERIES[query]
    read = predicates_read(DECLARED + query)

    if names is None:
        assert read is None
        return
    expected = {
        f"<{rdflib.RDF.type if name == 'a' else PREFIXES['cllm'] + name}>" for name in names.split()
    }
    assert read == expected | LISTS


def asked(part: object) -> list[object]:
    """The predicates and paths of all triple patterns in a part of an algebra."""
    if isinstance(part, CompValue):
        found = [triple[1] for triple in dict.get(part, "triples") or []]
        return found + [p for key, value in part.items() if key != "triples" for p in asked(value)]
    return [p for inner in part for p in asked(inner)] if isinstance(part, list | tuple) else []


def named(path: object) -> set[object]:
    """The predicates of a path."""
    if not isinstance(path, Path):
        return {path}
    steps = getattr(path, "args", None) or [
        getattr(path, "arg", None) or getattr(path, "path", None)
    ]
    return {predicate for step in steps for predicate in named(step)}


def test_no_query_of_the_project_reads_more(project: Project, shapes: rdflib.Graph) -> None:
    """Those of the shapes and the questions, against rdflib's algebra."""
    paths = [*project.query_files(), *project.finding_files()]
    texts = [path.read_text("utf-8") for path in paths]
    texts += [DECLARED + str(text) for text in shapes.objects(None, rdflib.SH.select)]
    assert len(texts) > 150

    narrow = 0
    for text in texts:
        read = predicates_read(text)
        if read is None:
            continue
        narrow += 1
        predicates = {
            p for path in asked(translateQuery(parseQuery(text)).algebra) for p in named(path)
        }
        assert all(isinstance(predicate, rdflib.URIRef) for predicate in predicates), text
        assert {as_term(predicate) for predicate in predicates} <= read, text
    assert narrow > 50
