"""Finding links: what is proposed on which evidence, how well, and what a person decides."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kg.errors import BadSource, ServiceError
from kg.link import evaluation, ror, wikidata
from kg.link.answers import Answers
from kg.link.mappings import EXACT as SAME
from kg.link.mappings import read
from kg.link.proposals import EXACT, propose
from kg.link.things import Thing, ours, pairs
from kg.namespaces import IDS
from kg.project import Project
from kg.store import EmbeddedStore, Versions
from tests.conftest import ROOT
from tests.test_cli import kg as in_process
from tests.test_front import serving_with

PAIRS = ROOT / "data" / "links" / "labelled-pairs.tsv"


def exact(path: Path) -> dict[str, str]:
    """What is the same in a file of links: ours by theirs."""
    found = read(path, path.name).mappings
    return {m.object: m.subject for m in found if m.predicate == SAME and not m.negated}


def thing(name: str, *more: str, day: str = "", makers: str = "", paper: str = "") -> Thing:
    """Something with names and signs."""
    return Thing(
        f"http://a/{name}",
        (name, *more),
        date.fromisoformat(day) if day else None,
        tuple(makers.split("|")) if makers else (),
        "",
        frozenset({paper} if paper else ()),
    )


def test_the_labelled_set(store: EmbeddedStore) -> None:
    """At least thirty that are the same and thirty look-alikes, judged as well as is asked."""
    labelled = pairs(PAIRS, "pairs")
    assert sum(pair.is_same for pair in labelled) >= 30
    assert sum(not pair.is_same for pair in labelled) >= 30
    sizes = [sum(pair.half == half for pair in labelled) for half in evaluation.HALVES]
    assert sum(sizes) == len(labelled)
    assert abs(sizes[0] - sizes[1]) < len(labelled) / 10
    own = {kind: ours(store, kind) for kind in evaluation.KINDS.values()}
    assert [len(own["model"]) > 26, len(own["organization"]) > 40] == [True, True]
    for half in evaluation.HALVES:
        found = evaluation.measure(labelled, own, half)
        assert found.precision >= 0.98, found.errors
        assert found.recall >= 0.9, found.errors
        assert found.same > 15
        assert len(found.errors) == found.same - found.right + found.matched - found.right


def test_labels_agree_with_the_links() -> None:
    """What the set calls the same is an exact match in the files, and what it does not is none."""
    known: dict[str, str] = {}
    for dataset in evaluation.KINDS:
        path = ROOT / "data" / "links" / f"{dataset}.sssom.tsv"
        known |= exact(path)
    labelled = pairs(PAIRS, "pairs")
    assert len(labelled) > 100
    for pair in labelled:
        assert (known.get(pair.theirs.iri) == pair.ours) == pair.is_same, pair


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        (thing("M 6", day="2021-03-05"), EXACT),
        (thing("M6", day="2021-03-05", makers="Others"), "skos:closeMatch"),
        (thing("M6", day="2021-03-05", makers="Others", paper="http://p"), EXACT),
        (thing("M6", day="2022-03-05"), "skos:closeMatch"),
        (thing("M6"), "skos:closeMatch"),
        (thing("M6-10B", day="2021-03-01", makers="Alibaba", paper="http://p"), "skos:closeMatch"),
        (thing("GPT", day="2021-03-01", makers="Alibaba"), None),
    ],
)
def test_what_makes_a_match(other: Thing, relation: str | None) -> None:
    """The same name and one more sign; what speaks against it, or less, leaves it close."""
    own = thing("M6", day="2021-03-01", makers="Alibaba|Tsinghua University", paper="http://p")
    found = propose([own], [other])
    assert [proposal.predicate for proposal in found] == ([relation] if relation else [])
    assert all(0 < p.confidence < 1 and p.evidence for p in found)


def test_several_that_match_are_never_guessed() -> None:
    """Two rows of one name, or one row for two of ours: none of them is taken for the same."""
    own = [thing("M6", day="2021-03-01"), thing("Wen 1.0", day="2021-03-01")]
    others = [Thing(f"http://b/{n}", ("M6",), date(2021, 3, n)) for n in (1, 2)]
    assert {p.predicate for p in propose(own, others)} == {"skos:closeMatch"}
    twins = [thing("Wen", day="2021-03-01"), thing("Wen 1.0", day="2021-03-01")]
    assert {p.predicate for p in propose(twins, [thing("Wen", day="2021-03-01")])} == {
        "skos:closeMatch"
    }


V2 = {
    "id": "https://ror.org/03vs3wt56",
    "names": [
        {"value": "B", "types": ["acronym"]},
        {"value": "Baidu (China)", "types": ["ror_display", "label"]},
        {"value": "百度", "types": ["label"]},
    ],
    "locations": [{"geonames_details": {"country_code": "CN"}}],
}
V1 = {
    "id": "https://ror.org/00a2xv884",
    "name": "Zhejiang University",
    "aliases": ["Chekiang University"],
    "acronyms": ["ZJU"],
    "labels": [{"label": "浙江大学", "iso639": "zh"}],
    "country": {"country_code": "CN"},
}


def test_records_of_ror(tmp_path: Path) -> None:
    """Both schemas, alone, in a list, and as the API answers; and what is none."""
    one, several = tmp_path / "one.json", tmp_path / "several.json"
    one.write_text(json.dumps(V2), "utf-8")
    several.write_text(json.dumps({"items": [V1, V2]}), "utf-8")
    (baidu,) = ror.read(one)
    assert (baidu.names, baidu.country) == (("Baidu (China)", "百度"), "CN")
    assert [t.names[0] for t in ror.read(several)] == ["Zhejiang University", "Baidu (China)"]
    assert len(ror.read(tmp_path)) == 3
    for text in ("{", "[]x", '{"id": "https://example.org/1"}', '{"id": "https://ror.org/1"}', "3"):
        one.write_text(text, "utf-8")
        with pytest.raises(BadSource, match="no record of ROR"):
            ror.read(one)


class _Api(http.server.BaseHTTPRequestHandler):
    """A service that answers a search, and fails every other time."""

    asked: list[str]
    agents: set[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.agents.add(self.headers["User-Agent"])
        fails = len(self.asked) % 2 == 1
        body = b"busy" if fails else json.dumps({"items": [V1, V2]}).encode()
        self.send_response(503 if fails else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[tuple[str, type[_Api]]]:
    """The address of such a service, and what it was asked."""
    handler = type("Api", (_Api,), {"asked": [], "agents": set()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/organizations", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_service_is_asked_again_and_only_for_the_rest(
    api: tuple[str, type[_Api]], tmp_path: Path
) -> None:
    """What failed is tried again; what was answered before an end is not asked a second time."""
    address, handler = api
    path = tmp_path / "kept" / "ror.answers"

    def ask(name: str) -> list[object]:
        if name == "third":
            raise KeyboardInterrupt
        return list(ror.asked(name, address))

    kept = Answers(path, address, pause=0.01)
    with pytest.raises(KeyboardInterrupt):
        kept.all(["first", "second", "third"], ask)
    assert len(handler.asked) == 4
    path.write_text(path.read_text("utf-8") + '{"service": "cut', "utf-8")
    seen: list[str] = []

    def watched(names: object) -> list[str]:
        seen.extend(names)  # type: ignore[arg-type]
        return list(seen)

    answers = kept.all(
        ["first", "second", "fourth"], lambda n: list(ror.asked(n, address)), watched
    )
    assert seen == ["fourth"]
    assert [len(answer) for answer in answers] == [2, 2, 2]
    assert [t.names[0] for t in ror.unique(r for a in answers for r in a)] == [
        "Zhejiang University",
        "Baidu (China)",
    ]
    assert not path.exists()
    assert handler.asked[0].endswith("?query=first")
    assert all("china-llm-landscape/" in agent for agent in handler.agents)


def test_a_service_that_goes_on_failing(tmp_path: Path) -> None:
    """It is tried five times, and then it is said."""
    tried = []

    def ask(name: str) -> list[object]:
        tried.append(name)
        raise ServiceError("The service is away.")

    with pytest.raises(ServiceError, match="away"):
        Answers(tmp_path / "a", "http://a", pause=0.001).all(["one"], ask)
    assert tried == ["one"] * 5
    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:9"):
        ror.asked("x", "http://127.0.0.1:9/organizations")


WIKIDATA = """
@prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
wd:Q900001 wdt:P6782 "0272kpg92" ; rdfs:label "Organization by ROR"@en , "anders"@de .
wd:Q900002 wdt:P818 "2112.12731" .
wd:Q900003 wdt:P356 "10.1145/3503221.3508417" ; rdfs:label "Paper by DOI"@en .
wd:Q900004 wdt:P6782 "000000000" .
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the real project, whose links can be changed."""
    root = tmp_path / "project"
    for folder in ("ontology", "shapes", "queries", "data"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


def kg(root: Path, store: Path, *words: str, typed: str = "") -> tuple[int, str, str]:
    """A command on a project: exit code, what it prints, what it says beside."""
    done = in_process(*words, "--store", str(store), project=Project(root), stdin=typed)
    return done.exit_code, done.stdout, done.stderr


def test_wikidata_on_a_server(versions: Versions, checkout: Path, tmp_path: Path) -> None:
    """Items by identifiers that are held, from a real endpoint; then what a person decides."""
    data = tmp_path / "wikidata.ttl"
    data.write_text(WIKIDATA, "utf-8")
    links = checkout / "data" / "links" / "wikidata.sssom.tsv"
    # Meituan has no link to Wikidata here, so that one is found
    lines = links.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("organization:meituan\t")]
    assert len(kept) == len(lines) - 1
    links.write_text("".join(kept), "utf-8")
    store = tmp_path / "store"
    shutil.copytree(versions.root, store, symlinks=True)

    with serving_with(["--data", str(data)]) as address:
        code, said, why = kg(checkout, store, "link", "wikidata", "--endpoint", f"{address}/sparql")
    assert code == 0, why
    assert "of them as the same" in said
    code, listed, _ = kg(checkout, store, "link", "review", "wikidata", "--format", "json")
    found = {(s["ours"].removeprefix(IDS), s["relation"]): s for s in json.loads(listed)}
    assert set(found) == {
        ("organization/meituan", "exactMatch"),
        ("reference/26", "exactMatch"),
        ("model/ernie-3-0-titan", "relatedMatch"),
        ("reference/27", "exactMatch"),
        ("model/bagualu", "relatedMatch"),
    }
    by_ror = found["organization/meituan", "exactMatch"]
    assert by_ror["theirs_label"] == "Organization by ROR"
    assert by_ror["evidence"] == "the item has the ROR ID 0272kpg92"
    assert found["model/bagualu", "relatedMatch"]["what"] == "paper"

    answers = "s\ns\na\nr\nq\n"  # in the order of their IRIs
    code, said, _ = kg(
        checkout, store, "link", "review", "wikidata", "--reviewer", "A. Person", typed=answers
    )
    assert (code, "2 decided, 3 still proposed." in said) == (0, True)
    added = sorted(set(links.read_text("utf-8").splitlines()) - set(lines))
    rows = [line for line in added if "A. Person" in line]
    assert len(rows) == 2
    assert sum("\tNot\t" in row for row in rows) == 1
    assert all("semapv:MappingReview" in row for row in rows)
    code, said, complaint = kg(checkout, store, "build")
    assert code == 0, said + complaint
    # what was decided is not proposed again
    saved = tmp_path / "answer.srj"
    binding = {
        "item": {"value": by_ror["theirs"]},
        "property": {"value": "http://www.wikidata.org/prop/direct/P6782"},
        "value": {"value": "0272kpg92"},
    }
    saved.write_text(json.dumps({"results": {"bindings": [binding]}}), "utf-8")
    code, said, _ = kg(checkout, store, "link", "wikidata", "--from", str(saved))
    assert (code, "of which 1 were decided about before, and 0 are proposed" in said) == (0, True)


def test_queries_for_wikidata(store: EmbeddedStore) -> None:
    """Some identifiers each, every one of them, and a DOI in both cases."""
    held = wikidata.held(store)
    assert len(held) > 100
    texts = [text for _, text in wikidata.queries(held)]
    assert len(texts) == -(-sum(text.count("(wdt:") for text in texts) // wikidata.BATCH)
    whole = "".join(texts)
    for one in held:
        assert f'(wdt:{one.property} "{one.value}")' in whole
    assert '"10.1038/S41467-022-30761-2"' in whole
    for text in texts:
        store.query(text)


def test_commands_that_cannot(versions: Versions, checkout: Path, tmp_path: Path) -> None:
    """One sentence, and nothing is written."""
    root = versions.root
    before = sorted(path.read_bytes() for path in (checkout / "data" / "links").iterdir())
    nothing = tmp_path / "nothing"
    for words, said in (
        (("ror", "--from", str(nothing)), "There is no file"),
        (("wikidata", "--from", str(nothing)), "There is no file"),
        (("wikidata", "--from", str(PAIRS)), "no answer in SPARQL JSON"),
        (("epoch", "--from", str(nothing)), "There is no file"),
        (("epoch", "--from", str(PAIRS)), "no table of models"),
        (("review", "ror"), "Nothing is proposed"),
    ):
        code, _, complaint = kg(checkout, root, "link", *words)
        assert (code, said in complaint) == (2, True), (words, complaint)
        assert complaint.count("\n") == 1
    assert before == sorted(path.read_bytes() for path in (checkout / "data" / "links").iterdir())


def test_decisions_by_name(versions: Versions, checkout: Path, tmp_path: Path) -> None:
    """Proposals of ROR from a file, accepted and rejected without being asked."""
    store = tmp_path / "store"
    shutil.copytree(versions.root, store, symlinks=True)
    links = checkout / "data" / "links" / "ror.sssom.tsv"
    text = links.read_text("utf-8")
    rows = [line for line in text.splitlines(keepends=True) if "ror:03vs3wt56" not in line]
    links.write_text("".join(rows), "utf-8")
    saved = tmp_path / "ror.json"
    stranger = {**V1, "id": "https://ror.org/012345678", "name": "Baidoo", "aliases": []}
    saved.write_text(json.dumps([V1, V2, stranger]), "utf-8")
    code, _, why = kg(checkout, store, "link", "ror", "--from", str(saved))
    assert code == 0, why
    listed = json.loads(kg(checkout, store, "link", "review", "ror", "--format", "json")[1])
    assert [one["theirs"][-9:] for one in listed] == ["03vs3wt56"]
    review = ("link", "review", "ror", "--reviewer", "P")
    code, _, complaint = kg(checkout, store, *review, "--accept", "https://ror.org/00a2xv884")
    assert (code, "is not proposed" in complaint) == (2, True)
    assert kg(checkout, store, *review, "--accept", "https://ror.org/03vs3wt56")[0] == 0
    known = exact(links)
    assert known["https://ror.org/03vs3wt56"] == f"{IDS}organization/baidu"


def test_evaluate_prints_every_error(versions: Versions) -> None:
    """The figures by half, and each pair that is judged wrongly."""
    done = in_process("link", "evaluate", "--store", str(versions.root))
    assert done.exit_code == 0, done.stderr
    as_json = in_process("link", "evaluate", "--store", str(versions.root), "--format", "json")
    figures = json.loads(as_json.stdout)
    errors = [error for half in figures.values() for error in half["errors"]]
    lines = [line for line in done.stdout.splitlines() if ": missed: " in line]
    lines += [line for line in done.stdout.splitlines() if ": wrongly matched: " in line]
    assert len(lines) == len(errors) > 0
    assert min(half["precision"] for half in figures.values()) >= 0.98
