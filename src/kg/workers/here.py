"""A query that calls services, answered in this process: for the commands and for Python.

The services are asked by the same door as those of workers, and so by the same rules; but the query
itself is whoever runs it and has all of their time.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final

from kg.errors import KgError, StoreError
from kg.results import named
from kg.services import redirected
from kg.store import Answer
from kg.workers.door import Door

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kg.queries import Term
    from kg.results import Kind
    from kg.services import Services
    from kg.store import EmbeddedStore

_WHOLE: Final[dict[Kind, str]] = {"rows": "json", "graph": "ntriples"}


def answered(
    store: EmbeddedStore,
    text: str,
    bindings: Mapping[str, Term],
    services: Services,
    called: Sequence[str],
    seconds: float,
) -> Answer:
    """The whole answer to a query that calls some of the ``services``, which have some seconds.

    Raises ``ServiceError`` if one does not answer as it should.
    """
    door = Door(services)
    door.open(socket.create_server(("127.0.0.1", 0)))
    permit = door.let(called, text, seconds, lambda _: None)
    timer = threading.Timer(seconds, permit.errand.give_up)
    timer.start()
    try:
        found = _whole(store, redirected(text, permit.addresses), bindings)
    finally:
        timer.cancel()
        door.end(permit)
        with contextlib.suppress(OSError):
            door.close()
    if isinstance(found, KgError):
        raise permit.explained(found)
    if permit.failure:
        raise permit.failure
    return Answer.read(*found)


def _whole(
    store: EmbeddedStore, text: str, bindings: Mapping[str, Term]
) -> tuple[bytes, str] | KgError:
    """The answer in a format, or why there is none: no error holds what the engine has found.

    That may be dropped by the thread alone that asked.
    """
    try:
        answer = store.query(text, bindings)
        format_ = named(_WHOLE[answer.kind], answer.kind)
        return answer.serialize(format_), format_.name
    except KgError as error:
        return error.with_traceback(None)
    except (OSError, RuntimeError, ValueError) as error:
        return StoreError(f"{error}.")
