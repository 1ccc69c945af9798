"""The docs are true: their commands run and print what they say, their tables are the code's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest

from kg import build
from kg.cli import main
from kg.errors import BadInput
from kg.namespaces import GRAPHS
from kg.project import Project
from kg.results import FORMATS
from kg.settings import Settings, sentence, variable
from kg.store import Versions
from tests.conftest import unwatched

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_readme_has_its_examples() -> None:
    """Three blocks of commands, and the first screen in the order of a visitor's wishes."""
    assert len(BLOCKS) == 3
    order = ["# China LLM Landscape", "$ kg query", "make serve", "make test", "settled view"]
    places = [README.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_readme_examples(block: str, versions: Versions, tmp_path: Path) -> None:
    """Each command of the README, run by a shell, prints exactly what the README shows."""
    folder = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "KG_STORE": str(versions.root),
    }
    for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = example.partition("\n")
        ran = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=True
        )
        found = ran.stdout.decode().replace("\r\n", "\n")
        assert squeezed(found) == squeezed(expected), command


def squeezed(text: str) -> list[list[str]]:
    """Lines of words: how far apart columns stand does not matter."""
    return [line.split() for line in text.splitlines()]


def test_readme_targets_exist() -> None:
    """The two commands are targets of the Makefile."""
    for target in ("serve", "test"):
        assert f"make {target}" in README
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_links_lead_somewhere() -> None:
    """Every relative link of the docs is a file."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    assert len(pages) >= 5
    for page in pages:
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)


def test_reference_has_every_command() -> None:
    """The table of commands is that of ``kg --help``."""
    rows = dict(re.findall(r"^\| `kg (\w+)` \| (.*) \|$", REFERENCE, re.MULTILINE))
    assert isinstance(main, click.Group)
    context = click.Context(main)
    commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    assert rows == {
        name: command.get_short_help_str(limit=200) for name, command in commands.items() if command
    }


def test_reference_has_every_setting() -> None:
    """Name, variable, default and sentence of each setting."""
    for setting in fields(Settings):
        default = repr(setting.default) if setting.default != "" else ""
        row = f"| `{setting.name}` | `{variable(setting.name)}` | {default} | "
        assert row + sentence(setting.name) + " |" in REFERENCE


def test_reference_has_every_format() -> None:
    """Name, media type and specification of each format."""
    for format_ in FORMATS:
        assert f"| `{format_.name}` | " in REFERENCE
        assert f"| `{format_.media_type}` | {format_.specification} |" in REFERENCE


def test_the_examples_of_the_model_conform(tiny: Project) -> None:
    """The TriG file of docs/model.md, put where it says, builds; its decision is read as one."""
    model = (ROOT / "docs" / "model.md").read_text("utf-8")
    (trig,) = re.findall(r"^```trig\n(.*?)^```$", model, re.MULTILINE | re.DOTALL)
    decision = re.findall(r"^```turtle\n(.*?)^```$", model, re.MULTILINE | re.DOTALL)[-1]
    trig = trig.replace("ding-xiao-2023", "paper").replace("run:plug", "run:first")
    example = tiny.root / "data" / "example"
    example.mkdir()
    (example / "compute.trig").write_text(trig.replace(":alibaba", ":company"), "utf-8")

    built = build.make(tiny, unwatched, [])
    assert built.report.violations == ()
    assert f"{GRAPHS}example/compute/1-1" in built.graphs

    path = tiny.root / "data" / "curation" / "decisions.ttl"
    path.write_text(decision.replace("reference:ding-xiao-2023", "reference:paper"), "utf-8")
    (violation,) = build.make(tiny, unwatched, []).report.violations
    assert violation.message == "The decision matches no conflict."


def in_operating(language: str) -> str:
    """The one block of a language in the page about operating."""
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_unit_is_one(tmp_path: Path) -> None:
    """Systemd knows all of it, and it lets workers leave the network."""
    text = in_operating("ini")
    assert re.search(r"^RestrictNamespaces=user net$", text, re.MULTILINE)
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd is not installed")
    unit = tmp_path / "kg.service"
    unit.write_text(text.replace("/opt/kg/bin/kg", sys.executable))
    command = [analyze, "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_settings_of_the_service_are_some(tmp_path: Path) -> None:
    """The file loads, and not if others may read it; the proxy waits longer than the deadline."""
    path = tmp_path / "server.toml"
    path.write_text(in_operating("toml"))
    with pytest.raises(BadInput, match="may be read by others"):
        Settings.load({}, config=str(path))
    path.chmod(0o400)
    settings = Settings.load({}, config=str(path))
    assert settings.public_url == "https://graph.example.org"
    proxy = in_operating("nginx")
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", proxy)
    assert settings.deadline < int(seconds)
    assert f"server 127.0.0.1:{settings.port};" in proxy
    assert proxy.count("{") == proxy.count("}") == 4


def test_the_threat_model_has_a_test_for_each_attack() -> None:
    """The numbers of its table are those in the names of tests."""
    table = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    rows = re.findall(r"^\| (S\d+(?:, S\d+)*) \| ", table, re.MULTILINE)
    listed = [number for row in rows for number in row.split(", ")]
    assert len(listed) == len(set(listed)) >= 20
    tested: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for numbers in re.findall(r"^def test_((?:s\d+_)+)", path.read_text("utf-8"), re.MULTILINE):
            tested.update(re.findall(r"S\d+", numbers.upper()))
    assert set(listed) == tested


def test_dependencies_are_explained() -> None:
    """Each direct dependency has a row that says why."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    declared = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert declared
    names = re.findall(r'"([a-z0-9.-]+)', declared.group(1))
    assert len(names) >= 12
    explained = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for name in names:
        assert f"| {name} | " in explained
