"""rdflib-endpoint on a file of N-Quads, whose default graph is no union as its command has it.

It runs in the environment of rdflib-endpoint: ``python rdflib_served.py FILE PORT``, and
``python rdflib_served.py`` prints the version.
"""

import sys
from importlib.metadata import version

if len(sys.argv) == 1:
    names = ("rdflib-endpoint", "rdflib", "uvicorn")
    print(", ".join(f"{name} {version(name)}" for name in names))
    sys.exit()

import uvicorn
from rdflib import Dataset
from rdflib_endpoint import SparqlEndpoint

data = Dataset(default_union=False)
data.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(graph=data), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
