"""The bench of sizes: it measures what there is, and what it says of other sizes is arithmetic."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from kg.store import EmbeddedStore, Versions
from tests.conftest import ROOT
from tests.test_front import FOREVER, SLOWING, asked

sys.path.append(str(ROOT / "bench"))  # which is no package
from build import Run
from scaling import measuring
from scaling.asking import Answered
from scaling.growth import is_faster, power, reached
from scaling.measuring import Asking, Served, Sizes, addresses, built, served
from scaling.tables import Machine, Measured, asking, breaking, building, serving

MODELS = 5
HUNGRY = "SELECT ?a { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are in /proc")


def test_powers() -> None:
    """The slope of two values on logarithmic scales; None for what says nothing."""
    assert power([10, 100], [3.0, 30.0]) == pytest.approx(1)
    assert power([1, 10, 1_000], [77.0, 2.0, 20_000.0]) == pytest.approx(2)  # of the last two
    assert power([10, 100], [5.0, 5.0]) == 0
    assert power([10], [5.0]) is None
    assert power([10, 100], [0.04, 4.0], least=0.05) is None
    assert power([10, 100], [None, 4.0]) is None
    assert power([10, 100], [0.0, 4.0]) is None


def test_where_a_bound_is_reached() -> None:
    """On the line through the last two values, within them and beyond; nowhere if none grows."""
    assert reached([10, 100], [1.0, 10.0], 60.0) == pytest.approx(600)
    assert reached([10, 100], [1.0, 100.0], 10_000.0) == pytest.approx(1_000)
    assert reached([10, 100], [1.0, 10.0], 5.0) == pytest.approx(50)
    assert reached([10, 100], [5.0, 5.0], 60.0) is None
    assert reached([10, 100], [5.0, 4.0], 60.0) is None
    assert reached([10, 100], [1.0, 1.0000001], 1e300) == math.inf


def test_what_grows_faster_than_its_answer() -> None:
    """A scan has 1, and who says more than in proportion may take as much more."""
    assert not is_faster(1.2, 0.0, 0.3)
    assert is_faster(1.4, 0.0, 0.3)
    assert not is_faster(1.4, 1.2, 0.3)
    assert is_faster(1.4, None, 0.3)
    assert not is_faster(None, 1.0, 0.3)


def measured(models: int, seconds: float, place: str, **answers: Answered) -> Measured:
    """A size whose one step takes some seconds, and whose server has the data somewhere."""
    run = Run({"audit": seconds, "findings": 0.001}, 2 * seconds, 10 * models, 3 * models)
    found = Served(0.5, 2.0 if place == "memory" else None, 100.0, 130.0, answers)
    return Measured(models, run, Sizes(400 * models, 1.0, 0.1 * models, 3.0), found)


def test_what_the_tables_say() -> None:
    """Values, powers, and bounds, the first one first; nothing between memory and disk."""
    slow = [
        Answered(ms, 10, megabytes) for ms, megabytes in ((90, None), (2_000, 30), (40_000, 90))
    ]
    quick = [Answered(2.0, 0)] * 3
    found = [
        measured(models, models / 100, place, slow=slow[number], quick=quick[number])
        for number, (models, place) in enumerate(
            ((100, "memory"), (1_000, "disk"), (10_000, "disk"))
        )
    ]

    assert "| audit | 1.00 | 10.00 | 100.00 | 1.00 | 1.00 |" in building(found)
    assert "| findings | 0.00 | 0.00 | 0.00 |  |  |" in building(found)
    lines = serving(found)
    assert "| questions are answered from | memory | disk | disk |  |  |" in lines
    assert "| memory after the start, MB | 100 | 100 | 100 |  | 0.00 |" in lines
    places = ["memory", "disk", "disk"]
    lines = asking([100, 1_000, 10_000], [one.served.answers for one in found], places)
    assert lines[2:] == [
        "| `slow` | 90.0 | 10 | 2,000.0 | 10 | 40,000.0 | 10 | 1.30 | 0.00 | 90 |",
        "",
        "No rows at any size, and ms at 10,000: `quick` 2.0.",
        "",
        "Above the power of their rows, and above 1, by more than 0.3: `slow`.",
    ]
    lines = breaking(found, Machine(memory=200_000, disk=1e9))
    assert lines[2:] == [
        "| `slow` | 30 s | 40 s | 1.30 | 8,000 (measured) |",
        "| build: memory | 200,000 MB | 100,000 MB | 1.00 | 20,000 |",
        "| copies of the data in memory | 100,000 MB | 9,800 MB | 1.00 | 100,000 |",
        "| build: audit | 3,600 s | 100 s | 1.00 | 360,000 |",
        "| memory of `slow` | 768 MB | 90 MB | 0.48 | 890,000 |",
        "",
        "Not before 10,000,000 models: sources, version and what is kept on disk.",
        "Too short to tell, or not growing: build: findings, server: first answer, server: memory.",
    ]
    lines = asking([100, 1_000], [one.served.answers for one in found[:2]], places[:2])
    assert lines[2] == "| `slow` | 90.0 | 10 | 2,000.0 | 10 |  | 0.00 | 30 |"


def test_a_question_that_a_limit_ended_comes_first() -> None:
    """It has no time, and is told by name."""
    found = {"quick": Answered(2.0, 3), "long": Answered(None, None, 5.0, "deadline")}
    lines = asking([100], [found], ["disk"])
    assert lines[2] == "| `long` | ended (deadline) | - |  |  | 5 |"
    assert lines[-1] == "Ended by a limit at 100: `long` (deadline)."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the command has left a landscape, and what it printed."""
    folder = tmp_path_factory.mktemp("scale")
    command = [sys.executable, str(ROOT / "bench" / "scale.py"), "--models", str(MODELS)]
    options = ["--rounds", "1", "--only", "parts", "model-figures"]
    files = ["--worlds", str(folder), "--json", str(folder / "scale.json")]
    done = subprocess.run(
        [*command, *options, *files], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    (folder / "printed").write_text(done.stdout)
    return folder


@needs_proc
def test_a_landscape_is_measured(world: Path) -> None:
    """What was built, is served and is answered is what the numbers say."""
    (one,) = json.loads((world / "scale.json").read_text())["sizes"]
    version = Versions(world / f"{MODELS}-models" / "build").current()
    store = EmbeddedStore.open(version.store)

    assert one["sizes"]["statements"] == store.size() > one["run"]["asserted"] > 100
    files = [path for path in version.path.rglob("*") if path.is_file()]
    assert one["sizes"]["store"] == pytest.approx(sum(path.stat().st_size for path in files) / 1e6)
    assert {"read", "audit", "publish", "keep"} <= set(one["run"]["steps"])
    assert all(seconds >= 0 for seconds in one["run"]["steps"].values())
    answers = one["served"]["answers"]
    assert set(answers) == {"parts", "model-figures"}
    assert answers["parts"]["rows"] == 1
    assert answers["model-figures"]["rows"] == 5  # not of GPT-3, which is not there
    assert 0 < one["served"]["first"] < one["served"]["loaded"]
    assert 30 < one["served"]["idle"] < one["served"]["after"] * 1.5
    printed = (world / "printed").read_text()
    assert f"| statements served | {store.size():,} |" in printed
    assert "What breaks first" not in printed  # of one size nothing is known about another


@needs_proc
def test_it_is_not_built_again(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it is not known what that took."""
    root = world / f"{MODELS}-models"
    run = built(root, MODELS)
    assert run.total > 0

    def other(*_: object) -> Run:
        raise RuntimeError("is built")

    monkeypatch.setattr(measuring, "build", other)
    assert built(root, MODELS) == run
    (root / "build.json").rename(world / "elsewhere")
    (root / "build").rename(world / "build")
    with pytest.raises(RuntimeError, match="is built"):
        built(root, MODELS)
    (world / "elsewhere").rename(root / "build.json")
    (world / "build").rename(root / "build")


@needs_proc
def test_limits_and_memory(world: Path) -> None:
    """Which limit ended a question, and how much memory one took; from disk, if that is wished."""
    root = world / f"{MODELS}-models"
    asks = {
        "late": asked("", FOREVER, format="json"),
        "cut": asked("", SLOWING.format(rows=5_000), format="json"),
        "hungry": asked("", HUNGRY, format="json"),
        **addresses(root, ["parts"]),
    }
    how = Asking(rounds=2, deadline=4, query_memory=600, from_disk=True)
    found = served(root, asks, how)

    assert found.place == "disk"
    limits = {name: answer.limit for name, answer in found.answers.items()}
    assert limits == {"late": "deadline", "cut": "deadline", "hungry": "memory", "parts": ""}
    assert found.answers["late"].ms is None
    assert 30 < (found.answers["hungry"].megabytes or 0) <= 600
    assert (found.answers["parts"].ms or 0) > 0


@needs_proc
def test_a_kept_answer_is_not_taken(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be noticed: without the token the server keeps what is asked again."""
    root = world / f"{MODELS}-models"
    asks = addresses(root, ["parts"])
    monkeypatch.setattr(measuring, "_UNKEPT", {})
    with pytest.raises(RuntimeError, match="what it had kept"):
        served(root, asks, Asking(4, 10, 500))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--only", "ghost"], "there is no question ghost"),
        (["--models", "0"], "at least 1"),
        (["--query-memory", "1"], "must be a whole number from 64 to"),
    ],
)
def test_what_cannot_be_measured(options: list[str], said: str) -> None:
    """It is told at once, in a sentence."""
    command = [sys.executable, str(ROOT / "bench" / "scale.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
