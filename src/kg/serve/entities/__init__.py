"""Pages of things: facts with their sources, and the same for programs.

told        the statements about a thing, the graphs that have them, the claims
figures     numbers as printed
    │
facts       a ``model.Fact`` for each value, what is left out, what was decided
    │
    ├── page       sections of rows as the ``layout`` in the shapes has them, claims side by side
    ├── as_json    the same for programs
    └── around     the neighbours in a drawing
incoming    what refers to it              sources     passages: where, who, in which stance
elsewhere   what there is in other datasets  contents  the statements of a named graph
why         proofs of what is inferred     shown       terms and numbers on a page
asked       as a page, as JSON, as RDF     views       the addresses
"""
