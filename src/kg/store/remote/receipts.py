"""What an engine was sent: one graph of ours in it that says so of each of the others.

    <graph> a void:Dataset ; void:triples 12 ; spdx:checksum <checksum> .
    <checksum> a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ;
        spdx:checksumValue "..." .

A graph of which nothing is said but that it is a dataset was begun and is not whole. The checksum
is that of the graph's canonical N-Triples as they were sent. See https://www.w3.org/TR/void/ and
https://www.w3.org/TR/vocab-dcat-3/#Class:Checksum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.namespaces import PREFIXES, RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kg.store.remote.store import RemoteStore

_DEFAULT: Final = f"{RECEIPTS}/default"
"""The name of the default graph, which has none."""
_SPDX: Final = "http://spdx.org/rdf/terms#"
_TYPE: Final = f"<{PREFIXES['rdf']}type>"
_DATASET: Final = f"<{PREFIXES['void']}Dataset>"
_TRIPLES: Final = f"<{PREFIXES['void']}triples>"
_INTEGER: Final = f"<{PREFIXES['xsd']}integer>"
_ALL: Final = f"""
SELECT ?graph ?digest ?triples {{ GRAPH <{RECEIPTS}> {{
  ?graph a {_DATASET} .
  OPTIONAL {{
    ?graph <{_SPDX}checksum> ?sum ; {_TRIPLES} ?triples . ?sum <{_SPDX}checksumValue> ?digest
  }}
}} }}
"""
OF_RECEIPTS: Final = f"ASK {{ <{RECEIPTS}> a {_DATASET} }}"
"""Whether a default graph has what only the graph of receipts does."""


@dataclass(frozen=True)
class Receipt:
    """What was sent of a graph: SHA-256 and number of triples; empty for one that is not whole."""

    digest: str = ""
    triples: int = 0


def read(store: RemoteStore) -> dict[str, Receipt]:
    """The receipts that an engine holds, by graph; that of the default graph has no name."""
    found = {}
    columns, rows = store.query(_ALL).rows()
    for row in rows:
        said = dict(zip(columns, row, strict=True))
        graph = str(said["graph"])
        if graph == RECEIPTS:
            continue
        receipt = Receipt(said.get("digest") or "", int(said.get("triples") or 0))
        found["" if graph == _DEFAULT else graph] = receipt
    return found


def lines(receipts: Mapping[str, Receipt]) -> bytes:
    """Receipts as N-Triples, and that the graph of them is one, too."""
    told = {RECEIPTS: Receipt(), **receipts}
    return "".join(line for graph in sorted(told) for line in _said(graph, told[graph])).encode()


def _said(graph: str, receipt: Receipt) -> Iterable[str]:
    name = graph or _DEFAULT
    yield f"<{name}> {_TYPE} {_DATASET} .\n"
    if receipt.digest:
        checksum = f"<{RECEIPTS}/sha256/{receipt.digest}>"
        yield f'<{name}> {_TRIPLES} "{receipt.triples}"^^{_INTEGER} .\n'
        yield f"<{name}> <{_SPDX}checksum> {checksum} .\n"
        yield f"{checksum} {_TYPE} <{_SPDX}Checksum> .\n"
        yield f"{checksum} <{_SPDX}algorithm> <{_SPDX}checksumAlgorithm_sha256> .\n"
        yield f'{checksum} <{_SPDX}checksumValue> "{receipt.digest}" .\n'
