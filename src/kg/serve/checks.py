"""What was judged, to be looked at: the findings of the source, and what the audit found.

A list is a page with a form, or what the commands of the same names print as JSON, or CSV. The IRI
of a finding leads to the page about it; that of an item is its page.
"""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.parse
from collections import Counter
from fractions import Fraction
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import flask

from kg.errors import BadInput, NotFound
from kg.judged import Grade, Verdict
from kg.namespaces import IDS
from kg.serve.context import LISTED, RESERVED, context, given, reading, tagged, wished
from kg.serve.deferred import lasting
from kg.serve.drawings import digits, in_words, shown
from kg.serve.entities import views
from kg.serve.entities.asked import split, wish
from kg.serve.judgements import Judgements
from kg.serve.questions import without_header
from kg.serve.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kg.judged import Quantity
    from kg.serve.judgements import Judged
    from kg.serve.telling import Told

T = TypeVar("T")

blueprint = flask.Blueprint("checks", __name__)
blueprint.after_request(lasting)

ON_A_PAGE: Final = 100
"""Items of the audit beyond which the list goes on on another page."""
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_OF_FINDINGS: Final = (
    "id",
    "section",
    "passage",
    "statement",
    "expected",
    "tolerance",
    "computed",
    "verdict",
    "accepted",
    "lacks",
    "unmoved",
    "query",
)
_OF_ITEMS: Final = (
    "id",
    "rule",
    "grade",
    "kind",
    "subject",
    "name",
    "arithmetic",
    "ratio",
    "decision",
    "passages",
)
"""The columns of CSV: of a list in a JSON object there is none, but of the passages."""


@blueprint.app_template_filter("printed")
def printed(quantity: Quantity) -> str:
    """A quantity in few digits, as it is printed."""
    return in_words(quantity.minimum, quantity.maximum)


@blueprint.app_template_filter("figure")
def figure(value: float) -> str:
    """A number in few digits."""
    return digits(Fraction(value))


@blueprint.get("/findings")
def findings() -> flask.Response | str:
    """The findings by section of the source, of one verdict if that is asked for."""
    wanted = _one_of(given("verdict"), "verdict", {_slug(v.words): v for v in Verdict})
    form = wished(LISTED)
    judgements = Judgements(reading().store)
    if form:
        return _sent(
            form,
            ("findings", wanted),
            _OF_FINDINGS,
            lambda: [
                one.as_dict()
                for one in judgements.findings(with_rows=form == "json")
                if wanted in (None, one.verdict)
            ],
        )
    found = judgements.findings()
    sections: dict[str, list[Judged]] = {}
    for one in found:
        if wanted in (None, one.verdict):
            sections.setdefault(one.part, []).append(one)
    counts = Counter(one.verdict for one in found)
    return flask.render_template(
        "findings.html",
        sections=sections,
        counts={verdict: counts[verdict] for verdict in Verdict if counts[verdict]},
        wanted=wanted,
        total=len(found),
        shown=sum(map(len, sections.values())),
        slug=_slug,
        **_of_page(),
    )


@blueprint.get("/findings/<name>")
def finding(name: str) -> flask.Response | str:
    """One finding, with the query that recomputes it and the rows that this gave."""
    given()
    form = wished(LISTED)
    judged = Judgements(reading().store).finding(name)
    if judged is None:
        raise NotFound(f"There is no finding {name!r}; the page /findings lists them.")
    result = judged.result
    if form == "json":
        return _sent(form, ("finding", name), (), judged.as_dict)
    if form:
        columns = result.columns if result else ()
        return _sent(form, ("finding", name), columns, lambda: judged.as_dict()["rows"])
    return flask.render_template(
        "finding.html",
        judged=judged,
        finding=judged.finding,
        result=result,
        columns=list(result.columns) if result else [],
        rows=[[*map(shown, row)] for row in result.terms] if result else [],
        text=without_header(result.query.text) if result and result.query else "",
        **_of_page(),
    )


@blueprint.get("/audit")
def audit() -> flask.Response | str:
    """What the audit found, the heaviest first, of one grade and one rule if asked for."""
    asked = given("grade", "rule", "page")
    judgements = Judgements(reading().store)
    entries = judgements.index()
    rules = {rule: rule for rule in (*judgements.rules(), *sorted({e.rule for e in entries}))}
    grade = _one_of(asked, "grade", {_slug(g.words): g for g in Grade})
    rule = _one_of(asked, "rule", rules)
    form = wished(LISTED)
    chosen = [e for e in entries if grade in (None, e.grade) and rule in (None, e.rule)]
    last = max(1, -(-len(chosen) // ON_A_PAGE))
    page = _page(asked.get("page", "1"), last)
    if form:
        return _sent(
            form,
            ("audit", grade, rule),
            _OF_ITEMS,
            lambda: [item.as_dict() for entry in chosen if (item := judgements.item(entry.iri))],
        )
    teller = Teller(reading().store)
    grades: dict[Grade, list[Told]] = {}
    for entry in chosen[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]:
        if item := judgements.item(entry.iri):
            grades.setdefault(item.grade, []).append(teller.told(item))
    by_grade, by_rule = Counter(e.grade for e in entries), Counter(e.rule for e in entries)
    return flask.render_template(
        "audit.html",
        grades=grades,
        counts={g: by_grade[g] for g in Grade if by_grade[g]},
        rules={name: by_rule[name] for name in rules},
        grade=grade,
        rule=rule,
        total=len(entries),
        chosen=len(chosen),
        page=page,
        pages=last,
        slug=_slug,
        **_of_page(),
    )


@blueprint.get("/id/audit/<slug>")
def item(slug: str) -> flask.Response | str:
    """One item of the audit, or one of its rules, which leads to what it found."""
    name, ending = split(slug)
    kind, _ = wish(ending, has_json=True)
    judgements = Judgements(reading().store)
    found = None if kind == "rdf" else judgements.item(f"{IDS}audit/{name}")
    if found is None:
        if kind == "html" and name in judgements.rules():
            return _elsewhere(flask.url_for(".audit", rule=name))
        return views.entity("audit", slug)
    if kind == "json":
        return _sent("json", ("item", name), (), found.as_dict)
    return flask.render_template(
        "item.html", told=Teller(reading().store).told(found), slug=_slug, **_of_page()
    )


@blueprint.get("/id/finding/<slug>")
def finding_itself(slug: str) -> flask.Response | str:
    """A finding as data, or the way to the page about it."""
    name, ending = split(slug)
    kind, _ = wish(ending, has_json=True)
    if kind == "html" and Judgements(reading().store).finding(name):
        asked = flask.request.query_string.decode()
        return _elsewhere(flask.url_for(".finding", name=name) + (f"?{asked}" if asked else ""))
    return views.entity("finding", slug)


def _elsewhere(address: str) -> flask.Response:
    return flask.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


def _one_of(asked: Mapping[str, str], name: str, choices: Mapping[str, T]) -> T | None:
    """The choice that a parameter names, None if it is not given."""
    value = asked.get(name)
    if value is None:
        return None
    if value not in choices:
        raise BadInput(f"There is no {name} {value!r} (there are: {', '.join(choices)}).")
    return choices[value]


def _page(text: str, last: int) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= last:
        raise BadInput(f"The parameter page is a number from 1 to {last}.")
    return int(text)


def _slug(words: str) -> str:
    """The words of a verdict or a grade as the commands and addresses spell them."""
    return words.replace(" ", "-")


def _of_page() -> dict[str, Any]:
    """What the pages say of the address at which they are."""
    request = flask.request
    others = [(k, v) for k, v in request.args.items(multi=True) if k not in RESERVED]
    asked = urllib.parse.urlencode([*others, ("version", reading().name)])
    return {
        "version": reading().name,
        "address": request.query_string.decode(),
        "permalink": f"{context().address}{urllib.parse.quote(request.path)}?{asked}",
    }


def _sent(
    form: str, what: object, columns: Sequence[str], made: Callable[[], Any]
) -> flask.Response:
    """What is made, as JSON, or with these columns as CSV."""

    def body() -> bytes:
        if form == "csv":
            return _csv(columns, made())
        return f"{json.dumps(made(), ensure_ascii=False, indent=2)}\n".encode()

    media_type = LISTED[form]
    is_text = media_type.startswith("text/")
    return tagged(f"{media_type}; charset=utf-8" if is_text else media_type, (form, what), body)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Objects as CSV (https://www.rfc-editor.org/rfc/rfc4180), None as an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        passages = dict.fromkeys(said["passage"] for said in row.get("statements", ()))
        cells = {**row, "passages": " | ".join(passages)}
        writer.writerow([cells[column] for column in columns])
    return out.getvalue().encode()
