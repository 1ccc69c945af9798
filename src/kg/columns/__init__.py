"""Triples without objects: terms as text, relations as sorted columns of integers.

datatypes   the values of literals
index       triples by any of their terms
quads       triples in named graphs, the rows of a graph together
relations   pairs by predicate, looked up by binary search

What follows and what is wrong is found on these, so that millions of triples never become objects.
"""

from kg.columns.datatypes import (
    DATATYPES,
    Value,
    are_unequal,
    equal_literals,
    is_member,
    is_no_member,
    order,
    value_of,
)
from kg.columns.index import FIRST, NIL, REST, Bound, Index, substitute
from kg.columns.quads import NONE, Block, Quads, Rows
from kg.columns.relations import (
    HALF,
    MASK,
    Groups,
    Relation,
    Relations,
    Terms,
    among,
    columns_of,
    common,
    decoded,
    decoded_groups,
    distinct,
    encoded,
    grouped,
    joint,
    looked_up,
    ungrouped,
    without,
)

__all__ = [
    "DATATYPES",
    "FIRST",
    "HALF",
    "MASK",
    "NIL",
    "NONE",
    "REST",
    "Block",
    "Bound",
    "Groups",
    "Index",
    "Quads",
    "Relation",
    "Relations",
    "Rows",
    "Terms",
    "Value",
    "among",
    "are_unequal",
    "columns_of",
    "common",
    "decoded",
    "decoded_groups",
    "distinct",
    "encoded",
    "equal_literals",
    "grouped",
    "is_member",
    "is_no_member",
    "joint",
    "looked_up",
    "order",
    "substitute",
    "ungrouped",
    "value_of",
    "without",
]
