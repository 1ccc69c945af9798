"""The one table of prefixes: for the files, the queries, the exports and the pages.

Every IRI of the project begins with ``BASE``. Entities live under ``id/<kind>/<slug>``, named
graphs under ``graph/<source>/<part>`` and ``graph/<source>/<part>/<passage>``.
"""

from __future__ import annotations

from typing import Final

BASE: Final = "https://w3id.org/china-llm/"
ONTOLOGY: Final = BASE + "ontology"
TERMS: Final = ONTOLOGY + "#"
IDS: Final = BASE + "id/"
GRAPHS: Final = BASE + "graph/"
CATALOG: Final = GRAPHS + "catalog"
RECEIPTS: Final = GRAPHS + "receipts"
DEFAULT_GRAPHS: Final = tuple(GRAPHS + name for name in ("settled", "inferred", "ontology"))
"""The named graphs that the default graph is the union of."""

KINDS: Final = (
    "aggregate",
    "audit",
    "benchmark",
    "claim",
    "clause",
    "column",
    "concern",
    "criterion",
    "dataset",
    "decision",
    "discussion",
    "evaluation",
    "event",
    "expression",
    "figure",
    "finding",
    "form",
    "framework",
    "group",
    "hardware",
    "language",
    "link",
    "linkset",
    "mitigation",
    "model",
    "note",
    "observation",
    "organization",
    "part",
    "person",
    "place",
    "platform",
    "quantity",
    "reference",
    "result",
    "row",
    "run",
    "sample",
    "series",
    "significance",
    "statement",
    "topic",
    "use",
)
"""The kinds of entities, each with a prefix of its own since a prefixed name holds no ``/``."""

BUILT_GRAPHS: Final = (
    "audit",
    "catalog",
    "claims",
    "findings",
    "inferred",
    "links",
    "ontology",
    "settled",
    "shapes",
)
"""The graphs that the build makes, beside one for each passage of a source."""

PREFIXES: Final[dict[str, str]] = dict(
    sorted(
        {
            "cllm": TERMS,
            "graph": GRAPHS,
            **{kind: f"{IDS}{kind}/" for kind in KINDS},
            "airo": "https://w3id.org/airo#",
            "dash": "http://datashapes.org/dash#",
            "dbo": "http://dbpedia.org/ontology/",
            "dcat": "http://www.w3.org/ns/dcat#",
            "dcterms": "http://purl.org/dc/terms/",
            "dqv": "http://www.w3.org/ns/dqv#",
            "dpv-ai": "https://w3id.org/dpv/ai#",
            "fabio": "http://purl.org/spar/fabio/",
            "fair4ml": "https://w3id.org/fair4ml#",
            "frapo": "http://purl.org/cerif/frapo/",
            "mls": "http://www.w3.org/ns/mls#",
            "np": "http://www.nanopub.org/nschema#",
            "org": "http://www.w3.org/ns/org#",
            "owl": "http://www.w3.org/2002/07/owl#",
            "prov": "http://www.w3.org/ns/prov#",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "schema": "https://schema.org/",
            "semapv": "https://w3id.org/semapv/vocab/",
            "sh": "http://www.w3.org/ns/shacl#",
            "shape": BASE + "shape/",
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "sssom": "https://w3id.org/sssom/",
            "unit": "http://qudt.org/vocab/unit/",
            "vann": "http://purl.org/vocab/vann/",
            "void": "http://rdfs.org/ns/void#",
            "wdt": "http://www.wikidata.org/prop/direct/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        }.items()
    )
)


def prefixes_with_sources(sources: list[str]) -> dict[str, str]:
    """The prefix table with one prefix more for each source folder, as in ``ding-xiao-2023:``."""
    return PREFIXES | {source: f"{GRAPHS}{source}/" for source in sorted(sources)}


def shorten(iri: str) -> str:
    """Write ``iri`` as a prefixed name where a prefix fits, else as it is.

    The longest namespace wins, and what follows it must be a simple local name. The graph of a part
    of a source is named with the source's own prefix, as in ``ding-xiao-2023:table-1``.
    """
    source, slash, part = iri.removeprefix(GRAPHS).partition("/")
    if iri.startswith(GRAPHS) and slash and _is_simple(source) and _is_simple(part):
        return f"{source}:{part}"
    fitting = [
        (len(namespace), prefix)
        for prefix, namespace in PREFIXES.items()
        if iri.startswith(namespace) and _is_simple(iri[len(namespace) :])
    ]
    if not fitting:
        return iri
    length, prefix = max(fitting)
    return f"{prefix}:{iri[length:]}"


def passage_name(iri: str) -> str:
    """The name of a passage as people read it, as in ``ding-xiao-2023/compute/3-2``.

    A module of the ontology is named after its folder, as in ``ontology/training``.
    """
    return iri.removeprefix(GRAPHS).removeprefix(BASE)


def _is_simple(local: str) -> bool:
    return local.replace("-", "").replace("_", "").isalnum()


def expand(name: str) -> str:
    """The IRI of a prefixed name of the table; anything else comes back as it is."""
    prefix, colon, local = name.partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name
