"""How the graph is cited: what ``CITATION.cff`` says, as text and in BibTeX.

The file is as the Citation File Format has it (https://citation-file-format.github.io/), of which
what a reference needs is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from kg.errors import BadSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SPECIAL: Final = re.compile(r"[\\{}&%$#_^~]")
_ESCAPES: Final = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
_SLUG: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Work:
    """A work to cite; an author is family name and given names, or one name of a group."""

    title: str
    authors: tuple[tuple[str, str], ...]
    year: str
    version: str = ""

    @property
    def key(self) -> str:
        """A name for the work that BibTeX allows."""
        family, given = self.authors[0] if self.authors else ("", "")
        return "-".join(filter(None, (_slug(family if given else self.title), self.year)))

    def text(self, *more: str) -> str:
        """The work in one line, with ``more`` about it at the end."""
        names = [f"{family}, {given}" if given else family for family, given in self.authors]
        parts = [
            "; ".join(names),
            f"{self.title} ({self.year})" if self.year else self.title,
            self.version and f"Version {self.version}",
            *more,
        ]
        return " ".join(f"{part}." if part[-1:] != "." else part for part in parts if part)

    def bibtex(self, **more: str) -> str:
        """The work as an entry of BibTeX, with ``more`` fields."""
        names = [
            f"{_escaped(family)}, {_escaped(given)}" if given else f"{{{_escaped(family)}}}"
            for family, given in self.authors
        ]
        fields = {
            "author": " and ".join(names),
            "title": f"{{{_escaped(self.title)}}}",
            "year": self.year,
            "version": self.version,
            **{name: value if name == "url" else _escaped(value) for name, value in more.items()},
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join((f"@misc{{{self.key},", *lines, "}"))


@dataclass(frozen=True)
class Citation:
    """The graph as a work, what else is to be cited with it, and a sentence that says so."""

    work: Work
    message: str
    references: tuple[Work, ...]

    @classmethod
    def read(cls, path: Path, shown: str) -> Citation | None:
        """What a file says, None if there is none; ``shown`` is how messages name it.

        Raises ``BadSource`` if it is no such file.
        """
        try:
            fields = yaml.safe_load(path.read_text("utf-8"))
            references = fields.get("references") or []
            return cls(_work(fields), str(fields["message"]), tuple(map(_work, references)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadSource(shown, None, f"it cannot be read: {error.strerror}.") from None
        except (UnicodeDecodeError, yaml.YAMLError):
            raise BadSource(shown, None, "this is no YAML in UTF-8.") from None
        except (AttributeError, KeyError, TypeError):
            raise BadSource(
                shown, None, "it lacks what a citation needs: title, authors and message."
            ) from None


def _work(fields: Mapping[str, Any]) -> Work:
    released = str(fields.get("date-released") or fields.get("year") or "")
    return Work(
        title=str(fields["title"]),
        authors=_authors(fields["authors"]),
        year=released[:4],
        version=str(fields.get("version") or ""),
    )


def _authors(listed: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(one["name"]), "")
        if "name" in one
        else (str(one["family-names"]), str(one.get("given-names") or ""))
        for one in listed
    )


def _slug(text: str) -> str:
    return _SLUG.sub("-", text.lower()).strip("-") or "work"


def _escaped(text: str) -> str:
    """A text in which no character means something to TeX."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], f"\\{found[0]}"), text)
