"""Answers of services of others, asked for one after the other and kept as they come.

A service is asked again after a pause that grows, if it fails, and never in quick succession. What
was answered is written at once, so that whoever was interrupted goes on from there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import tenacity

from kg.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

PAUSE: Final = 1.0
"""Seconds between two requests."""
_LONGEST: Final = 60.0
_TRIES: Final = 5


class Answers:
    """A file of answers of a ``service``, while not all of them are there."""

    def __init__(self, path: Path, service: str, pause: float = PAUSE) -> None:
        self._path = path
        self._service = service
        self._pause = pause

    def all(
        self,
        names: Sequence[str],
        ask: Callable[[str], list[Any]],
        watched: Callable[[Sequence[str]], Iterable[str]] = iter,
    ) -> list[list[Any]]:
        """The answers by ``names``, in their order, asking for those that are not there.

        ``watched`` gives the names that are asked for, as they are. Raises what ``ask`` does once
        it has failed five times; what was answered stays for the next run.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        known = self._known()
        polite = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ServiceError),
            wait=tenacity.wait_exponential(self._pause, max=_LONGEST),
            stop=tenacity.stop_after_attempt(_TRIES),
            reraise=True,
        )
        missing = [name for name in names if name not in known]
        with self._path.open("a", encoding="utf-8") as file:
            for name in watched(missing):
                known[name] = polite(ask, name)
                line = {"service": self._service, "asked": name, "answer": known[name]}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                if name != missing[-1]:
                    tenacity.nap.sleep(self._pause)
        self._path.unlink()
        return [known[name] for name in names]

    def _known(self) -> dict[str, list[Any]]:
        """What was answered before; a line that was cut is asked for again."""
        found: dict[str, list[Any]] = {}
        if self._path.is_file():
            for line in self._path.read_text("utf-8").splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                if said["service"] == self._service:
                    found[said["asked"]] = said["answer"]
        return found
