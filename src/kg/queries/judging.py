"""What a query is, and what it may not do, seen on its tokens: no engine has read it yet."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.errors import BadQuery, Refused
from kg.services import calls
from kg.tokens import Lines, without_codepoint_escapes, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    _Word = tuple[str, str]
    """A token's kind and its text."""

_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_FORMS: Final = frozenset({"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"})
_CHANGING: Final = ("RAND", "NOW", "UUID", "BNODE")
_CHANGES: Final = re.compile(rf"(?:{'|'.join(_CHANGING)})\s*\(", re.IGNORECASE)
_MOST_NESTED: Final = 200
_MOST_CLAUSES: Final = 500
_MOST_PATTERNS: Final = 5_000
_MOST_TOKENS: Final = 100_000
_SEPARATORS: Final = frozenset(".;,")
_OPENING: Final = ("(", "[", "{", "<<")
_BRACKET: Final = re.compile(r"<<|>>|[(){}\[\]]")
_OPERATORS: Final = frozenset({"||", "&&", "!", "=", "!=", "<", ">", "<=", ">=", *"+-*/|^"})
_CLAUSE: Final = re.compile(r"\{|BIND|FILTER|AS\s*[?$]", re.IGNORECASE)
_SERVICE_WORD: Final = re.compile(r"SERVICE", re.IGNORECASE)
_SERVICE: Final = re.compile(
    r"""SERVICE (?:\s|\#[^\n\r]*)*+ (?:SILENT)?+ (?:\s|\#[^\n\r]*)*+
    (?: <[^<>\s]*+> | [?$]\w++ | (?:[^\s{}<\#\\]|\\.)++ )
    (?:\s|\#[^\n\r]*)*+ \{""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_SERVICE: Final = (
    "SERVICE is not allowed here: this endpoint calls no other server unless its operator lists it "
    "(--services, KG_SERVICES). Ask the other endpoint directly, or query both from your own "
    "engine."
)
_THESE_SERVICES: Final = (
    "SERVICE is allowed here only with one of these IRIs, written out and without escapes: {}. "
    "The operator lists them (--services, KG_SERVICES)."
)


class Looked(NamedTuple):
    """What one look at a query's text tells."""

    form: str
    """SELECT, ASK, CONSTRUCT or DESCRIBE; empty if it has none."""
    normalised: str
    """The tokens with one blank between them: equal for texts that differ in layout only."""
    is_repeatable: bool
    """Whether the answer has the same bytes each time, if the data stay the same."""
    services: tuple[str, ...]
    """The services that it calls, all of them allowed."""


def looked_at(text: str, allowed: Collection[str] = ()) -> Looked:
    """What a query's text tells, once it is judged. Raises as ``judge`` does."""
    found = words(text)
    services = _judged(text, found, allowed)
    form = _form(found)
    return Looked(form, _joined(found), _is_repeatable(text, form, found), services)


def form_of(text: str) -> str:
    """SELECT, ASK, CONSTRUCT or DESCRIBE, as a query's text has it; empty if it has none."""
    return _form(words(text))


def _form(found: Iterable[_Word]) -> str:
    upper = (word.upper() for kind, word in found if kind == "word")
    return next((word for word in upper if word in _FORMS), "")


def normalised(text: str) -> str:
    """A query's tokens with one blank between them: equal for texts that differ in layout only."""
    return _joined(words(text))


def _joined(found: Iterable[_Word]) -> str:
    return " ".join([word for _, word in found])


def is_repeatable(text: str) -> bool:
    """Whether the answer of a query has the same bytes each time, if the data stay the same.

    Judged on the bare characters, since engines that read without a tokenizer see ``BYRAND()``. A
    graph in which a query makes blank nodes has other labels each time.
    """
    found = words(text)
    return _is_repeatable(text, _form(found), found)


def _is_repeatable(text: str, form: str, found: Iterable[_Word]) -> bool:
    if _may_have(text, *_CHANGING) and _CHANGES.search(text):
        return False
    if _may_have(text, "SERVICE") and any(True for _ in calls(text)):
        return False
    is_new = form == "CONSTRUCT"
    return not (is_new and any(kind == "blank" or word == "[" for kind, word in found))


def _may_have(text: str, *words_: str) -> bool:
    """Whether a text may have one of some words, in small or in capital letters.

    Only where that is sure not to be so, which it is sooner than a pattern can be sought. Beyond
    ASCII there are other letters that are the same as these to a pattern.
    """
    return not text.isascii() or any(map(text.upper().__contains__, words_))


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI, as a query may write it."""
    return _IRI.fullmatch(text) is not None


def judge(text: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """The services that a query calls; refuse one that leaves the store otherwise, or is too deep.

    Judged on tokens, so that a string, a comment or a name may hold any word, and again on the bare
    characters: engines that read without a tokenizer take ``SERVICESILENT<...>`` for a keyword, or
    end an IRI where none began. Both with code point escapes resolved and not. Raises ``Refused``
    for SERVICE with anything but an IRI that is ``allowed``, and ``BadQuery`` for what nests or
    repeats more than any question needs.
    """
    return _judged(text, words(text), allowed)


def _judged(text: str, found: list[_Word], allowed: Collection[str]) -> tuple[str, ...]:
    services = _judged_once(text, found, allowed)
    plain = without_codepoint_escapes(text)
    if plain != text and _judged_once(plain, words(plain), allowed) != services:
        raise _refused(allowed)
    return tuple(dict.fromkeys(services))


def _judged_once(text: str, found: list[_Word], allowed: Collection[str]) -> tuple[str, ...]:
    services = called(text, allowed)
    check_depth(text)
    if len(text) <= _MOST_CLAUSES:  # too short for what follows
        return services
    if len(found) > _MOST_TOKENS:
        raise BadQuery(f"the query has more than {_MOST_TOKENS:,} words and marks.")
    marks = [word for kind, word in found if kind == "mark"]
    operators = sum(word in _OPERATORS for word in marks)
    clauses = sum(1 for _ in itertools.islice(_CLAUSE.finditer(text), _MOST_CLAUSES + 1))
    if operators > _MOST_CLAUSES or clauses > _MOST_CLAUSES:
        raise BadQuery(f"the query has more than {_MOST_CLAUSES} clauses or operators.")
    if sum(word in _SEPARATORS for word in marks) > _MOST_PATTERNS:
        raise BadQuery(f"the query has more than {_MOST_PATTERNS} patterns or list members.")
    return services


def called(text: str, allowed: Collection[str] = ()) -> tuple[str, ...]:
    """The services that a text calls, in order. Raises ``Refused`` if it calls any other."""
    if not _may_have(text, "SERVICE"):
        return ()
    hits = [*itertools.islice(_SERVICE_WORD.finditer(text), _MOST_CLAUSES + 1)]
    found = [*calls(text)] if hits else []
    doubtful = {match.start() for match in hits} - {call.start for call in found}
    if (
        len(hits) > _MOST_CLAUSES
        or any(call.service not in allowed for call in found)
        or any(_SERVICE.match(text, at) for at in doubtful)
    ):
        raise _refused(allowed)
    return tuple(call.service for call in found)


def _refused(allowed: Collection[str]) -> Refused:
    names = ", ".join(f"<{service}>" for service in allowed)
    return Refused(_THESE_SERVICES.format(names) if names else _NO_SERVICE)


def check_depth(text: str) -> None:
    """Raise ``BadQuery`` for brackets that nest too deep, counted in the bare characters."""
    if len(text) <= _MOST_NESTED or sum(map(text.count, _OPENING)) <= _MOST_NESTED:
        return
    depth = 0
    for match in _BRACKET.finditer(text):
        depth += 1 if match.group() in _OPENING else -1
        if depth > _MOST_NESTED:
            lines = Lines(text)
            line = lines.at(match.start())
            column = match.start() - lines.start(line) + 1
            raise BadQuery(f"more than {_MOST_NESTED} brackets are nested.", line, column)
        depth = max(depth, 0)
