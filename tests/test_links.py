"""Links: read from their files with the place of what is wrong, checked, described, exported."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib
from flask.testing import FlaskClient
from markupsafe import escape
from rdflib import OWL, RDF, SH, SKOS, VOID

from kg import build
from kg.errors import BadSource
from kg.link.mappings import read, rewritten
from kg.namespaces import GRAPHS, IDS, PREFIXES
from kg.project import Project
from kg.results import named
from kg.serve.app import local_address
from kg.store import EmbeddedStore, Versions
from tests.conftest import ROOT, unwatched
from tests.test_cli import kg

SSSOM = rdflib.Namespace(PREFIXES["sssom"])
LINKS = f"{GRAPHS}links"
FILES = sorted((ROOT / "data" / "links").glob("*.sssom.tsv"))
TABLE = """\
# curie_map:
#   model: https://w3id.org/china-llm/id/model/
#   arxiv: https://arxiv.org/abs/
#   ror: https://ror.org/
#   skos: http://www.w3.org/2004/02/skos/core#
#   owl: http://www.w3.org/2002/07/owl#
#   semapv: https://w3id.org/semapv/vocab/
# license: https://creativecommons.org/licenses/by/4.0/
# mapping_set_id: https://w3id.org/china-llm/id/linkset/test
# mapping_set_title: For a test
# mapping_date: '2026-01-02'
# object_source: https://arxiv.org/
subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tobject_category\tmapping_justification\tconfidence\tcomment
"""
ROW = "model:{0}\tskos:{1}\t{2}\tarxiv:{3}\tpaper\tsemapv:ManualMappingCuration\t0.9\tseen"


def row(
    subject: str = "alpha", relation: str = "exactMatch", thing: str = "2101.00001", no: str = ""
) -> str:
    """A line of the table."""
    return ROW.format(subject, relation, no, thing)


@pytest.fixture
def linked(tiny: Project) -> Project:
    """The miniature with a folder for links."""
    (tiny.root / "data" / "links").mkdir()
    return tiny


def checked(project: Project, *rows: str, head: str = TABLE) -> tuple[build.Built, list[str]]:
    """A build with a table of rows, and what is wrong: number of the row, and rule."""
    path = project.root / "data" / "links" / "test.sssom.tsv"
    path.write_text(head + "\n".join(rows) + "\n", "utf-8")
    built = build.make(project, unwatched, [])
    first = head.count("\n") + 1
    places = [(v.file, v.line - first, v.rule) for v in built.report.violations]
    assert {file for file, _, _ in places} <= {"data/links/test.sssom.tsv"}
    return built, [f"{line} {rule}" for _, line, rule in places]


def models(project: Project) -> list[str]:
    """The slugs of the models of the miniature."""
    path = project.root / "data" / "registry" / "things.ttl"
    graph = rdflib.Graph().parse(path)
    kind = rdflib.URIRef("https://w3id.org/china-llm/ontology#Model")
    return sorted(str(s).rpartition("/")[2] for s in graph.subjects(RDF.type, kind))


def test_at_least_three_hundred_links(store: EmbeddedStore) -> None:
    """Each has evidence, a confidence and what it maps to; each set is a linkset with its size."""
    graph = rdflib.Graph().parse(data=store.dump(named("ntriples", "graph"), LINKS), format="nt")
    mappings = set(graph.subjects(RDF.type, OWL.Axiom))
    negated = set(graph.subjects(SSSOM.predicate_modifier))
    verified = {m for m in mappings - negated if float(graph.value(m, SSSOM.confidence)) >= 0.9}
    assert len(verified) >= 300
    assert len(negated) >= 20
    for mapping in mappings:
        ours, relation, theirs = (
            graph.value(mapping, p)
            for p in (OWL.annotatedSource, OWL.annotatedProperty, OWL.annotatedTarget)
        )
        assert ((ours, relation, theirs) in graph) == (mapping not in negated)
        assert graph.value(mapping, rdflib.RDFS.comment)
    assert not list(graph.triples((None, OWL.sameAs, None)))
    sets = set(graph.subjects(RDF.type, VOID.Linkset))
    assert len(sets) == len(FILES) >= 14
    assert sum(int(graph.value(s, VOID.triples)) for s in sets) == len(mappings - negated)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_files_are_as_the_library_writes_them(path: Path) -> None:
    """So that a review changes no more than the row that it is about."""
    assert rewritten(path) == path.read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (("arxiv:2101", "arkiv:2101"), "no prefix for 'arkiv:2101"),
        (("skos:exactMatch", ""), "has no predicate_id"),
        (("semapv:ManualMappingCuration", ""), "justification"),
        (("\t0.9\t", "\tsure\t"), "cannot have"),
        (("# curie_map:", "# curie_map: ["), "no SSSOM/TSV"),
        (("subject_id\t", "subject\t"), "has no subject_id"),
    ],
)
def test_files_that_are_no_mappings(tmp_path: Path, change: tuple[str, str], wanted: str) -> None:
    """One sentence that names the file."""
    path = tmp_path / "a.sssom.tsv"
    good = TABLE + row() + "\n"
    path.write_text(good, "utf-8")
    assert [m.object for m in read(path, "a").mappings] == ["https://arxiv.org/abs/2101.00001"]
    path.write_text(good.replace(*change), "utf-8")
    if wanted == "justification":  # which the library fills in itself
        (mapping,) = read(path, "a").mappings
        assert mapping.justification.endswith("UnspecifiedMatching")
        return
    with pytest.raises(BadSource, match=wanted) as error:
        read(path, "a")
    assert str(error.value).startswith("a:")


def test_what_is_wrong_with_links(linked: Project, shapes: rdflib.Graph) -> None:
    """Each rule finds the line that breaks it, and no other."""
    one, other, *_ = models(linked)
    right = row(one)
    assert checked(linked, right, row(other, "relatedMatch"))[1] == []
    dateless = TABLE.replace("# mapping_date: '2026-01-02'\n", "")
    found = checked(linked, right, head=dateless)[1]
    assert found == ["0 Link-date"]
    for rows, wanted in (
        ([row("nobody")], ["0 Link-subject"]),
        ([row(one).replace("skos:exactMatch", "owl:sameAs")], ["0 Link-predicate"]),
        ([row(one, thing="2101.00001v2")], ["0 Link-identifier"]),
        ([right.replace("arxiv:2101.00001", "ror:0abcdef1")], ["0 Link-identifier"]),
        ([right.replace("Manual", "Automatic")], ["0 Link-justification"]),
        ([right.replace("0.9", "1.5")], ["0 Link-confidence"]),
        ([right.replace("seen", "")], ["0 Link-evidence"]),
        ([right.replace("\tpaper", "\t")], ["0 Link-category"]),
        ([right, row(other)], ["0 Link-one-of-ours", "1 Link-one-of-ours"]),
        (
            [right, row(one, thing="2101.00002")],
            ["0 Link-one-of-theirs", "1 Link-one-of-theirs"],
        ),
        ([right, row(one, no="Not")], ["1 Link-not"]),
        ([right, row(one, thing="2101.00002", no="Not")], []),
        ([right, row(one, "relatedMatch", "2101.00002")], []),
    ):
        said = checked(linked, *rows)[1]
        assert said == wanted, rows
        found += said
    shape = rdflib.URIRef(PREFIXES["shape"] + "Link")
    rules = {str(o) for p in (SH.property, SH.sparql) for o in shapes.objects(shape, p)}
    assert {PREFIXES["shape"] + said.partition(" ")[2] for said in found} == rules


def test_links_are_kept_for_the_next_build(linked: Project, tmp_path: Path) -> None:
    """Files that are as they were are not read again; others are."""
    from functools import partial

    from kg.kept import load

    one, other, *_ = models(linked)
    versions = Versions(tmp_path / "versions")
    first, _ = checked(linked, row(one))
    build.publish(first, versions, 3, unwatched)
    for rows in ([row(one)], [row(other), row(one, "relatedMatch", "2101.00002")], []):
        path = linked.root / "data" / "links" / "test.sssom.tsv"
        path.write_text(TABLE + "\n".join(rows) + "\n", "utf-8")
        again = build.make(linked, unwatched, [], kept=partial(load, versions.kept))
        assert again.before is not None
        anew = build.make(linked, unwatched, [])
        assert again.version == anew.version
        assert again.graphs[LINKS] == anew.graphs[LINKS]
        build.publish(again, versions, 3, unwatched)
    links = rdflib.Graph().parse(data=anew.graphs[LINKS], format="nt")
    assert not list(links.triples((None, SKOS.exactMatch, None)))


def test_same_as_is_for_others_only(versions: object, tmp_path: Path) -> None:
    """Exact matches elsewhere, but no rows of datasets, and only where it is asked for."""
    root = str(versions.root)  # type: ignore[attr-defined]
    plain, same = tmp_path / "plain.nt", tmp_path / "same.nt"
    for path, more in ((plain, []), (same, ["--same-as"])):
        done = kg("export", "--store", root, "--format", "ntriples", "-o", str(path), *more)
        assert done.exit_code == 0, done.stderr
    before, after = (set(path.read_text("utf-8").splitlines()) for path in (plain, same))
    added = after - before
    assert before <= after
    assert len(added) > 150
    assert all(f" {OWL.sameAs.n3()} " in line for line in added)
    assert not any("/id/row/" in line for line in added)
    assert any("organization/baidu> " in line and "ror.org/03vs3wt56" in line for line in added)
    refused = kg("export", "--store", root, "--same-as", "--graph", "links")
    assert (refused.exit_code, "--same-as" in refused.stderr) == (2, True)


def test_pages_lead_to_what_is_linked(client: FlaskClient, store: EmbeddedStore) -> None:
    """Each link is an anchor on the page of what it is of; what has no page elsewhere has ours."""
    graph = rdflib.Graph().parse(data=store.dump(named("ntriples", "graph"), LINKS), format="nt")
    found: dict[str, list[str]] = {}
    for mapping in graph.subjects(RDF.type, OWL.Axiom):
        ours, theirs = (graph.value(mapping, p) for p in (OWL.annotatedSource, OWL.annotatedTarget))
        found.setdefault(str(ours), []).append(str(theirs))
    assert len(found) > 80
    for ours, targets in found.items():
        page = client.get(local_address(ours), headers={"Accept": "text/html"})
        assert page.status_code == 200, ours
        for target in targets:
            assert f'href="{escape(local_address(target))}"' in page.text, (ours, target)
            if target.startswith(IDS):
                there = client.get(local_address(target), headers={"Accept": "text/html"})
                assert (there.status_code, local_address(ours) in there.text) == (200, True)
