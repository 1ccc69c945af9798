"""What the tests share: the real project, one build of it, and places to build elsewhere."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import flask
import hypothesis
import pytest
import rdflib
from flask.testing import FlaskClient

from kg import build, sources
from kg.citation import Citation
from kg.project import Project
from kg.queries import Catalogue
from kg.serve import create_app
from kg.settings import Settings
from kg.store import Current, EmbeddedStore, Versions

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "tests" / "tiny"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What browsers accept."""

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # many processes start, none compiles all anew
# how long an example takes is the machine's affair
hypothesis.settings.register_profile("unhurried", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_finish() -> None:
    """Spare the collector what stays for good: to look through it again took a third of a build."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One worker more than there are processors, since many tests wait for servers and browsers."""
    return (yield) + 1


def run_kg(*words: str) -> subprocess.CompletedProcess[str]:
    """What a command prints and exits with, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from kg.cli import main; main()", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def has_script(page: str) -> bool:
    """Whether a page has any script but the site's own file, and blocks of data."""
    own = r'<script (?:type="module" src="/static/built/\w+\.js\?v=\w+"|type="application/[\w+]+")'
    return "<script" in re.sub(own, "", page)


def unwatched(_step: str) -> contextlib.AbstractContextManager[object]:
    """A watch that looks at nothing."""
    return contextlib.nullcontext()


@pytest.fixture(scope="session")
def project() -> Project:
    """The real project."""
    return Project(ROOT)


@pytest.fixture(scope="session")
def ontology(project: Project) -> rdflib.Graph:
    """The real ontology, without alignments."""
    return sources.read_graph(project.ontology_files(), project)


@pytest.fixture(scope="session")
def shapes(project: Project) -> rdflib.Graph:
    """The real shapes."""
    return sources.read_graph(project.shape_files(), project)


@pytest.fixture(scope="session")
def built(project: Project) -> build.Built:
    """The real project, built once."""
    made = build.make(project, unwatched, [])
    assert made.report.violations == ()
    return made


@pytest.fixture(scope="session")
def store(built: build.Built) -> EmbeddedStore:
    """The real graph in memory."""
    return build.in_memory(built)


@pytest.fixture(scope="session")
def versions(built: build.Built, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A folder in which the real graph is published."""
    published = Versions(tmp_path_factory.mktemp("versions"))
    build.publish(built, published, 3, unwatched)
    return published


@pytest.fixture(scope="module")
def app(project: Project, versions: Versions) -> flask.Flask:
    """The app on the real graph."""
    catalogue = Catalogue.read(project.query_files())
    citation = Citation.read(project.citation_file, "CITATION.cff")
    return create_app(Current(versions), catalogue, Settings.load({}), citation=citation)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    """A client of the app."""
    return app.test_client()


@pytest.fixture
def tiny(tmp_path: Path) -> Project:
    """A copy of the miniature, with the real ontology, shapes and questions, to be changed."""
    root = tmp_path / "tiny"
    for folder in ("ontology", "shapes", "queries"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.copytree(TINY / "data", root / "data")
    shutil.rmtree(root / "queries" / "findings")  # which are of the paper, not of the miniature
    return Project(root)
