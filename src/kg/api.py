"""The graph from Python: a graph that is asked, and results that other libraries take.

``kg.open`` and ``kg.query`` begin here. Whatever is asked comes back as bytes in a format of the
standards, from which a result makes rows, tables and graphs as often as it is asked to.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import BadInput
from kg.namespaces import BASE, GRAPHS
from kg.project import Project
from kg.queries import Catalogue, Query, ad_hoc, from_file, is_name, judge, parse
from kg.results import named
from kg.services import listed
from kg.settings import MEMORY, Settings
from kg.store import Answer, EmbeddedStore, Versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    import rdflib

    from kg.results import Kind
    from kg.services import Services
    from kg.store import Store
    from kg.store.answers import Value

SECONDS: Final = 60
"""How long an endpoint may take for a query, if nobody says otherwise."""
_WHOLE: Final[dict[Kind, str]] = {"rows": "json", "graph": "ntriples"}
"""The formats in which results are kept, which lose nothing."""
_VERSION: Final = f"""
SELECT ?version {{ GRAPH <{GRAPHS}catalog> {{
  <{BASE}dataset> <http://www.w3.org/ns/dcat#version> ?version
}} }}
"""
_LARGEST: Final = 2**63


class Graph:
    """A built graph, or an endpoint that has one; ``kg.open`` gives it.

    >>> import kg
    >>> graph = kg.open()
    >>> result = graph.query("models-by-developer", organization="organization:baidu")
    >>> result.columns
    ['name', 'released', 'developers', 'source', 'organization']
    >>> [row["name"] for row in result]
    ['ERNIE 3.0', 'PLATO-XL', 'ERNIE 3.0 Titan', 'ERNIE-ViLG']
    >>> result.to_pandas()["released"].dt.year.tolist()
    [2021, 2021, 2021, 2021]
    """

    def __init__(
        self,
        store: Store,
        project: Project,
        services: Services,
        seconds: float,
        held: object = None,
    ) -> None:
        self._store = store
        self._project = project
        self._services = services
        self._seconds = seconds
        self._held = held  # a lease on the version that is read

    def query(
        self, question: str | Path, /, **parameters: str | bool | float | Decimal | dt.date
    ) -> Result:
        """Ask a canned question by its name, a query in SPARQL, or a ``.rq`` file by its path.

        ``parameters`` are those of the question, an IRI also as ``organization:baai``. Raises
        ``kg.errors.KgError``, in one sentence, for what cannot be asked or answered.
        """
        query = self._query(question)
        given = {name: _text(value) for name, value in parameters.items()}
        answer = ask(self._store, query, given, self._services, self._seconds)
        whole = named(_WHOLE[answer.kind], answer.kind)
        return Result(answer.kind, answer.serialize(whole))

    def queries(self) -> list[Query]:
        """The canned questions, each with its name, summary, parameters and SPARQL."""
        return list(self._catalogue)

    @property
    def version(self) -> str:
        """The data version, to be cited; empty if an endpoint has another graph than this one."""
        return "".join(str(row["version"]) for row in self.query(_VERSION))

    @cached_property
    def _catalogue(self) -> Catalogue:
        project = self._project
        return Catalogue.read(project.query_files(), project.shown, project.federated_files())

    def _query(self, question: str | Path) -> Query:
        if isinstance(question, Path):
            return from_file(question)
        if is_name(question):
            return self._catalogue.get(question)
        header = question.startswith("#+")
        return parse("query", question, "the query") if header else ad_hoc(question)


class Result:
    """What was found: rows of SELECT and ASK, or the triples of CONSTRUCT and DESCRIBE.

    Iterating gives each row as a dictionary by column, its values as Python has them: numbers,
    truths, dates, texts, and None for what is unbound. An IRI is its text. A result is true if it
    has rows, that of ASK if the answer is yes.
    """

    def __init__(self, kind: Kind, body: bytes) -> None:
        self.kind = kind
        self._body = body

    @property
    def columns(self) -> list[str]:
        """The names of the columns; subject, predicate and object of triples."""
        return list(self._table[0])

    def __iter__(self) -> Iterator[dict[str, Value]]:
        columns, rows = self._table
        return (dict(zip(columns, row, strict=True)) for row in rows)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._table[1])

    def __bool__(self) -> bool:
        rows = self._table[1]
        return bool(rows) and rows != [[False]]

    def __repr__(self) -> str:
        return f"<Result: {len(self)} × {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """The table that a notebook shows."""
        shown: str = self.to_pandas().to_html(max_rows=20, na_rep="", notebook=True)
        return shown

    def to_pandas(self) -> pd.DataFrame:
        """A data frame whose columns have types.

        Int64, Float64, boolean, datetime64 and string, all of which can lack a value; object where
        a column has several of them, or integers of more than 64 bits.
        """
        import pandas as pd

        columns, rows = self._table
        typed = {}
        for place, column in enumerate(columns):
            values = [row[place] for row in rows]
            dtype = _dtype(values)
            if dtype == "Float64":  # which knows no decimals
                values = [None if value is None else float(str(value)) for value in values]
            typed[column] = pd.Series(values, dtype=dtype)
        return pd.DataFrame(typed)

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as CSV (https://www.w3.org/TR/sparql11-results-csv-tsv/), also into a file."""
        text = self.serialize("csv")
        if path is not None:
            Path(path).write_bytes(text.encode())
        return text

    def to_rdflib(self) -> rdflib.Graph:
        """The triples as a graph of rdflib. Raises ``BadInput`` for rows."""
        import rdflib

        if self.kind == "rows":
            raise BadInput("SELECT and ASK give rows: ask with CONSTRUCT or DESCRIBE for a graph.")
        return rdflib.Graph().parse(data=self._body, format="nt")

    def serialize(self, format: str = "json") -> str:  # noqa: A002
        """The whole result in a format by its short name, its ending or its media type.

        Raises ``BadInput``, listing the names, if this kind of result has no such format.
        """
        return self._answer().serialize(named(format, self.kind)).decode()

    @cached_property
    def _table(self) -> tuple[list[str], list[list[Value]]]:
        columns, rows = self._answer().values()
        return columns, list(rows)

    def _answer(self) -> Answer:
        return Answer.read(self._body, _WHOLE[self.kind])


def ask(
    store: Store, query: Query, given: Mapping[str, str], services: Services, seconds: float
) -> Answer:
    """The answer to a query with texts for its parameters, in whatever is asked.

    A store here calls the ``services`` that the query calls, which have some ``seconds`` for that;
    raises ``Refused`` if it calls any other. An endpoint judges and calls for itself.
    """
    called = judge(query.text, services) if isinstance(store, EmbeddedStore) else ()
    if not (called and isinstance(store, EmbeddedStore)):
        return store.ask(query, given)
    from kg.workers.here import answered

    bindings = store.bound(query, given)
    return answered(store, query.text, bindings, services, called, seconds)


def opened(
    store: str | os.PathLike[str] | None = None,
    *,
    project: str | os.PathLike[str] | None = None,
    services: Iterable[str] = (),
    timeout: float = SECONDS,
) -> Graph:
    """What ``kg.open`` opens."""
    settings = Settings.load(store=None if store is None else os.fspath(store))
    chosen = Project.at(None if project is None else Path(project))
    private = f"{settings.private_services} {' '.join(services)}"
    more = listed(settings.services, private), timeout
    if settings.is_endpoint:
        from kg.store.remote import Addresses, RemoteStore, probed

        engine = probed(RemoteStore(Addresses.of(settings), timeout))
        return Graph(engine, chosen, *more)
    if settings.store == MEMORY:
        from kg import build

        return Graph(build.in_memory(_built(chosen)), chosen, *more)
    versions = Versions(Path(settings.store) if settings.store else chosen.default_store)
    if not settings.store and versions.current_name() is None:
        from kg import build

        build.publish(_built(chosen), versions, settings.keep_versions, contextlib.nullcontext)
    reading = versions.open()
    return Graph(reading.store, chosen, *more, held=reading)


def _built(project: Project) -> Any:  # noqa: ANN401
    """What the project's files make. Raises ``BadInput`` if they do not conform."""
    from kg import build

    made = build.make(project, contextlib.nullcontext, [])
    if not made.report.conforms:
        raise BadInput(f"{project.root} does not conform: `kg validate` says what is wrong.")
    return made


def _text(value: object) -> str:
    """The text of a parameter's value, as its type wants it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _dtype(values: Sequence[Value]) -> str:
    """The type of pandas for a column."""
    kinds = {type(value) for value in values if value is not None}
    if all(issubclass(kind, str) for kind in kinds):
        return "string"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int} and all(abs(v) < _LARGEST for v in values if isinstance(v, int)):
        return "Int64"
    if kinds <= {int, float, Decimal} and kinds != {int}:
        return "Float64"
    if kinds == {dt.datetime}:
        zones = {value.tzinfo is not None for value in values if isinstance(value, dt.datetime)}
        if len(zones) == 1:  # pandas has no column of both
            return "datetime64[us, UTC]" if zones.pop() else "datetime64[us]"
    return "datetime64[s]" if kinds == {dt.date} else "object"
