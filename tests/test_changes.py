"""A build that goes on from an earlier one comes to what a build from nothing comes to."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import build
from kg.cli import main
from kg.columns import Terms, encoded, grouped
from kg.errors import BadSource
from kg.kept import Kept, load
from kg.reason import says_something
from kg.reason.materialize import materialize_relations
from kg.reason.rules import is_axiom
from kg.results import named
from kg.store import EmbeddedStore, Versions
from kg.store.files import read_triples
from kg.terms import Triple
from kg.validate import Data, Judged, judge_all
from tests.conftest import unwatched
from tests.worlds import facts, worlds

if TYPE_CHECKING:
    from collections.abc import Callable

    from kg.project import Project
    from kg.validate import Owned

CASES = sorted((Path(__file__).parent / "cases" / "shacl").glob("*.ttl"))
FEWEST = 120
NEW = """
@prefix cllm: <https://w3id.org/china-llm/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix organization: <https://w3id.org/china-llm/id/organization/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix reference: <https://w3id.org/china-llm/id/reference/> .

<https://w3id.org/china-llm/graph/registry/more>
    a cllm:Passage ;
    dcterms:source reference:paper ;
    cllm:stance cllm:stated .

organization:another
    a cllm:University ;
    rdfs:label "Another"@en .
"""


def files(project: Project) -> list[Path]:
    """The source files of a project."""
    return [file.path for file in project.data_files()]


def lose_a_block(project: Project, chance: random.Random) -> None:
    """What is said of one subject goes."""
    path = chance.choice(files(project))
    blocks = path.read_text("utf-8").split("\n\n")
    del blocks[chance.randrange(1, len(blocks))]
    path.write_text("\n\n".join(blocks), "utf-8")


def lose_a_line(project: Project, chance: random.Random) -> None:
    """One property of one subject goes."""
    path = chance.choice(files(project))
    lines = path.read_text("utf-8").split("\n")
    inner = [n for n, line in enumerate(lines) if re.match(r" +cllm:.* ;$", line)]
    if inner:
        del lines[chance.choice(inner)]
        path.write_text("\n".join(lines), "utf-8")


def print_another_number(project: Project, chance: random.Random) -> None:
    """A digit of a printed figure, or of a date, is another one."""
    path = chance.choice(files(project))
    text = path.read_text("utf-8")
    digits = [m.start() for m in re.finditer(r'(?<=asPrinted ")\d|(?<=-0)\d(?="\^\^)', text)]
    if digits:
        place = chance.choice(digits)
        path.write_text(f"{text[:place]}{chance.randrange(1, 10)}{text[place + 1 :]}", "utf-8")


def name_another_thing(project: Project, chance: random.Random) -> None:
    """One thing stands in the place of another of its kind."""
    path = chance.choice(files(project))
    text = path.read_text("utf-8")
    things = list(re.finditer(r"\b(organization|model|run|hardware):[\w-]+", text))
    if things:
        thing = chance.choice(things)
        others = sorted({t.group() for t in things if t[1] == thing[1]})
        text = text[: thing.start()] + chance.choice(others) + text[thing.end() :]
        path.write_text(text, "utf-8")


def add_a_file(project: Project, _: random.Random) -> None:
    """A file comes, or goes if it is there."""
    path = project.root / "data" / "registry" / "more.ttl"
    path.unlink() if path.exists() else path.write_text(NEW, "utf-8")


EDITS: tuple[Callable[[Project, random.Random], None], ...] = (
    lose_a_block,
    lose_a_line,
    print_another_number,
    name_another_thing,
    add_a_file,
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_edits(tiny: Project, tmp_path: Path, seed: int) -> None:
    """The same report, version and graphs after each edit; also where what was kept is on disk."""
    chance = random.Random(seed)  # noqa: S311
    original = {path: path.read_bytes() for path in files(tiny)}
    versions = Versions(tmp_path / "store")
    before: Kept | None = None
    conforming, mended = 0, True
    for number in range(10):
        if not mended:
            for path in files(tiny):
                path.write_bytes(original[path]) if path in original else path.unlink()
        elif number:
            chance.choice(EDITS)(tiny, chance)

        try:
            anew = build.make(tiny, unwatched, [])
        except BadSource as error:
            with pytest.raises(BadSource, match=re.escape(str(error))):
                build.make(tiny, unwatched, [], kept=lambda _, known=before: known)
            mended = False
            continue
        made = build.make(tiny, unwatched, [], kept=lambda _, known=before: known)

        assert made.report.findings == anew.report.findings
        assert made.version == anew.version
        assert made.summary() == anew.summary()
        assert dict(made.graphs) == dict(anew.graphs)
        mended = made.report.conforms
        if mended:
            conforming += 1
            build.publish(made, versions, 3, unwatched)
            published = versions.open().store
            assert contents(published) == contents(build.in_memory(anew))
            before = load(versions.kept, build.key(tiny)) if number % 2 else made.kept
            assert before is not None
    assert 5 <= conforming < 10


def contents(store: EmbeddedStore) -> bytes:
    """Every quad of a store."""
    return store.dump(named("nquads", "graph"))


def subsets(data: set[Triple], seed: int) -> set[Triple]:
    """Most of some triples."""
    chance = random.Random(seed)  # noqa: S311
    return {triple for triple in sorted(data) if chance.random() > 1 / 6}


def found(owned: Owned) -> dict[str, list[str]]:
    """Results by shape, in an order."""
    return {shape: sorted(map(str, results)) for shape, results in owned.items()}


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_shapes_judge_again_what_has_changed(path: Path) -> None:
    """Every case by its shapes, with triples lost and come back, against judging all of it."""
    assert len(CASES) >= FEWEST
    shapes = set(read_triples(path))
    terms = Terms()
    for seed in range(6):
        first, second = subsets(shapes, seed), subsets(shapes, seed + 100)
        before, now = (Data.of(encoded(grouped(t), terms), terms) for t in (first, second))
        owned = judge_all(before, shapes, "columns")[1]

        validated, again = judge_all(now, shapes, "columns", Judged(before, owned))

        expected, anew = judge_all(Data(second), shapes, "columns")
        assert found(again) == found(anew)
        assert sorted(map(str, validated.results)) == sorted(map(str, expected.results))


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(worlds(), st.lists(facts(), max_size=4), st.data())
def test_reasoning_goes_on(world: set[Triple], added: list[Triple], data: st.DataObject) -> None:
    """What follows from other facts, gone on to from those before, and found anew."""
    stated = sorted(triple for triple in world if not is_axiom(triple))
    removed = data.draw(st.lists(st.sampled_from(stated), max_size=4)) if stated else []
    terms = Terms()
    earlier = materialize_relations(encoded(grouped(world), terms), terms, says_something)
    other = encoded(grouped((world - set(removed)) | set(added)), terms)

    before = earlier.signature, earlier.columns.followed()
    later = materialize_relations(other, terms, says_something, before)

    anew = materialize_relations(other, terms, says_something)
    assert set(later.derived()) == set(anew.derived())
    if not list(earlier.contradictions()):
        assert {(c.rule, tuple(f)) for c, f in later.contradictions()} == {
            (c.rule, tuple(f)) for c, f in anew.contradictions()
        }


def test_the_command_says_so(tiny: Project, tmp_path: Path) -> None:
    """A second build comes to the same version, with what was kept and without."""
    command = ["--project", str(tiny.root), "build", "--store", str(tmp_path / "store")]
    first = CliRunner().invoke(main, command)
    assert (tmp_path / "store" / "kept" / "kept.json").is_file()

    again = CliRunner().invoke(main, command)
    anew = CliRunner().invoke(main, [*command, "--anew"])

    assert first.exit_code == again.exit_code == anew.exit_code == 0
    (version,) = {done.stdout.splitlines()[-1] for done in (first, again, anew)}
    assert version.startswith("Version ")


@pytest.mark.parametrize("name", ["terms.nt", "columns.npz", "kept.json"])
def test_what_is_damaged_is_not_used(tiny: Project, tmp_path: Path, name: str) -> None:
    """Half a file, or none, is as if nothing had been kept."""
    versions = Versions(tmp_path / "store")
    made = build.make(tiny, unwatched, [])
    build.publish(made, versions, 3, unwatched)
    assert load(versions.kept, build.key(tiny)) is not None
    assert load(versions.kept, "another key") is None

    path = versions.kept / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert load(versions.kept, build.key(tiny)) is None

    path.unlink()
    assert load(versions.kept, build.key(tiny)) is None


TABLE = "paper/table.ttl"
THINGS = "registry/things.ttl"


def appended(project: Project, part: str, text: str) -> None:
    """Add some statements to a file."""
    path = project.root / "data" / part
    head = path.read_text("utf-8")
    prefix = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    path.write_text(f"{prefix}{head}\n{text}\n", "utf-8")


@pytest.mark.parametrize(
    ("part", "first", "second"),
    [
        (
            THINGS,
            'model:third cllm:screensUsers "true"^^xsd:boolean , "1"^^xsd:boolean .',
            'model:third cllm:screensUsers "true"^^xsd:boolean .',
        ),
        (TABLE, "", "<https://w3id.org/china-llm/graph/paper/text> cllm:stance cllm:denied ."),
        (THINGS, "<https://w3id.org/china-llm/graph/paper/table> cllm:sentence 1 .", "# nothing"),
        (THINGS, "", "model:third cllm:screensUsers true , false ."),
    ],
)
def test_edits_that_are_hard_to_go_on_from(
    tiny: Project, tmp_path: Path, part: str, first: str, second: str
) -> None:
    """Two spellings of one value, and what one file says of another file's passage."""
    original = (tiny.root / "data" / part).read_bytes()
    versions = Versions(tmp_path / "store")
    before: Kept | None = None
    for text in (first, second, first):
        (tiny.root / "data" / part).write_bytes(original)
        appended(tiny, part, text)

        made = build.make(tiny, unwatched, [], kept=lambda _, known=before: known)
        anew = build.make(tiny, unwatched, [])

        assert made.report.findings == anew.report.findings
        assert made.version == anew.version
        if made.report.conforms:
            build.publish(made, versions, 3, unwatched)
            assert contents(versions.open().store) == contents(build.in_memory(anew))
            before = made.kept


def test_an_empty_project_is_built(tiny: Project) -> None:
    """Without a file there is nothing to say, and nothing wrong."""
    for path in files(tiny):
        path.unlink()

    made = build.make(tiny, unwatched, [])

    assert made.report.findings == ()
    assert made.counts["asserted"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model:third cllm:inSample <x> .", "syntax error"),
        ('model:third rdfs:label "Third"@en--ltr .', "direction"),
    ],
)
def test_what_is_not_read_is_refused(tiny: Project, text: str, said: str) -> None:
    """A relative IRI, and what only RDF 1.2 has."""
    appended(tiny, THINGS, text)

    with pytest.raises(BadSource, match=said):
        build.make(tiny, unwatched, [])
