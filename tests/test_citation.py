"""How the graph is cited is what its CITATION.cff says."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.citation import Citation, Work
from kg.errors import BadSource
from kg.project import Project


def test_the_citation_of_the_project(project: Project) -> None:
    """As text and in BibTeX, with the work that it is about."""
    citation = Citation.read(project.citation_file, "CITATION.cff")
    assert citation
    text = "The China LLM Landscape authors. China LLM Landscape (2026). Version 0.1.0. Data X."
    assert citation.work.text("Data X") == text
    assert citation.work.bibtex(note="Data X", url="http://a/?b=c_d").splitlines() == [
        "@misc{china-llm-landscape-2026,",
        "  author = {{The China LLM Landscape authors}},",
        "  title = {{China LLM Landscape}},",
        "  year = {2026},",
        "  version = {0.1.0},",
        "  note = {Data X},",
        "  url = {http://a/?b=c_d},",
        "}",
    ]
    (paper,) = citation.references
    assert paper.key == "ding-2023"
    assert paper.text().startswith("Ding, Jeffrey; Xiao, Jenny W. Recent Trends in China's")
    assert "author = {Ding, Jeffrey and Xiao, Jenny W.}" in paper.bibtex()


def test_characters_that_tex_takes_for_its_own() -> None:
    """They are escaped, so that none changes what follows."""
    work = Work(r"100% & {more} \of $_#^~", (("A", ""),), "")
    title = r"100\% \& \{more\} \textbackslash{}of \$\_\#\^{}\~{}"
    assert f"title = {{{{{title}}}}}" in work.bibtex()
    assert work.key == "100-more-of"


def test_without_a_file(tmp_path: Path) -> None:
    """There is no citation."""
    assert Citation.read(tmp_path / "CITATION.cff", "CITATION.cff") is None


@pytest.mark.parametrize(
    "text",
    ["", "title: x", "- a", "title: [", "title: x\nmessage: y\nauthors: 3", b"\xff\xfe"],
)
def test_what_is_no_citation(tmp_path: Path, text: str | bytes) -> None:
    """It is refused in a sentence that names the file."""
    path = tmp_path / "CITATION.cff"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadSource, match=r"^CITATION.cff: .*\.$"):
        Citation.read(path, "CITATION.cff")
