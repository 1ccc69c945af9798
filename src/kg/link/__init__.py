"""Links to what others have of the same things, and how such are found.

names        how two spellings of a name are told to be one
mappings     the files in which links stand, with their evidence (SSSOM)
describe     mappings as triples
registered   what the graph has by name, for a dataset to be read against
epoch        Epoch AI's table of models as passages of the graph
"""

from kg.link.describe import count, describe
from kg.link.mappings import SUFFIX, Mapping, MappingSet, Places, digest, exact, read

__all__ = [
    "SUFFIX",
    "Mapping",
    "MappingSet",
    "Places",
    "count",
    "describe",
    "digest",
    "exact",
    "read",
]
