"""The texts of the interface, and the file with their Chinese.

    python -m tests.wording

renews that file: texts that are new come in without a translation, those that are no more go, and
the others keep what they have. It lists those that have none.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import flask
from babel.messages.catalog import Catalog as Wording
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from kg.project import Project
from kg.queries import Catalogue, Query
from kg.serve.labels import heading
from kg.services import uncalled
from kg.store import EmbeddedStore

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "src" / "kg" / "serve"
TEMPLATES = SERVER / "templates"
CHINESE = SERVER / "wording" / "zh_Hans.po"
_LOCALE = "zh_Hans"
_HEAD = """\
# The texts of the interface in simplified Chinese: the project's own translation.
# Terms are called as in ontology/; names stay in the letters that the data have.
# `make words` renews the file, and keeps the translations.
msgid ""
msgstr ""
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
_AS_THE_APP_READS = {
    "newstyle_gettext": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",  # a template that cannot be read is an error
}
_ALL_QUESTIONS = "queries/*.rq"


def of_templates() -> Iterator[Message]:
    """The texts in ``{{ _("...") }}`` and ``{% trans %}``."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        yield from _extracted("jinja2.ext:babel_extract", path, _AS_THE_APP_READS)


def of_python() -> Iterator[Message]:
    """The texts in ``gettext("...")`` and its kin."""
    for path in sorted(SERVER.rglob("*.py")):
        yield from _extracted("python", path, {})


def of_headers() -> Iterator[Message]:
    """What the headers of the questions say in words."""
    for query, file in _questions():
        described = (parameter.description for parameter in query.parameters)
        for text in (query.summary, query.description, *described):
            yield Message(text, locations=[(file, None)])


def of_themes() -> Iterator[Message]:
    """The tags of the questions, as headings have them."""
    for tag in sorted({tag for query, _ in _questions() for tag in query.tags}):
        yield Message(tag.capitalize(), locations=[(_ALL_QUESTIONS, None)])


def of_columns() -> Iterator[Message]:
    """The columns of the answers, as tables head them; they are found out on no data."""
    nothing = EmbeddedStore.in_memory({})
    columns: set[str] = set()
    for query, _ in _questions():
        columns.update(nothing.query(uncalled(query.text), query.bind({})).rows()[0])
    with flask.Flask("kg.serve").test_request_context("/?lang=en"):
        for column in sorted(columns):
            yield Message(heading(column), locations=[(_ALL_QUESTIONS, None)], context="column")


ORIGINS = (of_columns, of_themes, of_headers, of_templates, of_python)


def collected() -> Wording:
    """All texts of the interface, none translated."""
    return _together(message for origin in ORIGINS for message in origin())


def chinese() -> Wording:
    """The file as it is. Raises ``PoFileError`` if it is not one."""
    return read_po(io.BytesIO(CHINESE.read_bytes()), locale=_LOCALE, abort_invalid=True)


def lacking() -> list[Message]:
    """The texts that the file has no translation of."""
    known = chinese()
    has = {(message.id, message.context) for message in known if all(message.string)}
    return [m for m in collected() if m.id and (m.id, m.context) not in has]


def renewed() -> bytes:
    """The file as it has to be: all texts, with the translations that there are."""
    known, wording = chinese(), collected()
    for message in wording:
        same = known.get(message.id, message.context)
        if message.id and same and same.id == message.id:
            message.string = same.string
    return _HEAD.encode() + written(wording)


def written(messages: Iterable[Message]) -> bytes:
    """Some texts as the file has them, by the files that they are from."""
    file = io.BytesIO()
    wording = _together(message for message in messages if message.id)
    write_po(file, wording, omit_header=True, sort_by_file=True, include_lineno=False)
    return file.getvalue().strip(b"\n") + b"\n" * (len(wording) > 0)


def _together(messages: Iterable[Message]) -> Wording:
    wording = Wording(locale=_LOCALE, fuzzy=False)
    for message in messages:
        wording[message.id] = message
    return wording


def _questions() -> Iterator[tuple[Query, str]]:
    """Each canned question, and its file as messages name it."""
    project = Project(ROOT)
    files, federated = project.query_files(), project.federated_files()
    shown = {path.stem: project.shown(path) for path in (*files, *federated)}
    for query in Catalogue.read(files, project.shown, federated):
        yield query, shown[query.name]


def _extracted(method: str, path: Path, options: dict[str, str]) -> Iterator[Message]:
    file = path.relative_to(ROOT).as_posix()
    for _, text, _, context in extract_from_file(method, path, options=options):
        yield Message(text, locations=[(file, None)], context=context)


if __name__ == "__main__":
    CHINESE.write_bytes(renewed())
    sys.stdout.buffer.write(written(lacking()))
