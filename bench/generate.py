"""A made-up landscape of any size, of the same shape as the real data, to measure on.

    python bench/generate.py --models 1000 --out /tmp/world
    kg --project /tmp/world build

The folder is a project: registry, tables of a thousand rows each, texts with a passage for every
other model, and links to the real ontology, shapes and questions. Sizes, developers and chips are
heavy-tailed. The data conform; every fiftieth model has a compute in the text that contradicts the
table, and with --violations so many statements are wrong. ``answers.json`` says what canned
questions must answer, and how many contradictions and violations were planted. The same arguments
give the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT: Final = Path(__file__).resolve().parents[1]
ROWS: Final = 1000
"""Number of models in a file."""
CONTRADICTED: Final = 50
"""One model in so many has a contradiction."""
FIRST_DAY: Final = date(2020, 1, 1)
DAYS: Final = 3 * 365
PETAFLOP_S_DAY: Final = 8.64e19
KINDS: Final = ("Company", "University", "ResearchInstitute", "StateSponsoredLaboratory")
CONCERNS: Final = ("bias", "misuse", "harm")
PREFIXES: Final = {
    "cllm": "https://w3id.org/china-llm/ontology#",
    "dcterms": "http://purl.org/dc/terms/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{
        kind: f"https://w3id.org/china-llm/id/{kind}/"
        for kind in (
            *("benchmark", "concern", "discussion", "figure", "hardware", "model", "organization"),
            *("part", "person", "place", "platform", "reference", "run", "sample"),
            *("significance", "use"),
        )
    },
}


@dataclass
class World:
    """What is drawn, and what must be answered about it."""

    models: int
    chance: random.Random
    domestic: int = 0
    contradictions: int = 0
    years: Counter[int] = field(default_factory=Counter)
    developed: Counter[str] = field(default_factory=Counter)

    @property
    def organizations(self) -> int:
        """Number of organizations: one for ten models, and at least five."""
        return max(5, self.models // 10)

    @property
    def chips(self) -> int:
        """Number of accelerators, of which every third is made in China."""
        return max(6, round(self.models**0.5))

    def heavy(self, count: int) -> int:
        """A place among ``count``, the first ones far more often than the last."""
        return min(int(count * self.chance.random() ** 4), count - 1)


def main() -> int:
    """Write the landscape and print what it holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--violations", type=int, default=0, help="statements that are wrong")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    chosen = parser.parse_args()
    if chosen.out.exists():
        parser.error(f"{chosen.out} is there already")
    answers = generate(chosen.out, chosen.models, chosen.violations, chosen.seed)
    print(json.dumps(answers, indent=2))
    return 0


def generate(out: Path, models: int, violations: int = 0, seed: int = 0) -> dict[str, object]:
    """Write a project of so many models into a new folder, and give the answers."""
    world = World(models, random.Random(seed))  # noqa: S311
    (out / "queries").mkdir(parents=True)
    for query in sorted((ROOT / "queries").glob("*.rq")):  # the findings are of the real source
        (out / "queries" / query.name).symlink_to(query)
    for folder in ("ontology", "shapes"):
        (out / folder).symlink_to(ROOT / folder)
    write(out / "data" / "registry" / "things.ttl", "registry/things", registry(world))
    for number, start in enumerate(range(0, models, ROWS), 1):
        members = range(start, min(start + ROWS, models))
        rows = [row(world, model) for model in members]
        registered = itertools.chain.from_iterable(names(model) for model in members)
        write(
            out / "data" / "registry" / f"models-{number}.ttl",
            f"registry/models-{number}",
            registered,
        )
        write(
            out / "data" / "world" / f"table-{number}.ttl",
            f"world/table-{number}",
            (text for text, _ in rows),
        )
        computes = [compute for _, compute in rows]
        write_text(world, out / "data" / "world" / f"text-{number}.trig", number, members, computes)
    if violations:
        wrong = (
            f"model:wrong-{n}\n    a cllm:Model ;\n    cllm:noSuchProperty {n} .\n"
            for n in range(violations)
        )
        write(out / "data" / "world" / "wrong.ttl", "world/wrong", wrong)
    answers: dict[str, object] = {
        "models": models,
        "contradictions": world.contradictions,
        "violations": violations,
        "domesticHardwareModels": world.domestic,
        "byYear": {str(year): count for year, count in sorted(world.years.items())},
        "mostProductive": world.developed.most_common(1)[0] if world.developed else None,
    }
    (out / "answers.json").write_text(json.dumps(answers, indent=2) + "\n", "utf-8")
    return answers


def write(path: Path, name: str, blocks: Iterable[str]) -> None:
    """A Turtle file that is one graph: its header, what it is a passage of, and the blocks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = "dcterms:source" if name.startswith("registry/") else "dcterms:isPartOf"
    with path.open("w", encoding="utf-8") as file:
        file.write("# Made up by bench/generate.py.\n\n")
        for prefix, namespace in PREFIXES.items():
            file.write(f"@prefix {prefix}: <{namespace}> .\n")
        file.write(
            f"\n<https://w3id.org/china-llm/graph/{name}>\n    a cllm:Passage ;\n"
            f"    {about} reference:world ;\n    cllm:speaker person:author ;\n"
            "    cllm:stance cllm:stated"
            + (" ;\n    cllm:completeFor cllm:hasDeveloper .\n" if "table" in name else " .\n")
        )
        for block in blocks:
            file.write(f"\n{block}")


def thing(name: str, *statements: str) -> str:
    """What is said of a thing, a statement a line."""
    return f"{name}\n    " + " ;\n    ".join(statements) + " .\n"


def label(text: str) -> str:
    """A label in English."""
    return f'rdfs:label "{text}"@en'


def registry(world: World) -> Iterator[str]:
    """Organizations, chips and what else there are few of."""
    source = "dcterms:source reference:world"
    yield thing("reference:world", "a cllm:Reference", 'dcterms:title "A world"@en')
    yield thing("person:author", "a cllm:Person", label("Author"))
    yield thing("sample:world", "a cllm:Sample", label("All models"), source)
    for name, code in (("china", "CN"), ("elsewhere", "US")):
        said = (label(name.title()), f'dcterms:identifier "{code}"')
        yield thing(f"place:{name}", "a cllm:Country", *said)
    for concern in CONCERNS:
        yield thing(f"concern:{concern}", "a cllm:Concern", label(concern))
    for number in range(10):
        yield thing(f"benchmark:b-{number}", "a cllm:Benchmark", label(f"Benchmark {number}"))
    for number in range(world.organizations):
        yield thing(
            f"organization:o-{number}",
            f"a cllm:{KINDS[number % 4]}",
            label(f"Organization {number}"),
            *([f"cllm:partOf organization:o-{number // 7}"] if number % 7 == 6 else []),
            f"cllm:country place:{'elsewhere' if number % 11 == 10 else 'china'}",
            source,
        )
    for number in range(world.chips):
        maker = f"organization:maker-{number}"
        chip = ("a cllm:Accelerator", label(f"Chip {number}"), f"cllm:madeBy {maker}")
        yield thing(f"hardware:chip-{number}", *chip)
        place = f"cllm:country place:{'china' if number % 3 == 0 else 'elsewhere'}"
        yield thing(maker, "a cllm:Company", label(f"Maker {number}"), place, source)
    for number in range(1, -(-world.models // ROWS) + 1):
        members = min(ROWS, world.models - (number - 1) * ROWS)
        yield thing(
            f"part:text-{number}",
            "a cllm:Part",
            label(f"Text {number}"),
            "dcterms:isPartOf reference:world",
            f"cllm:position {number}",
            "cllm:paragraphCount 1",
            f"cllm:sentenceCount {-(-members // 2)}",
        )


def names(model: int) -> Iterator[str]:
    """What the registry has of a model and its run."""
    both = f'{label(f"Model {model}")} , "模型{model}"@zh-Hans'
    yield thing(f"model:m-{model}", "a cllm:Model", both)
    yield thing(f"run:m-{model}", "a cllm:TrainingRun", label(f"Training of Model {model}"))


def row(world: World, model: int) -> tuple[str, float]:
    """The row of a model in its table, and its compute in FLOP."""
    chance = world.chance
    name = f"m-{model}"
    day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
    developers = sorted({world.heavy(world.organizations) for _ in range(1 + world.heavy(3))})
    compute = f"{10 ** chance.uniform(20, 23.5):.2E}"
    chip = world.heavy(world.chips)
    has_hours, is_significant = chance.random() < 0.5, model > 0 and chance.random() < 0.3
    world.years[day.year] += 1
    world.developed.update(f"organization:o-{number}" for number in developers)
    world.domestic += chip % 3 == 0
    listed = " , ".join(f"organization:o-{number}" for number in developers)
    hours = (
        f"cllm:hasFigure figure:{name}-hours"
        if has_hours
        else "cllm:leavesEmpty cllm:trainingHours"
    )
    blocks = [
        thing(
            f"model:{name}",
            "cllm:inSample sample:world",
            f"cllm:row {model + 1}",
            f'cllm:nameAsPrinted "Model {model}"',
            f'cllm:released "{day}"^^xsd:date',
            f"cllm:hasDeveloper {listed}",
            f"cllm:hasFigure figure:{name}-parameters",
            *([f"cllm:significance significance:{name}"] if is_significant else []),
            *(["cllm:architecture cllm:mixtureOfExperts"] if model % 9 == 0 else []),
            f"cllm:hasTrainingRun run:{name}",
        ),
        thing(
            f"run:{name}",
            f"cllm:hasFigure figure:{name}-compute",
            hours,
            f"cllm:hasHardwareUse use:{name}",
        ),
        thing(
            f"use:{name}",
            "a cllm:HardwareUse",
            f"cllm:accelerator hardware:chip-{chip}",
            f"cllm:hasFigure figure:{name}-count",
        ),
        figure(f"{name}-parameters", "parameterCount", f"{parameters(chance):.1f}B", "one"),
        figure(f"{name}-compute", "trainingCompute", compute, "flop"),
        figure(f"{name}-count", "acceleratorCount", str(8 * (1 + world.heavy(500))), "one"),
    ]
    if has_hours:
        blocks.append(figure(f"{name}-hours", "trainingHours", str(1 + world.heavy(90)), "day"))
    if is_significant:
        blocks.append(
            thing(
                f"significance:{name}",
                "a cllm:Comparison",
                'dcterms:description "Better."@en',
                f"cllm:baseline model:m-{chance.randrange(model)}",
                f"cllm:benchmark benchmark:b-{chance.randrange(10)}",
            )
        )
    return "\n".join(blocks), float(compute)


def parameters(chance: random.Random) -> float:
    """A number of parameters in billions: most few, some very many."""
    return chance.lognormvariate(2, 1.5) + 0.1


def figure(name: str, quantity: str, printed: str, unit: str) -> str:
    """A figure as printed."""
    return thing(
        f"figure:{name}",
        "a cllm:Figure",
        f"cllm:quantity cllm:{quantity}",
        f'cllm:asPrinted "{printed}"',
        f"cllm:unit cllm:{unit}",
    )


def write_text(
    world: World, path: Path, number: int, members: range, computes: list[float]
) -> None:
    """A TriG file with a passage for every other model: its compute again, and a concern."""
    with path.open("w", encoding="utf-8") as file:
        file.write("# Made up by bench/generate.py.\n\n")
        for prefix, namespace in PREFIXES.items():
            file.write(f"@prefix {prefix}: <{namespace}> .\n")
        file.write(f"@prefix p: <https://w3id.org/china-llm/graph/world/text-{number}/> .\n")
        for sentence, model in enumerate(members[::2], 1):
            contradicted = model % CONTRADICTED == 0
            world.contradictions += contradicted
            compute = computes[model - members.start] * (7 if contradicted else 1) / PETAFLOP_S_DAY
            said = (
                thing(f"run:m-{model}", f"cllm:hasFigure figure:m-{model}-text"),
                figure(
                    f"m-{model}-text",
                    "trainingCompute",
                    f"around {compute:.6g}",
                    "petaflopPerSecondDay",
                ),
                thing(f"model:m-{model}", f"cllm:hasDiscussion discussion:m-{model}"),
                thing(
                    f"discussion:m-{model}",
                    "a cllm:Discussion",
                    'dcterms:description "Raised."@en',
                    f"cllm:ofConcern concern:{CONCERNS[world.heavy(3)]}",
                    "cllm:inWork reference:world",
                ),
            )
            about = thing(
                f"p:1-{sentence}",
                "a cllm:Passage",
                f"dcterms:isPartOf part:text-{number}",
                "cllm:paragraph 1",
                f"cllm:sentence {sentence}",
                "cllm:speaker person:author",
                "cllm:stance cllm:estimated",
            )
            file.write(f"\n{about}\np:1-{sentence} {{\n{''.join(said)}}}\n")


if __name__ == "__main__":
    sys.exit(main())
