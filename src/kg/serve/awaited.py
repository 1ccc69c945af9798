"""What a process of its own finds out, while no thread waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import flask

from kg.serve.context import reading
from kg.serve.deferred import handed, resuming

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kg.errors import KgError


@dataclass(frozen=True)
class Awaited:
    """What the front waits for, and what is then answered, or in case of an error."""

    find: Callable[[], Coroutine[Any, Any, Any]]
    found: Callable[[Any], flask.Response]
    failed: Callable[[KgError], flask.Response]


def awaited(
    find: Callable[[], Coroutine[Any, Any, Any]], answer: Callable[[Any], flask.Response | str]
) -> flask.Response | str:
    """What ``answer`` makes of what ``find`` finds; the front waits for that, if there is one.

    ``find`` is given up when the client leaves. Raises what it does where there is no front.
    """
    waiting = handed()
    if waiting is None:
        return answer(asyncio.run(find()))
    resume = resuming(reading())

    def failed(error: KgError) -> flask.Response:
        return resume(lambda: flask.current_app.handle_user_exception(error))

    waiting.work = Awaited(find, lambda found: resume(lambda: answer(found)), failed)
    return flask.Response()
