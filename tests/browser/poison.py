"""The real graph with poison in every text of it, and in what links lead to.

No build lets all of this through. It is put into a store as it is, so that pages are tried on what
any source might say, whatever shapes and checks there are before them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from kg.namespaces import BASE, PREFIXES

RUNS = "alert(1)"
"""What is in every poison that is code; a dialog is seen if it ever runs."""
LONG = 10_000
TEXTS = (
    f"<script>{RUNS}</script>",
    f"</script></style></title></textarea></select><script>{RUNS}</script>",
    f'"><img src="/poisoned" onerror="{RUNS}">',
    f"' onmouseover='{RUNS}' autofocus onfocus='{RUNS}' x='",
    f"<svg/onload={RUNS}>",
    f"javascript:{RUNS}",
    f"{{{{ {RUNS} }}}} ${{{RUNS}}} {{% raw %}} %(x)s %s {{0}}",
    f"<!-- --> <![CDATA[ ]]> &lt;script&gt;{RUNS}&lt;/script&gt; &#0;",
    "\0\1\a\b\v\f\x1b[31m\x7f\x80\x85\x9b\ufffe",
    "one\r\ntwo\nthree\rfour\tfive \u2028 six \u2029 seven",
    "\u202egpj.exe\u202c \u202dleft\u202c \u2066isolated \u2067never closed",
    "\u202e",
    "שלום מרחבא مرحبا ‏(right to left)‏",
    f'=HYPERLINK("javascript:{RUNS}"; "a")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd",
    'a "quoted" text, with a comma;and more',
    "W" * LONG,
    "long " * (LONG // 5),
    "𓂀 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠮷野家",
    "Z\u0335\u0321\u0489\u0334a\u0335\u0321\u0489\u0334l\u0335\u0321go" * 9,
    "",
)
IN_AN_ADDRESS = (" ".join(text for text in TEXTS if len(text) < LONG), "W" * (LONG // 2))
"""The same as a visitor's address can hold it."""
ADDRESSES = (
    f"javascript:{RUNS}//{{}}",
    f"JaVaScRiPt:{RUNS}//{{}}",
    f"data:text/html,%3Cscript%3E{RUNS}%3C/script%3E{{}}",
    f"vbscript:{RUNS}//{{}}",
    "file:///etc/passwd#{}",
    f"https://example.org/'onmouseover='{RUNS}'/{{}}",
    "https://example.org/{}/" + "long/" * (LONG // 5),
    "https://example.org/\u202efdp.exe/{}",
)
_TEXTUAL = (f"{PREFIXES['xsd']}string", f"{PREFIXES['rdf']}langString")
_KNOWN = tuple(PREFIXES.values())


class Poison:
    """Puts something else into each text and each address of others, and the same again."""

    def __init__(self) -> None:
        self._texts = itertools.cycle(TEXTS)
        self._addresses = itertools.cycle(ADDRESSES)
        self._known: dict[ox.Literal | ox.NamedNode, ox.Literal | ox.NamedNode] = {}

    def graphs(self, graphs: Mapping[str, bytes]) -> dict[str, bytes]:
        """Graphs of N-Triples, poisoned."""
        return {name: self._graph(triples) for name, triples in sorted(graphs.items())}

    def _graph(self, triples: bytes) -> bytes:
        found: Iterator[ox.Triple] = (
            ox.Triple(quad.subject, quad.predicate, self._term(quad.object))
            for quad in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES)
        )
        written = ox.serialize(found, format=ox.RdfFormat.N_TRIPLES)
        assert isinstance(written, bytes)
        return written

    def _term(self, term: ox.Literal | ox.NamedNode | ox.BlankNode | ox.Triple) -> object:
        if isinstance(term, ox.Literal) and term.datatype.value in _TEXTUAL:
            if term not in self._known:
                # formulas are where a cell begins
                text = f"{next(self._texts)} {term.value}"
                self._known[term] = ox.Literal(text, language=term.language)
            return self._known[term]
        if isinstance(term, ox.NamedNode) and not term.value.startswith((BASE, *_KNOWN)):
            if term not in self._known:
                address = next(self._addresses).format(len(self._known))
                self._known[term] = ox.NamedNode(address)
            return self._known[term]
        return term
