"""The addresses of the server, described for programs: OpenAPI 3.1.

https://spec.openapis.org/oas/v3.1.1.html. The description is made of what the server itself goes
by: its routes and the first line of what is said of each, the headers of the questions, the table
of formats, and the types of problems. What a route answers with, and what it may be asked with, is
in the tables below.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, Final

import flask

from kg import __version__
from kg.namespaces import BASE, KINDS
from kg.results import formats
from kg.serve.context import LISTED, context
from kg.serve.operations import STATES
from kg.serve.problems import MEDIA_TYPE, TYPES
from kg.serve.wording import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from werkzeug.routing import Rule

    from kg.queries import Parameter, Query
    from kg.results import Kind

    Node = dict[str, Any]

blueprint = flask.Blueprint("openapi", __name__)

_VERSION: Final = "3.1.1"
_LICENCE: Final = {"name": "CC BY 4.0", "identifier": "CC-BY-4.0"}
_HTML: Final = "text/html"
_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_METHODS: Final = ("get", "post", "put", "delete")
_ARGUMENT: Final = re.compile(r"<(?:[^<>]*:)?(\w+)>")
_CHOICES: Final = re.compile(r"any\(([^)]*)\)")
_ANSWERS: Final[Mapping[str, Sequence[str]]] = {
    "sparql.sparql": ("rows", "graph", _HTML),
    "graphs.graph_store": ("graph",),
    "graphs.graph_at_its_address": ("graph",),
    "downloads.file": ("graph",),
    "downloads.sums": (_TEXT,),
    "descriptions.void": ("graph",),
    "openapi.openapi": (_JSON,),
    "problems.problem_type": (_TEXT, _HTML),
    "questions.all_questions": (_JSON, _HTML),
    "questions.question": ("rows", "graph", _HTML),
    "entities.entity": ("graph", _JSON, _HTML),
    "entities.graph": ("graph", _HTML),
    "entities.dataset": ("graph", _HTML),
    "why.why": (_JSON, _HTML),
    "ontology.ontology": ("graph", _HTML),
    "things.published_context": ("application/ld+json",),
    "checks.findings": ("list", _HTML),
    "checks.finding": ("list", _HTML),
    "checks.audit": ("list", _HTML),
    "checks.item": ("graph", _HTML),
    "checks.finding_itself": ("graph", _HTML),
    "reconcile.service": (_JSON,),
    "reconcile.suggest": (_JSON,),
    "reconcile.properties": (_JSON,),
    "search.search": (_HTML, _JSON),
    "editor.terms": (_JSON,),
    "editor.names": (_JSON,),
}
"""What routes answer with: the formats of a kind, or media types; those not here with pages.

Kinds are those of ``kg.results``, and ``list`` for what no query of a visitor makes.
"""
_PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "sparql.sparql": {
        "query": "The query in SPARQL 1.1; without one the service is described.",
        "default-graph-uri": "A graph that is, or is part of, the default graph.",
        "named-graph-uri": "A graph that the query sees by its name.",
        "draft": "A text that the editor shows and that is not asked.",
    },
    "why.why": {
        "subject": "The subject of a statement, an IRI or a prefixed name.",
        "predicate": "Its predicate.",
        "object": "Its object, a literal as Turtle writes it.",
    },
    "graphs.graph_store": {
        "default": "The default graph; has no value.",
        "graph": "The IRI of a graph.",
    },
    "checks.findings": {"verdict": "Only those of this verdict, in small letters and hyphens."},
    "checks.audit": {
        "grade": "Only what has this grade, in small letters and hyphens.",
        "rule": "Only what this rule found.",
        "page": "The number of a page.",
    },
    "reconcile.service": {
        "queries": "A batch of names to match, in JSON.",
        "extend": "Things, and the properties to fetch of them, in JSON.",
    },
    "reconcile.suggest": {"prefix": "What a name begins with.", "cursor": "Number to begin at."},
    "reconcile.properties": {"type": "A class by its local name.", "limit": "The most to give."},
    "reconcile.preview": {"id": "The id of a thing, as organization/baidu."},
    "search.search": {"q": "A name, or the beginning of one, in any language."},
}
"""What the routes may be asked with, beside what all may."""
_REPEATED: Final = frozenset({"default-graph-uri", "named-graph-uri"})
_OF_WRITING: Final = frozenset({"rejected", "outdated"})
"""Types of problems that only changes have."""
_SCHEMAS: Final[Mapping[str, Node]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "string": {"type": "string"},
    "iri": {"type": "string", "description": "An IRI, or a name with a prefix of the graph."},
}
"""The schemas of parameters by their types."""
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": int,
    "decimal": float,
    "double": float,
    "boolean": "true".__eq__,
}


@blueprint.get("/openapi.json")
def openapi() -> flask.Response:
    """What can be asked at which address, in OpenAPI."""
    rules = flask.current_app.url_map.iter_rules()
    return flask.jsonify(document(rules, flask.current_app.view_functions))


def document(rules: Iterator[Rule], views: Mapping[str, Callable[..., Any]]) -> Node:
    """The description of some routes, of the questions, and of what the front answers itself."""
    paths: dict[str, Node] = {}
    for rule in sorted(rules, key=lambda rule: rule.rule):
        if rule.endpoint != "assets.static":
            path = _ARGUMENT.sub(r"{\1}", rule.rule)
            paths.setdefault(path, {}).update(_operations(rule, views[rule.endpoint]))
    for query in context().catalogue:
        paths[f"/queries/{query.name}"] = {"get": _question(query)}
    for path, summary in STATES.items():
        media_type = _TEXT if path == "/metrics" else _JSON
        paths[path] = {"get": _operation(path[1:], summary, "server", [media_type])}
    is_ours = context().is_ours
    return {
        "openapi": _VERSION,
        "info": {
            "title": "China LLM Landscape" if is_ours else "SPARQL",
            "version": __version__,
            "summary": "A graph of statements, each with its source, and a SPARQL endpoint.",
            **({"license": _LICENCE} if is_ours else {}),
        },
        "servers": [{"url": context().address}],
        "externalDocs": {"url": f"{context().address}/.well-known/void"},
        "paths": dict(sorted(paths.items())),
        "components": _components(),
    }


def _operations(rule: Rule, view: Callable[..., Any]) -> Node:
    """The operations of a route by their methods; changes only where data can be changed."""
    methods = [method for method in _METHODS if method.upper() in (rule.methods or ())]
    is_graph_store = rule.endpoint.startswith("graphs.")
    if is_graph_store and context().writing is None:
        methods = ["get"]
    summary = (view.__doc__ or rule.endpoint).strip().partition("\n")[0]
    room = rule.endpoint.partition(".")[0]
    found = {}
    for method in methods:
        is_change = is_graph_store and method != "get"
        one = _operation(
            f"{rule.endpoint}-{method}" + "".join(f"-{name}" for name in sorted(rule.arguments)),
            summary,
            room,
            [] if is_change else _ANSWERS.get(rule.endpoint, (_HTML,)),
        )
        one["parameters"] = [*_in_path(rule), *one["parameters"]]
        asked = _PARAMETERS.get(rule.endpoint, {})
        if method == "post" and not is_change:
            one["requestBody"] = _form(rule.endpoint, asked)
        else:
            one["parameters"] += [_asked(name, meaning) for name, meaning in asked.items()]
        if is_change:
            one["security"] = [{"token": []}]
            if method != "delete":
                media_types = (format_.media_type for format_ in formats("graph"))
                one["requestBody"] = {"content": _content(*media_types)}
        found[method] = one
    return found


def _operation(id_: str, summary: str, room: str, answers: Sequence[str]) -> Node:
    """An operation without parameters of its own."""
    offered = {answer: _offered(answer) for answer in answers}
    content = _content(*itertools.chain.from_iterable(o.values() for o in offered.values()))
    responses: Node = {"default": {"$ref": "#/components/responses/problem"}}
    names = [name for some in offered.values() for name in some if name]
    is_queried = bool(offered.keys() & {"rows", "graph"}) and room != "descriptions"
    if is_queried:
        limits = {str(t.status.value) for n, t in TYPES.items() if n not in _OF_WRITING}
        responses |= {s: {"$ref": f"#/components/responses/{s}"} for s in sorted(limits)}
    headers = {"X-KG-Data-Version": {"$ref": "#/components/headers/X-KG-Data-Version"}}
    done: Node = {"description": "Done."}
    if content:
        done = {"description": "The answer.", "content": content}
    if room != "server":
        done["headers"] = headers
    shared = ["version"] if room != "server" else []
    shared += ["timeout"] if is_queried else []
    shared += ["lang"] if _HTML in answers else []
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in shared]
    if names and room != "downloads":
        parameters.append(_named("format", "query", {"type": "string", "enum": _once(names)}))
    return {
        "operationId": id_,
        "summary": summary,
        "tags": [room],
        "parameters": parameters,
        "responses": {"200": done, **responses},
    }


def _question(query: Query) -> Node:
    """The operation that answers a question."""
    kind = "graph" if query.form in ("CONSTRUCT", "DESCRIBE") else "rows"
    one = _operation(f"question-{query.name}", query.summary, "questions", [kind, _HTML])
    own = [_typed(parameter) for parameter in query.parameters]
    return {
        **one,
        "description": query.description,
        "tags": ["questions", *query.tags],
        "parameters": [*own, *one["parameters"]],
    }


def _typed(parameter: Parameter) -> Node:
    """A parameter of a question, with its type, its default and its examples."""
    read = _READERS.get(parameter.kind, str)
    schema = {**_SCHEMAS[parameter.kind], "default": read(parameter.default)}
    if parameter.examples:
        schema["examples"] = [read(example) for example in parameter.examples]
    described = parameter.description
    if parameter.of_class:
        described += f" A thing of the class {parameter.of_class}."
    return {**_named(parameter.name, "query", schema), "description": described}


def _in_path(rule: Rule) -> Iterator[Node]:
    """The parameters in a path, with what they may be where that is known."""
    for name in sorted(rule.arguments):
        schema: Node = {"type": "string"}
        if (rule.endpoint, name) == ("entities.entity", "kind"):
            schema["enum"] = [*KINDS]
        elif (rule.endpoint, name) == ("downloads.file", "name"):
            schema["enum"] = [*context().files]
        elif (rule.endpoint, name) == ("problems.problem_type", "name"):
            schema["enum"] = [*TYPES]
        elif choices := _CHOICES.search(rule.rule):
            schema["enum"] = [choice.strip() for choice in choices[1].split(",")]
        yield {**_named(name, "path", schema), "required": True}


def _asked(name: str, meaning: str) -> Node:
    schema: Node = {"type": "string"}
    if name in _REPEATED:
        schema = {"type": "array", "items": {"type": "string", "format": "iri"}}
    return {**_named(name, "query", schema), "description": meaning}


def _form(endpoint: str, asked: Mapping[str, str]) -> Node:
    """What is posted: the parameters as a form, or a query or an update as it is."""
    properties = {name: {"type": "string", "description": said} for name, said in asked.items()}
    body: Node = {"content": {_FORM: {"schema": {"type": "object", "properties": properties}}}}
    if endpoint == "sparql.sparql":
        if context().writing:
            properties["update"] = {"type": "string", "description": "An update in SPARQL 1.1."}
        posted = [_QUERY, _UPDATE] if context().writing else [_QUERY]
        body["content"] |= _content(*posted)
    return body


def _content(*media_types: str) -> Node:
    """What a body is: any JSON, or text in a form that its media type says."""
    return {
        media_type: {"schema": {} if "json" in media_type else {"type": "string"}}
        for media_type in media_types
    }


def _named(name: str, where: str, schema: Node) -> Node:
    return {"name": name, "in": where, "schema": schema}


def _offered(answer: str) -> Mapping[str, str]:
    """Media types by the names by which they can be asked for, or one without a name."""
    if answer == "list":
        return LISTED
    kinds: dict[str, Kind] = {"rows": "rows", "graph": "graph"}
    if answer in kinds:
        return {format_.name: format_.media_type for format_ in formats(kinds[answer])}
    return {"": answer}


def _once(names: Sequence[str]) -> list[str]:
    return [*dict.fromkeys(names)]


def _components() -> Node:
    by_status = itertools.groupby(sorted(TYPES.items(), key=_status), key=_status)
    problems = {str(status): _problem(dict(types)) for status, types in by_status}
    return {
        "schemas": {
            "Problem": {
                "type": "object",
                "description": "An error, as RFC 9457 has it.",
                "properties": {
                    "type": {
                        "type": "string",
                        "format": "uri",
                        "examples": [f"{BASE}problem/{name}" for name in TYPES],
                    },
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "line": {"type": "integer", "description": "Where a query does not parse."},
                    "column": {"type": "integer"},
                    "limit": {"type": "string", "description": "What a query was ended by."},
                },
                "required": ["type", "title", "status", "detail"],
            }
        },
        "responses": {"problem": _problem({}), **problems},
        "parameters": {
            "version": {
                **_named("version", "query", {"type": "string"}),
                "description": "The data version to ask; the current one without it.",
            },
            "timeout": {
                **_named("timeout", "query", {"type": "number", "exclusiveMinimum": 0}),
                "description": "Seconds that it may take, at most those of the server.",
            },
            "lang": {
                **_named("lang", "query", {"type": "string", "enum": [*LANGUAGES]}),
                "description": "The language of a page.",
            },
        },
        "headers": {
            "X-KG-Data-Version": {
                "schema": {"type": "string"},
                "description": "The version of the data that the answer is from.",
            }
        },
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }


def _status(item: tuple[str, Any]) -> int:
    return int(item[1].status.value)


def _problem(types: Mapping[str, Any]) -> Node:
    """The answer where something goes wrong: of some types, or of any."""
    said = " ".join(f"{name}: {type_.meaning}" for name, type_ in types.items())
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": said or "An error.", "content": {MEDIA_TYPE: {"schema": schema}}}
