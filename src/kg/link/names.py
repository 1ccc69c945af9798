"""Names as they are compared: what two people write differently of one thing is made the same.

Width and composition (NFKC), case, Greek letters and their names, diacritics, hyphens, blanks and
most punctuation make no difference. Digits do, with the points between them, and so does a plus:
ERNIE 3.0 is not ERNIE 30, and Command R+ is not Command R. Chinese characters stay as they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_GREEK = re.compile(r"[\u0370-\u03ff]")
_KEPT = re.compile(r"[^\w\x00]|_")


@lru_cache(maxsize=65_536)
def folded(name: str) -> str:
    """A name as it is compared; empty if nothing in it can be."""
    text = unicodedata.normalize("NFKC", name)
    text = _GREEK.sub(_spelt, text).replace("+", "plus")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = _POINT.sub("\x00", text.casefold())
    return _KEPT.sub("", text).replace("\x00", ".")


def similarity(one: str, other: str) -> float:
    """How much of two names is the same, from 0 to 1, which is only for what folds to the same.

    The share of characters that are in both in the same order (normalized indel similarity).
    """
    first, second = folded(one), folded(other)
    return fuzz.ratio(first, second) / 100 if first and second else 0.0


def slug(name: str) -> str:
    """A name in lower-case ASCII with hyphens, as the IRIs have it; empty if nothing is left."""
    text = unicodedata.normalize("NFKC", name)
    text = _GREEK.sub(_spelt, text).replace("+", " plus ")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def _spelt(letter: re.Match[str]) -> str:
    """The English name of a Greek letter."""
    return unicodedata.name(letter.group(), "").rpartition(" ")[2].lower() or letter.group()
