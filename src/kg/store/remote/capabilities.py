"""What an engine does in its own way, found by asking it, and what is done about it.

Found with a few queries that answer at once, on the graphs that ``kg build --store`` published; an
engine that does not hold them is taken as it is.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from kg.errors import KgError, ServiceError
from kg.namespaces import BASE, CATALOG, DEFAULT_GRAPHS, ONTOLOGY, PREFIXES
from kg.results import formats, media_types
from kg.store.remote.connection import shown
from kg.store.remote.received import MOST_ROWS, answer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kg.results import Kind
    from kg.store.remote.store import RemoteStore

DefaultGraph = Literal["own", "union", "empty", "unknown"]

_DATASET: Final = f"<{BASE}dataset>"
_VERSION: Final = f"<{PREFIXES['dcat']}version>"
_DATA_VERSION: Final = (
    f"SELECT ?version {{ GRAPH <{CATALOG}> {{ {_DATASET} {_VERSION} ?version }} }}"
)
_ANYTHING: Final = "ASK {}"
_OF_ONE_GRAPH: Final = f"ASK {{ {_DATASET} {_VERSION} ?version }}"
_OF_DEFAULT: Final = f"ASK {{ <{ONTOLOGY}> ?p ?o }}"
_MANY: Final = "SELECT (1 AS ?one) { ?s ?p ?o } LIMIT 100001"
"""More rows than Virtuoso is usually set to give, to hear at how many it cuts."""
_VIRTUOSO: Final = "Virtuoso"
_PRODUCT: Final = re.compile(r"([^/\s(]+(?: [^/\s(]+)*)(?:/(\S+))?")
_TIMEOUTS: Final = {
    "virtuoso": ("timeout", 1000),
    "stardog": ("timeout", 1000),
    "fuseki": ("timeout", 1),
}
"""What the names of engines have in them, with the parameter for the time of a query and its units
per second: https://vos.openlinksw.com/owiki/wiki/VOS/VirtTipsAndTricksAnytimeSPARQLQuery,
https://docs.stardog.com/operating-stardog/database-administration/query-management, and the class
SPARQLQueryProcessor of Apache Jena."""
_NOT_OURS: Final = (
    "It holds no catalog of ours: queries are sent as they are, and its version is not known."
)
_SENT: Final = "plain queries are sent with default-graph-uri for settled, inferred and ontology."
_UNION: Final = f"Its default graph is the union of all named graphs: {_SENT}"
_EMPTY: Final = f"Its default graph holds nothing of ours: {_SENT}"
_LOOSE: Final = "It does not keep to default-graph-uri: plain queries see more than these graphs."
_CAPPED: Final = (
    "It gives at most {most} rows or triples: an answer of as many is an error, and whole graphs "
    "are read in parts."
)
_TIMED: Final = "It is told the time that a query has; an answer that it ends early is an error."
_UNTIMED: Final = "It is not told the time that a query has: when that is over we hang up."


@dataclass(frozen=True)
class Capabilities:
    """What an engine was found to be and to do.

    ``name`` and ``version`` are those of its Server header. ``is_ours`` says whether it holds what
    was built here, of which ``data_version`` is the version. ``default_graphs`` are those that a
    plain query is sent with, if ``default_graph`` is not one of our own; ``keeps_datasets`` says
    whether it kept to them. ``most_rows`` is what it cuts answers at, 0 if it was not seen to.
    ``formats`` are those in which it gave rows and graphs.
    """

    name: str = ""
    version: str = ""
    is_ours: bool = False
    data_version: str = ""
    default_graph: DefaultGraph = "unknown"
    default_graphs: tuple[str, ...] = ()
    keeps_datasets: bool = True
    most_rows: int = 0
    formats: tuple[str, ...] = ()

    @property
    def is_virtuoso(self) -> bool:
        """Whether it is Virtuoso, some of whose ways no question finds out.

        Its answers have a header for each graph that a request names; it cuts graphs without a
        word; and what it reads by the Graph Store Protocol loses the datatype of large integers.
        """
        return self.name == _VIRTUOSO

    def timeout_for(self, seconds: float) -> list[tuple[str, str]]:
        """The parameters that give a query some seconds, if the engine has any."""
        name = self.name.lower()
        found = next((told for known, told in _TIMEOUTS.items() if known in name), None)
        return [(found[0], str(math.ceil(seconds * found[1])))] if found else []

    def sentences(self) -> list[str]:
        """What it does in its own way and what is done about it, a sentence each."""
        said = [] if self.is_ours else [_NOT_OURS]
        if self.default_graphs:
            said.append(_UNION if self.default_graph == "union" else _EMPTY)
            said += [] if self.keeps_datasets else [_LOOSE]
        if self.most_rows:
            said.append(_CAPPED.format(most=self.most_rows))
        return [*said, _TIMED if self.timeout_for(1) else _UNTIMED]

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {**asdict(self), "sentences": self.sentences()}


def probe(store: RemoteStore, with_formats: bool = False) -> Capabilities:
    """What the engine of a store is found to do. Raises as ``RemoteStore.query`` does.

    ``with_formats`` also asks it for an answer in each format.
    """
    plain = store.having(None)
    try:
        response = plain.response(_DATA_VERSION, "rows")
        rows = [*answer_of(response, "rows", _DATA_VERSION).rows()[1]]
    except ServiceError:  # of one that has no named graphs
        response, rows = plain.response(_ANYTHING, "rows"), []
    name, version = _product(response.headers.get("Server", ""))
    found = Capabilities(name, version, bool(rows), str(rows[0][0]) if rows else "")
    if rows:
        found = _with_default_graph(plain, found)
    if name == _VIRTUOSO:
        most = plain.response(_MANY, "rows").headers.get(MOST_ROWS, "")
        found = replace(found, most_rows=int(most) if most.isdecimal() else 0)
    return replace(found, formats=_formats(plain)) if with_formats else found


def probed(store: RemoteStore) -> RemoteStore:
    """The same engine, asked as it was found to want it. Raises as ``probe`` does."""
    return store.having(probe(store))


def default_graph_of(plain: RemoteStore, of_one_graph: str, of_default: str) -> DefaultGraph:
    """What a default graph is, by two questions with ASK.

    The first asks for what one named graph has that is not in our default graph, the second for
    what is.
    """
    if is_true(plain, of_one_graph):
        return "union"
    return "own" if is_true(plain, of_default) else "empty"


def is_true(store: RemoteStore, text: str, default_graphs: Sequence[str] = ()) -> bool:
    """The answer to ASK."""
    return [*store.query(text, None, default_graphs).rows()[1]] == [["true"]]


def _with_default_graph(plain: RemoteStore, found: Capabilities) -> Capabilities:
    default_graph = default_graph_of(plain, _OF_ONE_GRAPH, _OF_DEFAULT)
    if default_graph == "own":
        return replace(found, default_graph=default_graph)
    keeps = not is_true(plain, _OF_ONE_GRAPH, DEFAULT_GRAPHS)
    keeps = keeps and is_true(plain, _OF_DEFAULT, DEFAULT_GRAPHS)
    return replace(
        found,
        default_graph=default_graph,
        default_graphs=DEFAULT_GRAPHS,
        keeps_datasets=keeps,
    )


def _product(server: str) -> tuple[str, str]:
    """Name and version of the first product of a Server header (RFC 9110, section 10.2.4)."""
    match = _PRODUCT.match(shown(server))
    return (match[1], match[2] or "") if match else ("", "")


def _formats(plain: RemoteStore) -> tuple[str, ...]:
    """The names of the formats in which it gives rows and graphs."""
    given = []
    questions: tuple[tuple[Kind, str], ...] = (
        ("rows", "SELECT (1 AS ?one) {}"),
        ("graph", f"CONSTRUCT {{ {_DATASET} {_VERSION} 1 }} WHERE {{}}"),
    )
    for kind, text in questions:
        for format_ in formats(kind):
            with contextlib.suppress(KgError):
                response = plain.response(text, kind, accepted=format_.media_type)
                if media_types(kind).get(response.media_type) is format_:
                    given.append(format_.name)
    return tuple(given)
