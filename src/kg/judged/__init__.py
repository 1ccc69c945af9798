"""What was judged, and how: the findings with their verdicts, the items of the audit.

The rooms that judge make these, the store keeps them as RDF, and commands and pages tell them in
the same words and numbers. Nothing here needs a graph.
"""

from __future__ import annotations

from kg.judged.findings import Finding, Result, Verdict
from kg.judged.items import Days, Grade, Item, Quantity, Statement

__all__ = ["Days", "Finding", "Grade", "Item", "Quantity", "Result", "Statement", "Verdict"]
