"""The code keeps to its picture: modules import from lower ranks, libraries stay in their rooms."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "kg"
RANKS = (
    {"encodings", "errors", "namespaces", "tokens"},
    {"terms"},
    {"settings", "project", "report", "turtle", "results", "columns", "services", "documents"},
    {"citation", "queries", "tables"},
    {"judged", "store", "updates"},
    {"mapper", "sources", "workers"},
    {"given", "graph"},
    {"validate", "reason", "catalog", "export", "audit", "findings", "coverage", "link"},
    {"hidden", "kept", "why", "writing"},
    {"build", "serve"},
    {"api"},
    {"cli"},
    {"__init__"},
)
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
LIBRARIES = {
    "SPARQLWrapper": {"store"},
    "a2wsgi": {"serve"},
    "babel": {"serve"},
    "backports": {"encodings"},
    "cachetools": {"serve", "why"},
    "click": {"cli"},
    "elementpath": {"validate"},
    "flask": {"serve"},
    "granian": {"serve"},
    "numpy": {"columns", "graph", "kept", "reason", "sources", "store", "tables", "validate"},
    "owlrl": {"reason"},
    "pandas": {"api", "link"},
    "platformdirs": {"project"},
    "prometheus_client": {"serve"},
    "pyoxigraph": {"store"},
    "pyshacl": {"validate"},
    "rapidfuzz": {"link"},
    "rdflib": {
        "api",
        "audit",
        "build",
        "catalog",
        "cli",
        "coverage",
        "export",
        "findings",
        "graph",
        "link",
        "reason",
        "sources",
        "tables",
        "validate",
    },
    "requests": {"link", "store"},
    "rich": {"cli"},
    "sssom": {"link"},
    "tenacity": {"link"},
    "urllib3": {"store"},
    "werkzeug": {"serve"},
    "yaml": {"citation", "mapper", "queries"},
}


def imports() -> list[tuple[str, str]]:
    """Every (room, imported module) of the package, wherever in the file the import stands."""
    found = []
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found += [(room, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module == "kg":
                found += [(room, f"kg.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.append((room, node.module))
    return found


def test_modules_import_from_lower_ranks_only() -> None:
    """Never from a higher rank, never sideways; a package may import from itself."""
    rooms = {
        path.name.removesuffix(".py") for path in SOURCE.iterdir() if path.suffix in ("", ".py")
    }
    rooms -= {"__pycache__", "content"}
    assert rooms == set(RANK)

    inner = [(room, module.split(".")[1]) for room, module in imports() if module.startswith("kg.")]
    assert len(inner) > 60
    wrong = [
        (room, other)
        for room, other in inner
        if other != room and other != "__version__" and RANK[other] >= RANK[room]
    ]
    assert wrong == []


def test_libraries_stay_in_their_rooms() -> None:
    """Each outside library is known to the rooms that the table gives, and to all of them."""
    used: dict[str, set[str]] = {}
    for room, module in imports():
        top = module.split(".")[0]
        if top in LIBRARIES:
            used.setdefault(top, set()).add(room)

    assert used == LIBRARIES


def test_only_the_commands_print() -> None:
    """``print``, ``sys.argv`` and exit codes belong to ``cli``."""
    for path in SOURCE.rglob("*.py"):
        if path.parent.name != "cli":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
                assert name not in ("print", "input", "sys.argv", "sys.exit"), path.name
