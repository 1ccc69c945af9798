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

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kg.serve.app import create_app
    from kg.serve.starting import run

__all__ = ["create_app", "run"]

_MODULES: Final = {"create_app": "app", "run": "starting"}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """What others use, read when somebody asks for it: who starts a server needs no app."""
    if name in _MODULES:
        return getattr(importlib.import_module(f"kg.serve.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
