"""What can go wrong, each with the sentence that a person reads.

    KgError                 could not run                          exit 2
    ├── BadInput            an argument, a setting or a file is wrong
    │   ├── BadSource       a source file cannot be read: path, line
    │   └── BadQuery        a query cannot be parsed: line, column
    ├── NotFound            no query, version or entity of that name
    │   └── Gone            a version that was there once, or never
    ├── Refused             asked for what is not allowed: the setting that would allow it
    ├── Rejected            data that can be read but are not taken: why, with a report
    ├── Outdated            a change whose condition does not hold
    ├── Busy                no room for another query now
    │   └── TooMany         one client has as many as it may
    ├── ServiceError        an endpoint elsewhere did not answer as it should
    ├── Exceeded            a query passed a limit, or was stopped: which
    └── StoreError          the store is missing, locked, full or damaged

A graph that does not conform is not an error but a ``report.Report`` (exit 1). What an error is
made of it keeps under the same names, so that it can be told to another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class KgError(Exception):
    """Something kept the program from doing what was asked; ``str()`` is one clear sentence."""


class BadInput(KgError):
    """An argument, a setting or a file is wrong."""


class BadSource(BadInput):
    """A source file cannot be read.

    ``path`` is the file as the user knows it, ``line`` counts from one (None if unknown).
    """

    def __init__(self, path: str, line: int | None, message: str) -> None:
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {message}")
        self.path = path
        self.line = line
        self.message = message


class BadQuery(BadInput):
    """A query cannot be parsed; ``line`` and ``column`` count from one (None if unknown)."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        where = "" if line is None else f"line {line}, column {column}: "
        super().__init__(f"{where}{message}")
        self.message = message
        self.line = line
        self.column = column


class NotFound(KgError):
    """Nothing has the name that was asked for."""


class Gone(NotFound):
    """A version that is asked for is not held, or not any more."""


class Refused(KgError):
    """The request is well-formed but not allowed."""


class Rejected(KgError):
    """Data are not taken; ``results`` and, in Turtle, ``report`` say what shapes found in them."""

    def __init__(
        self, message: str, results: Sequence[Mapping[str, str]] = (), report: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.results = results
        self.report = report


class Outdated(KgError):
    """The condition on which something was asked for does not hold, or not any more."""


class Busy(KgError):
    """There is no room for another query now; there may be in a moment."""


class TooMany(Busy):
    """One client has as many queries running and waiting as it may."""


class ServiceError(KgError):
    """An endpoint that was asked, or that a query called, did not answer as it should."""


class Exceeded(KgError):
    """A query was ended; ``limit`` is what it passed: deadline, memory, size, or cancelled."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit
        self.message = message


class StoreError(KgError):
    """The store is missing, locked, full or damaged."""
