"""The server: a front that faces the network, and the Flask app behind it.

    granian ──► front (ASGI, one event loop) ──► Flask (WSGI, bounded threads) ──► store
                 │ /health, /running              decides; pages; defers what visitors ask
                 ├──► workers ──► store
                 │     answer what was deferred, piece by piece
                 └──► writer ──► a new version of the store
                       makes a change that was deferred

``create_app`` makes the app of a store, so it also runs under Flask's test client and any WSGI
server. Nothing here imports rdflib: pyoxigraph alone parses what a visitor sends.
"""

from kg.serve.app import create_app
from kg.serve.front import run

__all__ = ["create_app", "run"]
