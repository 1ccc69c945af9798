"""China LLM Landscape: a knowledge graph with a source on every statement.

How a triple gets from a file to an answer:

    data/ ontology/ shapes/ queries/          the files are the truth
      │ sources    read, or say path:line
      ▼
    graph          one named graph for each passage; claims, conflicts, decisions; settled view
      │ validate   shapes on each source graph, then on the settled view
      │ reason     only the new triples of OWL 2 RL, and consistency
      │ findings   what the source concludes, recomputed without its saying so
      │ link       what is the same, or belongs to it, in other datasets, and on what evidence
      │ audit      contradictions, impossible figures, what does not fit
      ▼
    store          a version: written aside, named by its content, then made current by one rename
      │ queries    a question with typed parameters, bound and never pasted
      │ workers    processes that can be ended, in which a visitor's query runs
      │ writing    one process that changes data, where they are not the project's
      ▼
    serve · export · cli

``build`` is the recipe that walks down this picture; with what an earlier one has ``kept`` it works
only on what is different, and of what is not ``hidden`` of a version it makes one to serve. From
``sources`` to ``store`` triples are ``columns`` of numbers, and ``tables`` answers in rdflib's
terms what is asked of them. A module imports only from those above it.
"""

from importlib.metadata import version

__version__ = version("china-llm-landscape")
