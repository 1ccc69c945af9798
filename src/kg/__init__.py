"""China LLM Landscape: a knowledge graph with a source on every statement.

How a triple gets from a file to an answer:

    data/ ontology/ shapes/ queries/          the files are the truth
      │ sources    read, or say path:line
      ▼
    graph          one named graph for each passage; claims, conflicts, decisions; settled view
      │ validate   shapes on each source graph, then on the settled view
      │ reason     only the new triples of OWL 2 RL, and consistency
      │ findings   what the source concludes, recomputed without its saying so
      │ link       what is the same, or belongs to it, in other datasets, and on what evidence
      │ audit      contradictions, impossible figures, what does not fit
      ▼
    store          a version: written aside, named by its content, then made current by one rename
      │ queries    a question with typed parameters, bound and never pasted
      │ workers    processes that can be ended, in which a visitor's query runs
      │ writing    one process that changes data, where they are not the project's
      │ why        a process for each question why something that is inferred follows
      ▼
    serve · export · cli · api

``build`` is the recipe that walks down this picture; with what an earlier one has ``kept`` it works
only on what is different, and of what is not ``hidden`` of a version it makes one to serve. What a
person brings from elsewhere is ``given``: RDF, or CSV by a ``mapper``, as a source would be. From
``sources`` to ``store`` triples are ``columns`` of numbers, and ``tables`` answers in rdflib's
terms what is asked of them. A module imports only from those above it.

From Python, ``kg.open`` gives a graph to ask and ``kg.query`` asks the default one:

>>> import kg
>>> [row["name"] for row in kg.query("domestic-hardware")][:2]
['BaGuaLu', 'ERNIE 3.0 Titan']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path

    from kg.api import Graph, Result

__all__ = ["Graph", "Result", "__version__", "open", "query"]

__version__ = "0.1.0"


def open(  # noqa: A001
    store: str | os.PathLike[str] | None = None,
    *,
    project: str | os.PathLike[str] | None = None,
    services: Iterable[str] = (),
    timeout: float = 60,
) -> Graph:
    """Open a graph to ask.

    ``store`` is as for ``kg query --store``: a folder of built versions, of which the current one
    is read; the word ``memory``, to build the project's files now; or the address of a SPARQL
    endpoint. Without it, it is that of ``KG_STORE`` or the project's own folder, in which a first
    version is built if there is none. ``project`` is a folder with ``ontology/``, ``data/``,
    ``shapes/`` and ``queries/``: by default the one around here, else the checkout or the copy in
    the package. ``services`` are addresses of endpoints that queries may call with SERVICE, beside
    those of ``KG_SERVICES``. What is asked elsewhere may take ``timeout`` seconds for a query.

    Raises ``kg.errors.KgError``, in one sentence, for what cannot be opened.

    >>> import kg
    >>> kg.open().query("table-2")
    Traceback (most recent call last):
    kg.errors.NotFound: There is no query 'table-2'; `kg queries` and the page /queries list them.
    """
    from kg.api import opened

    return opened(store, project=project, services=services, timeout=timeout)


def query(question: str | Path, /, **parameters: str | bool | float | Decimal | dt.date) -> Result:
    """Ask the default graph, as ``kg.open().query`` does."""
    return open().query(question, **parameters)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """``Graph`` and ``Result``, read when somebody asks for them."""
    if name in ("Graph", "Result"):
        from kg import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
