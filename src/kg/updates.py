"""SPARQL updates before they are carried out: what they may not do, and their datasets.

https://www.w3.org/TR/sparql11-update/. All of it is seen on tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kg.errors import BadInput, Refused
from kg.queries import called, check_depth, is_iri
from kg.tokens import tokens, without_codepoint_escapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kg.tokens import Token

_NO_LOAD: Final = (
    "LOAD is not allowed here: this endpoint reads no file and no other address. "
    "Send the data: with PUT or POST to /rdf-graph-store, or as INSERT DATA."
)


def judge_update(text: str) -> None:
    """Refuse an update that would leave the store, or that nests too deep.

    Raises ``Refused`` for LOAD and SERVICE, ``BadQuery`` for what nests deeper than engines bear.
    """
    for version in {text, without_codepoint_escapes(text)}:
        called(version)
        _refuse_load(version)
        check_depth(version)


def _refuse_load(text: str) -> None:
    """Refuse LOAD as a word, and where an operation may begin as the start of one.

    Engines that read without a tokenizer take ``LOADSILENT<...>`` and ``LOADex:a`` for it.
    """
    for token, depth, before in _placed(text):
        begins = depth == 0 and (before is None or before.text == ";" or before.kind == "iri")
        word = token.text.upper()
        if token.kind == "word" and (word == "LOAD" or (depth == 0 and word.startswith("LOAD"))):
            raise Refused(_NO_LOAD)
        if token.kind == "name" and begins and word.startswith("LOAD"):
            raise Refused(_NO_LOAD)


def with_dataset(text: str, default_graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """An update whose operations match in some graphs only, as USING says it.

    That is what the protocol's ``using-graph-uri`` and ``using-named-graph-uri`` ask for
    (https://www.w3.org/TR/sparql11-protocol/#update-dataset). Raises ``BadInput`` if the update
    names its dataset itself, or if a graph's name is no IRI.
    """
    if not default_graphs and not named_graphs:
        return text
    for name in (*default_graphs, *named_graphs):
        if not is_iri(name):
            raise BadInput(f"A graph is named by an IRI, not by {name!r}.")
    using = "".join(f"USING <{name}> " for name in default_graphs)
    using += "".join(f"USING NAMED <{name}> " for name in named_graphs)
    pieces: list[str] = []
    done = 0
    for token, depth, before in _placed(text):
        word = token.text.upper() if token.kind == "word" and depth == 0 else ""
        if word in ("USING", "WITH"):
            raise BadInput(f"The update has {word}, and graphs came beside it: choose one.")
        if word == "WHERE":
            pieces.append(text[done : token.start])
            done = token.start
            if before is not None and before.text.upper() == "DELETE":  # the pattern is what goes
                pieces.append(f"{_group(text, token.start)} ")
            pieces.append(using)
    return "".join((*pieces, text[done:]))


def _placed(text: str) -> Iterator[tuple[Token, int, Token | None]]:
    """The tokens, each with the number of braces around it and the token before."""
    depth = 0
    before: Token | None = None
    for token in tokens(text):
        if token.text == "}":
            depth = max(0, depth - 1)
        yield token, depth, before
        depth += token.text == "{"
        before = token


def _group(text: str, start: int) -> str:
    """The first group in braces from a position on; what is left of the text if it has no end."""
    depth = 0
    opened = start
    for token in tokens(text[start:]):
        if token.text == "{":
            opened = opened if depth else start + token.start
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth <= 0:
                return text[opened : start + token.start + 1]
    return text[opened:]
