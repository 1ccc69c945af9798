"""Questions in SPARQL, before an engine has them.

canned    the queries of the project, with typed parameters
binding   a text in which the parameters have their terms, for engines that take nothing else
judging   what a text is, and what it may not do
narrowing what a query asks here before it calls a service
"""

from kg.queries.binding import bound
from kg.queries.canned import (
    AUDIENCES,
    Catalogue,
    Parameter,
    Query,
    Term,
    ad_hoc,
    from_file,
    is_name,
    parse,
)
from kg.queries.judging import (
    Looked,
    called,
    check_depth,
    form_of,
    is_iri,
    is_repeatable,
    judge,
    looked_at,
    normalised,
)
from kg.queries.narrowing import MOST_ROWS, Narrowing, narrowed, narrowings

__all__ = [
    "AUDIENCES",
    "MOST_ROWS",
    "Catalogue",
    "Looked",
    "Narrowing",
    "Parameter",
    "Query",
    "Term",
    "ad_hoc",
    "bound",
    "called",
    "check_depth",
    "form_of",
    "from_file",
    "is_iri",
    "is_name",
    "is_repeatable",
    "judge",
    "looked_at",
    "narrowed",
    "narrowings",
    "normalised",
    "parse",
]
