"""Every text of the interface has its Chinese, which says it with the same parts, in good print."""

from __future__ import annotations

import re
from collections.abc import Iterator

import flask
import jinja2
import pytest
from babel.messages.catalog import Catalog as Wording
from babel.messages.catalog import Message
from jinja2 import nodes

from kg.queries import Catalogue, parse
from kg.serve import create_app
from kg.settings import Settings
from kg.store import Current, Versions
from tests import wording
from tests.conftest import BROWSER

HEADERS = {"Accept": BROWSER}
RENEW = "`make words` renews the file"
TAG = re.compile(r"<[^<>]+>")
PLACE = re.compile(r"%\(\w+\)s|%%")
HAN, WIDE = r"[\u3400-\u9fff]", "[，。；：？！（）《》、“”]"
MISPRINTS = {
    "a sign of half width beside a character": re.compile(
        rf"{HAN} ?[,;:?!()\"]|[,;:?!()\"]{HAN}|{HAN}\.|\.\.\."
    ),
    "a blank beside a sign of full width": re.compile(rf"\s{WIDE}|{WIDE}\s"),
    "no blank between a character and a letter or digit": re.compile(
        rf"{HAN}[A-Za-z0-9%]|[A-Za-z0-9%]{HAN}"
    ),
}


@pytest.fixture(scope="module")
def chinese() -> Wording:
    """The translations."""
    return wording.chinese()


def texts(messages: Wording) -> Iterator[Message]:
    """All but the head of the file."""
    return (message for message in messages if message.id)


def parts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """A text, or those for one and for several."""
    return (value,) if isinstance(value, str) else value


def test_what_was_collected() -> None:
    """The texts are still found, wherever they come from; those in Python with all their parts."""
    found = {origin.__name__: len([*origin()]) for origin in wording.ORIGINS}
    assert found["of_columns"] > 100
    assert found["of_themes"] > 15
    assert found["of_headers"] > 120
    assert found["of_templates"] > 60
    assert len([*texts(wording.collected())]) > 280


def test_every_text_is_translated() -> None:
    """What lacks is listed as the file wants it."""
    lacking = wording.lacking()
    listed = wording.written(lacking).decode()
    assert lacking == [], f"{len(lacking)} texts have no Chinese ({RENEW}):\n\n{listed}"


def test_no_translation_is_left_over(chinese: Wording) -> None:
    """Each is of a text that there is, of one only, and nobody has doubts about it."""
    needed = wording.collected()
    unused = [m.id for m in texts(chinese) if needed.get(m.id, m.context) is None]
    assert unused == [], RENEW
    assert [message.id for message in texts(chinese) if message.fuzzy] == []
    assert len(chinese.obsolete) == 0
    written = re.findall(r"^msgid ", wording.CHINESE.read_text("utf-8"), re.MULTILINE)
    assert len(written) == len([*texts(chinese)]) + 1, "a text stands there twice"


def test_translations_have_the_parts_of_the_texts(chinese: Wording) -> None:
    """The same placeholders, as babel checks them, and the same tags, but for breaks of lines."""
    checked = 0
    for message in texts(chinese):
        assert [str(error) for error in message.check(chinese)] == [], message.id
        for translation in parts(message.string):
            tags = [tag for tag in TAG.findall(translation) if tag != "<wbr>"]
            assert sorted(tags) == sorted(TAG.findall(parts(message.id)[-1])), message.id
            if any(file.endswith(".html") for file, _ in message.locations):
                assert "%" not in PLACE.sub("", translation), message.id
            checked += 1
    assert checked > 280


@pytest.mark.parametrize("misprint", MISPRINTS)
def test_translations_are_printed_well(chinese: Wording, misprint: str) -> None:
    """Signs have the width of characters and no blanks beside them; letters have blanks."""
    wrong = [
        translation
        for message in texts(chinese)
        for translation in parts(message.string)
        if MISPRINTS[misprint].search(TAG.sub("", translation))
    ]
    assert wrong == []


def test_the_file_is_as_the_command_writes_it() -> None:
    """So that a change of one text is a change of few lines."""
    assert wording.CHINESE.read_bytes() == wording.renewed(), RENEW


def test_templates_translate_what_they_say_themselves() -> None:
    """What ``_()`` is given is HTML with placeholders, so it can be no text from elsewhere."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    calls = 0
    for path in sorted(wording.TEMPLATES.rglob("*.html")):
        for call in environment.parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ("_", "gettext", "ngettext"):
                calls += 1
                texts_given = call.args[: 2 if call.node.name == "ngettext" else 1]
                for text in texts_given:
                    assert isinstance(text, nodes.Const), f"{path.name}:{call.lineno}"
    assert calls > 50


def test_pages_are_in_chinese(app: flask.Flask) -> None:
    """A question, what it says of itself, its parameter, its theme and its columns."""
    page = app.test_client().get("/queries/models-by-developer?lang=zh-Hans", headers=HEADERS).text
    for text in (
        "某机构独自或与他人共同开发了哪些模型？",
        "列出哪家机构的模型",
        "开发者",
        "发布日期",
    ):
        assert text in page
    shown = page.partition("<pre>")[0]
    for english in ("One row", "Released", "Developers", "Answer", "Questions"):
        assert english not in shown


def test_a_question_without_translation_is_in_english(versions: Versions) -> None:
    """Whatever its words are: they are neither a format nor HTML."""
    text = "#+ summary: Is 5 % <b>of it</b> %(there)s?\n#+ description: d\n#+ tags: [new things]\n"
    added = parse("added", f"{text}SELECT ?newThing {{}} ORDER BY ?newThing", "added.rq")
    app = create_app(Current(versions), Catalogue([added]), Settings.load({}))
    for address in ("/queries", "/queries/added"):
        page = app.test_client().get(f"{address}?lang=zh-Hans", headers=HEADERS)
        assert page.status_code == 200
        assert "Is 5 % &lt;b&gt;of it&lt;/b&gt; %(there)s?" in page.text
        assert "New things" in page.text
    assert '<th scope="col" data-column="newThing">New thing</th>' in page.text
